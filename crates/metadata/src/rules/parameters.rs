//! Parameters of fields that targets have no more, or never had.

use super::Severity::{Dropped, Lossless, Lossy};
use super::Without::Refused;
use super::{Act, Context, Found, Rule};
use crate::fields;
use crate::item::Item;
use crate::span::Span;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "parameter-include-in-all",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out include_in_all",
        why: "the target has no _all",
        act: Act::DropParameters(&[], &["include_in_all"]),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "text", "include_in_all": false}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "text"}}}}"#,
    },
    Rule {
        name: "parameter-numbers",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out how numbers and dates were indexed: precision_step, numeric_resolution",
        why: "numbers are indexed as points now",
        act: Act::DropParameters(&[], &["precision_step", "numeric_resolution"]),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "long", "precision_step": 8}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "long"}}}}"#,
    },
    Rule {
        name: "parameter-names-and-paths",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossy,
        does: "leaves out index_name and path of objects",
        why: "since Elasticsearch 2 a field is named by its full path only",
        act: Act::Edit(names_and_paths),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "object", "path": "just_name", "properties": {"b": {"type": "long", "index_name": "c"}}}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "object", "properties": {"b": {"type": "long"}}}}}}"#,
    },
    Rule {
        name: "parameter-geo-point",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossy,
        does: "leaves out fields that geo points had within (lat_lon, geohash) and how they were checked",
        why: "the target has points only",
        act: Act::DropParameters(
            &["geo_point"],
            &[
                "lat_lon",
                "geohash",
                "geohash_prefix",
                "geohash_precision",
                "validate",
                "validate_lat",
                "validate_lon",
                "normalize",
                "normalize_lat",
                "normalize_lon",
                "index",
                "coerce",
            ],
        ),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "geo_point", "lat_lon": true, "geohash": true, "validate": true}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "geo_point"}}}}"#,
    },
    Rule {
        name: "parameter-completion",
        source: Span::es_before(5),
        target: Span::ANY,
        severity: Lossy,
        does: "leaves out payloads and context of completion fields",
        why: "suggestions give back the document instead; contexts are written otherwise since Elasticsearch 5",
        act: Act::DropParameters(&["completion"], &["payloads", "context", "index_analyzer"]),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "completion", "payloads": true}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "completion"}}}}"#,
    },
    Rule {
        name: "parameter-binary",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out how binary fields were compressed",
        why: "the target has no such parameter",
        act: Act::DropParameters(&["binary"], &["compress", "compress_threshold", "index"]),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "binary", "compress": true}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "binary"}}}}"#,
    },
    Rule {
        name: "parameter-time-series",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out what fields are in a time series, and how a synthetic _source is put together",
        why: "the target keeps no time series apart, and every _source as it came",
        act: Act::DropParameters(
            &[],
            &[
                "time_series_dimension",
                "time_series_dimensions",
                "time_series_metric",
                "synthetic_source_keep",
            ],
        ),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "keyword", "time_series_dimension": true}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "keyword"}}}}"#,
    },
    Rule {
        name: "parameter-script",
        source: Span::ES,
        target: Span::ANY,
        severity: Dropped,
        does: "leaves out scripts that compute a field when a document is indexed",
        why: "the target has none; use an ingest pipeline. Documents that are loaded have no value there",
        act: Act::DropParameters(
            &[
                "boolean",
                "byte",
                "short",
                "integer",
                "long",
                "float",
                "half_float",
                "double",
                "unsigned_long",
                "date",
                "date_nanos",
                "ip",
                "keyword",
                "geo_point",
            ],
            &["script", "on_script_error"],
        ),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "long", "script": {"source": "emit(1)"}}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "long"}}}}"#,
    },
    Rule {
        name: "parameter-subobjects",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossy,
        does: "leaves out subobjects of objects",
        why: "the target has objects where names have dots",
        act: Act::DropParameters(&["object", "nested"], &["subobjects"]),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "object", "subobjects": false}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "object"}}}}"#,
    },
];

/// `path` is a parameter of aliases too, where it must stay.
fn names_and_paths(item: &mut Item, _: Context) -> Vec<Found> {
    let mut found = Vec::new();
    fields::visit(&mut item.definition.mappings, &mut |path, field| {
        let is_alias = fields::kind(field) == "alias";
        for name in ["index_name", "path"] {
            if (name != "path" || !is_alias) && field.shift_remove(name).is_some() {
                found.push((path.to_owned(), format!("{name} left out")));
            }
        }
    });
    found
}

pub(super) fn cartesian(item: &mut Item, _: Context) -> Vec<Found> {
    let mut found = Vec::new();
    fields::visit(&mut item.definition.mappings, &mut |path, field| {
        let new = match fields::kind(field) {
            "point" => "xy_point",
            "shape" => "xy_shape",
            _ => return,
        };
        found.push((path.to_owned(), format!("{} is now {new}", fields::kind(field))));
        field.insert("type".to_owned(), new.into());
    });
    found
}
