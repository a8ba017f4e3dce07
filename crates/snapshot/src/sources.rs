//! Documents' `_source` where the index does not store it: made anew from doc values and other stored fields.
//!
//! Three kinds of indices have none. Elasticsearch's *synthetic* and OpenSearch's *derived* sources are made anew by the
//! server too whenever somebody asks, and what is made here is what it would answer. Where `_source` is *off*, nobody can
//! ask for the documents any more; they are made from what is exact, and if that can't be known of a field, the whole
//! segment's documents are not made: the reason names the field.
//!
//! What a segment's documents have is known from its list of fields, so a field of the mapping that can't be made does
//! no harm where no document has it.

mod date;
mod derived;
mod ignored;
mod mapping;
mod off;
mod rebuild;
mod synthetic;
mod value;

use std::collections::HashSet;

use serde_json::Value;
use switchover_lucene::Segment;

use crate::index_metadata::IndexMetadata;
use crate::sources::mapping::{Kind, Object};
pub use crate::sources::rebuild::SegmentSources;
use crate::version::VersionId;

/// Since this version all parts of a field are in one value of `_ignored_source`.
const COALESCED_PARTS: VersionId = VersionId(9_039_000);
/// Since this version vectors are not kept in `_source` unless that is asked for.
const VECTORS_APART: VersionId = VersionId(9_035_000);
/// The version of OpenSearch 3.0, whose k-NN indices keep vectors apart.
const KNN_VECTORS_APART: VersionId = VersionId(137_217_827);
/// Fields of vectors, which may be kept apart from `_source`.
const VECTOR_TYPES: [&str; 4] = ["dense_vector", "sparse_vector", "rank_vectors", "knn_vector"];

/// How an index keeps its documents.
#[derive(Debug)]
pub(crate) struct Sources {
    mode: Mode,
    root: Object,
    /// The form of `_ignored_source`.
    coalesced: bool,
    /// Whether the index's settings leave values or fields out that documents have.
    leaves_out: bool,
    /// Why the mapping is not understood.
    unreadable: Option<&'static str>,
    /// Fields of vectors that are not in the stored `_source`.
    vectors: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Stored,
    Synthetic,
    Derived,
    Off,
}

impl Sources {
    pub(crate) fn of(metadata: &IndexMetadata) -> Self {
        let mapping = metadata.types().next().and_then(|name| metadata.mappings.get(name));
        let mapping: Value =
            mapping.and_then(|mapping| serde_json::from_str(mapping.get()).ok()).unwrap_or_default();
        let source = |name: &str| mapping.get("_source").and_then(|source| source.get(name)).cloned();
        let setting = |name: &str| metadata.setting(name).unwrap_or_default();
        let mode = match setting("index.mapping.source.mode") {
            "synthetic" => Mode::Synthetic,
            "disabled" => Mode::Off,
            "stored" => Mode::Stored,
            _ if source("mode").is_some_and(|mode| mode == "synthetic") => Mode::Synthetic,
            _ if source("mode").is_some_and(|mode| mode == "disabled") => Mode::Off,
            _ if source("enabled").is_some_and(|enabled| enabled == false || enabled == "false") => Mode::Off,
            _ if setting("index.derived_source.enabled") == "true" => Mode::Derived,
            // Where the license does not allow it the documents are stored all the same.
            _ if matches!(setting("index.mode"), "time_series" | "logsdb") => Mode::Synthetic,
            _ => Mode::Stored,
        };
        let created = metadata.version_created();
        let since = |version: VersionId| created.is_some_and(|created| created >= version);
        let opensearch = created.is_some_and(VersionId::is_opensearch);
        let root = Object::root(&mapping, opensearch);
        let unreadable = match (&root, metadata.types().nth(1)) {
            (None, _) => Some("its mapping is deeper than servers allow"),
            (_, Some(_)) => Some("it has several mapping types"),
            _ => None,
        };
        let root = root.unwrap_or_default();
        let apart = if opensearch {
            since(KNN_VECTORS_APART)
                && setting("index.knn") == "true"
                && setting("index.knn.derived_source.enabled") != "false"
        } else {
            match setting("index.mapping.exclude_source_vectors") {
                "true" => true,
                "false" => false,
                _ => since(VECTORS_APART),
            }
        };
        let is_vector = |kind: &str| VECTOR_TYPES.contains(&kind);
        let vectors = root.all_leaves().into_iter().filter(|leaf| apart && is_vector(&leaf.type_name));
        Self {
            mode,
            vectors: vectors.map(|leaf| leaf.path.clone()).collect(),
            coalesced: since(COALESCED_PARTS),
            leaves_out: setting("index.mapping.ignore_malformed") == "true"
                || setting("index.mapping.total_fields.ignore_dynamic_beyond_limit") == "true"
                || !setting("index.mapping.ignore_above").is_empty(),
            root,
            unreadable,
        }
    }

    /// Why documents of a segment can't be made, or not be told whole; `None`: they can.
    fn obstacle(&self, segment: &Segment) -> Option<String> {
        let fields: HashSet<&str> = segment.fields().collect();
        let has = |path: &str| fields.contains(path);
        if self.mode == Mode::Stored {
            let vectors = self.vectors.iter().find(|path| has(path))?;
            return Some(format!(
                "the vectors of field {vectors} are kept apart from _source, which is not supported"
            ));
        }
        if let Some(unreadable) = self.unreadable {
            return Some(unreadable.to_owned());
        }
        if segment.nested_documents() > 0
            && let Some(nested) = self.root.all_objects().into_iter().find(|object| object.nested)
        {
            return Some(format!("field {} is nested", nested.path));
        }
        if has("_doc_count") {
            return Some("documents have a _doc_count".to_owned());
        }
        for leaf in self.root.all_leaves() {
            let inside = format!("{}.", leaf.path);
            let present = has(&leaf.path) || fields.iter().any(|field| field.starts_with(&inside));
            match &leaf.kind {
                Kind::MatchOnlyText if self.mode == Mode::Synthetic => {}
                Kind::Other | Kind::MatchOnlyText if present => {
                    return Some(format!("field {} has the type {}", leaf.path, leaf.type_name));
                }
                Kind::Date { format: None, .. } if present => {
                    return Some(format!("field {} has a date format that is not supported", leaf.path));
                }
                _ => {}
            }
        }
        match self.mode {
            Mode::Off => off::obstacle(self, &fields),
            Mode::Synthetic => synthetic::obstacle(self, segment, &fields),
            Mode::Stored | Mode::Derived => None,
        }
    }

    /// Fields whose doc values are needed.
    fn columns(&self) -> Vec<String> {
        let mut names = Vec::new();
        for leaf in self.root.all_leaves() {
            if leaf.doc_values {
                names.push(leaf.path.clone());
                if self.mode == Mode::Synthetic && !leaf.has_subfields {
                    names.push(format!("{}{}", leaf.path, synthetic::OFFSETS));
                }
            }
            names.extend(leaf.keyword.clone().filter(|_| self.mode == Mode::Synthetic));
        }
        names
    }
}
