//! Two JSON trees side by side.

use std::collections::BTreeMap;

use super::json::Json;
use super::{Comparison, Difference, MAX_DIFFERENCES_PER_PAIR, Verdict, cut};
use crate::call::Class;

/// Scores are sums of floats whose order of adding depends on the segments.
pub(super) const SCORE_TOLERANCE: f64 = 1e-5;
/// Other floats that the cluster computed (sums, averages).
const COMPUTED_TOLERANCE: f64 = 1e-9;

/// Fields of an answer that differ between any two clusters.
const IGNORED: [&str; 15] = [
    "took",
    "ingest_took",
    "_shards",
    "_seq_no",
    "_primary_term",
    "_scroll_id",
    "pit_id",
    "_node",
    "_shard",
    "node",
    "nodes",
    "cluster_name",
    "cluster_uuid",
    "uuid",
    "index_uuid",
];
/// What `GET /` says of the product and the node.
const IGNORED_ROOT: [&str; 4] = ["name", "version", "tagline", "build"];
/// What an index says of its making.
const IGNORED_ADMIN: [&str; 4] = ["creation_date", "creation_date_string", "version", "history_uuid"];
/// Texts of errors, which differ between versions. Their types and the status are compared.
const IGNORED_ERROR: [&str; 8] =
    ["reason", "root_cause", "failed_shards", "stack_trace", "suppressed", "shard", "phase", "header"];

/// What a part of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// Written by the cluster.
    Envelope,
    /// An error object.
    Error,
    /// Computed from documents: names are the user's, floats are sums.
    Computed,
    /// The user's documents: nothing is ignored, nothing is rounded.
    Document,
}

/// A comparison under way.
#[derive(Debug)]
pub(super) struct Walk {
    class: Class,
    root: bool,
    /// The pages of a scroll come in the order of the index, which is each cluster's own.
    pub(super) paged: bool,
    path: String,
    differences: Vec<Difference>,
    different: bool,
    undecided: Option<&'static str>,
    expected: BTreeMap<&'static str, u64>,
}

impl Walk {
    pub(super) fn new(class: Class, root: bool) -> Self {
        Self {
            class,
            root,
            paged: false,
            path: String::new(),
            differences: Vec::new(),
            different: false,
            undecided: None,
            expected: BTreeMap::new(),
        }
    }

    pub(super) fn compare(&mut self, source: &Json<'_>, target: &Json<'_>) {
        self.value(source, target, Zone::Envelope);
    }

    pub(super) fn finish(self) -> Comparison {
        let (verdict, reason) = match (self.different, self.undecided) {
            (true, _) => (Verdict::Different, None),
            (false, Some(reason)) => (Verdict::NotComparable, Some(reason)),
            (false, None) => (Verdict::Same, None),
        };
        Comparison { verdict, reason, differences: self.differences, expected: self.expected }
    }

    pub(super) fn value(&mut self, source: &Json<'_>, target: &Json<'_>, zone: Zone) {
        match (source, target) {
            (Json::Object(source), Json::Object(target)) => self.object(source, target, zone),
            (Json::Array(source), Json::Array(target)) => self.array(source, target, zone),
            _ if source == target => {}
            _ if std::mem::discriminant(source) == std::mem::discriminant(target)
                || (source.number().is_some() && target.number().is_some()) =>
            {
                self.scalar(source, target, zone);
            }
            _ => self.differ("type", Some(source), Some(target)),
        }
    }

    fn scalar(&mut self, source: &Json<'_>, target: &Json<'_>, zone: Zone) {
        let tolerance = match zone {
            Zone::Document => None,
            _ if self.path.ends_with("_score") => Some(SCORE_TOLERANCE),
            _ => Some(COMPUTED_TOLERANCE),
        };
        if let (Some(source), Some(target), Some(tolerance)) = (source.number(), target.number(), tolerance)
            && close(source, target, tolerance)
        {
            return;
        }
        if let (Some(source), Some(target), Zone::Error) = (source.text(), target.text(), zone)
            && unprefixed(source) == unprefixed(target)
        {
            *self.expected.entry("exception named after the product").or_default() += 1;
            return;
        }
        self.differ("value", Some(source), Some(target));
    }

