//! Mapping types: taken away, united where an index has several, or split into indices of their own.

mod unite;

use serde_json::Value;
use switchover_rewrite::types::TypeRouting;

use crate::definition::Definition;
use crate::item::{Item, Kind, SourceItem};
use crate::json::Object;
use crate::rules::{Applied, Severity};

pub use unite::Conflicts;

/// The type of documents without one.
const NO_TYPE: &str = "_doc";
/// What types of an index started from, until 6.
const DEFAULT: &str = "_default_";

/// What becomes of an index with several mapping types. The names are those of the backfill.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SeveralTypes {
    /// It is not made: the operator has to choose.
    Fail,
    /// One index with the fields of all types.
    #[default]
    Union,
    /// Each type gets the index INDEX_TYPE.
    Split,
    /// It is left out.
    Drop,
}

/// What the operator wants of types.
#[derive(Debug, Default)]
pub struct TypePolicy {
    /// For indices that the table does not name.
    pub several: SeveralTypes,
    /// What a union does with fields that types define differently.
    pub conflicts: Conflicts,
    /// Where each type goes, by index and type.
    pub routing: TypeRouting,
}

/// An item without types, and what was done for it.
pub type Typeless = (Item, Vec<Applied>);

impl TypePolicy {
    /// What becomes of an item: one item, several, or none; or why nothing can.
    ///
    /// # Errors
    /// When types contradict each other, or the operator has to choose.
    pub fn resolve(&self, source: &SourceItem) -> Result<Vec<Typeless>, String> {
        let defaults = source.types.iter().find(|(name, _)| name == DEFAULT).map(|(_, mapping)| mapping);
        let types: Vec<&(String, Object)> = source.types.iter().filter(|(name, _)| name != DEFAULT).collect();
        let several = types.len() > 1;
        let told = source.kind == Kind::Index && self.routing.is_told(&source.name);
        if several && !told {
            let names = types.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
            match self.several {
                SeveralTypes::Fail => {
                    return Err(format!(
                        "it has several mapping types ({names}); say with --severalTypes what becomes of them"
                    ));
                }
                SeveralTypes::Drop => return Ok(Vec::new()),
                SeveralTypes::Union | SeveralTypes::Split => {}
            }
        }
        let mut groups: Vec<(String, Vec<&(String, Object)>)> = Vec::new();
        let mut dropped = Vec::new();
        for kind in &types {
            let target = match (told, self.several) {
                (true, _) => self.routing.target(&source.name, &kind.0).map(std::borrow::Cow::into_owned),
                (false, SeveralTypes::Split) if several && source.kind == Kind::Index => {
                    Some(format!("{}_{}", source.name, kind.0))
                }
                _ => Some(source.name.clone()),
            };
            match target {
                None => dropped.push(kind.0.as_str()),
                Some(name) => match groups.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, group)) => group.push(kind),
                    None => groups.push((name, vec![kind])),
                },
            }
        }
        if types.is_empty() {
            groups.push((source.name.clone(), Vec::new()));
        }
        let resolved = groups.into_iter().map(|(name, group)| {
            let (mapping, mut applied) = unite::united(&group, defaults, self.conflicts)?;
            if name != source.name {
                let from = group.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
                let detail = format!("type {from} has an index of its own, {name}");
                applied.push(done("types-split", Severity::Lossless, detail));
            }
            if !dropped.is_empty() {
                let detail = format!("left out by the type table: {}", dropped.join(", "));
                applied.push(done("types-dropped", Severity::Dropped, detail));
            }
            let definition = Definition {
                settings: source.settings.clone(),
                mappings: mapping,
                aliases: source.aliases.clone(),
            };
            Ok((Item { kind: source.kind, name, rest: source.rest.clone(), definition }, applied))
        });
        resolved.collect()
    }
}

fn done(rule: &str, severity: Severity, detail: String) -> Applied {
    Applied { rule: rule.to_owned(), severity, path: "mappings".to_owned(), detail }
}

/// The mapping of each type. `typed`: the source wraps mappings in types (Elasticsearch before 7). A list holds wrapped
/// ones in any version: so snapshots keep them.
#[must_use]
pub fn types_of(mappings: &Value, typed: bool) -> Vec<(String, Object)> {
    match mappings {
        Value::Array(all) => all.iter().flat_map(|one| types_of(one, true)).collect(),
        Value::Object(types) if typed => types
            .iter()
            .filter_map(|(name, mapping)| Some((name.clone(), mapping.as_object()?.clone())))
            .collect(),
        Value::Object(mapping) if mapping.is_empty() => Vec::new(),
        Value::Object(mapping) => {
            let only = mapping.get(NO_TYPE).and_then(Value::as_object).filter(|_| mapping.len() == 1);
            vec![(NO_TYPE.to_owned(), only.unwrap_or(mapping).clone())]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
