//! Parameters of the mapping itself.

use serde_json::Value;

use super::Severity::{Dropped, Lossless, Lossy};
use super::Without::{Misunderstood, Refused};
use super::apply::shown;
use super::{Act, Context, Found, Rule};
use crate::fields;
use crate::item::Item;
use crate::json;
use crate::span::Span;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "mapping-all-off",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out that the field _all is off",
        why: "the target has no _all",
        act: Act::Edit(all_is_off),
        without: Refused,
        before: r#"{"mappings": {"_all": {"enabled": false}, "properties": {"a": {"type": "long"}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "long"}}}}"#,
    },
    Rule {
        name: "mapping-all",
        source: Span::ES,
        target: Span::ANY,
        severity: Dropped,
        does: "leaves out the field _all",
        why: "the target has none; searches that name it find nothing. Use copy_to",
        act: Act::DropRoots(&["_all"]),
        without: Refused,
        before: r#"{"mappings": {"_all": {"enabled": true}}}"#,
        after: "{}",
    },
    Rule {
        name: "mapping-timestamp-ttl",
        source: Span::ES,
        target: Span::ANY,
        severity: Dropped,
        does: "leaves out _timestamp and _ttl",
        why: "the target has neither; documents do not expire any more, and have no time unless a field holds it",
        act: Act::DropRoots(&["_timestamp", "_ttl"]),
        without: Refused,
        before: r#"{"mappings": {"_timestamp": {"enabled": true}, "_ttl": {"enabled": true, "default": "1d"}}}"#,
        after: "{}",
    },
    Rule {
        name: "mapping-parent",
        source: Span::ES,
        target: Span::ANY,
        severity: Dropped,
        does: "leaves out _parent",
        why: "the target joins by a field of type join within the documents; children keep their routing, not their parent",
        act: Act::DropRoots(&["_parent"]),
        without: Refused,
        before: r#"{"mappings": {"_parent": {"type": "post"}}}"#,
        after: "{}",
    },
    Rule {
        name: "mapping-metadata-fields",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out parameters of fields that are the server's own: _id, _type, _uid, _index, _analyzer, _boost",
        why: "they are not configured any more",
        act: Act::DropRoots(&["_id", "_type", "_uid", "_index", "_analyzer", "_boost"]),
        without: Refused,
        before: r#"{"mappings": {"_id": {"path": "key"}, "_type": {"store": true}, "_index": {"enabled": true}}}"#,
        after: "{}",
    },
    Rule {
        name: "mapping-routing-path",
        source: Span::es_before(2),
        target: Span::ANY,
        severity: Lossy,
        does: "leaves out from which field routing is taken",
        why: "the target takes routing from requests only",
        act: Act::Edit(routing_path),
        without: Refused,
        before: r#"{"mappings": {"_routing": {"required": true, "path": "user"}}}"#,
        after: r#"{"mappings": {"_routing": {"required": true}}}"#,
    },
    Rule {
        name: "mapping-source-mode",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out how _source is kept (mode, compression)",
        why: "the target keeps every _source as it came",
        act: Act::Edit(source_mode),
        without: Refused,
        before: r#"{"mappings": {"_source": {"mode": "synthetic"}}}"#,
        after: "{}",
    },
    Rule {
        name: "mapping-runtime",
        source: Span::ES,
        target: Span::ANY,
        severity: Dropped,
        does: "leaves out runtime fields",
        why: "the target has none; searches for them find nothing. OpenSearch 2.15 and later have derived fields",
        act: Act::DropRoots(&["runtime"]),
        without: Refused,
        before: r#"{"mappings": {"runtime": {"day": {"type": "keyword"}}}}"#,
        after: "{}",
    },
    Rule {
        name: "mapping-dynamic-runtime",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossy,
        does: "makes of dynamic: runtime dynamic: true",
        why: "the target has no runtime fields: new fields are added to the mapping",
        act: Act::Edit(dynamic_runtime),
        without: Misunderstood,
        before: r#"{"mappings": {"dynamic": "runtime"}}"#,
        after: r#"{"mappings": {"dynamic": true}}"#,
    },
    Rule {
        name: "mapping-elastic-roots",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossy,
        does: "leaves out subobjects and what Elasticsearch writes into mappings for itself",
        why: "the target has objects where names have dots, and no such parameters",
        act: Act::DropRoots(&[
            "subobjects",
            "_data_stream_timestamp",
            "_inference_fields",
            "_ignored_source",
            "_tier",
        ]),
        without: Refused,
        before: r#"{"mappings": {"subobjects": false, "_data_stream_timestamp": {"enabled": true}}}"#,
        after: "{}",
    },
    Rule {
        name: "mapping-dynamic-template-runtime",
        source: Span::ES,
        target: Span::ANY,
        severity: Dropped,
        does: "leaves out dynamic templates that make runtime fields",
        why: "the target has none",
        act: Act::Edit(runtime_templates),
        without: Refused,
        before: r#"{"mappings": {"dynamic_templates": [{"r": {"match": "r_*", "runtime": {"type": "keyword"}}}, {"k": {"match": "k_*", "mapping": {"type": "keyword"}}}]}}"#,
        after: r#"{"mappings": {"dynamic_templates": [{"k": {"match": "k_*", "mapping": {"type": "keyword"}}}]}}"#,
    },
];