    fn object(&mut self, source: &[(Name<'_>, Json<'_>)], target: &[(Name<'_>, Json<'_>)], zone: Zone) {
        for (at, (name, value)) in source.iter().enumerate() {
            if self.is_ignored(name, zone) {
                continue;
            }
            // Both usually write their fields in the same order.
            let same_place = target.get(at).filter(|(other, _)| other == name);
            let other = same_place.or_else(|| target.iter().find(|(other, _)| other == name));
            self.within(name, |walk| match other {
                Some((_, other)) => walk.field(name, value, other, zone),
                None if name == "_type" && zone != Zone::Document => {}
                None => walk.differ("missing", Some(value), None),
            });
        }
        for (name, value) in target {
            let known = source.iter().any(|(other, _)| other == name);
            if !known && !self.is_ignored(name, zone) && (name != "_type" || zone == Zone::Document) {
                self.within(name, |walk| walk.differ("extra", None, Some(value)));
            }
        }
    }

    fn field(&mut self, name: &str, source: &Json<'_>, target: &Json<'_>, zone: Zone) {
        let zone = match (zone, name) {
            (Zone::Envelope, "_source" | "fields" | "highlight" | "doc_values" | "_meta" | "mappings") => {
                Zone::Document
            }
            (Zone::Envelope, "aggregations" | "suggest") => Zone::Computed,
            (Zone::Envelope, "error") => Zone::Error,
            (Zone::Computed, "_source") => Zone::Document,
            (zone, _) => zone,
        };
        if zone == Zone::Error && name == "error" && (source.text().is_some() || target.text().is_some()) {
            // Old style: the error is its own text.
            return;
        }
        match name {
            "hits" if zone != Zone::Document && source.array().is_some() && target.array().is_some() => {
                self.hits(source.array().unwrap_or_default(), target.array().unwrap_or_default());
            }
            "total" if zone != Zone::Document && self.path.ends_with("hits.total") => {
                self.total(source, target)
            }
            _ => self.value(source, target, zone),
        }
    }

    /// `hits.total` is a number up to version 6 and an object since.
    fn total(&mut self, source: &Json<'_>, target: &Json<'_>) {
        let count = |total: &Json<'_>| total.get("value").unwrap_or(total).number();
        if count(source) != count(target) {
            self.differ("value", Some(source), Some(target));
        }
    }

    fn array(&mut self, source: &[Json<'_>], target: &[Json<'_>], zone: Zone) {
        if source.len() != target.len() {
            let lengths = |items: &[Json<'_>]| Json::Int(i64::try_from(items.len()).unwrap_or(i64::MAX));
            self.differ("length", Some(&lengths(source)), Some(&lengths(target)));
        }
        self.within("*", |walk| {
            for (source, target) in source.iter().zip(target) {
                walk.value(source, target, zone);
            }
        });
    }

    fn is_ignored(&self, name: &str, zone: Zone) -> bool {
        match zone {
            Zone::Document | Zone::Computed => false,
            Zone::Error => IGNORED_ERROR.contains(&name) || IGNORED.contains(&name),
            Zone::Envelope => {
                IGNORED.contains(&name)
                    || (self.root && self.path.is_empty() && IGNORED_ROOT.contains(&name))
                    || (self.class == Class::Admin && IGNORED_ADMIN.contains(&name))
            }
        }
    }

    pub(super) fn within(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        inside(self);
        self.path.truncate(length);
    }

    /// Notes that nothing can be said about a part.
    pub(super) fn undecided(&mut self, reason: &'static str) {
        self.undecided = Some(reason);
    }

    pub(super) fn differ(
        &mut self,
        kind: &'static str,
        source: Option<&Json<'_>>,
        target: Option<&Json<'_>>,
    ) {
        self.different = true;
        let known = self.differences.iter().any(|other| other.kind == kind && other.path == self.path);
        if known || self.differences.len() >= MAX_DIFFERENCES_PER_PAIR {
            return;
        }
        let show = |value: Option<&Json<'_>>| {
            value.map_or_else(|| "absent".to_owned(), |value| cut(&value.to_string()))
        };
        self.differences.push(Difference {
            kind,
            path: self.path.clone(),
            source: show(source),
            target: show(target),
        });
    }
}

type Name<'a> = std::borrow::Cow<'a, str>;

/// Whether two numbers are the same but for the rounding.
pub(super) fn close(source: f64, target: f64, tolerance: f64) -> bool {
    source == target || (source - target).abs() <= tolerance * source.abs().max(target.abs())
}

/// An exception's name without the product's: `elasticsearch_parse_exception`, `opensearch_parse_exception`.
fn unprefixed(exception: &str) -> &str {
    ["elasticsearch_", "opensearch_", "es_"]
        .iter()
        .find_map(|product| exception.strip_prefix(product))
        .unwrap_or(exception)
}
