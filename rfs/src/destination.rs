//! Where the documents of an index of the snapshot go.

use std::collections::HashMap;
use std::sync::Arc;

use switchover_documents::{Destination as Named, Placement};

use crate::batch::Operation;

/// How documents are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Versioning {
    /// A document replaces what is on the target.
    #[default]
    None,
    /// It replaces what has a lower `_version` than it had on the source.
    External,
    /// What is on the target stays.
    Create,
}

/// An index of the target, or a data stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its name.
    pub index: String,
    /// The same as a JSON string.
    pub index_json: String,
    /// Documents can only be created there.
    pub data_stream: bool,
}

/// Finds destinations.
#[derive(Debug)]
pub struct Destinations {
    placement: Placement,
    versioning: Versioning,
}

impl Destinations {
    /// By the operator's wishes.
    #[must_use]
    pub fn new(placement: Placement, versioning: Versioning) -> Self {
        Self { placement, versioning }
    }

    /// What becomes of documents before they are sent.
    #[must_use]
    pub fn placement(&self) -> &Placement {
        &self.placement
    }

    /// Where documents of an index go; `doc_type`: their type, if the index has several.
    #[must_use]
    pub fn of(&self, index: &str, doc_type: Option<&str>) -> Destination {
        Destination::new(self.placement.of(index, doc_type))
    }

    /// How a document is written that had this `_version`.
    #[must_use]
    pub fn operation(&self, destination: &Destination, version: Option<i64>) -> Operation {
        self.operation_of(destination.data_stream, version)
    }

    /// The same, in a data stream or not.
    #[must_use]
    pub fn operation_of(&self, data_stream: bool, version: Option<i64>) -> Operation {
        match self.versioning {
            _ if data_stream => Operation::Create,
            Versioning::None => Operation::Index,
            Versioning::Create => Operation::Create,
            Versioning::External => match version.and_then(|version| u64::try_from(version).ok()) {
                Some(version) => Operation::External(version),
                None => Operation::Create,
            },
        }
    }

    /// Whether documents' versions are needed.
    #[must_use]
    pub fn needs_versions(&self) -> bool {
        self.versioning == Versioning::External
    }
}

impl Destination {
    fn new(Named { index, data_stream }: Named) -> Self {
        let index_json = serde_json::Value::from(index.as_str()).to_string();
        Self { index, index_json, data_stream }
    }
}

/// Destinations of one index by type, so that they are found once.
#[derive(Debug)]
pub(crate) struct OfIndex<'a> {
    all: &'a Destinations,
    index: &'a str,
    several_types: bool,
    known: HashMap<String, Arc<Destination>>,
}

impl<'a> OfIndex<'a> {
    pub(crate) fn new(all: &'a Destinations, index: &'a str, several_types: bool) -> Self {
        Self { all, index, several_types, known: HashMap::new() }
    }

    pub(crate) fn of(&mut self, doc_type: Option<&str>) -> Arc<Destination> {
        let doc_type = doc_type.filter(|_| self.several_types);
        if let Some(known) = self.known.get(doc_type.unwrap_or_default()) {
            return Arc::clone(known);
        }
        let found = Arc::new(self.all.of(self.index, doc_type));
        self.known.insert(doc_type.unwrap_or_default().to_owned(), Arc::clone(&found));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use switchover_documents::PlacementArgs;

    #[derive(Debug, Parser)]
    struct Flags {
        #[command(flatten)]
        placement: PlacementArgs,
    }

    fn destinations(several_types: &str, versioning: Versioning) -> Destinations {
        let flags = Flags::try_parse_from(["x", "--severalTypes", several_types]).unwrap();
        Destinations::new(flags.placement.placement().unwrap(), versioning)
    }

    #[test]
    fn types_and_data_streams_have_their_own_indices() {
        let of = |several, index, doc_type| {
            let found = destinations(several, Versioning::None).of(index, doc_type);
            (found.index, found.data_stream)
        };
        assert_eq!(of("union", "shop", Some("order")), ("shop".to_owned(), false));
        assert_eq!(of("split", "shop", Some("order")), ("shop_order".to_owned(), false));
        assert_eq!(of("split", "shop", None), ("shop".to_owned(), false));
        assert_eq!(of("fail", ".ds-metrics-000012", None), ("metrics".to_owned(), true));
        let split = destinations("split", Versioning::None);
        for (several, expected) in [(true, "\"shop_user\""), (false, "\"shop\"")] {
            let mut cached = OfIndex::new(&split, "shop", several);
            for _ in 0..2 {
                assert_eq!(cached.of(Some("user")).index_json, expected);
            }
        }
    }

    #[test]
    fn operations_by_versioning() {
        let destination = |data_stream| Destination::new(Named { index: "a".to_owned(), data_stream });
        let (plain, stream) = (destination(false), destination(true));
        let operation = |versioning, destination, version| {
            destinations("fail", versioning).operation(destination, version)
        };
        assert_eq!(operation(Versioning::None, &plain, Some(3)), Operation::Index);
        assert_eq!(operation(Versioning::External, &plain, Some(3)), Operation::External(3));
        assert_eq!(operation(Versioning::External, &plain, None), Operation::Create);
        assert_eq!(operation(Versioning::Create, &plain, None), Operation::Create);
        assert_eq!(operation(Versioning::None, &stream, Some(3)), Operation::Create);
    }
}
