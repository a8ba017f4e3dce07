//! Regressions planted into the targets' answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use switchover_compare::answer::Answer;
use switchover_compare::verdict::Verdict;

use crate::{recorded, taught};

/// A way to spoil an answer: every spoilt version of it.
type Plant = fn(&Value) -> Vec<Value>;

const PLANTS: [(&str, Plant); 9] = [
    ("changed score order", swapped_hits),
    ("missing hit", without_a_hit),
    ("another hit", strange_hit),
    ("wrong count", wrong_counts),
    ("lost field", lost_fields),
    ("changed type", changed_types),
    ("changed value", changed_values),
    ("different error", other_errors),
    ("different status of an item", other_item_status),
];

/// Those that mean nothing where hits come in the order of the index.
const ORDER: [&str; 2] = ["changed score order", "another hit"];

fn in_index_order(exchange: &recorded::Exchange) -> bool {
    exchange.target.contains("scroll")
        || ["[\"_doc\"]", "terminate_after"].iter().any(|order| exchange.body.contains(order))
}

#[test]
fn planted_regressions_are_found() {
    let exchanges = recorded::read();
    let mut comparer = taught(&exchanges);
    let mut counts: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut missed = Vec::new();
    for exchange in &exchanges {
        let question = exchange.question();
        // Such answers are not comparable unless they are equal, and a node has counters that are never equal.
        if question.call.is_some_and(|call| call.is_about_the_cluster()) {
            continue;
        }
        for (version, target) in &exchange.targets {
            let source = exchange.source.answer();
            let Ok(body) = serde_json::from_str::<Value>(&target.body) else { continue };
            let mut judge = |body: &Value| {
                let body = body.to_string().into_bytes();
                comparer.compare(&question, &source, &Answer { body: body.into(), ..target.answer() })
            };
            // Writing the JSON anew may change the spelling of a number, which is a difference already; and what can't
            // be compared hides what is planted.
            if matches!(judge(&body).verdict, Verdict::Different | Verdict::NotComparable) {
                continue;
            }
            for (name, plant) in PLANTS {
                if in_index_order(exchange) && ORDER.contains(&name) {
                    continue;
                }
                for spoilt in plant(&body) {
                    if !is_within_reach(&body, &spoilt, &exchange.source.body) {
                        continue;
                    }
                    let count = counts.entry(name).or_default();
                    count.0 += 1;
                    if judge(&spoilt).verdict == Verdict::Different {
                        count.1 += 1;
                    } else {
                        missed.push(format!("{name}: {version} {}", exchange.line()));
                    }
                }
            }
        }
    }
    eprintln!("planted and found: {counts:?}");
    assert_eq!(counts.len(), PLANTS.len(), "a plant that fits nowhere measures nothing");
    for (name, (planted, found)) in &counts {
        assert!(found * 100 >= planted * 99, "{name}: {found} of {planted}; missed\n{}", missed.join("\n"));
    }
}

/// Of a document that ranks as others do, only one of the two clusters may have put on the page: then nobody can tell
/// what it should be. Everything else is within reach.
fn is_within_reach(body: &Value, spoilt: &Value, source: &str) -> bool {
    match (body, spoilt) {
        (one, other) if one == other => true,
        (Value::Object(one), Value::Object(other)) => {
            let is_hit = one.contains_key("_score") && one.get("_id") == other.get("_id");
            let id = one.get("_id").and_then(Value::as_str).unwrap_or_default();
            (!is_hit || source.contains(&format!("\"_id\":\"{id}\"")))
                && one.iter().all(|(name, value)| {
                    other.get(name).is_none_or(|other| is_within_reach(value, other, source))
                })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            one.iter().zip(other).all(|(one, other)| is_within_reach(one, other, source))
        }
        _ => true,
    }
}

/// Copies of `body`, each with one of the places that `at` finds changed by `change`.
fn each_place(body: &Value, at: fn(&Value, &[String]) -> bool, change: fn(&mut Value)) -> Vec<Value> {
    fn walk(
        value: &Value,
        path: &mut Vec<String>,
        at: fn(&Value, &[String]) -> bool,
        found: &mut Vec<Vec<String>>,
    ) {
        if at(value, path) {
            found.push(path.clone());
        }
        let mut inside = |name: String, value: &Value| {
            path.push(name);
            walk(value, path, at, found);
            path.pop();
        };
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| inside(name.clone(), value)),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(at, item)| inside(at.to_string(), item))
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(body, &mut Vec::new(), at, &mut found);
    // A few of them: the first, the last and some between.
    let step = (found.len() / 4).max(1);
    let chosen = found.iter().step_by(step).chain(found.last());
    chosen
        .map(|path| {
            let mut spoilt = body.clone();
            let place = path.iter().fold(&mut spoilt, |value, name| match value {
                Value::Array(items) => &mut items[name.parse::<usize>().unwrap()],
                value => &mut value[name.as_str()],
            });
            change(place);
            spoilt
        })
        .filter(|spoilt| spoilt != body)
        .collect()
}

