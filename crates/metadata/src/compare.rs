//! Whether a target has an item already. A target writes what it was given in its own way: numbers as texts, defaults left
//! out. What it adds by itself, and fields that documents brought, are no difference.

use serde_json::Value;

use crate::item::{Item, Kind};
use crate::json::{self, Object};
use crate::rules::named;

/// Settings that a target shows of every index, whatever it was made with.
const OWN_SETTINGS: &[&str] = &[
    "index.uuid",
    "index.history.uuid",
    "index.provided_name",
    "index.creation_date*",
    "index.version.*",
    "index.replication.type",
    "index.remote_store.*",
    "index.soft_deletes.enabled",
];

/// Parameters that a target leaves out where they have this value.
const DEFAULTS: &[(&str, &str)] = &[
    ("type", "object"),
    ("enabled", "true"),
    ("index", "true"),
    ("doc_values", "true"),
    ("store", "false"),
    ("norms", "true"),
    ("dynamic", "true"),
    ("required", "false"),
    ("coerce", "true"),
    ("ignore_malformed", "false"),
    ("eager_global_ordinals", "false"),
    ("fielddata", "false"),
    ("boost", "1"),
    ("position_increment_gap", "100"),
    ("term_vector", "no"),
    ("index_options", "positions"),
    ("order", "0"),
    // Of a data stream's time stamp.
    ("name", "@timestamp"),
    ("is_write_index", "false"),
    ("is_hidden", "false"),
    ("numeric_detection", "false"),
    ("date_detection", "true"),
];

/// The places where an existing item differs from the one that is wanted.
#[must_use]
pub fn differences(wanted: &Item, existing: &Item) -> Vec<String> {
    let mut found = Vec::new();
    objects("", &wanted.rest, &existing.rest, false, &mut found);
    if wanted.kind.is_defined() {
        settings(wanted, existing, &mut found);
        objects("mappings", &wanted.definition.mappings, &existing.definition.mappings, false, &mut found);
        // Aliases of an index are compared by themselves.
        if wanted.kind != Kind::Index {
            objects("aliases", &wanted.definition.aliases, &existing.definition.aliases, false, &mut found);
        }
    }
    found
}

fn settings(wanted: &Item, existing: &Item, found: &mut Vec<String>) {
    let (wanted, existing) = (&wanted.definition.settings, &existing.definition.settings);
    for (name, value) in wanted {
        if !existing.get(name).is_some_and(|other| same(value, other)) {
            found.push(name.clone());
        }
    }
    let more = existing.keys().filter(|name| !wanted.contains_key(*name) && !named(name, OWN_SETTINGS));
    found.extend(more.map(|name| format!("{name} (only on the target)")));
}

/// `grows`: what only the target has is no difference (fields that documents brought).
fn objects(path: &str, wanted: &Object, existing: &Object, grows: bool, found: &mut Vec<String>) {
    let place = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for (name, value) in wanted {
        match (value, existing.get(name)) {
            (value, None) if is_default(name, value) => {}
            (_, None) => found.push(place(name)),
            (Value::Object(value), Some(Value::Object(other))) => {
                let grows = matches!(name.as_str(), "properties" | "fields") && path.starts_with("mappings");
                objects(&place(name), value, other, grows, found);
            }
            (value, Some(other)) if same(value, other) => {}
            _ => found.push(place(name)),
        }
    }
    if !grows {
        let more =
            existing.iter().filter(|(name, value)| !wanted.contains_key(*name) && !is_default(name, value));
        // An object that got its fields from documents.
        let more = more.filter(|(name, _)| *name != "properties" || !path.starts_with("mappings"));
        found.extend(more.map(|(name, _)| format!("{} (only on the target)", place(name))));
    }
}

fn is_default(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.iter().all(|(name, value)| is_default(name, value)),
        scalar => {
            let text = json::text(scalar).unwrap_or_default();
            DEFAULTS.iter().any(|(known, default)| {
                *known == name
                    && (text == *default || number(&text) == number(default) && number(&text).is_some())
            })
        }
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// The same value, however it is written.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Array(only), scalar) | (scalar, Value::Array(only)) => match &**only {
            [only] => same(only, scalar),
            _ => false,
        },
        (Value::Object(one), Value::Object(other)) => {
            let mut found = Vec::new();
            objects("", one, other, false, &mut found);
            found.is_empty()
        }
        (one, other) => match (json::text(one), json::text(other)) {
            (Some(one), Some(other)) => {
                one == other || number(&one).is_some_and(|value| number(&other) == Some(value))
            }
            _ => one == other,
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differing(kind: Kind, wanted: Value, existing: Value) -> Vec<String> {
        differences(&Item::parse(kind, "x", &wanted), &Item::parse(kind, "x", &existing))
    }

    #[test]
    fn what_a_target_writes_in_its_own_way_is_the_same() {
        let wanted = json!({"settings": {"number_of_shards": 2}, "mappings": {"dynamic": true, "properties": {
            "a": {"type": "text", "index": true, "boost": 1.0}, "o": {"type": "object"}}}});
        let existing = json!({"settings": {"index": {"number_of_shards": "2", "uuid": "u", "version": {"created": "1"},
            "replication": {"type": "DOCUMENT"}}}, "mappings": {"dynamic": "true", "properties": {"a": {"type": "text"},
            "o": {"properties": {"later": {"type": "long"}}}, "more": {"type": "date"}}}});
        assert_eq!(differing(Kind::Index, wanted, existing), Vec::<String>::new());
        let wanted = json!({"index_patterns": ["a"], "order": 0, "version": null});
        assert!(
            differing(Kind::LegacyTemplate, wanted, json!({"index_patterns": "a", "aliases": {}})).is_empty()
        );
    }

    #[test]
    fn differences_are_told_by_place() {
        let wanted = json!({"settings": {"number_of_shards": 2}, "mappings": {"dynamic": "strict", "properties": {
            "a": {"type": "text"}, "b": {"type": "long"}}}});
        let existing = json!({"settings": {"number_of_shards": 1, "blocks.write": true}, "mappings": {"properties": {
            "a": {"type": "keyword", "ignore_above": 3}}}});
        let told = differing(Kind::Index, wanted, existing);
        let places = [
            "index.number_of_shards",
            "index.blocks.write (only on the target)",
            "mappings.dynamic",
            "mappings.properties.a.type",
            "mappings.properties.a.ignore_above (only on the target)",
            "mappings.properties.b",
        ];
        assert_eq!(told, places);
    }
}
