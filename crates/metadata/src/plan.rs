//! What will be done, item by item: what `evaluate` shows and `migrate` does. It can be kept in a file and run later.

mod components;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diff::{Change, diff};
use crate::item::{Item, Kind, SourceItem};
use crate::json::Object;
use crate::names;
use crate::rules::{self, Applied, Context, Severity};
use crate::scripts;
use crate::select::Selection;
use crate::types::TypePolicy;
use crate::user::UserRules;

pub use components::drop_missing;

/// The version of the plan's form.
pub const SCHEMA: u32 = 1;

/// All items, in the order of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// [`SCHEMA`].
    pub schema: u32,
    /// What was read.
    pub source: String,
    /// The version that the plan is for.
    pub target: String,
    /// In the order of work.
    pub items: Vec<Planned>,
    /// What the source has besides, and nobody moves: `index lifecycle policies: 3`.
    #[serde(default)]
    pub not_migrated: Vec<String>,
}

/// An item, and what is to be known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Planned {
    /// What it is.
    pub kind: Kind,
    /// Its name on the target.
    pub name: String,
    /// Its name on the source, where that is another.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source_name: Option<String>,
    /// What becomes of it.
    pub outcome: Outcome,
    /// The body of the request that makes it.
    pub body: Value,
    /// The rules that were followed for it.
    #[serde(default)]
    pub rules: Vec<Applied>,
    /// What the body has otherwise than the source.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// Whether the target was asked if it takes this.
    #[serde(default)]
    pub asked: bool,
}

/// What becomes of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It can be made.
    Ready,
    /// It is not meant: why.
    LeftOut(String),
    /// It can't be made: why.
    Refused(String),
}

/// What decides about items.
#[derive(Debug)]
pub struct Planner {
    /// Versions and copies.
    pub context: Context,
    /// What becomes of types.
    pub types: TypePolicy,
    /// What is meant.
    pub selection: Selection,
    /// What the user wants changed after all that.
    pub user: UserRules,
}

impl Planner {
    /// Plans items of a source; aliases last, and all in the order of work.
    #[must_use]
    pub fn plan(&self, mut items: Vec<SourceItem>) -> Vec<Planned> {
        // Stable: what a source lists in some order keeps it.
        items.sort_by_key(|item| item.kind);
        let mut planned: Vec<Planned> = Vec::with_capacity(items.len());
        for item in items {
            let made = match item.kind {
                Kind::Alias => vec![self.alias(&item, &planned)],
                _ => self.item(&item),
            };
            planned.extend(made);
        }
        planned
    }

    fn item(&self, source: &SourceItem) -> Vec<Planned> {
        if let Some(reason) = self.selection.refuses(source) {
            return vec![Planned::not_made(source, Outcome::LeftOut(reason.to_owned()))];
        }
        match self.types.resolve(source) {
            Err(reason) => vec![Planned::not_made(source, Outcome::Refused(reason))],
            Ok(items) if items.is_empty() => {
                let reason = "all its mapping types are dropped, as --severalTypes or the type table says";
                vec![Planned::not_made(source, Outcome::LeftOut(reason.to_owned()))]
            }
            Ok(items) => {
                let before = source.shown();
                items
                    .into_iter()
                    .flat_map(|(item, applied)| self.typeless(source, &before, item, applied))
                    .collect()
            }
        }
    }

    /// The items that one without types becomes by the rules, the user's last.
    fn typeless(
        &self,
        source: &SourceItem,
        before: &Value,
        mut item: Item,
        mut applied: Vec<Applied>,
    ) -> Vec<Planned> {
        applied.extend(rules::apply(&mut item, self.context));
        let made = match self.user.apply(item) {
            Ok(made) => made,
            Err(outcome) => return vec![Planned::not_made(source, outcome)],
        };
        let planned = made.into_iter().map(|(item, more)| {
            let refused = match item.kind {
                Kind::Index | Kind::DataStream => names::refused(&item.name),
                Kind::Script => item.rest.get("script").and_then(scripts::refused),
                _ => None,
            };
            let outcome = refused.map_or(Outcome::Ready, Outcome::Refused);
            Planned {
                source_name: (item.name != source.name).then(|| source.name.clone()),
                ..Planned::new(&item, outcome, [applied.clone(), more].concat(), before)
            }
        });
        planned.collect()
    }

