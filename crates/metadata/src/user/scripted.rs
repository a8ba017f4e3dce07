//! Items as scripts of the existing tool see them: `{"type", "name", "body"}` of indices and templates, settings nested and
//! mappings without types, as that tool has them of a live source. Its indices have the name of a Java class for a type.

use serde_json::{Map, Value, json};
use switchover_rewrite::outcome::Stop;
use switchover_rewrite::transformer::Transformers;

use crate::item::{Item, Kind};
use crate::json::Object;
use crate::plan::Outcome;
use crate::rules::{Applied, Severity};

const INDEX: &str = "org.opensearch.migrations.bulkload.version_es_7_10.IndexMetadataData_ES_7_10";
/// Of the types of indices, whatever version their class is of.
const CLASSES: &str = "org.opensearch.migrations.";

/// Lets scripts change an item; other kinds than indices and templates pass them by.
pub(super) fn apply(transformers: &Transformers, item: &Item) -> Result<Vec<(Item, Vec<Applied>)>, Outcome> {
    let unchanged = || vec![(item.clone(), Vec::new())];
    let Some(kind) = word(item.kind).filter(|_| !transformers.is_empty()) else { return Ok(unchanged()) };
    let before = json!({"type": kind, "name": item.name, "body": shown(item)});
    let made = transformers.apply_to_item(before.clone()).map_err(|stop| match stop {
        Stop::Rejected { filter } => Outcome::LeftOut(filter),
        Stop::Failed { reason } => Outcome::Refused(format!("--transformerConfig: {reason}")),
    })?;
    if made.is_empty() {
        return Err(Outcome::LeftOut("--transformerConfig leaves it out".to_owned()));
    }
    if made == [before] {
        return Ok(unchanged());
    }
    made.iter().map(read).collect()
}

fn word(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Index => Some(INDEX),
        Kind::LegacyTemplate => Some("template"),
        Kind::IndexTemplate => Some("index_template"),
        Kind::ComponentTemplate => Some("component_template"),
        Kind::Pipeline | Kind::Script | Kind::DataStream | Kind::Alias => None,
    }
}

fn read(made: &Value) -> Result<(Item, Vec<Applied>), Outcome> {
    let refused = |what: &str| Outcome::Refused(format!("--transformerConfig: {what}"));
    let kind = match made["type"].as_str() {
        Some("template") => Kind::LegacyTemplate,
        Some("index_template") => Kind::IndexTemplate,
        Some("component_template") => Kind::ComponentTemplate,
        Some(class) if class.starts_with(CLASSES) => Kind::Index,
        other => return Err(refused(&format!("an item of the unknown type {other:?}"))),
    };
    let name = made["name"].as_str().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| refused("an item without a name"))?;
    if !made["body"].is_object() {
        return Err(refused(&format!("{name} has no body")));
    }
    let applied = Applied {
        rule: "user-rules".to_owned(),
        severity: Severity::Lossless,
        path: name.to_owned(),
        detail: "changed by --transformerConfig".to_owned(),
    };
    Ok((Item::parse(kind, name, &made["body"]), vec![applied]))
}

/// The body with nested settings.
fn shown(item: &Item) -> Value {
    let mut body = item.body();
    let at = if item.kind.is_nested() { body.get_mut("template") } else { Some(&mut body) };
    if let Some(Value::Object(settings)) = at.and_then(|at| at.get_mut("settings")) {
        *settings = nested(settings);
    }
    body
}

/// `index.a.b` within objects. A name that is a setting and the beginning of others stays as it is.
fn nested(flat: &Object) -> Object {
    let mut nested = Object::new();
    for (name, value) in flat {
        if !put(&mut nested, name, value) {
            nested.insert(name.clone(), value.clone());
        }
    }
    nested
}

fn put(into: &mut Object, path: &str, value: &Value) -> bool {
    match path.split_once('.') {
        None if into.contains_key(path) => false,
        None => {
            into.insert(path.to_owned(), value.clone());
            true
        }
        Some((first, rest)) => {
            let below = into.entry(first).or_insert_with(|| Value::Object(Map::new()));
            below.as_object_mut().is_some_and(|below| put(below, rest, value))
        }
    }
}

#[cfg(test)]
mod tests {
    use switchover_rewrite::transformer::Files;

    use super::*;

    struct NoFiles;

    impl Files for NoFiles {
        fn read(&self, path: &str) -> Result<String, String> {
            Err(format!("no {path}"))
        }

        fn read_all(&self, directory: &str) -> Result<Vec<(String, String)>, String> {
            Err(format!("no {directory}"))
        }
    }

    fn scripts(body: &str) -> Transformers {
        let source = format!("function main(bindings) {{ return item => {{ {body} }}; }} (() => main)()");
        let config = json!([{"JsonJSTransformerProvider": {"initializationScript": source}}]);
        Transformers::parse_for_documents(&config.to_string(), &NoFiles).unwrap()
    }

    fn item(kind: Kind) -> Item {
        let settings = json!({"index.number_of_replicas": "2", "index.a": "1", "index.a.b": "2"});
        let body = match kind.is_nested() {
            true => json!({"template": {"settings": settings}, "priority": 7}),
            false => json!({"settings": settings, "mappings": {"dynamic": "strict"}}),
        };
        Item::parse(kind, "logs", &body)
    }

    #[test]
    fn scripts_see_nested_settings_and_change_and_rename() {
        let change = scripts(
            "const s = item.get('type') === 'index_template' ? item.body.template.settings : item.body.settings;
             if (s.index.number_of_replicas !== '2') throw new Error('not nested');
             s.index.number_of_replicas = '0'; item.name = 'new-' + item.name; return item;",
        );
        for kind in [Kind::Index, Kind::LegacyTemplate, Kind::IndexTemplate] {
            let made = apply(&change, &item(kind)).unwrap();
            let (changed, applied) = &made[0];
            assert_eq!((made.len(), changed.kind, changed.name.as_str()), (1, kind, "new-logs"));
            let settings = &changed.definition.settings;
            assert_eq!(settings["index.number_of_replicas"], "0");
            assert_eq!(
                (&settings["index.a"], &settings["index.a.b"]),
                (&json!("1"), &json!("2")),
                "{kind:?}"
            );
            assert_eq!(applied[0].rule, "user-rules");
        }
        let pipeline = Item::parse(Kind::Pipeline, "p", &json!({"processors": []}));
        assert_eq!(apply(&change, &pipeline).unwrap(), [(pipeline, Vec::new())]);
    }

    #[test]
    fn what_is_returned_as_it_was_is_not_changed_and_what_is_not_returned_is_left_out() {
        let index = item(Kind::Index);
        assert_eq!(apply(&scripts("return item;"), &index).unwrap(), [(index.clone(), Vec::new())]);
        assert!(matches!(apply(&scripts("return [];"), &index), Err(Outcome::LeftOut(_))));
        let several =
            apply(&scripts("return [item, {type: 'template', name: 't', body: {order: 1}}];"), &index);
        assert_eq!(several.unwrap()[1].0.kind, Kind::LegacyTemplate);
        for wrong in [
            "return 5;",
            "return {type: 'x', name: 'a', body: {}};",
            "return {type: 'template', name: '', body: {}};",
            "return {type: 'template', name: 'a'};",
            "throw new Error('no');",
        ] {
            let refused = apply(&scripts(wrong), &index);
            assert!(
                matches!(&refused, Err(Outcome::Refused(why)) if why.starts_with("--transformerConfig: ")),
                "{wrong}: {refused:?}"
            );
        }
    }
}
