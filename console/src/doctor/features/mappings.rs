//! What mappings hold that does not go over as it is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{AT, names};
use crate::doctor::{Findings, Severity};

/// Field types of Elasticsearch that OpenSearch does not have, or has by another name.
const CONVERTED: [&str; 9] = [
    "aggregate_metric_double",
    "annotated_text",
    "dense_vector",
    "flattened",
    "histogram",
    "rank_vectors",
    "semantic_text",
    "sparse_vector",
    "string",
];
/// Before this release a mapping has a type, and may have several.
const TYPELESS_SINCE: u32 = 7;
/// Below this nothing is looked for: no server takes deeper mappings.
const MAX_DEPTH: usize = 50;

pub(super) fn check(all: &Value, major: u32, findings: &mut Findings) {
    let (mut several, mut sourceless) = (Vec::new(), Vec::new());
    let mut converted: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, index) in all.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with('.')) {
        let mappings = &index["mappings"];
        let types: Vec<&Value> = match major < TYPELESS_SINCE {
            true => {
                let types = mappings.as_object().into_iter().flatten();
                types.filter(|(name, _)| *name != "_default_").map(|(_, mapping)| mapping).collect()
            }
            false => vec![mappings],
        };
        if types.len() > 1 {
            several.push(name.as_str());
        }
        if types.iter().any(|mapping| mapping["_source"]["enabled"] == false) {
            sourceless.push(name.as_str());
        }
        types.iter().for_each(|mapping| fields(mapping, 0, &mut converted));
    }
    if !sourceless.is_empty() {
        let message = format!("{} indices keep no _source: {}", sourceless.len(), names(&sourceless));
        findings.add(
            Severity::Warning,
            AT,
            message,
            "their documents can't be read from a snapshot: load them again from where they came",
        );
    }
    if !several.is_empty() {
        let message = format!("{} indices have several mapping types: {}", several.len(), names(&several));
        findings.add(
            Severity::Warning,
            AT,
            message,
            "decide what becomes of them: `switchover metadata evaluate`, and --severalTypes of the backfill",
        );
    }
    if !converted.is_empty() {
        let list: Vec<_> = converted.iter().map(|(kind, count)| format!("{kind} ({count})")).collect();
        let message = format!("fields of types that become others: {}", list.join(", "));
        findings.add(Severity::Info, AT, message, "`switchover metadata evaluate` shows each");
    }
}

fn fields<'m>(mapping: &'m Value, depth: usize, converted: &mut BTreeMap<&'m str, usize>) {
    if depth > MAX_DEPTH {
        return;
    }
    for children in ["properties", "fields"] {
        for (_, field) in mapping[children].as_object().into_iter().flatten() {
            if let Some(kind) = field["type"].as_str().filter(|kind| CONVERTED.contains(kind)) {
                *converted.entry(kind).or_default() += 1;
            }
            fields(field, depth + 1, converted);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(all: &Value, major: u32) -> Vec<String> {
        let mut findings = Findings::default();
        check(all, major, &mut findings);
        findings.0.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn what_needs_attention() {
        let vector = json!({"v": {"type": "dense_vector"}, "o": {"properties": {"f": {"type": "flattened"}, "w": {"type": "flattened"}}}});
        let all = json!({
            "plain": {"mappings": {"properties": {"t": {"type": "text", "fields": {"k": {"type": "keyword"}}}}}},
            "vectors": {"mappings": {"properties": vector}},
            "nothing": {"mappings": {"_source": {"enabled": false}}},
            ".system": {"mappings": {"_source": {"enabled": false}}},
            "empty": {},
        });
        let expected = [
            "1 indices keep no _source: nothing",
            "fields of types that become others: dense_vector (1), flattened (2)",
        ];
        assert_eq!(found(&all, 7), expected);
        let old = json!({"two": {"mappings": {"a": {}, "b": {}, "_default_": {}}}, "one": {"mappings": {"a": {}, "_default_": {}}}});
        assert_eq!(found(&old, 6), ["1 indices have several mapping types: two"]);
        assert_eq!(found(&json!([1]), 6), [] as [&str; 0]);
    }
}