fn all_is_off(item: &mut Item, _: Context) -> Vec<Found> {
    let mapping = &mut item.definition.mappings;
    let off = mapping.get("_all").and_then(|all| all.get("enabled")).and_then(json::flag) == Some(false);
    if !off {
        return Vec::new();
    }
    json::take(mapping, "_all");
    vec![("_all".to_owned(), "left out (was off)".to_owned())]
}

fn routing_path(item: &mut Item, _: Context) -> Vec<Found> {
    keep_only(item, "_routing", &["required"])
}

fn source_mode(item: &mut Item, _: Context) -> Vec<Found> {
    keep_only(item, "_source", &["enabled", "includes", "excludes"])
}

/// Leaves out other parameters of a metadata field, and itself when it has none left.
fn keep_only(item: &mut Item, field: &str, kept: &[&str]) -> Vec<Found> {
    let mapping = &mut item.definition.mappings;
    let Some(Value::Object(parameters)) = mapping.get_mut(field) else { return Vec::new() };
    let gone: Vec<String> =
        parameters.keys().filter(|name| !kept.contains(&name.as_str())).cloned().collect();
    let drop = |name: String| {
        let value = json::take(parameters, &name)?;
        Some((format!("{field}.{name}"), format!("left out (was {})", shown(&value))))
    };
    let found: Vec<Found> = gone.into_iter().filter_map(drop).collect();
    if !found.is_empty() && parameters.is_empty() {
        json::take(mapping, field);
    }
    found
}

fn dynamic_runtime(item: &mut Item, _: Context) -> Vec<Found> {
    let mut found = Vec::new();
    let mut edit = |path: &str, object: &mut json::Object| {
        if let Some(dynamic) = object.get_mut("dynamic").filter(|dynamic| *dynamic == "runtime") {
            *dynamic = Value::Bool(true);
            found.push((path.to_owned(), "dynamic: runtime is now true".to_owned()));
        }
    };
    edit("dynamic", &mut item.definition.mappings);
    fields::visit(&mut item.definition.mappings, &mut edit);
    found
}

fn runtime_templates(item: &mut Item, _: Context) -> Vec<Found> {
    let templates = item.definition.mappings.get_mut("dynamic_templates").and_then(Value::as_array_mut);
    let Some(templates) = templates else { return Vec::new() };
    let mut found = Vec::new();
    templates.retain(|template| {
        let runtime = template.as_object().and_then(|all| all.iter().next());
        match runtime.filter(|(_, template)| template.get("runtime").is_some()) {
            Some((name, _)) => {
                found.push((format!("dynamic_templates.{name}"), "left out".to_owned()));
                false
            }
            None => true,
        }
    });
    found
}
