//! How many copies of each shard there are.

use super::Severity::Lossless;
use super::Without::Misunderstood;
use super::{Act, Context, Found, Rule};
use crate::item::Item;
use crate::json;
use crate::span::Span;

const REPLICAS: &str = "index.number_of_replicas";
const AUTO: &str = "index.auto_expand_replicas";

pub(super) const RULES: &[Rule] = &[Rule {
    name: "replicas-by-awareness",
    source: Span::ANY,
    target: Span::ANY,
    severity: Lossless,
    does: "raises the number of replicas so that copies can be spread evenly over the target's zones",
    why: "a target with balanced awareness refuses other numbers",
    act: Act::Edit(replicas),
    without: Misunderstood,
    before: r#"{"settings": {"index.number_of_replicas": "1"}}"#,
    after: r#"{"settings": {"index.number_of_replicas": "2"}}"#,
}];

fn replicas(item: &mut Item, context: Context) -> Vec<Found> {
    let multiple = u64::from(context.copies_multiple.max(1));
    let settings = &mut item.definition.settings;
    let expands = settings.get(AUTO).and_then(json::text).is_some_and(|auto| auto != "false");
    let replicas = settings.get(REPLICAS).and_then(json::text).and_then(|text| text.parse::<u64>().ok());
    let Some(replicas) = replicas.filter(|_| !expands) else { return Vec::new() };
    let raised = (replicas.saturating_add(1)).div_ceil(multiple).saturating_mul(multiple) - 1;
    if raised == replicas {
        return Vec::new();
    }
    settings.insert(REPLICAS.to_owned(), raised.to_string().into());
    vec![(REPLICAS.to_owned(), format!("{replicas} is now {raised}"))]
}
