//! What a target's refusal asks for, where no rule knew it: a setting or parameter that it does not know is left out. A
//! fallback, bounded, and each repair is shown like a rule.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::fields;
use crate::item::Item;
use crate::json;
use crate::rules::{Applied, Severity, unsearched_field};

/// A target is asked again so often for one item, after a repair each.
pub const MAX_REPAIRS: usize = 20;

/// What a message asks to leave out.
#[derive(Debug, Clone, Copy)]
enum Part {
    Setting,
    /// Parameters of the mapping: `[name : value] [name : value]`.
    Roots,
    /// A field, and parameters as above.
    FieldParameters,
    /// A parameter, then the field.
    ParameterOfField,
    /// A type, then the field.
    TypeOfField,
    /// A token filter.
    Filter,
    /// A member of a template's body.
    Member,
    /// Something that the message does not name.
    VersionCreated,
}

/// Messages of OpenSearch 1 to 3, and what they ask for.
static MESSAGES: LazyLock<Vec<(Regex, Part)>> = LazyLock::new(|| {
    [
        (r"unknown setting \[(?<a>[^\]]+)\]", Part::Setting),
        (r"private index setting \[(?<a>[^\]]+)\] can not be set explicitly", Part::Setting),
        (r"[Ff]ailed to parse value \[[^\]]*\] for setting \[(?<a>[^\]]+)\]", Part::Setting),
        (r"[Ff]ailed to parse setting \[(?<a>[^\]]+)\]", Part::Setting),
        (r"unknown value for \[(?<a>[^\]]+)\]", Part::Setting),
        (r"final index setting \[(?<a>[^\]]+)\]", Part::Setting),
        (r"must contain OpenSearch mask", Part::VersionCreated),
        (r"Root mapping definition has unsupported parameters:\s+(?<a>\[.*\])", Part::Roots),
        (
            r"Mapping definition for \[(?<a>[^\]]+)\] has unsupported parameters:\s+(?<b>\[.*\])",
            Part::FieldParameters,
        ),
        (r"unknown parameter \[(?<a>[^\]]+)\] on mapper \[(?<b>[^\]]+)\]", Part::ParameterOfField),
        (r"No handler for type \[(?<a>[^\]]+)\] declared on field \[(?<b>[^\]]+)\]", Part::TypeOfField),
        (r"The \[(?<a>[^\]]+)\] token filter has been removed", Part::Filter),
        (r"unknown field \[(?<a>[^\]]+)\]", Part::Member),
    ]
    .into_iter()
    .filter_map(|(pattern, part)| Some((Regex::new(pattern).ok()?, part)))
    .collect()
});

/// Changes an item as the body of a refusal (400) asks. `None`: nobody knows how, or there is nothing of the kind in it.
pub fn repair(item: &mut Item, refusal: &Value) -> Option<Applied> {
    let mut reasons = Vec::new();
    collect(refusal, &mut reasons);
    for reason in reasons {
        for (pattern, part) in MESSAGES.iter() {
            let Some(found) = pattern.captures(&reason) else { continue };
            let group = |name: &str| found.name(name).map_or("", |group| group.as_str());
            if let Some(path) = leave_out(item, *part, group("a"), group("b")) {
                let detail = format!("left out, because the target says: {reason}");
                return Some(Applied {
                    rule: "repair".to_owned(),
                    severity: Severity::Dropped,
                    path,
                    detail,
                });
            }
        }
    }
    None
}

/// All reasons, the innermost first: it is the most exact.
fn collect(value: &Value, reasons: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if name != "reason" || value.is_object() {
                    collect(value, reasons);
                }
            }
            if let Some(reason) = members.get("reason").and_then(Value::as_str) {
                reasons.push(reason.to_owned());
            }
        }
        Value::Array(all) => all.iter().for_each(|value| collect(value, reasons)),
        _ => {}
    }
}

fn leave_out(item: &mut Item, part: Part, a: &str, b: &str) -> Option<String> {
    let mappings = &mut item.definition.mappings;
    match part {
        Part::Setting => json::take(&mut item.definition.settings, a).map(|_| a.to_owned()),
        Part::VersionCreated => {
            let name = "index.version.created";
            json::take(&mut item.definition.settings, name).map(|_| name.to_owned())
        }
        Part::Roots => first(parameters(a), |name| json::take(mappings, name).map(|_| name.to_owned())),
        Part::FieldParameters => of_field(item, a, &parameters(b)),
        Part::ParameterOfField => of_field(item, b, &[a]),
        Part::TypeOfField => {
            let mut done = None;
            fields::visit(mappings, &mut |path, field| {
                let is_named = path == b || path.rsplit('.').next() == Some(b);
                if done.is_none() && is_named && fields::kind(field) == a {
                    *field = unsearched_field();
                    done = Some(path.to_owned());
                }
            });
            done
        }
        Part::Filter => {
            let mut done = None;
            for (name, value) in
                item.definition.settings.iter_mut().filter(|(name, _)| name.ends_with(".filter"))
            {
                if let Value::Array(filters) = value
                    && filters.iter().any(|filter| filter == a)
                {
                    filters.retain(|filter| filter != a);
                    done = Some(name.clone());
                }
            }
            done
        }
        Part::Member => json::take(&mut item.rest, a).map(|_| a.to_owned()),
    }
}

/// Messages name a field by its path or by its last name.
fn of_field(item: &mut Item, named: &str, parameters: &[&str]) -> Option<String> {
    let mut done = None;
    fields::visit(&mut item.definition.mappings, &mut |path, field| {
        let is_named = path == named || path.rsplit('.').next() == Some(named);
        if done.is_none() && is_named {
            let taken: Vec<&str> =
                parameters.iter().filter(|name| json::take(field, name).is_some()).copied().collect();
            if !taken.is_empty() {
                done = Some(format!("{path}.{}", taken.join(",")));
            }
        }
    });
    done
}

/// The names in `[a : 1] [b : {c=d}]`.
fn parameters(text: &str) -> Vec<&str> {
    let parts = text.split('[').filter_map(|part| part.split_once(" : "));
    parts.map(|(name, _)| name.trim()).collect()
}

/// The first of the names at which something was taken.
fn first<T>(names: Vec<&str>, mut take: impl FnMut(&str) -> Option<T>) -> Option<T> {
    names.into_iter().find_map(&mut take)
}

#[cfg(test)]
mod tests;
