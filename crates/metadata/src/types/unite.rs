//! One mapping of several.

use serde_json::Value;

use super::{NO_TYPE, done};
use crate::json::{self, Object};
use crate::rules::{Applied, Severity};

/// What a union does with a field that types define differently.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Conflicts {
    /// The index is not made.
    #[default]
    Fail,
    /// The first type's definition is taken.
    First,
    /// The wider of two types of numbers is taken; other differences fail.
    Widen,
}

/// What only some types demand (children of a parent do) nobody demands of a union, or it would refuse the others.
const ROUTING: &str = "_routing";
/// Parameters of mappings that no target has any more.
const GONE: [&str; 4] = ["_parent", "_all", "_timestamp", "_ttl"];

/// Types of numbers, each of which holds those before it within its row.
const WIDER: [&[&str]; 2] = [&["byte", "short", "integer", "long"], &["half_float", "float", "double"]];

/// The mapping of all these types; `defaults` is what they start from.
pub(super) fn united(
    types: &[&(String, Object)],
    defaults: Option<&Object>,
    conflicts: Conflicts,
) -> Result<(Object, Vec<Applied>), String> {
    let mut applied = Vec::new();
    let mut mapping = Object::new();
    for (name, one) in types {
        let mut path = Vec::new();
        let mut union = Union { conflicts, name, path: &mut path, applied: &mut applied };
        union.add(&mut mapping, one)?;
    }
    match types {
        [(name, _)] if name != NO_TYPE => {
            applied.push(done("types-removed", Severity::Lossless, format!("type {name} is gone")));
        }
        [_, _, ..] => {
            let names = types.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
            let detail =
                format!("types {names} are one index; documents with the same id would replace each other");
            applied.push(done("types-union", Severity::Lossy, detail));
        }
        _ => {}
    }
    let routing = types.first().and_then(|(_, one)| one.get(ROUTING));
    if types.iter().any(|(_, one)| one.get(ROUTING) != routing) {
        json::take(&mut mapping, ROUTING);
        let detail = "_routing is left out: only some of the types demand it".to_owned();
        applied.push(done("types-conflict", Severity::Lossy, detail));
    }
    // What a type says itself goes before what it starts from.
    for (name, value) in defaults.into_iter().flatten() {
        match (mapping.get_mut(name), value) {
            (Some(Value::Object(known)), Value::Object(fields)) if name == "properties" => {
                for (field, value) in fields {
                    known.entry(field).or_insert_with(|| value.clone());
                }
            }
            (Some(_), _) => {}
            (None, value) => drop(mapping.insert(name.clone(), value.clone())),
        }
    }
    Ok((mapping, applied))
}

struct Union<'u> {
    conflicts: Conflicts,
    /// The type that is being added.
    name: &'u str,
    path: &'u mut Vec<String>,
    applied: &'u mut Vec<Applied>,
}

impl Union<'_> {
    fn add(&mut self, into: &mut Object, more: &Object) -> Result<(), String> {
        let is_first = self.path.is_empty() && into.is_empty();
        for (name, value) in more {
            let Some(known) = into.get_mut(name) else {
                match self.holds_for_all(name) && !is_first {
                    true => self.conflict(name, &Value::Null, value)?,
                    false => drop(into.insert(name.clone(), value.clone())),
                }
                continue;
            };
            match (known, value) {
                (Value::Array(known), Value::Array(new)) if name == "dynamic_templates" => {
                    known.extend(new.iter().filter(|one| !known.contains(one)).cloned().collect::<Vec<_>>());
                }
                (Value::Object(known), Value::Object(new))
                    if is_list(name) || self.path.last().is_some_and(|last| is_list(last)) =>
                {
                    self.path.push(name.clone());
                    let added = self.add(known, new);
                    self.path.pop();
                    added?;
                }
                (known, new) if known == new => {}
                (known, new) => match self.wider(name, known, new) {
                    Some(wider) => *known = wider,
                    None => self.conflict(name, &known.clone(), new)?,
                },
            }
        }
        let only_known = into.iter().filter(|(name, _)| !is_first && !more.contains_key(*name));
        for (name, value) in only_known.filter(|(name, _)| self.holds_for_all(name)).collect::<Vec<_>>() {
            self.conflict(name, value, &Value::Null)?;
        }
        Ok(())
    }

    /// Whether what one type says, and another does not, would change what holds for the other's documents: a parameter of
    /// a field, and what decides about whole documents.
    fn holds_for_all(&self, name: &str) -> bool {
        match &self.path[..] {
            [] => matches!(name, "_source" | ROUTING | "dynamic"),
            [.., list, _] if is_list(list) => !is_list(name),
            _ => false,
        }
    }

    fn wider(&mut self, name: &str, known: &Value, new: &Value) -> Option<Value> {
        if self.conflicts != Conflicts::Widen || name != "type" {
            return None;
        }
        let (known, new) = (known.as_str()?, new.as_str()?);
        let row = WIDER.iter().find(|row| row.contains(&known) && row.contains(&new))?;
        let wider = row.iter().rev().find(|kind| **kind == known || **kind == new)?;
        let detail = format!("{}: {known} and {new} are now {wider}", self.place("type"));
        self.applied.push(done("types-conflict", Severity::Lossless, detail));
        Some(Value::from(*wider))
    }

    fn conflict(&mut self, name: &str, known: &Value, new: &Value) -> Result<(), String> {
        let place = self.place(name);
        // What no target has is left out by a rule, whichever type's it is.
        if self.path.is_empty() && (place == ROUTING || GONE.contains(&name)) {
            return Ok(());
        }
        let shown = |value: &Value| if value.is_null() { "nothing".to_owned() } else { value.to_string() };
        let (known, new) = (shown(known), shown(new));
        if self.conflicts != Conflicts::First {
            return Err(format!(
                "type {} defines {place} as {new}, another as {known}: they can't be one index; give them indices of \
                 their own (--severalTypes split), or choose with --typeConflicts first",
                self.name
            ));
        }
        let detail = format!("{place}: {known} is kept, {new} of type {} is left out", self.name);
        self.applied.push(done("types-conflict", Severity::Lossy, detail));
        Ok(())
    }

    fn place(&self, name: &str) -> String {
        let names = self.path.iter().map(String::as_str).filter(|part| *part != "properties");
        names.chain([name]).collect::<Vec<_>>().join(".")
    }
}

/// Fields by name. (A field of such a name is none: it is within one.)
fn is_list(name: &str) -> bool {
    name == "properties" || name == "fields"
}
