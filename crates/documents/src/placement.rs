//! The way of a document from its index in the snapshot to one of the target.

use std::collections::BTreeSet;

use serde_json::Value;
use switchover_rewrite::args::{OnTransformError, RuleArgs, RuleArgsError};
use switchover_rewrite::documents::{Document, DocumentRules};
use switchover_rewrite::outcome::Stop;
use switchover_snapshot::Destination;

use crate::origin::Origin;

/// Where documents of an index go that has several mapping types, whose documents may have the same ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SeveralTypes {
    /// Nowhere: the operator has to choose.
    #[default]
    Fail,
    /// All to one index. Of documents with the same id one is left.
    Union,
    /// Each type to the index INDEX_TYPE.
    Split,
}

/// The flags.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(rename_all = "camelCase")]
pub struct PlacementArgs {
    /// Where documents of indices with several mapping types go (1.x to 5.x)
    #[arg(long, alias = "several-types", value_enum, value_name = "HOW", default_value = "fail")]
    several_types: SeveralTypes,
    #[command(flatten)]
    rules: RuleArgs,
}

/// What the operator said of documents' ways.
#[derive(Debug, Default)]
pub struct Placement {
    several_types: SeveralTypes,
    rules: DocumentRules,
    on_error: OnTransformError,
    digest: u32,
}

/// A document at the end of its way.
#[derive(Debug, PartialEq, Eq)]
pub struct Placed<'a> {
    /// Where it goes.
    pub destination: Destination,
    /// A rule named the index, so it is not known whether the target has it, and as what: it may be a data stream too.
    pub by_rule: bool,
    /// What it is there.
    pub document: Document<'a>,
}

/// What is known of an index's documents before they are read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Foresight {
    /// Where they go, or go if no rule says otherwise.
    pub destinations: BTreeSet<Destination>,
    /// Some may go elsewhere: rules decide by the document.
    pub open: bool,
    /// Several types meet, and nobody said how.
    pub ambiguous: bool,
}

impl PlacementArgs {
    /// Where documents of several types go.
    #[must_use]
    pub fn several_types(&self) -> SeveralTypes {
        self.several_types
    }

    /// The declared rules' file.
    #[must_use]
    pub fn rewrite_rules(&self) -> Option<&std::path::Path> {
        self.rules.rewrite_rules()
    }

    /// Reads and compiles the rules.
    ///
    /// # Errors
    /// See [`RuleArgsError`].
    pub fn placement(&self) -> Result<Placement, RuleArgsError> {
        let (rules, digest) = self.rules.for_documents()?;
        let (several_types, on_error) = (self.several_types, self.rules.on_transform_error);
        Ok(Placement { several_types, rules, on_error, digest })
    }
}

impl Placement {
    /// Whether documents may be changed. If not, [`Placement::of`] says all.
    #[must_use]
    pub fn has_rules(&self) -> bool {
        !self.rules.is_empty()
    }

    /// What tells this choice from another: two that share work must have the same. Empty for none at all.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let types = match self.several_types {
            SeveralTypes::Fail => String::new(),
            several_types => format!(", types {several_types:?}"),
        };
        let rules = if self.has_rules() { format!(", rules {:08x}", self.digest) } else { String::new() };
        types + &rules
    }

    /// Where documents of an index go that no rule changes. `doc_type`: their type, if the index has several.
    #[must_use]
    pub fn of(&self, index: &str, doc_type: Option<&str>) -> Destination {
        Destination::of(index, doc_type.filter(|_| self.several_types == SeveralTypes::Split))
    }

    /// What is known of an index with these types.
    #[must_use]
    pub fn foresee<'t>(&self, index: &str, types: impl IntoIterator<Item = &'t str>) -> Foresight {
        let mut types: Vec<Option<&str>> = types.into_iter().map(Some).collect();
        let several = types.len() > 1;
        if types.is_empty() {
            types.push(None);
        }
        let (mut foresight, mut untold) = (Foresight::default(), 0);
        for doc_type in types {
            let Some(foreseen) = self.rules.foresee(index, doc_type) else { continue };
            let left = foreseen.doc_type.as_deref();
            let is_told = left.is_none();
            let destination = self.destination(index, &foreseen.index, left.filter(|_| several));
            foresight.open |= !foreseen.certain;
            untold += usize::from(!is_told);
            foresight.destinations.insert(destination);
        }
        foresight.ambiguous = several && untold > 1 && self.several_types == SeveralTypes::Fail;
        foresight
    }

    /// What becomes of a document with this source: nothing if rules drop it.
    ///
    /// # Errors
    /// When a rule can't be followed, and the document is not to be sent without.
    pub fn place<'a>(&self, origin: &'a Origin<'_>, source: &'a [u8]) -> Result<Vec<Placed<'a>>, Stop> {
        let documents = self.rules.apply(origin.document(source)).or_else(|stop| match self.on_error {
            OnTransformError::DeadLetter => Err(stop),
            OnTransformError::Send => {
                tracing::warn!(index = %origin.index, id = %origin.id, reason = %stop, "sent as it is");
                Ok(vec![origin.document(source)])
            }
        })?;
        let placed = documents.into_iter().map(|document| {
            let doc_type = document.doc_type.as_deref().filter(|_| origin.several_types);
            let destination = self.destination(&origin.index, &document.index, doc_type);
            Placed { by_rule: document.index != origin.index, destination, document }
        });
        Ok(placed.collect())
    }

    /// `split_type`: the type that is left of a document of an index with several.
    fn destination(&self, from: &str, to: &str, split_type: Option<&str>) -> Destination {
        if from == to {
            return self.of(from, split_type);
        }
        Destination { index: to.to_owned(), data_stream: false }
    }
}

impl Placed<'_> {
    /// The action line of a bulk request. `create`: what is there stays; `version`: what is there stays unless its
    /// version is lower. What a rule says of either holds.
    #[must_use]
    pub fn action(&self, create: bool, version: Option<u64>) -> String {
        let document = &self.document;
        let text = |text: &str| Value::from(text).to_string();
        let (mut create, mut by_rule) = (create || self.destination.data_stream, false);
        let mut members =
            format!("\"_index\":{},\"_id\":{}", text(&self.destination.index), text(&document.id));
        if let Some(routing) = &document.routing {
            members.push_str(&format!(",\"routing\":{}", text(routing)));
        }
        for (name, value) in &document.options {
            by_rule |= name.starts_with("version") || name.starts_with("if_");
            match *name {
                "op_type" => create = value == "\"create\"",
                name => members.push_str(&format!(",\"{name}\":{value}")),
            }
        }
        if let Some(version) = version.filter(|_| !by_rule && !create) {
            members.push_str(&format!(",\"version_type\":\"external\",\"version\":{version}"));
        }
        format!("{{\"{}\":{{{members}}}}}", if create { "create" } else { "index" })
    }
}

#[cfg(test)]
mod tests;
