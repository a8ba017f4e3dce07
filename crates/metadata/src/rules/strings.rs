//! `string`, the type of Elasticsearch 1 and 2, and how these two wrote parameters of all types.

use serde_json::Value;

use super::Severity::{Lossless, Lossy};
use super::Without::Refused;
use super::apply::shown;
use super::{Act, Context, Found, Rule};
use crate::fields;
use crate::item::Item;
use crate::json::{self, Object};
use crate::span::Span;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "field-multi-field",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "writes multi_field as a field with fields",
        why: "the target has no type multi_field",
        act: Act::Edit(multi_field),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "multi_field", "path": "just_name", "fields": {"a": {"type": "long"}, "raw": {"type": "keyword"}}}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "long", "fields": {"raw": {"type": "keyword"}}}}}}"#,
    },
    Rule {
        name: "parameter-norms",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "writes norms (and omit_norms) as true or false",
        why: "the target refuses an object there",
        act: Act::Edit(norms),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "text", "norms": {"enabled": false, "loading": "eager"}}, "b": {"type": "text", "omit_norms": true}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "text", "norms": false}, "b": {"type": "text", "norms": false}}}}"#,
    },
    Rule {
        name: "field-string",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "makes of string text, or keyword where it is not analyzed",
        why: "the target has no type string",
        act: Act::Edit(string),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "string"}, "b": {"type": "string", "index": "not_analyzed", "ignore_above": 256}, "c": {"type": "string", "index": "no"}}, "dynamic_templates": [{"s": {"match_mapping_type": "string", "mapping": {"type": "string", "index": "not_analyzed"}}}]}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "text"}, "b": {"type": "keyword", "ignore_above": 256}, "c": {"type": "text", "index": false}}, "dynamic_templates": [{"s": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}}]}}"#,
    },
    Rule {
        name: "parameter-index",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "writes index as true or false instead of no, analyzed, not_analyzed",
        why: "the target refuses other values",
        act: Act::Edit(index),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "long", "index": "no"}, "b": {"type": "date", "index": "not_analyzed"}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "long", "index": false}, "b": {"type": "date"}}}}"#,
    },
    Rule {
        name: "parameter-booleans",
        source: Span::es_before(6),
        target: Span::ANY,
        severity: Lossless,
        does: "writes yes, no, on, off, 1 and 0 as true or false",
        why: "the target takes only true and false",
        act: Act::Edit(booleans),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "long", "store": "yes", "doc_values": "no"}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "long", "store": true, "doc_values": false}}}}"#,
    },
    Rule {
        name: "field-text-parameters",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossy,
        does: "leaves out parameters of string that text has not: doc_values, null_value, ignore_above",
        why: "the target refuses them; null_value is not indexed any more",
        act: Act::DropParameters(&["text"], &["doc_values", "null_value", "ignore_above", "precision_step"]),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "text", "null_value": "none", "doc_values": false}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "text"}}}}"#,
    },
    Rule {
        name: "field-keyword-parameters",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out parameters of string that have no effect without analysis",
        why: "the target refuses them on keyword",
        act: Act::DropParameters(
            &["keyword"],
            &[
                "analyzer",
                "search_analyzer",
                "index_analyzer",
                "search_quote_analyzer",
                "position_increment_gap",
                "position_offset_gap",
                "term_vector",
                "fielddata",
                "fielddata_frequency_filter",
            ],
        ),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "keyword", "analyzer": "standard"}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "keyword"}}}}"#,
    },
    Rule {
        name: "parameter-index-analyzer",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "names index_analyzer analyzer",
        why: "it was renamed in Elasticsearch 2",
        act: Act::RenameParameter("index_analyzer", "analyzer"),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "text", "index_analyzer": "standard"}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "text", "analyzer": "standard"}}}}"#,
    },
    Rule {
        name: "parameter-position-gap",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "names position_offset_gap position_increment_gap",
        why: "it was renamed in Elasticsearch 2",
        act: Act::RenameParameter("position_offset_gap", "position_increment_gap"),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "text", "position_offset_gap": 10}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "text", "position_increment_gap": 10}}}}"#,
    },
    Rule {
        name: "parameter-fielddata",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out how fielddata is kept; text that was loaded for sorting keeps fielddata: true when it is said so",
        why: "the target refuses an object there",
        act: Act::Edit(fielddata),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "text", "fielddata": {"format": "disabled"}}, "b": {"type": "long", "fielddata": {"loading": "eager"}}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "text"}, "b": {"type": "long"}}}}"#,
    },
    Rule {
        name: "parameter-similarity",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossy,
        does: "replaces the similarity classic (default, TF/IDF) of a field by BM25",
        why: "the target has it no more; scores differ",
        act: Act::Edit(similarity),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "text", "similarity": "classic"}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "text"}}}}"#,
    },
];

