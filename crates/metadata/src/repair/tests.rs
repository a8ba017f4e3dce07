use serde_json::json;

use super::*;
use crate::item::Kind;

fn repaired(body: Value, reason: &str) -> (Option<Applied>, Value) {
    let mut item = Item::parse(Kind::Index, "x", &body);
    let refusal = json!({"error": {"root_cause": [{"type": "x", "reason": "outer"}], "type": "x", "reason": "outer",
        "caused_by": {"type": "y", "reason": reason}}, "status": 400});
    (repair(&mut item, &refusal), item.body())
}

#[test]
fn refusals_of_real_servers() {
    for (before, reason, after) in [
        (
            json!({"settings": {"index.lifecycle.name": "p"}}),
            "unknown setting [index.lifecycle.name] please check that any required plugins are installed, or check the breaking changes documentation for removed settings",
            json!({}),
        ),
        (
            json!({"settings": {"index.uuid": "u", "index.a": "1"}}),
            "private index setting [index.uuid] can not be set explicitly",
            json!({"settings": {"index.a": "1"}}),
        ),
        (
            json!({"settings": {"index.version.created": "7090199"}}),
            "Version id 7090199 must contain OpenSearch mask",
            json!({}),
        ),
        (
            json!({"settings": {"index.version.created": "7090199"}}),
            "Failed to parse value [7090199] for setting [index.version.created]",
            json!({}),
        ),
        (
            json!({"mappings": {"_all": {"enabled": true}, "properties": {}}}),
            "Root mapping definition has unsupported parameters:  [_all : {enabled=true}]",
            json!({"mappings": {"properties": {}}}),
        ),
        (
            json!({"mappings": {"properties": {"o": {"properties": {"f": {"type": "flat_object", "depth_limit": 5, "x": 1}}}}}}),
            "Mapping definition for [f] has unsupported parameters:  [depth_limit : 5] [x : 1]",
            json!({"mappings": {"properties": {"o": {"properties": {"f": {"type": "flat_object"}}}}}}),
        ),
        (
            json!({"mappings": {"properties": {"f": {"type": "text", "boost": 2}}}}),
            "unknown parameter [boost] on mapper [f] of type [text]",
            json!({"mappings": {"properties": {"f": {"type": "text"}}}}),
        ),
        (
            json!({"mappings": {"properties": {"f": {"type": "murmur3"}}}}),
            "No handler for type [murmur3] declared on field [f]",
            json!({"mappings": {"properties": {"f": {"type": "object", "enabled": false}}}}),
        ),
        (
            json!({"settings": {"index.analysis.analyzer.a.filter": ["standard", "lowercase"]}}),
            "The [standard] token filter has been removed.",
            json!({"settings": {"index.analysis.analyzer.a.filter": ["lowercase"]}}),
        ),
    ] {
        let (applied, body) = repaired(before, reason);
        assert_eq!(body, after, "{reason}");
        let applied = applied.unwrap();
        assert!(applied.severity == Severity::Dropped && applied.detail.contains(reason), "{applied:?}");
    }
}

/// What can't be found is not repaired: the same question is never asked twice.
#[test]
fn no_repair_without_a_change() {
    let body = json!({"mappings": {"properties": {"f": {"type": "text"}}}});
    for reason in [
        "Mapping definition for [g] has unsupported parameters:  [depth_limit : 5]",
        "unknown setting [index.lifecycle.name] please check",
        "No handler for type [text] declared on field [g]",
        "Unknown filter type [x] for [y]",
        "",
    ] {
        assert_eq!(repaired(body.clone(), reason), (None, body.clone()), "{reason}");
    }
    assert!(repair(&mut Item::parse(Kind::Index, "x", &body), &json!("text")).is_none());
}
