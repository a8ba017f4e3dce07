//! Items of a source, from what a live cluster answers and from what is in a snapshot, which is almost the same.

use serde_json::{Value, json};

use crate::definition::flat_settings;
use crate::item::{Kind, SourceItem};
use crate::json::{self, Object};
use crate::types::types_of;

/// An index: `{"settings", "mappings", "aliases"}`. `typed`: see [`types_of`].
#[must_use]
pub fn index(name: &str, body: &Value, typed: bool) -> SourceItem {
    let settings = flat_settings(body.get("settings").unwrap_or(&Value::Null));
    let types = types_of(body.get("mappings").unwrap_or(&Value::Null), typed);
    SourceItem { settings, types, ..SourceItem::plain(Kind::Index, name, Object::new()) }
}

/// A legacy template.
#[must_use]
pub fn legacy_template(name: &str, body: &Value, typed: bool) -> SourceItem {
    defined(Kind::LegacyTemplate, name, body.as_object().cloned().unwrap_or_default(), typed)
}

/// A composable or component template.
#[must_use]
pub fn nested_template(kind: Kind, name: &str, body: &Value) -> SourceItem {
    let mut rest = body.as_object().cloned().unwrap_or_default();
    let template = rest.get_mut("template").map(Value::take).map(json::into_object).unwrap_or_default();
    let inner = defined(kind, name, template, false);
    // What else is within `template` stays there.
    match inner.rest.is_empty() {
        true => drop(json::take(&mut rest, "template")),
        false => drop(rest.insert("template".to_owned(), Value::Object(inner.rest))),
    }
    SourceItem { rest, ..inner }
}

fn defined(kind: Kind, name: &str, mut rest: Object, typed: bool) -> SourceItem {
    let settings = flat_settings(&json::take(&mut rest, "settings").unwrap_or_default());
    let types = types_of(&json::take(&mut rest, "mappings").unwrap_or_default(), typed);
    let aliases = json::take(&mut rest, "aliases").map(json::into_object).unwrap_or_default();
    SourceItem { kind, name: name.to_owned(), rest, settings, types, aliases }
}

/// What an alias stands for is gathered from what stands for it.
#[derive(Debug, Default)]
pub struct Aliases(std::collections::BTreeMap<String, Object>);

impl Aliases {
    /// An index, or a data stream, with its aliases: `{"name": {"filter", ...}}`.
    pub fn add(&mut self, of: &str, aliases: &Value) {
        for (alias, parameters) in aliases.as_object().into_iter().flatten() {
            let parameters = if parameters.is_object() { parameters.clone() } else { json!({}) };
            self.0.entry(alias.clone()).or_default().insert(of.to_owned(), parameters);
        }
    }

    /// One item for each alias: `{"indices": {"name": {"filter", ...}}}`.
    #[must_use]
    pub fn items(self) -> Vec<SourceItem> {
        let item = |(name, indices): (String, Object)| {
            let rest = [("indices".to_owned(), Value::Object(indices))].into_iter().collect();
            SourceItem::plain(Kind::Alias, name, rest)
        };
        self.0.into_iter().map(item).collect()
    }
}

/// The stored scripts of a cluster's state, by id. Elasticsearch 5 wrote them as text under `lang#id`.
#[must_use]
pub fn scripts(stored: &Value) -> Vec<SourceItem> {
    let one = |(id, script): (&String, &Value)| {
        let (lang, name) = match id.split_once('#') {
            Some((lang, name)) => (Some(lang), name),
            None => (None, id.as_str()),
        };
        let script = match script {
            Value::String(source) => json!({"lang": lang.unwrap_or("painless"), "source": source}),
            other => other.get("script").filter(|inner| inner.is_object()).unwrap_or(other).clone(),
        };
        let mut script = json::into_object(script);
        json::rename(&mut script, "code", "source");
        if script.get("options").and_then(Value::as_object).is_some_and(Object::is_empty) {
            json::take(&mut script, "options");
        }
        let rest = [("script".to_owned(), Value::Object(script))].into_iter().collect();
        SourceItem::plain(Kind::Script, name, rest)
    };
    stored.as_object().into_iter().flatten().map(one).collect()
}

/// The ingest pipelines of a snapshot: `{"pipeline": [{"id", "config"}]}`.
#[must_use]
pub fn pipelines(ingest: &Value) -> Vec<SourceItem> {
    let all = ingest.get("pipeline").and_then(Value::as_array).into_iter().flatten();
    let one = |pipeline: &Value| {
        let id = pipeline.get("id")?.as_str()?;
        Some(SourceItem::plain(Kind::Pipeline, id, pipeline.get("config")?.as_object()?.clone()))
    };
    all.filter_map(one).collect()
}

/// A data stream: nothing but its name, the rest is its template's.
#[must_use]
pub fn data_stream(name: &str) -> SourceItem {
    SourceItem::plain(Kind::DataStream, name, Object::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_of_old_and_new_sources() {
        let old = json!({"template": "a*", "order": 1, "settings": {"index.number_of_shards": "2"},
            "mappings": [{"t": {"properties": {}}}], "aliases": {"x": {}}});
        let item = legacy_template("old", &old, true);
        assert_eq!(item.types[0].0, "t");
        assert_eq!(Value::Object(item.rest), json!({"template": "a*", "order": 1}));
        let new = json!({"index_patterns": ["a"], "template": {"lifecycle": {"enabled": true},
            "mappings": {"_doc": {"dynamic": "strict"}}, "settings": {"index": {"codec": "default"}}}});
        let item = nested_template(Kind::IndexTemplate, "new", &new);
        assert_eq!(item.types, [("_doc".to_owned(), json::into_object(json!({"dynamic": "strict"})))]);
        assert_eq!(
            Value::Object(item.rest),
            json!({"index_patterns": ["a"], "template": {"lifecycle": {"enabled": true}}})
        );
    }

    #[test]
    fn scripts_of_all_versions() {
        let stored = json!({"a": {"lang": "painless", "source": "1", "options": {}},
            "mustache#b": "{}", "painless#c": {"lang": "painless", "code": "2"}, "d": {"script": {"lang": "x", "source": "3"}}});
        let found: Vec<_> =
            scripts(&stored).into_iter().map(|item| (item.name, Value::Object(item.rest))).collect();
        let wanted =
            [("a", "painless", "1"), ("b", "mustache", "{}"), ("c", "painless", "2"), ("d", "x", "3")];
        let wanted = wanted.map(|(name, lang, source)| {
            (name.to_owned(), json!({"script": {"lang": lang, "source": source}}))
        });
        assert_eq!(found, wanted);
    }

    #[test]
    fn an_alias_has_all_its_indices() {
        let mut aliases = Aliases::default();
        aliases.add("a", &json!({"x": {"filter": {"term": {"n": 1.5}}}, "y": {}}));
        aliases.add("b", &json!({"x": {}}));
        let items = aliases.items();
        assert_eq!(
            Value::Object(items[0].rest.clone()),
            json!({"indices": {"a": {"filter": {"term": {"n": 1.5}}}, "b": {}}})
        );
        assert_eq!(items[1].name, "y");
    }
}