fn each(item: &mut Item, mut edit: impl FnMut(&mut Object) -> Option<String>) -> Vec<Found> {
    let mut found = Vec::new();
    fields::visit(&mut item.definition.mappings, &mut |path, field| {
        if let Some(detail) = edit(field) {
            found.push((path.to_owned(), detail));
        }
    });
    found
}

fn multi_field(item: &mut Item, _: Context) -> Vec<Found> {
    let mut found = Vec::new();
    fields::visit(&mut item.definition.mappings, &mut |path, field| {
        if fields::kind(field) != "multi_field" {
            return;
        }
        let name = path.rsplit('.').next().unwrap_or(path);
        let mut inner = json::take(field, "fields").map(json::into_object).unwrap_or_default();
        let mut main = json::take(&mut inner, name).map(json::into_object).unwrap_or_default();
        if !inner.is_empty() {
            main.insert("fields".to_owned(), Value::Object(inner));
        }
        *field = main;
        found.push((path.to_owned(), "multi_field is now a field with fields".to_owned()));
    });
    found
}

fn norms(item: &mut Item, _: Context) -> Vec<Found> {
    each(item, |field| {
        if let Some(omit) = json::take(field, "omit_norms") {
            let norms = json::flag(&omit) != Some(true);
            field.insert("norms".to_owned(), norms.into());
            return Some(format!("omit_norms is now norms: {norms}"));
        }
        let object = field.get("norms")?.as_object()?;
        let enabled = object.get("enabled").and_then(json::flag);
        match enabled.filter(|_| matches!(fields::kind(field), "string" | "text" | "keyword")) {
            Some(enabled) => drop(field.insert("norms".to_owned(), enabled.into())),
            None => drop(json::take(field, "norms")),
        }
        Some("norms is no object any more".to_owned())
    })
}

fn string(item: &mut Item, _: Context) -> Vec<Found> {
    each(item, |field| {
        if fields::kind(field) != "string" {
            return None;
        }
        let is_keyword = field.get("index").is_some_and(|index| index == "not_analyzed");
        let not_indexed =
            field.get("index").is_some_and(|index| index == "no" || json::flag(index) == Some(false));
        if not_indexed {
            field.insert("index".to_owned(), false.into());
        } else {
            json::take(field, "index");
        }
        let kind = if is_keyword { "keyword" } else { "text" };
        field.insert("type".to_owned(), kind.into());
        Some(format!("string is now {kind}"))
    })
}

fn index(item: &mut Item, _: Context) -> Vec<Found> {
    each(item, |field| {
        let value = field.get("index")?.as_str()?.to_owned();
        match value.as_str() {
            "no" => drop(field.insert("index".to_owned(), false.into())),
            "analyzed" | "not_analyzed" => drop(json::take(field, "index")),
            _ => return None,
        }
        Some(format!("index: {value} is now {}", if value == "no" { "false" } else { "true, as without it" }))
    })
}

/// Parameters that are true or false.
const FLAGS: [&str; 10] = [
    "store",
    "doc_values",
    "index",
    "coerce",
    "ignore_malformed",
    "enabled",
    "norms",
    "eager_global_ordinals",
    "include_in_parent",
    "include_in_root",
];

fn booleans(item: &mut Item, _: Context) -> Vec<Found> {
    each(item, |field| {
        let mut told = Vec::new();
        for name in FLAGS {
            if let Some(value) = field.get_mut(name).filter(|value| value.is_string() || value.is_number())
                && let Some(flag) = json::flag(value)
            {
                told.push(format!("{name}: {} is now {flag}", shown(value)));
                *value = Value::Bool(flag);
            }
        }
        (!told.is_empty()).then(|| told.join(", "))
    })
}

fn fielddata(item: &mut Item, _: Context) -> Vec<Found> {
    each(item, |field| {
        let is_text = fields::kind(field) == "text";
        if field.get("fielddata")?.is_boolean() && is_text {
            return None;
        }
        let value = json::take(field, "fielddata")?;
        Some(format!("fielddata left out (was {})", shown(&value)))
    })
}

fn similarity(item: &mut Item, _: Context) -> Vec<Found> {
    each(item, |field| {
        let value = field.get("similarity")?.as_str()?.to_owned();
        if !matches!(value.as_str(), "classic" | "default" | "TF/IDF") {
            return None;
        }
        json::take(field, "similarity");
        Some(format!("similarity {value} is now BM25"))
    })
}
