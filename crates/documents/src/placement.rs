//! The way of a document from its index in the snapshot to one of the target.

use std::collections::BTreeSet;

use switchover_rewrite::args::{OnTransformError, RuleArgs, RuleArgsError};
use switchover_rewrite::documents::{Document, DocumentRules, Foreseen};
use switchover_rewrite::outcome::Stop;
use switchover_snapshot::Destination;

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

impl Placement {
    /// Reads and compiles the rules.
    ///
    /// # Errors
    /// See [`RuleArgsError`].
    pub fn new(several_types: SeveralTypes, rules: &RuleArgs) -> Result<Self, RuleArgsError> {
        let on_error = rules.on_transform_error;
        let (rules, digest) = rules.for_documents()?;
        Ok(Self { several_types, rules, on_error, digest })
    }

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
            let (destination, is_told) = match self.rules.foresee(index, doc_type) {
                Foreseen::Dropped => continue,
                Foreseen::Index { index: to, doc_type: left } => {
                    (self.destination(index, &to, left.as_deref().filter(|_| several)), left.is_none())
                }
                Foreseen::Unknown => {
                    foresight.open = true;
                    (self.of(index, doc_type.filter(|_| several)), false)
                }
            };
            untold += usize::from(!is_told);
            foresight.destinations.insert(destination);
        }
        foresight.ambiguous = several && untold > 1 && self.several_types == SeveralTypes::Fail;
        foresight
    }

    /// What becomes of a document: nothing if rules drop it. `several_types`: its index has several.
    ///
    /// # Errors
    /// When a rule can't be followed, and the document is not to be sent without.
    pub fn place<'a>(&self, document: Document<'a>, several_types: bool) -> Result<Vec<Placed<'a>>, Stop> {
        let from = document.index.clone().into_owned();
        let documents = match self.on_error {
            OnTransformError::DeadLetter => self.rules.apply(document)?,
            OnTransformError::Send => {
                let unchanged = document.clone();
                self.rules.apply(document).unwrap_or_else(|stop| {
                    tracing::warn!(index = %unchanged.index, id = %unchanged.id, reason = %stop, "sent as it is");
                    vec![unchanged]
                })
            }
        };
        let placed = documents.into_iter().map(|document| {
            let doc_type = document.doc_type.as_deref().filter(|_| several_types);
            let destination = self.destination(&from, &document.index, doc_type);
            Placed { by_rule: document.index != from, destination, document }
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

#[cfg(test)]
mod tests;
