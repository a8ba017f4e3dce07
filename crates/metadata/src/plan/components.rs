//! Index templates that are composed of what will not be there.

use std::collections::HashSet;

use serde_json::Value;

use super::Planned;
use crate::item::Kind;
use crate::rules::{Applied, Severity};

/// Leaves out of `composed_of` what neither the plan nor the target has; a target refuses a template otherwise.
pub fn drop_missing(items: &mut [Planned], on_target: &HashSet<String>) {
    let made = items.iter().filter(|item| item.kind == Kind::ComponentTemplate && item.is_ready());
    let made: HashSet<String> = made.map(|item| item.name.clone()).collect();
    for planned in items.iter_mut().filter(|item| item.kind == Kind::IndexTemplate && item.is_ready()) {
        let mut item = planned.item();
        let Some(Value::Array(parts)) = item.rest.get_mut("composed_of") else { continue };
        let is_there =
            |part: &Value| part.as_str().is_some_and(|name| made.contains(name) || on_target.contains(name));
        let gone: Vec<String> = parts
            .iter()
            .filter(|part| !is_there(part))
            .map(|part| part.as_str().unwrap_or_default().to_owned())
            .collect();
        if gone.is_empty() {
            continue;
        }
        parts.retain(is_there);
        let applied = Applied {
            rule: "template-missing-component".to_owned(),
            severity: Severity::Lossy,
            path: "composed_of".to_owned(),
            detail: format!("without {}, which the target will not have", gone.join(", ")),
        };
        planned.change(&item, applied);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::Outcome;

    #[test]
    fn only_what_will_be_there_is_named() {
        let planned = |kind, name: &str, outcome, body| Planned {
            outcome,
            body,
            ..Planned::unreadable(kind, name, String::new())
        };
        let mut items = [
            planned(Kind::ComponentTemplate, "made", Outcome::Ready, json!({"template": {}})),
            planned(
                Kind::ComponentTemplate,
                "left",
                Outcome::LeftOut("x".to_owned()),
                json!({"template": {}}),
            ),
            planned(
                Kind::IndexTemplate,
                "t",
                Outcome::Ready,
                json!({"index_patterns": ["a"],
                "composed_of": ["made", "left", "ecs@mappings", "there"]}),
            ),
        ];
        drop_missing(&mut items, &["there".to_owned()].into());
        assert_eq!(items[2].body["composed_of"], json!(["made", "there"]));
        assert_eq!(items[2].rules[0].detail, "without left, ecs@mappings, which the target will not have");
    }
}
