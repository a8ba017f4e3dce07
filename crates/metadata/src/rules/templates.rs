//! What is in templates besides settings and mappings.

use serde_json::Value;

use super::Severity::{Dropped, Lossless, Lossy};
use super::Without::{Misunderstood, Refused};
use super::{Act, Context, Found, Rule};
use crate::item::{Item, Kind};
use crate::json;
use crate::span::Span;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "template-pattern",
        source: Span::es_before(6),
        target: Span::ANY,
        severity: Lossless,
        does: "names template index_patterns, a list",
        why: "it was renamed in Elasticsearch 6",
        act: Act::Edit(pattern),
        without: Refused,
        before: r#"{"template": "logs-*", "order": 1}"#,
        after: r#"{"index_patterns": ["logs-*"], "order": 1}"#,
    },
    Rule {
        name: "template-lifecycle",
        source: Span::ES,
        target: Span::ANY,
        severity: Dropped,
        does: "leaves out how long a data stream keeps its documents (lifecycle)",
        why: "OpenSearch has index state management instead; make policies there",
        act: Act::DropMembers(&["template.lifecycle", "template.data_stream_options"]),
        without: Refused,
        before: r#"{"index_patterns": ["a"], "template": {"lifecycle": {"data_retention": "7d"}}}"#,
        after: r#"{"index_patterns": ["a"]}"#,
    },
    Rule {
        name: "template-elastic-members",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossy,
        does: "leaves out allow_auto_create, deprecated, ignore_missing_component_templates and dates",
        why: "the target knows none of them; what indices of the name may be made by themselves is the cluster's setting there",
        act: Act::DropMembers(&[
            "allow_auto_create",
            "deprecated",
            "ignore_missing_component_templates",
            "created_date",
            "created_date_millis",
            "modified_date",
            "modified_date_millis",
        ]),
        without: Refused,
        before: r#"{"index_patterns": ["a"], "allow_auto_create": true, "ignore_missing_component_templates": ["b"]}"#,
        after: r#"{"index_patterns": ["a"]}"#,
    },
    Rule {
        name: "template-data-stream",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out of data_stream what only Elasticsearch has: hidden, custom routing, modes, failure store",
        why: "the target knows the time stamp's field only",
        act: Act::DropMembers(&[
            "data_stream.hidden",
            "data_stream.allow_custom_routing",
            "data_stream.index_mode",
            "data_stream.failure_store",
        ]),
        without: Refused,
        before: r#"{"index_patterns": ["a"], "data_stream": {"hidden": false, "allow_custom_routing": false}}"#,
        after: r#"{"index_patterns": ["a"], "data_stream": {}}"#,
    },
    Rule {
        name: "template-order",
        source: Span::ANY,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out order and version where they say nothing",
        why: "0 is what they are without, and null is what the source shows for none",
        act: Act::Edit(empty_members),
        without: Misunderstood,
        before: r#"{"index_patterns": ["a"], "version": null, "order": 0}"#,
        after: r#"{"index_patterns": ["a"]}"#,
    },
];

fn pattern(item: &mut Item, _: Context) -> Vec<Found> {
    if item.kind != Kind::LegacyTemplate || !item.rest.get("template").is_some_and(Value::is_string) {
        return Vec::new();
    }
    if !json::rename(&mut item.rest, "template", "index_patterns") {
        return Vec::new();
    }
    if let Some(pattern) = item.rest.get_mut("index_patterns") {
        *pattern = Value::Array(vec![pattern.take()]);
    }
    vec![("template".to_owned(), "is now index_patterns".to_owned())]
}

fn empty_members(item: &mut Item, _: Context) -> Vec<Found> {
    if item.kind != Kind::LegacyTemplate {
        return Vec::new();
    }
    let mut found = Vec::new();
    for name in ["order", "version"] {
        if item.rest.get(name).is_some_and(|value| value.is_null() || (name == "order" && value == 0)) {
            json::take(&mut item.rest, name);
            found.push((name.to_owned(), "left out".to_owned()));
        }
    }
    found
}
