use serde_json::json;

use super::*;
use crate::read;
use crate::select::Patterns;
use crate::types::SeveralTypes;

fn planner() -> Planner {
    let context =
        Context { source: "ES 5.6".parse().unwrap(), target: "OS 2.19".parse().unwrap(), copies_multiple: 1 };
    Planner {
        context,
        types: TypePolicy::default(),
        selection: Selection::default(),
        user: UserRules::default(),
    }
}

fn outcome<'p>(planned: &'p [Planned], kind: Kind, name: &str) -> &'p Planned {
    planned.iter().find(|item| item.kind == kind && item.name == name).unwrap()
}

fn index(name: &str, mappings: Value) -> SourceItem {
    read::index(
        name,
        &json!({"mappings": mappings, "settings": {"index.uuid": "u", "index.number_of_shards": "1"}}),
        true,
    )
}

/// One item that can't be made leaves the others as they are, and an alias stands for what is left.
#[test]
fn one_item_does_not_stop_the_rest() {
    let mut aliases = read::Aliases::default();
    for of in ["good", "bad"] {
        aliases.add(of, &json!({"both": {}, (format!("only-{of}")): {"filter": {"term": {"a": 1}}}}));
    }
    let conflict =
        json!({"a": {"properties": {"n": {"type": "long"}}}, "b": {"properties": {"n": {"type": "text"}}}});
    let mut items = aliases.items();
    items.push(index("bad", conflict));
    items.push(index("good", json!({"t": {"_all": {"enabled": true}}})));
    items.push(index(".kibana", json!({})));
    items.push(index("odd:name", json!({})));
    let planned = planner().plan(items);
    assert!(
        matches!(&outcome(&planned, Kind::Index, "bad").outcome, Outcome::Refused(why) if why.contains("n.type"))
    );
    assert!(
        matches!(&outcome(&planned, Kind::Index, "odd:name").outcome, Outcome::Refused(why) if why.contains("':'"))
    );
    assert!(matches!(outcome(&planned, Kind::Index, ".kibana").outcome, Outcome::LeftOut(_)));
    let good = outcome(&planned, Kind::Index, "good");
    assert_eq!(good.body, json!({"settings": {"index.number_of_shards": "1"}}));
    let rules: Vec<_> = good.rules.iter().map(|applied| applied.rule.as_str()).collect();
    assert_eq!(rules, ["types-removed", "setting-private", "mapping-all"]);
    assert!(
        good.changes.iter().any(|change| change.path == "/settings/index.uuid" && change.after.is_none())
    );
    assert_eq!(outcome(&planned, Kind::Alias, "both").body, json!({"indices": {"good": {}}}));
    assert!(matches!(outcome(&planned, Kind::Alias, "only-bad").outcome, Outcome::Refused(_)));
    assert!(planned.windows(2).all(|pair| pair[0].kind <= pair[1].kind));
}

#[test]
fn aliases_follow_a_split() {
    let mut aliases = read::Aliases::default();
    aliases.add("shop", &json!({"x": {}}));
    let mut items = aliases.items();
    items.push(index("shop", json!({"a": {}, "b": {}})));
    let types = TypePolicy { several: SeveralTypes::Split, ..TypePolicy::default() };
    let planned = Planner { types, ..planner() }.plan(items);
    assert_eq!(outcome(&planned, Kind::Alias, "x").body, json!({"indices": {"shop_a": {}, "shop_b": {}}}));
    assert_eq!(outcome(&planned, Kind::Index, "shop_a").source_name.as_deref(), Some("shop"));
}

#[test]
fn a_plan_comes_back_from_its_file() {
    let plan = Plan {
        schema: SCHEMA,
        source: "s".to_owned(),
        target: "OpenSearch 2.19".to_owned(),
        items: planner().plan(vec![index("a", json!({"t": {}})), index(".b", json!({}))]),
        not_migrated: vec!["x: 1".to_owned()],
    };
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    assert!(serde_json::from_str::<Plan>(&text.replace("\"schema\"", "\"scheme\"")).is_err());
}

#[test]
fn a_list_of_names_is_all_that_is_meant() {
    let indices = Patterns::new("--indexAllowlist", &["a*".to_owned()]).unwrap();
    let selection = Selection { indices, ..Selection::default() };
    let planned =
        Planner { selection, ..planner() }.plan(vec![index("a1", json!({})), index("b", json!({}))]);
    assert!(planned[0].is_ready() && !planned[1].is_ready());
}
