//! Makes documents of one segment.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use switchover_lucene::{ColumnValue, Columns, Cursor, Document, Segment, StoredValue};

use crate::source::{SourceError, to_json_line};
use crate::sources::mapping::{Kind, Leaf};
use crate::sources::{Mode, Sources, derived, off, synthetic, value};

/// The sources of a segment's documents: stored ones, or made anew from the columns that are held here.
#[derive(Debug)]
pub struct SegmentSources {
    sources: Arc<Sources>,
    /// Why none can be made; also that of stored ones that are not whole.
    obstacle: Option<String>,
    columns: Arc<Columns>,
    cursors: HashMap<String, Cursor>,
}

impl SegmentSources {
    /// What is in the way is found by the segment's fields.
    pub(crate) fn new(sources: &Arc<Sources>, segment: &Segment) -> Self {
        let sources = Arc::clone(sources);
        let obstacle = sources.obstacle(segment);
        Self { sources, obstacle, columns: Arc::default(), cursors: HashMap::new() }
    }

    /// The fields whose columns are needed.
    pub(crate) fn wanted(&self) -> Vec<String> {
        match (&self.obstacle, self.sources.mode) {
            (Some(_), _) | (_, Mode::Stored) => Vec::new(),
            _ => self.sources.columns(),
        }
    }

    pub(crate) fn with(mut self, columns: Result<Columns, String>) -> Self {
        match columns {
            Ok(columns) => self.columns = Arc::new(columns),
            Err(obstacle) => self.obstacle = Some(obstacle),
        }
        self
    }

    /// A document's source as JSON on one line, stored or made anew.
    ///
    /// # Errors
    /// [`SourceError::NotKept`] where it is not stored and can't be made; else see [`to_json_line`].
    pub fn json_line<'a>(&mut self, document: &Document<'a>) -> Result<Cow<'a, [u8]>, SourceError> {
        let not_kept = |obstacle: &str| SourceError::NotKept(obstacle.to_owned());
        match (document.source, &self.obstacle) {
            (Some(source), None) => return to_json_line(source),
            (Some(source), Some(_)) if self.sources.mode != Mode::Stored => return to_json_line(source),
            (Some(_), Some(obstacle)) => {
                return Err(SourceError::NotWhole(obstacle.clone()));
            }
            (None, _) => {}
        }
        if let Some(obstacle) = &self.obstacle {
            return Err(not_kept(obstacle));
        }
        let sources = Arc::clone(&self.sources);
        let columns = Arc::clone(&self.columns);
        let mut values = Values::new(document, &columns, &mut self.cursors)?;
        let json = match sources.mode {
            Mode::Stored => return Err(not_kept("the mapping stores it, but this document has none")),
            Mode::Synthetic => synthetic::document(&sources, &mut values)?,
            Mode::Derived => derived::object(&sources.root, &mut values)?,
            Mode::Off => off::document(&sources, &mut values)?,
        };
        Ok(Cow::Owned(json.into_bytes()))
    }
}

/// All values of one document.
pub(crate) struct Values<'d> {
    document: u32,
    stored: HashMap<&'d str, Vec<StoredValue<'d>>>,
    columns: &'d Columns,
    cursors: &'d mut HashMap<String, Cursor>,
}

impl<'d> Values<'d> {
    fn new<'a: 'd>(
        document: &Document<'a>,
        columns: &'d Columns,
        cursors: &'d mut HashMap<String, Cursor>,
    ) -> Result<Self, SourceError> {
        let mut stored: HashMap<&str, Vec<StoredValue<'_>>> = HashMap::new();
        for field in document.fields.iter() {
            let (name, value) = field?;
            stored.entry(name).or_default().push(value);
        }
        Ok(Self { document: document.number, stored, columns, cursors })
    }

    /// The values of a stored field, in their order.
    pub(crate) fn stored(&self, field: &str) -> &[StoredValue<'d>] {
        self.stored.get(field).map(Vec::as_slice).unwrap_or_default()
    }

    /// The stored values of a field as `kind` makes JSON of them, for a leaf.
    pub(crate) fn stored_json(
        &self,
        leaf: &Leaf,
        kind: &Kind,
        field: &str,
    ) -> Result<Vec<String>, SourceError> {
        let json = |value: &StoredValue<'_>| value::of_stored(kind, *value).ok_or_else(|| strange(leaf));
        self.stored(field).iter().map(json).collect()
    }

    /// The doc values of a field, as `kind` makes JSON of them.
    pub(crate) fn column(
        &mut self,
        field: &str,
        mut visit: impl FnMut(ColumnValue<'_>),
    ) -> Result<(), SourceError> {
        let Some(column) = self.columns.get(field) else {
            return Ok(());
        };
        if !self.cursors.contains_key(field) {
            self.cursors.insert(field.to_owned(), Cursor::default());
        }
        if let Some(cursor) = self.cursors.get_mut(field) {
            column.visit(self.document, cursor, &mut visit)?;
        }
        Ok(())
    }

    /// The doc values of a field as JSON, in the order in which the index keeps them.
    pub(crate) fn column_json(
        &mut self,
        leaf: &Leaf,
        kind: &Kind,
        field: &str,
    ) -> Result<Vec<String>, SourceError> {
        let mut json = Some(Vec::new());
        self.column(field, |value| match (value::of_column(kind, value), &mut json) {
            (Some(value), Some(values)) => values.push(value),
            _ => json = None,
        })?;
        json.ok_or_else(|| strange(leaf))
    }
}

/// A value that is none of the field's type.
pub(crate) fn strange(leaf: &Leaf) -> SourceError {
    let (path, kind) = (&leaf.path, &leaf.type_name);
    SourceError::NotKept(format!("a value of field {path} can't be told as {kind} in its format"))
}

/// One value as it is, several as a list; `None`: there are none.
pub(crate) fn one_or_list(mut values: Vec<String>) -> Option<String> {
    match values.len() {
        0 => None,
        1 => values.pop(),
        _ => Some(list(&values)),
    }
}

pub(crate) fn list(values: &[String]) -> String {
    format!("[{}]", values.join(","))
}

/// An object of these members, whose values are JSON.
pub(crate) fn object(members: &[(String, String)]) -> String {
    let member = |(name, json): &(String, String)| format!("{}:{json}", value::text(name.as_bytes()));
    format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
}