fn name(path: &[String]) -> &str {
    path.last().map_or("", String::as_str)
}

fn is_page(value: &Value, path: &[String]) -> bool {
    name(path) == "hits" && value.as_array().is_some_and(|hits| !hits.is_empty())
}

fn rank(hit: &Value) -> Value {
    hit.get("sort").or(hit.get("_score")).cloned().unwrap_or_default()
}

fn swapped_hits(body: &Value) -> Vec<Value> {
    let ordered = |value: &Value, path: &[String]| {
        let number = |hit: &Value| rank(hit).as_f64().or(rank(hit)[0].as_f64());
        let far = |one: &Value, other: &Value| match (number(one), number(other)) {
            (Some(one), Some(other)) => (one - other).abs() > 1e-4 * one.abs().max(other.abs()),
            _ => rank(one) != rank(other),
        };
        let hits = value.as_array();
        is_page(value, path)
            && hits.is_some_and(|hits| hits.len() > 1 && far(&hits[0], &hits[hits.len() - 1]))
    };
    each_place(body, ordered, |hits| {
        let hits = hits.as_array_mut().unwrap();
        let last = hits.len() - 1;
        hits.swap(0, last);
    })
}

fn without_a_hit(body: &Value) -> Vec<Value> {
    each_place(body, is_page, |hits| drop(hits.as_array_mut().unwrap().pop()))
}

fn strange_hit(body: &Value) -> Vec<Value> {
    // Not at an end of the page, where a document that ranks as another does may be any.
    let ranked = |value: &Value, path: &[String]| {
        let alone = |hits: &[Value]| {
            hits.len() > 2
                && rank(&hits[0]) != rank(&hits[1])
                && rank(&hits[1]) != rank(&hits[2])
                && !rank(&hits[1]).is_null()
        };
        is_page(value, path) && path.len() == 2 && value.as_array().is_some_and(|hits| alone(hits))
    };
    each_place(body, ranked, |hits| hits[1]["_id"] = json!("stranger"))
}

fn wrong_counts(body: &Value) -> Vec<Value> {
    let counts = |value: &Value, path: &[String]| {
        let document = path.iter().any(|part| {
            part == "_source" || part == "profile" || part == "_explanation" || part == "_shards"
        });
        let named = matches!(
            name(path),
            "count" | "doc_count" | "docs.count" | "deleted" | "updated" | "created" | "_version"
        ) || (name(path) == "value" && path.iter().any(|part| part == "total"))
            || (name(path) == "total" && path.len() == 1);
        value.is_u64() && named && !document && !path.iter().any(|part| part == "settings")
    };
    each_place(body, counts, |count| *count = json!(count.as_u64().unwrap() + 1))
}

fn in_document(path: &[String]) -> bool {
    path.iter().any(|part| part == "_source" || part == "mappings")
        && !path.iter().any(|part| part == "profile")
}

fn lost_fields(body: &Value) -> Vec<Value> {
    let objects = |value: &Value, path: &[String]| {
        in_document(path) && value.as_object().is_some_and(|fields| !fields.is_empty())
    };
    each_place(body, objects, |object| {
        let object = object.as_object_mut().unwrap();
        let first = object.keys().next().unwrap().clone();
        object.shift_remove(&first);
    })
}

fn changed_types(body: &Value) -> Vec<Value> {
    let scalars =
        |value: &Value, path: &[String]| in_document(path) && (value.is_number() || value.is_boolean());
    each_place(body, scalars, |value| *value = json!(value.to_string()))
}

fn changed_values(body: &Value) -> Vec<Value> {
    let texts = |value: &Value, path: &[String]| in_document(path) && value.is_string();
    each_place(body, texts, |value| *value = json!(format!("{} ", value.as_str().unwrap())))
}

fn other_errors(body: &Value) -> Vec<Value> {
    let types = |value: &Value, path: &[String]| {
        name(path) == "type" && value.is_string() && path.len() >= 2 && path[path.len() - 2] == "error"
    };
    each_place(body, types, |value| *value = json!("another_exception"))
}

fn other_item_status(body: &Value) -> Vec<Value> {
    let statuses =
        |value: &Value, path: &[String]| name(path) == "status" && value.is_u64() && path.len() > 1;
    each_place(body, statuses, |value| *value = json!(599))
}
