//! Following the rules.

use serde_json::{Value, json};

use super::{Act, Applied, Context, Found, Rule, all};
use crate::fields;
use crate::item::Item;
use crate::json::{self, Object};

/// Lets all rules change an item; what they did.
pub fn apply(item: &mut Item, context: Context) -> Vec<Applied> {
    let fitting = all().filter(|rule| rule.source.has(context.source) && rule.target.has(context.target));
    fitting.flat_map(|rule| rule.apply(item, context)).collect()
}

impl Rule {
    /// Follows this one rule, whatever the versions are.
    pub fn apply(&self, item: &mut Item, context: Context) -> Vec<Applied> {
        let found = match self.act {
            Act::DropSettings(names) => drop_settings(&mut item.definition.settings, names),
            Act::DropRoots(names) => drop_roots(&mut item.definition.mappings, names),
            Act::DropParameters(types, names) => drop_parameters(item, types, names),
            Act::RenameParameter(from, to) => rename_parameter(item, from, to),
            Act::Become(from, to, kept) => becomes(item, from, to, kept),
            Act::KeepUnsearched(types) => unsearched(item, types),
            Act::DropMembers(paths) => drop_members(item, paths),
            Act::Edit(edit) => edit(item, context),
        };
        let applied =
            |(path, detail)| Applied { rule: self.name.to_owned(), severity: self.severity, path, detail };
        found.into_iter().map(applied).collect()
    }
}

/// Whether a name is one of those; `*` at the end of one stands for anything.
pub(crate) fn named(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| match known.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == *known,
    })
}

/// For messages: a value that is not too long.
pub(super) fn shown(value: &Value) -> String {
    const MAX_SHOWN_BYTES: usize = 80;
    let mut text = value.to_string();
    if text.len() > MAX_SHOWN_BYTES {
        text.truncate(text.floor_char_boundary(MAX_SHOWN_BYTES));
        text.push_str("...");
    }
    text
}

fn drop_settings(settings: &mut Object, names: &[&str]) -> Vec<Found> {
    let gone: Vec<String> = settings.keys().filter(|name| named(name, names)).cloned().collect();
    let drop = |name: String| {
        let value = json::take(settings, &name)?;
        Some((name, format!("left out (was {})", shown(&value))))
    };
    gone.into_iter().filter_map(drop).collect()
}

fn drop_roots(mapping: &mut Object, names: &[&str]) -> Vec<Found> {
    let drop = |name: &&str| {
        let value = json::take(mapping, name)?;
        Some(((*name).to_owned(), format!("left out (was {})", shown(&value))))
    };
    names.iter().filter_map(drop).collect()
}

fn drop_parameters(item: &mut Item, types: &[&str], names: &[&str]) -> Vec<Found> {
    let mut found = Vec::new();
    fields::visit(&mut item.definition.mappings, &mut |path, field| {
        if types.is_empty() || types.contains(&fields::kind(field)) {
            for name in names {
                if let Some(value) = json::take(field, name) {
                    found.push((path.to_owned(), format!("{name} left out (was {})", shown(&value))));
                }
            }
        }
    });
    found
}

fn rename_parameter(item: &mut Item, from: &str, to: &str) -> Vec<Found> {
    let mut found = Vec::new();
    fields::visit(&mut item.definition.mappings, &mut |path, field| {
        if json::rename(field, from, to) {
            found.push((path.to_owned(), format!("{from} is now {to}")));
        }
    });
    found
}

fn becomes(item: &mut Item, from: &[&str], to: &str, kept: &[&str]) -> Vec<Found> {
    let mut found = Vec::new();
    fields::visit(&mut item.definition.mappings, &mut |path, field| {
        let old = fields::kind(field).to_owned();
        if !from.contains(&old.as_str()) {
            return;
        }
        let gone: Vec<String> =
            field.keys().filter(|name| *name != "type" && !kept.contains(&name.as_str())).cloned().collect();
        field.retain(|name, _| name == "type" || kept.contains(&name.as_str()));
        field.insert("type".to_owned(), to.into());
        let without = if gone.is_empty() { String::new() } else { format!(", without {}", gone.join(", ")) };
        found.push((path.to_owned(), format!("{old} is now {to}{without}")));
    });
    found
}

/// The definition of a field that is kept in `_source` only.
pub(crate) fn unsearched_field() -> Object {
    json::into_object(json!({"type": "object", "enabled": false}))
}

fn unsearched(item: &mut Item, types: &[&str]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut multi = Vec::new();
    fields::visit(&mut item.definition.mappings, &mut |path, field| {
        // Objects can't be fields of fields.
        if let Some(Value::Object(inner)) = field.get_mut("fields") {
            let of_types =
                |field: &Value| field.as_object().is_some_and(|it| types.contains(&fields::kind(it)));
            let gone: Vec<String> =
                inner.iter().filter(|(_, field)| of_types(field)).map(|(name, _)| name.clone()).collect();
            for name in gone {
                if let Some(gone) = json::take(inner, &name) {
                    multi.push((format!("{path}.{name}"), format!("left out (was {})", shown(&gone))));
                }
            }
        }
        let old = fields::kind(field).to_owned();
        if types.contains(&old.as_str()) {
            *field = unsearched_field();
            found.push((path.to_owned(), format!("{old} is kept in _source only")));
        }
    });
    found.extend(multi);
    found
}

fn drop_members(item: &mut Item, paths: &[&str]) -> Vec<Found> {
    let drop = |path: &&str| {
        let (outer, name) = match path.rsplit_once('.') {
            None => (Some(&mut item.rest), *path),
            Some((outer, name)) => (item.rest.get_mut(outer).and_then(Value::as_object_mut), name),
        };
        let value = json::take(outer?, name)?;
        Some(((*path).to_owned(), format!("left out (was {})", shown(&value))))
    };
    let found: Vec<Found> = paths.iter().filter_map(drop).collect();
    // What else was in `template` is in the definition.
    if !found.is_empty() && item.rest.get("template").and_then(Value::as_object).is_some_and(Object::is_empty)
    {
        json::take(&mut item.rest, "template");
    }
    found
}
