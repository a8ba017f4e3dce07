//! What an index is made with, in one form whatever the source wrote: settings flat and by their full names, the mapping
//! without types. Templates hold the same.

use serde_json::Value;

use crate::json::{self, Object};

/// Every setting of an index begins with this.
const PREFIX: &str = "index.";

/// Settings, mapping and aliases.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Definition {
    /// By full name, `index.number_of_shards`: texts or lists of texts.
    pub settings: Object,
    /// The mapping without types: `{"properties": ...}`.
    pub mappings: Object,
    /// By name, as in the body that creates an index.
    pub aliases: Object,
}

impl Definition {
    /// Of `{"settings", "mappings", "aliases"}` as a cluster without types writes it.
    #[must_use]
    pub fn parse(body: &Value) -> Self {
        let part = |name: &str| body.get(name).cloned().unwrap_or_default();
        let mappings = match part("mappings") {
            Value::Object(mut mappings) if is_wrapped(&mappings) => {
                mappings.get_mut("_doc").map(Value::take).map(json::into_object).unwrap_or_default()
            }
            other => json::into_object(other),
        };
        Self {
            settings: flat_settings(&part("settings")),
            mappings,
            aliases: json::into_object(part("aliases")),
        }
    }

    /// As the body of a request; parts that are empty are left out.
    #[must_use]
    pub fn body(&self) -> Object {
        let parts = [("settings", &self.settings), ("mappings", &self.mappings), ("aliases", &self.aliases)];
        let full = parts.into_iter().filter(|(_, part)| !part.is_empty());
        full.map(|(name, part)| (name.to_owned(), Value::Object(part.clone()))).collect()
    }

    /// A setting as text.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<String> {
        self.settings.get(name).and_then(json::text)
    }
}

/// `{"_doc": {...}}`: `_doc` is no parameter of a mapping.
fn is_wrapped(mappings: &Object) -> bool {
    mappings.len() == 1 && mappings.get("_doc").is_some_and(Value::is_object)
}

/// Settings by their full names. They are written flat or nested, with `index.` in front or without, and lists in old
/// versions as `name.0`, `name.1`.
#[must_use]
pub fn flat_settings(settings: &Value) -> Object {
    let mut flat = Object::new();
    flatten("", settings, &mut flat);
    let mut named = Object::new();
    for (name, value) in flat {
        let name = if name.starts_with(PREFIX) { name } else { format!("{PREFIX}{name}") };
        match element(&name).filter(|(list, at)| starts_list(&named, list, *at)) {
            Some((list, _)) => {
                let list = named.entry(list.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(list) = list {
                    list.push(value);
                }
            }
            None => {
                named.insert(name, value);
            }
        }
    }
    named
}

/// `name.3` is the fourth element of `name`.
fn element(name: &str) -> Option<(&str, usize)> {
    let (list, at) = name.rsplit_once('.')?;
    Some((list, at.parse().ok()?))
}

/// Elements come in order, from 0 on.
fn starts_list(named: &Object, list: &str, at: usize) -> bool {
    match named.get(list) {
        None => at == 0,
        Some(Value::Array(known)) => known.len() == at,
        Some(_) => false,
    }
}

fn flatten(prefix: &str, value: &Value, flat: &mut Object) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&name, value, flat);
            }
        }
        Value::Null => {}
        Value::Array(values) => {
            let texts =
                values.iter().map(|value| json::text(value).map_or_else(|| value.clone(), Value::String));
            flat.insert(prefix.to_owned(), texts.collect());
        }
        scalar => {
            flat.insert(prefix.to_owned(), json::text(scalar).map_or(Value::Null, Value::String));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_of_all_spellings() {
        let wanted = json!({"index.number_of_shards": "3", "index.analysis.filter.f.stopwords": ["a", "b"]});
        for written in [
            json!({"index.number_of_shards": "3", "index.analysis.filter.f.stopwords": ["a", "b"]}),
            json!({"number_of_shards": 3, "analysis": {"filter": {"f": {"stopwords": ["a", "b"]}}}}),
            json!({"index": {"number_of_shards": "3", "analysis.filter.f.stopwords.0": "a",
                "analysis.filter.f.stopwords.1": "b"}}),
            json!({"index": {"number_of_shards": "3", "x": null, "analysis": {"filter": {"f.stopwords": ["a", "b"]}}}}),
        ] {
            assert_eq!(Value::Object(flat_settings(&written)), wanted, "{written}");
        }
        // A number at the end is no list when it is not the next element.
        let kept = json!({"index.a.7": "x", "index.b": "y", "index.b.0": "z"});
        assert_eq!(Value::Object(flat_settings(&kept)), kept);
    }

    #[test]
    fn mappings_with_and_without_a_type() {
        let properties = json!({"properties": {"a": {"type": "text"}}});
        for mappings in [properties.clone(), json!({"_doc": properties})] {
            let definition = Definition::parse(&json!({"mappings": mappings}));
            assert_eq!(Value::Object(definition.body()), json!({"mappings": properties}));
        }
        let rooted = json!({"dynamic_templates": [], "_source": {"enabled": false}});
        assert_eq!(Value::Object(Definition::parse(&json!({"mappings": rooted})).mappings), rooted);
    }
}
