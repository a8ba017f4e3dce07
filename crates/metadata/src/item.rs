//! Items: what is moved one by one, each with a name.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::definition::Definition;
use crate::json::Object;

/// What an item is. Their order is the order of work: an index comes before the templates, which would otherwise add to
/// it what it did not have on the source; a data stream after its template; an alias after what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// `_component_template`, which index templates are composed of.
    ComponentTemplate,
    /// An index: settings and mapping.
    Index,
    /// `_template`, of all versions.
    LegacyTemplate,
    /// `_index_template`, since Elasticsearch 7.8.
    IndexTemplate,
    /// `_ingest/pipeline`.
    Pipeline,
    /// `_scripts`.
    Script,
    /// `_data_stream`.
    DataStream,
    /// An alias with all that it stands for.
    Alias,
}

impl Kind {
    /// All, in the order of work.
    pub const ALL: [Self; 8] = [
        Self::ComponentTemplate,
        Self::Index,
        Self::LegacyTemplate,
        Self::IndexTemplate,
        Self::Pipeline,
        Self::Script,
        Self::DataStream,
        Self::Alias,
    ];

    /// For a message: `index template`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ComponentTemplate => "component template",
            Self::Index => "index",
            Self::LegacyTemplate => "legacy template",
            Self::IndexTemplate => "index template",
            Self::Pipeline => "ingest pipeline",
            Self::Script => "stored script",
            Self::DataStream => "data stream",
            Self::Alias => "alias",
        }
    }

    /// Whether it has settings and a mapping.
    #[must_use]
    pub fn is_defined(self) -> bool {
        matches!(self, Self::ComponentTemplate | Self::Index | Self::LegacyTemplate | Self::IndexTemplate)
    }

    /// Whether its settings and mapping are within `template`.
    #[must_use]
    pub fn is_nested(self) -> bool {
        matches!(self, Self::ComponentTemplate | Self::IndexTemplate)
    }
}

/// An item as the source has it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceItem {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// What is in its body besides settings, mapping and aliases.
    pub rest: Object,
    /// See [`Definition::settings`].
    pub settings: Object,
    /// The mapping of each type; since 7.0 the only one is `_doc`.
    pub types: Vec<(String, Object)>,
    /// See [`Definition::aliases`]. Those of an index are items of their own.
    pub aliases: Object,
}

impl SourceItem {
    /// One that is nothing but a body.
    #[must_use]
    pub fn plain(kind: Kind, name: impl Into<String>, rest: Object) -> Self {
        let (settings, aliases) = (Object::new(), Object::new());
        Self { kind, name: name.into(), rest, settings, types: Vec::new(), aliases }
    }

    /// As a person would write it, for comparing with what the target gets.
    #[must_use]
    pub fn shown(&self) -> Value {
        let mappings = match &*self.types {
            [(name, only)] if name == "_doc" => only.clone(),
            several => several.iter().map(|(name, it)| (name.clone(), Value::Object(it.clone()))).collect(),
        };
        let definition =
            Definition { settings: self.settings.clone(), mappings, aliases: self.aliases.clone() };
        Value::Object(body(self.kind, &self.rest, self.kind.is_defined().then_some(&definition)))
    }
}

/// An item for the target.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Its name on the target.
    pub name: String,
    /// What is in its body besides the definition.
    pub rest: Object,
    /// Of kinds that have one ([`Kind::is_defined`]).
    pub definition: Definition,
}

impl Item {
    /// Of a body as [`Item::body`] gives it, or as a cluster without types writes it.
    #[must_use]
    pub fn parse(kind: Kind, name: impl Into<String>, body: &Value) -> Self {
        let mut rest = body.as_object().cloned().unwrap_or_default();
        let definition = match (kind.is_defined(), kind.is_nested()) {
            (false, _) => Definition::default(),
            (true, false) => {
                for part in ["settings", "mappings", "aliases"] {
                    rest.shift_remove(part);
                }
                Definition::parse(body)
            }
            (true, true) => {
                let template = rest.shift_remove("template").unwrap_or_default();
                let known = ["settings", "mappings", "aliases"];
                let others = template.as_object().into_iter().flatten();
                let others: Object = others
                    .filter(|(name, _)| !known.contains(&name.as_str()))
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                if !others.is_empty() {
                    rest.insert("template".to_owned(), Value::Object(others));
                }
                Definition::parse(&template)
            }
        };
        Self { kind, name: name.into(), rest, definition }
    }

    /// The body of the request that makes it.
    #[must_use]
    pub fn body(&self) -> Value {
        Value::Object(body(self.kind, &self.rest, self.kind.is_defined().then_some(&self.definition)))
    }

    /// What the target is asked to find out whether it would take the definition: a composable template that matches
    /// nothing. `None` for kinds without one.
    #[must_use]
    pub fn simulation(&self) -> Option<Value> {
        self.kind.is_defined().then(|| {
            json!({
                "index_patterns": ["switchover-metadata-simulation-*"],
                "priority": 2_000_000_000,
                "template": self.definition.body(),
            })
        })
    }
}

/// Settings, mapping and aliases where they belong in a body of this kind.
fn body(kind: Kind, rest: &Object, definition: Option<&Definition>) -> Object {
    let mut body = rest.clone();
    let Some(definition) = definition else { return body };
    if kind.is_nested() {
        let mut template = match body.get_mut("template").map(Value::take) {
            Some(Value::Object(template)) => template,
            _ => Object::new(),
        };
        template.extend(definition.body());
        // Component templates must have one, even without anything in it.
        if !template.is_empty() || kind == Kind::ComponentTemplate {
            body.insert("template".to_owned(), Value::Object(template));
        } else {
            body.shift_remove("template");
        }
    } else {
        body.extend(definition.body());
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_come_back_as_they_were() {
        for (kind, body) in [
            (Kind::Index, json!({"settings": {"index.a": "1"}, "mappings": {"dynamic": "strict"}})),
            (Kind::LegacyTemplate, json!({"index_patterns": ["a*"], "order": 1, "aliases": {"x": {}}})),
            (
                Kind::IndexTemplate,
                json!({"composed_of": [], "_meta": {"x": 1.5}, "template": {"lifecycle": {},
                "settings": {"index.a": "1"}}}),
            ),
            (Kind::IndexTemplate, json!({"index_patterns": ["b"]})),
            (Kind::ComponentTemplate, json!({"version": 3, "template": {}})),
            (
                Kind::Pipeline,
                json!({"processors": [{"set": {"field": "settings", "value": 1}}], "settings": 1}),
            ),
        ] {
            assert_eq!(Item::parse(kind, "x", &body).body(), body, "{kind:?}");
        }
    }
}