    /// An alias stands for what is made; without that for nothing.
    fn alias(&self, source: &SourceItem, planned: &[Planned]) -> Planned {
        if let Some(reason) = self.selection.refuses(source) {
            return Planned::not_made(source, Outcome::LeftOut(reason.to_owned()));
        }
        let mut indices = Object::new();
        let mut applied = Vec::new();
        let mut failed = Vec::new();
        for (index, parameters) in source.rest.get("indices").and_then(Value::as_object).into_iter().flatten()
        {
            let made = planned.iter().filter(|other| {
                matches!(other.kind, Kind::Index | Kind::DataStream)
                    && other.source_name.as_ref().unwrap_or(&other.name) == index
            });
            let mut none = true;
            for other in made {
                match &other.outcome {
                    Outcome::Ready => {
                        none = false;
                        indices.insert(other.name.clone(), parameters.clone());
                    }
                    Outcome::Refused(_) => failed.push(index.as_str()),
                    Outcome::LeftOut(_) => {}
                }
            }
            if none {
                let detail = format!("does not stand for {index}, which is not made");
                applied.push(Applied {
                    rule: "alias-index".to_owned(),
                    severity: Severity::Dropped,
                    path: index.clone(),
                    detail,
                });
            }
        }
        if indices.is_empty() {
            let outcome = match failed.is_empty() {
                true => Outcome::LeftOut("what it stands for is left out".to_owned()),
                false => Outcome::Refused(format!("what it stands for can't be made: {}", failed.join(", "))),
            };
            return Planned::not_made(source, outcome);
        }
        let rest = [("indices".to_owned(), Value::Object(indices))].into_iter().collect();
        let definition = Default::default();
        let item = Item { kind: Kind::Alias, name: source.name.clone(), rest, definition };
        let outcome = match names::refused(&item.name) {
            Some(reason) => Outcome::Refused(reason),
            None => Outcome::Ready,
        };
        Planned::new(&item, outcome, applied, &source.shown())
    }
}

impl Planned {
    fn new(item: &Item, outcome: Outcome, rules: Vec<Applied>, before: &Value) -> Self {
        let body = item.body();
        let changes = diff(before, &body);
        Self {
            kind: item.kind,
            name: item.name.clone(),
            source_name: None,
            outcome,
            body,
            rules,
            changes,
            asked: false,
        }
    }

    fn not_made(source: &SourceItem, outcome: Outcome) -> Self {
        Self {
            kind: source.kind,
            name: source.name.clone(),
            source_name: None,
            outcome,
            body: source.shown(),
            rules: Vec::new(),
            changes: Vec::new(),
            asked: false,
        }
    }

    /// One that could not even be read.
    #[must_use]
    pub fn unreadable(kind: Kind, name: &str, reason: String) -> Self {
        Self::not_made(&SourceItem::plain(kind, name, Object::new()), Outcome::Refused(reason))
    }

    /// The item, to work on.
    #[must_use]
    pub fn item(&self) -> Item {
        Item::parse(self.kind, self.name.clone(), &self.body)
    }

    /// Takes over what was changed in the item, and by which rule.
    pub fn change(&mut self, item: &Item, applied: Applied) {
        let body = item.body();
        let more = diff(&self.body, &body);
        self.body = body;
        self.name.clone_from(&item.name);
        self.rules.push(applied);
        self.changes.extend(more);
    }

    /// Whether it is to be made.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.outcome == Outcome::Ready
    }
}

#[cfg(test)]
mod tests;
