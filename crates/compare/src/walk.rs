//! Two bodies side by side, field by field; equal parts are skipped by their bytes.

mod asked;
mod buckets;
mod errors;
mod hits;
mod numbers;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use crate::items::SentItems;
use crate::json::{Kind, Value};
use crate::noise::{self, Noise};
use crate::rules;
use crate::verdict::{
    Comparison, Difference, MAX_DIFFERENCES_PER_PAIR, MAX_PATH_BYTES, MAX_SHOWN_BYTES, Verdict, cut,
};
use switchover_rest::{Call, Class};

pub(crate) use asked::find;

use asked::Asked;

/// What a part of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    /// Written by the cluster.
    Envelope,
    /// Settings of indices.
    Settings,
    /// Computed from documents: names are the user's, floats are sums.
    Computed,
    /// The user's documents: nothing is ignored, nothing is rounded.
    Document,
}

/// A comparison under way.
pub(crate) struct Walk<'a> {
    class: Class,
    call: Option<Call<'a>>,
    noise: Option<&'a Noise>,
    items: &'a SentItems,
    path: String,
    differences: Vec<Difference>,
    different: bool,
    expected: BTreeMap<&'static str, u64>,
    learnable: Vec<String>,
    asked: Asked,
    /// What the source's scores are divided by before they are compared.
    factor: f64,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(call: Option<Call<'a>>, request: Option<Value<'a>>, noise: Option<&'a Noise>) -> Self {
        Self {
            class: call.map_or(Class::Other, |call| call.class()),
            call,
            noise,
            items: &SentItems::All,
            path: String::new(),
            differences: Vec::new(),
            different: false,
            expected: BTreeMap::new(),
            learnable: Vec::new(),
            asked: Asked::new(call, request),
            factor: 1.0,
        }
    }

    /// Of a bulk of which the target was asked only these items.
    pub(crate) fn of_items(self, items: &'a SentItems) -> Self {
        Self { items, ..self }
    }

    /// Compares two bodies.
    pub(crate) fn bodies(&mut self, source: Value<'_>, target: Value<'_>) {
        let whole_document =
            self.call.is_some_and(|call| call.segments().any(|segment| segment == "_source"));
        let zone =
            if whole_document && source.get("error").is_none() { Zone::Document } else { Zone::Envelope };
        self.value(source, target, zone);
    }

    pub(crate) fn finish(self) -> Comparison {
        let verdict = match (self.different, self.expected.is_empty()) {
            (true, _) => Verdict::Different,
            (false, false) => Verdict::ExpectedDifference,
            (false, true) => Verdict::Same,
        };
        Comparison { verdict, reason: None, differences: self.differences, expected: self.expected }
    }

    /// Paths at which the two bodies differ in a way that may be learnt as noise.
    pub(crate) fn into_learnable(self) -> Vec<String> {
        self.learnable
    }

    fn value(&mut self, source: Value<'_>, target: Value<'_>, zone: Zone) {
        if source.kind() == target.kind() && source.raw() == target.raw() {
            return;
        }
        match (source.kind(), target.kind()) {
            (Kind::Object, Kind::Object) => self.object(source, target, zone),
            (Kind::Array, Kind::Array) => self.array(source, target, zone),
            (Kind::Number, Kind::Number) => self.numbers(source, target, zone),
            (Kind::Text, Kind::Text) if source.text() == target.text() => {}
            (Kind::Text, Kind::Text) | (Kind::True | Kind::False, Kind::True | Kind::False) => {
                self.differ("value", Some(source), Some(target), zone);
            }
            _ => self.differ("type", Some(source), Some(target), zone),
        }
    }

    fn object(&mut self, source: Value<'_>, target: Value<'_>, zone: Zone) {
        if self.class == Class::Bulk
            && self.path == "items.*"
            && let (Some(created), None) = (source.get("create"), source.get("index"))
            && let (Some(indexed), None) = (target.get("index"), target.get("create"))
        {
            self.expect(rules::ITEM_NAME);
            return self.within("index", |walk| walk.value(created, indexed, zone));
        }
        let mut in_order = target.fields();
        let mut by_name: Option<HashMap<&[u8], Value<'_>>> = None;
        let mut found = 0;
        for (name, value) in source.fields() {
            // Both usually write their fields in the same order.
            let other = match in_order.next() {
                Some((other, value)) if other == name => Some(value),
                _ => by_name.get_or_insert_with(|| target.fields().collect()).get(name).copied(),
            };
            found += usize::from(other.is_some());
            if other.is_some_and(|other| other.kind() == value.kind() && other.raw() == value.raw()) {
                continue;
            }
            let name = String::from_utf8_lossy(name);
            if !self.is_ignored(&name, zone) {
                self.within(&name, |walk| match other {
                    Some(other) => walk.field(&name, value, other, zone),
                    None => walk.only(&name, Some(value), None, zone),
                });
            }
        }
        if found == target.fields().count() {
            return;
        }
        let known: HashMap<&[u8], Value<'_>> = source.fields().collect();
        for (name, value) in target.fields().filter(|(name, _)| !known.contains_key(name)) {
            let name = String::from_utf8_lossy(name);
            if !self.is_ignored(&name, zone) {
                self.within(&name, |walk| walk.only(&name, None, Some(value), zone));
            }
        }
    }

    /// A field that both have.
    fn field(&mut self, name: &str, source: Value<'_>, target: Value<'_>, zone: Zone) {
        let ours = matches!(zone, Zone::Envelope | Zone::Computed);
        let is = |kind| source.kind() == kind && target.kind() == kind;
        let lists = |field: &str| {
            let list = |value: Value<'_>| value.get(field).is_some_and(|list| list.kind() == Kind::Array);
            list(source) && list(target)
        };
        if let SentItems::Some { places, .. } = self.items
            && zone == Zone::Envelope
            && self.class == Class::Bulk
        {
            match name {
                "items" if self.path == name && is(Kind::Array) => {
                    return self.sent_items(places, source, target, zone);
                }
                // Of all items; each tells for itself.
                "errors" if self.path == name => return,
                _ => {}
            }
        }
        match name {
            "error" if zone == Zone::Envelope => self.error(source, target),
            "hits" if ours && lists("hits") => self.found(source, target),
            "options" if zone == Zone::Computed && is(Kind::Array) => self.options(source, target),
            "buckets" if zone == Zone::Computed && is(Kind::Array) => self.buckets(source, target),
            "explanation" | "_explanation" | "explanations" | "profile" if ours => {
                if source.raw() != target.raw() {
                    self.expect(rules::EXPLANATION);
                }
            }
            "_type" if ours => {
                if source.raw() != target.raw() {
                    self.expect(rules::TYPES_REMOVED);
                }
            }
            "mappings" if zone == Zone::Envelope => self.mappings(source, target),
            "version" | "tagline" | "name" | "build" if self.is_root() => {
                if source.raw() != target.raw() {
                    self.expect(rules::PRODUCT);
                }
            }
            _ => self.value(source, target, self.zone_of(name, zone)),
        }
    }

    /// Mappings, which older sources wrap in the name of their one type.
    fn mappings(&mut self, source: Value<'_>, target: Value<'_>) {
        let mut fields = source.fields();
        let wrapped = match (fields.next(), fields.next()) {
            (Some((kind, inside)), None) if inside.kind() == Kind::Object && kind != b"properties" => {
                Some(inside)
            }
            _ => None,
        };
        match wrapped {
            Some(inside) if inside.get("properties").is_some() && target.get("properties").is_some() => {
                self.expect(rules::TYPES_REMOVED);
                self.value(inside, target, Zone::Document);
            }
            _ => self.value(source, target, Zone::Document),
        }
    }

    fn zone_of(&self, name: &str, zone: Zone) -> Zone {
        let field_caps = self.path == "fields" && self.class == Class::Admin;
        match (zone, name) {
            (Zone::Envelope, "fields") if field_caps => Zone::Envelope,
            (Zone::Envelope | Zone::Computed, "_source" | "fields" | "highlight" | "mappings" | "_meta") => {
                Zone::Document
            }
            (Zone::Envelope, "aggregations" | "suggest" | "sort") => Zone::Computed,
            (Zone::Envelope, "settings") if self.class == Class::Admin => Zone::Settings,
            (zone, _) => zone,
        }
    }

    /// A field that only one of them has.
    fn only(&mut self, name: &str, source: Option<Value<'_>>, target: Option<Value<'_>>, zone: Zone) {
        let added = source.is_none();
        let rule = match zone {
            Zone::Document => None,
            // Up to version 5 (`created`, `found`) and 2 (no `result`).
            _ if self.is_write() && !added && is_flag(source) && matches!(name, "created" | "found") => {
                Some(rules::REMOVED_FIELD)
            }
            _ if self.is_write() && added && matches!(name, "result" | "forced_refresh") => {
                Some(rules::ADDED_FIELD)
            }
            // Of an index that is created: until version 4 (2.x), and 5.5.
            _ if added
                && self.class == Class::Admin
                && self.path == name
                && matches!(name, "shards_acknowledged" | "index") =>
            {
                Some(rules::ADDED_FIELD)
            }
            Zone::Settings => rules::SETTINGS.contains(&name).then_some(rules::SETTING),
            _ if name == "_type" => Some(rules::TYPES_REMOVED),
            _ if name == "terminated_early" || (added && rules::ADDED.contains(&name)) => {
                Some(rules::ADDED_FIELD)
            }
            _ if added && name == "status" && target.is_some_and(|status| status.raw() == b"200") => {
                Some(rules::ADDED_FIELD)
            }
            _ if self.path.starts_with("fields.") && rules::METADATA_FIELDS.contains(&name) => {
                Some(rules::ADDED_FIELD)
            }
            _ if self.is_root() && matches!(name, "build" | "status") => Some(rules::PRODUCT),
            _ => None,
        };
        match rule {
            Some(rule) => self.expect(rule),
            None => self.differ(if added { "extra" } else { "missing" }, source, target, zone),
        }
    }

    fn array<'v>(&mut self, source: Value<'v>, target: Value<'v>, zone: Zone) {
        let lengths = (source.items().count(), target.items().count());
        self.elements(lengths, source.items().zip(target.items()), zone);
    }

    /// The items of a bulk of which only those at `places` were sent.
    fn sent_items<'v>(&mut self, places: &[usize], source: Value<'v>, target: Value<'v>, zone: Zone) {
        let all: Vec<_> = source.items().collect();
        let sent: Vec<_> = places.iter().filter_map(|place| all.get(*place).copied()).collect();
        self.expect(rules::ITEMS_LEFT_OUT);
        self.elements((sent.len(), target.items().count()), sent.into_iter().zip(target.items()), zone);
    }

    fn elements<'v>(
        &mut self,
        lengths: (usize, usize),
        pairs: impl Iterator<Item = (Value<'v>, Value<'v>)>,
        zone: Zone,
    ) {
        if lengths.0 != lengths.1 {
            self.differ_by("length", lengths.0.to_string(), lengths.1.to_string());
        }
        self.within("*", |walk| {
            for (source, target) in pairs {
                walk.value(source, target, zone);
            }
        });
    }

    fn is_ignored(&self, name: &str, zone: Zone) -> bool {
        match zone {
            Zone::Document => false,
            Zone::Computed => name == "doc_count_error_upper_bound" || name == "_shards",
            Zone::Settings => rules::IGNORED_ADMIN.contains(&name) || name == "uuid",
            Zone::Envelope => rules::IGNORED.contains(&name),
        }
    }

    fn is_write(&self) -> bool {
        matches!(self.class, Class::Index | Class::Update | Class::Delete | Class::Bulk)
    }

    fn is_root(&self) -> bool {
        !self.path.contains('.') && self.call.is_some_and(|call| call.is_root())
    }

    fn within(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        inside(self);
        self.path.truncate(length);
    }

    /// A rule excuses this.
    fn expect(&mut self, rule: &'static str) {
        *self.expected.entry(rule).or_default() += 1;
    }

    fn differ(
        &mut self,
        kind: &'static str,
        source: Option<Value<'_>>,
        target: Option<Value<'_>>,
        zone: Zone,
    ) {
        let show = |value: Option<Value<'_>>| {
            value.map_or_else(|| "absent".to_owned(), |value| value.shown(MAX_SHOWN_BYTES))
        };
        let may_be_noise =
            kind == "value" && zone != Zone::Document && noise::may_be_noise(&self.path, source, target);
        if may_be_noise && self.noise.is_some_and(|noise| noise.contains(self.class, &self.path)) {
            return self.expect(rules::NOISE);
        }
        if may_be_noise && self.learnable.len() < noise::MAX_PATHS_PER_PAIR {
            self.learnable.push(self.path.clone());
        }
        self.differ_by(kind, show(source), show(target));
    }

    fn differ_by(&mut self, kind: &'static str, source: String, target: String) {
        self.different = true;
        let path = match cut(&self.path, MAX_PATH_BYTES) {
            Cow::Borrowed(path) => path.to_owned(),
            Cow::Owned(path) => path,
        };
        let known = self.differences.iter().any(|other| other.kind == kind && other.path == path);
        if !known && self.differences.len() < MAX_DIFFERENCES_PER_PAIR {
            self.differences.push(Difference { kind, path, source, target });
        }
    }
}

fn is_flag(value: Option<Value<'_>>) -> bool {
    value.is_some_and(|value| matches!(value.kind(), Kind::True | Kind::False))
}
