use serde_json::{Value, json};

use super::*;
use crate::json::into_object;

fn index(mappings: Value) -> SourceItem {
    let types = types_of(&mappings, true);
    SourceItem { types, ..SourceItem::plain(Kind::Index, "shop", Object::new()) }
}

fn policy(several: SeveralTypes, conflicts: Conflicts) -> TypePolicy {
    TypePolicy { several, conflicts, ..TypePolicy::default() }
}

fn mappings(resolved: Result<Vec<Typeless>, String>) -> Vec<(String, Value)> {
    let all = resolved.unwrap().into_iter();
    all.map(|(item, _)| (item.name, Value::Object(item.definition.mappings))).collect()
}

#[test]
fn one_type_is_unwrapped_and_starts_from_the_default() {
    let source = index(json!({"_default_": {"dynamic": "strict", "properties": {"d": {"type": "date"}}},
        "order": {"properties": {"a": {"type": "text"}}}}));
    let found = mappings(TypePolicy::default().resolve(&source));
    let wanted = json!({"properties": {"a": {"type": "text"}, "d": {"type": "date"}}, "dynamic": "strict"});
    assert_eq!(found, [("shop".to_owned(), wanted)]);
    let only_default =
        mappings(TypePolicy::default().resolve(&index(json!({"_default_": {"dynamic": false}}))));
    assert_eq!(only_default, [("shop".to_owned(), json!({"dynamic": false}))]);
}

#[test]
fn several_types_as_the_operator_wants() {
    let source = index(json!({
        "a": {"properties": {"o": {"properties": {"x": {"type": "long"}}}, "n": {"type": "integer"}}},
        "b": {"properties": {"o": {"properties": {"y": {"type": "text"}}}, "n": {"type": "integer"}}},
        "empty": {}}));
    let union = mappings(policy(SeveralTypes::Union, Conflicts::Fail).resolve(&source));
    let wanted = json!({"properties": {"o": {"properties": {"x": {"type": "long"}, "y": {"type": "text"}}},
        "n": {"type": "integer"}}});
    assert_eq!(union, [("shop".to_owned(), wanted)]);
    let split = mappings(policy(SeveralTypes::Split, Conflicts::Fail).resolve(&source));
    assert_eq!(
        split.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["shop_a", "shop_b", "shop_empty"]
    );
    assert!(mappings(policy(SeveralTypes::Drop, Conflicts::Fail).resolve(&source)).is_empty());
    let told = policy(SeveralTypes::Fail, Conflicts::Fail).resolve(&source).unwrap_err();
    assert!(told.contains("a, b, empty") && told.contains("--severalTypes"), "{told}");
}

#[test]
fn contradictions_are_told_or_settled() {
    let source = index(
        json!({"a": {"properties": {"n": {"type": "integer"}}}, "b": {"properties": {"n": {"type": "long"}}}}),
    );
    let told = policy(SeveralTypes::Union, Conflicts::Fail).resolve(&source).unwrap_err();
    assert!(told.contains("type b defines n.type as \"long\", another as \"integer\""), "{told}");
    let first = mappings(policy(SeveralTypes::Union, Conflicts::First).resolve(&source));
    assert_eq!(first[0].1, json!({"properties": {"n": {"type": "integer"}}}));
    let wide = mappings(policy(SeveralTypes::Union, Conflicts::Widen).resolve(&source));
    assert_eq!(wide[0].1, json!({"properties": {"n": {"type": "long"}}}));
    let text = index(
        json!({"a": {"properties": {"n": {"type": "text"}}}, "b": {"properties": {"n": {"type": "long"}}}}),
    );
    assert!(policy(SeveralTypes::Union, Conflicts::Widen).resolve(&text).is_err());
    // What the second type says of all documents would hold for those of the first.
    let source = index(json!({"a": {"properties": {}}, "b": {"_source": {"enabled": false}}}));
    assert!(policy(SeveralTypes::Union, Conflicts::Fail).resolve(&source).is_err());
    let first = mappings(policy(SeveralTypes::Union, Conflicts::First).resolve(&source));
    assert_eq!(first[0].1, json!({"properties": {}}));
}

/// Children must be routed, parents need not be: both are in one index now.
#[test]
fn nobody_demands_what_only_some_types_did() {
    let source = index(json!({"parent": {"properties": {"n": {"type": "long"}}},
        "child": {"_parent": {"type": "parent"}, "_routing": {"required": true}, "properties": {"m": {"type": "long"}}},
        "other": {"_parent": {"type": "child"}, "_routing": {"required": true}}}));
    let (item, applied) = policy(SeveralTypes::Union, Conflicts::Fail).resolve(&source).unwrap().remove(0);
    let wanted =
        json!({"properties": {"n": {"type": "long"}, "m": {"type": "long"}}, "_parent": {"type": "parent"}});
    assert_eq!(Value::Object(item.definition.mappings), wanted);
    assert!(applied.iter().any(|applied| applied.detail.contains("_routing")));
}

#[test]
fn a_table_says_where_types_go() {
    let named = [("shop".to_owned(), [("a".to_owned(), "orders".to_owned())].into())].into();
    let routing = TypeRouting::new(named, None).unwrap();
    let policy = TypePolicy { routing, ..policy(SeveralTypes::Fail, Conflicts::Fail) };
    let found = policy.resolve(&index(json!({"a": {}, "b": {}}))).unwrap();
    assert_eq!((found.len(), found[0].0.name.as_str()), (1, "orders"));
    let rules: Vec<_> = found[0].1.iter().map(|applied| applied.rule.as_str()).collect();
    assert_eq!(rules, ["types-removed", "types-split", "types-dropped"]);
}

#[test]
fn wrapped_and_not() {
    let mapping = into_object(json!({"properties": {}}));
    let only = |name: &str| vec![(name.to_owned(), mapping.clone())];
    assert_eq!(types_of(&json!({"properties": {}}), false), only("_doc"));
    assert_eq!(types_of(&json!({"_doc": {"properties": {}}}), false), only("_doc"));
    assert_eq!(types_of(&json!({"properties": {"properties": {}}}), true), only("properties"));
    assert_eq!(types_of(&json!([{"t": {"properties": {}}}]), false), only("t"));
    assert_eq!(types_of(&json!({}), false), []);
    let rooted = json!({"dynamic_templates": []});
    assert_eq!(types_of(&rooted, false), vec![("_doc".to_owned(), into_object(rooted))]);
}
