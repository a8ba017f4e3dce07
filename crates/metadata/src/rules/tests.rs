use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::item::Kind;

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn context(source: &str, target: &str) -> Context {
    Context { source: version(source), target: version(target), copies_multiple: 3 }
}

/// The kind of template that an example is of.
fn kind(body: &Value) -> Kind {
    let composable = ["template", "allow_auto_create", "data_stream"];
    match body.get("index_patterns").is_some() || body.get("template").is_some() {
        true if composable.iter().any(|name| body.get(name).is_some_and(|it| !it.is_string())) => {
            Kind::IndexTemplate
        }
        true => Kind::LegacyTemplate,
        false => Kind::Index,
    }
}

fn item(body: &str) -> Item {
    let body: Value = serde_json::from_str(body).unwrap();
    Item::parse(kind(&body), "x", &body)
}

#[test]
fn every_rule_does_what_its_example_says() {
    for rule in all() {
        let mut example = item(rule.before);
        let applied = rule.apply(&mut example, context("ES 5.6", "OS 2.19"));
        let wanted: Value = serde_json::from_str(rule.after).unwrap();
        assert_eq!(example.body(), wanted, "{}", rule.name);
        assert!(!applied.is_empty(), "{}", rule.name);
        assert!(
            applied.iter().all(|applied| applied.rule == rule.name && !applied.path.is_empty()),
            "{applied:?}"
        );
        // What is done is done.
        let again = rule.apply(&mut example, context("ES 5.6", "OS 2.19"));
        assert!(again.is_empty(), "{}: {again:?}", rule.name);
    }
}

#[test]
fn names_are_unique_and_rows_can_apply() {
    let names: BTreeSet<_> = all().map(|rule| rule.name).collect();
    assert_eq!(names.len(), all().count());
    let targets = ["OS 1.0", "OS 1.3", "OS 2.6", "OS 2.19", "OS 3.4"].map(version);
    for rule in all() {
        assert!(targets.iter().any(|target| rule.target.has(*target)), "{}", rule.name);
        assert!(!rule.does.is_empty() && !rule.why.is_empty(), "{}", rule.name);
    }
}

/// What is a user's own stays.
#[test]
fn what_only_looks_alike_stays() {
    for (source, target, body) in [
        (
            "ES 5.6",
            "OS 2.19",
            json!({"settings": {"index.analysis.filter.standard.type": "lowercase",
            "index.analysis.analyzer.a.filter": ["standard"]}}),
        ),
        (
            "ES 7.10",
            "OS 2.19",
            json!({"mappings": {"properties": {"type": {"type": "keyword"}, "index": {"type": "long"},
            "_all": {"type": "text"}, "runtime": {"properties": {"script": {"type": "long"}}}}}}),
        ),
        (
            "ES 7.10",
            "OS 2.19",
            json!({"mappings": {"properties": {"a": {"type": "date", "format": "YYYY-MM"}}}}),
        ),
        (
            "OS 2.19",
            "OS 3.4",
            json!({"mappings": {"properties": {"v": {"type": "version"}, "w": {"type": "wildcard"}}}}),
        ),
        ("ES 7.17", "OS 2.19", json!({"mappings": {"properties": {"a": {"type": "alias", "path": "b"}}}})),
        (
            "ES 7.17",
            "OS 2.19",
            json!({"mappings": {"properties": {"w": {"type": "wildcard"},
            "c": {"type": "constant_keyword", "value": "x"}, "u": {"type": "unsigned_long"}}}}),
        ),
        (
            "ES 7.17",
            "OS 2.19",
            json!({"settings": {"index.mapping.total_fields.limit": "5000", "index.codec": "best_compression"}}),
        ),
    ] {
        let mut kept = Item::parse(Kind::Index, "x", &body);
        let applied = apply(&mut kept, Context { copies_multiple: 1, ..context(source, target) });
        assert_eq!(kept.body(), body, "{applied:?}");
        assert!(applied.is_empty(), "{applied:?}");
    }
}

#[test]
fn vectors_keep_their_space() {
    for (field, method) in [
        (
            json!({"dims": 3, "index": true, "similarity": "max_inner_product"}),
            json!({"name": "hnsw", "engine": "lucene", "space_type": "innerproduct"}),
        ),
        (
            json!({"dims": 3, "similarity": "l2_norm"}),
            json!({"name": "hnsw", "engine": "lucene", "space_type": "l2"}),
        ),
        (
            json!({"dims": 4096, "index": true}),
            json!({"name": "hnsw", "engine": "faiss", "space_type": "cosinesimil"}),
        ),
        (
            json!({"dims": 8, "index": true, "element_type": "bit"}),
            json!({"name": "hnsw", "engine": "faiss", "space_type": "hamming"}),
        ),
        (json!({"dims": 8}), Value::Null),
    ] {
        let mut field = field;
        field["type"] = "dense_vector".into();
        let body = json!({"mappings": {"properties": {"v": field}}});
        let mut item = Item::parse(Kind::IndexTemplate, "x", &json!({"template": body}));
        apply(&mut item, context("ES 8.12", "OS 2.19"));
        let body = item.body();
        let new = &body["template"]["mappings"]["properties"]["v"];
        assert_eq!(new.get("method").cloned().unwrap_or_default(), method, "{new}");
        assert_eq!(body["template"]["settings"]["index.knn"], "true");
    }
}

#[test]
fn copies_are_rounded_up() {
    for (replicas, multiple, wanted) in
        [("0", 1, "0"), ("1", 2, "1"), ("0", 2, "1"), ("2", 2, "3"), ("1", 3, "2"), ("5", 3, "5")]
    {
        let body = json!({"settings": {"index.number_of_replicas": replicas}});
        let mut item = Item::parse(Kind::Index, "x", &body);
        apply(&mut item, Context { copies_multiple: multiple, ..context("ES 7.10", "OS 2.19") });
        assert_eq!(item.definition.settings["index.number_of_replicas"], wanted, "{replicas} {multiple}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "type",
        "properties",
        "fields",
        "index",
        "string",
        "text",
        "norms",
        "format",
        "dynamic_templates",
        "mapping",
        "_all",
        "enabled",
        "no",
        "multi_field",
        "dense_vector",
        "dims",
        "method",
        "a",
        "a.b",
        "index.analysis.filter.f.type",
        "ngram",
        "fielddata",
        "_source",
        "template",
        "runtime",
        "similarity",
        "settings",
        "mappings",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((words.clone(), inner), 0..6)
                .prop_map(|all| all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    /// Whatever a source has: nothing panics, a second time changes nothing, and nothing is changed without a word.
    #[test]
    fn rules_settle_and_tell(body in any_json(), source in prop::sample::select(vec!["ES 1.7", "ES 6.8", "ES 8.19", "OS 1.3"])) {
        for kind in [Kind::Index, Kind::LegacyTemplate, Kind::IndexTemplate] {
            let mut item = Item::parse(kind, "x", &body);
            let before = item.body();
            let applied = apply(&mut item, context(source, "OS 2.19"));
            prop_assert_eq!(applied.is_empty(), item.body() == before);
            let once = item.body();
            apply(&mut item, context(source, "OS 2.19"));
            prop_assert_eq!(once, item.body());
        }
    }
}
