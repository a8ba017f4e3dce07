//! Where the documents of an index of the snapshot go.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use regex::Regex;
use switchover_rewrite::types::TypeRouting;

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
    types: TypeRouting,
    versioning: Versioning,
    backing: Option<Regex>,
}

impl Destinations {
    /// `types`: where documents of mapping types go.
    #[must_use]
    pub fn new(types: TypeRouting, versioning: Versioning) -> Self {
        // `.ds-logs-app-2026.11.21-000001`, in early versions without the date. A constant, so it compiles.
        let backing = Regex::new(r"^\.ds-(.+?)(?:-\d{4}\.\d{2}\.\d{2})?-\d{6,}$").ok();
        Self { types, versioning, backing }
    }

    /// Where documents of this index and type go. `None`: nowhere, by the user's wish.
    #[must_use]
    pub fn of(&self, index: &str, doc_type: Option<&str>) -> Option<Destination> {
        let stream = self.backing.as_ref().and_then(|backing| backing.captures(index)?.get(1));
        if let Some(stream) = stream {
            return Some(Destination::new(stream.as_str(), true));
        }
        let target = match doc_type {
            Some(doc_type) => self.types.target(index, doc_type)?,
            None => Cow::Borrowed(index),
        };
        Some(Destination::new(&target, false))
    }

    /// How a document is written that had this `_version`.
    #[must_use]
    pub fn operation(&self, destination: &Destination, version: Option<i64>) -> Operation {
        match self.versioning {
            _ if destination.data_stream => Operation::Create,
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
    fn new(index: &str, data_stream: bool) -> Self {
        let index_json = serde_json::Value::from(index).to_string();
        Self { index: index.to_owned(), index_json, data_stream }
    }
}

/// Destinations of one index by type, so that they are found once.
#[derive(Debug)]
pub(crate) struct OfIndex<'a> {
    all: &'a Destinations,
    index: &'a str,
    untyped: Option<Arc<Destination>>,
    typed: HashMap<String, Option<Arc<Destination>>>,
}

impl<'a> OfIndex<'a> {
    pub(crate) fn new(all: &'a Destinations, index: &'a str) -> Self {
        Self { all, index, untyped: all.of(index, None).map(Arc::new), typed: HashMap::new() }
    }

    pub(crate) fn of(&mut self, doc_type: Option<&str>) -> Option<Arc<Destination>> {
        let Some(doc_type) = doc_type else { return self.untyped.clone() };
        if let Some(known) = self.typed.get(doc_type) {
            return known.clone();
        }
        let found = self.all.of(self.index, Some(doc_type)).map(Arc::new);
        self.typed.insert(doc_type.to_owned(), found.clone());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destinations(versioning: Versioning) -> Destinations {
        let named = HashMap::from([(
            "shop".to_owned(),
            HashMap::from([
                ("order".to_owned(), "orders".to_owned()),
                ("user".to_owned(), "users".to_owned()),
            ]),
        )]);
        Destinations::new(TypeRouting::new(named, None).unwrap(), versioning)
    }

    #[test]
    fn types_and_data_streams_have_their_own_indices() {
        let destinations = destinations(Versioning::None);
        let of =
            |index, doc_type| destinations.of(index, doc_type).map(|found| (found.index, found.data_stream));
        assert_eq!(of("logs", Some("event")), Some(("logs".to_owned(), false)));
        assert_eq!(of("logs", None), Some(("logs".to_owned(), false)));
        assert_eq!(of("shop", Some("order")), Some(("orders".to_owned(), false)));
        assert_eq!(of("shop", Some("other")), None);
        assert_eq!(of(".ds-logs-app-2026.11.21-000001", None), Some(("logs-app".to_owned(), true)));
        assert_eq!(of(".ds-metrics-000012", None), Some(("metrics".to_owned(), true)));
        assert_eq!(of(".kibana", None), Some((".kibana".to_owned(), false)));
        let mut cached = OfIndex::new(&destinations, "shop");
        for _ in 0..2 {
            assert_eq!(cached.of(Some("user")).unwrap().index_json, "\"users\"");
            assert_eq!(cached.of(Some("other")), None);
        }
    }

    #[test]
    fn operations_by_versioning() {
        let plain = Destination::new("a", false);
        let stream = Destination::new("a", true);
        let operation =
            |versioning, destination, version| destinations(versioning).operation(destination, version);
        assert_eq!(operation(Versioning::None, &plain, Some(3)), Operation::Index);
        assert_eq!(operation(Versioning::External, &plain, Some(3)), Operation::External(3));
        assert_eq!(operation(Versioning::External, &plain, None), Operation::Create);
        assert_eq!(operation(Versioning::Create, &plain, None), Operation::Create);
        assert_eq!(operation(Versioning::None, &stream, Some(3)), Operation::Create);
    }
}
