//! How far the lengths of n-grams and shingles may differ: limited since Elasticsearch 7.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Severity::Lossless;
use super::Without::Refused;
use super::{Act, Context, Found, Rule};
use crate::item::Item;
use crate::json;
use crate::span::Span;

pub(super) const RULES: &[Rule] = &[Rule {
    name: "analysis-gram-limits",
    source: Span::es_before(7),
    target: Span::ANY,
    severity: Lossless,
    does: "raises index.max_ngram_diff and index.max_shingle_diff to what the analysis needs",
    why: "the target refuses larger differences than 1 and 3, which the source did not limit",
    act: Act::Edit(limits),
    without: Refused,
    before: r#"{"settings": {"index.analysis.tokenizer.t.type": "ngram", "index.analysis.tokenizer.t.min_gram": "2", "index.analysis.tokenizer.t.max_gram": "8"}}"#,
    after: r#"{"settings": {"index.analysis.tokenizer.t.type": "ngram", "index.analysis.tokenizer.t.min_gram": "2", "index.analysis.tokenizer.t.max_gram": "8", "index.max_ngram_diff": "6"}}"#,
}];

/// Type, its parameters with their defaults, the limit and its default.
const LIMITS: [(&str, [(&str, u64); 2], &str, u64); 2] = [
    ("ngram", [("min_gram", 1), ("max_gram", 2)], "index.max_ngram_diff", 1),
    ("shingle", [("min_shingle_size", 2), ("max_shingle_size", 2)], "index.max_shingle_diff", 3),
];

fn limits(item: &mut Item, _: Context) -> Vec<Found> {
    let settings = &mut item.definition.settings;
    let mut needed: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, kind) in settings.iter() {
        let Some(component) =
            name.strip_prefix("index.analysis.").and_then(|rest| rest.strip_suffix(".type"))
        else {
            continue;
        };
        let Some((_, [min, max], limit, default)) = LIMITS.iter().find(|(known, ..)| kind == known) else {
            continue;
        };
        let number = |(parameter, default): &(&str, u64)| {
            let value = settings.get(&format!("index.analysis.{component}.{parameter}")).and_then(json::text);
            value.and_then(|text| text.parse().ok()).unwrap_or(*default)
        };
        let difference = number(max).saturating_sub(number(min));
        let known =
            settings.get(*limit).and_then(json::text).and_then(|text| text.parse().ok()).unwrap_or(*default);
        if difference > known {
            let most = needed.entry(limit).or_default();
            *most = difference.max(*most);
        }
    }
    needed
        .into_iter()
        .map(|(limit, difference)| {
            settings.insert(limit.to_owned(), Value::String(difference.to_string()));
            (limit.to_owned(), format!("is now {difference}"))
        })
        .collect()
}
