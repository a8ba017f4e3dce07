//! What the target has of what is planned: a few requests, whatever the plan holds.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use switchover_cluster::ClusterError;
use switchover_metadata::compare::differences;
use switchover_metadata::read::{self, Aliases};
use switchover_metadata::{Item, Kind, Outcome, Planned};

use super::clusters::Exit;
use super::{Action, indices};
use crate::target::Target;

const STATE: &str = "/_cluster/state/metadata?filter_path=metadata.indices.*.state,metadata.stored_scripts";

/// Items of the target.
#[derive(Debug, Default)]
pub(super) struct Existing {
    items: HashMap<(Kind, String), Item>,
    /// Names of all indices.
    indices: HashSet<String>,
}

/// Names of component templates.
pub(super) async fn component_templates(target: &Target) -> Result<HashSet<String>, Exit> {
    let all = indices::json(target, "/_component_template?filter_path=component_templates.name").await;
    let all = all.map_err(Exit::cluster("the target's component templates"))?.unwrap_or_default();
    let names = all.get("component_templates").and_then(Value::as_array).into_iter().flatten();
    Ok(names.filter_map(|one| Some(one.get("name")?.as_str()?.to_owned())).collect())
}

/// Reads what the target has of these items.
pub(super) async fn read(target: &Target, items: &[Planned]) -> Result<Existing, Exit> {
    gather(target, items).await.map_err(Exit::cluster("reading what the target has"))
}

async fn gather(target: &Target, items: &[Planned]) -> Result<Existing, ClusterError> {
    let mut existing = Existing::default();
    let wanted = |kind| items.iter().any(|item| item.kind == kind && item.is_ready());
    let state = indices::json(target, STATE).await?.unwrap_or_default();
    let state = state.get("metadata").unwrap_or(&Value::Null);
    existing.indices = state
        .get("indices")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect();
    for script in read::scripts(state.get("stored_scripts").unwrap_or(&Value::Null)) {
        existing.add(Kind::Script, &script.name, &script.shown());
    }
    let names: Vec<String> = items
        .iter()
        .filter(|item| item.kind == Kind::Index && item.is_ready() && existing.indices.contains(&item.name))
        .map(|item| item.name.clone())
        .collect();
    for (name, mut body) in indices::by_name(target, &names).await? {
        if let Some(body) = body.as_object_mut() {
            body.shift_remove("aliases");
        }
        existing.add(Kind::Index, &name, &body);
    }
    for (kind, path) in [(Kind::LegacyTemplate, "/_template"), (Kind::Pipeline, "/_ingest/pipeline")] {
        if wanted(kind) {
            let all = indices::json(target, path).await?.unwrap_or_default();
            for (name, body) in all.as_object().into_iter().flatten() {
                existing.add(kind, name, body);
            }
        }
    }
    for (kind, path, list, inner) in [
        (Kind::IndexTemplate, "/_index_template", "index_templates", "index_template"),
        (Kind::ComponentTemplate, "/_component_template", "component_templates", "component_template"),
    ] {
        if wanted(kind) {
            let all = indices::json(target, path).await?.unwrap_or_default();
            for one in all.get(list).and_then(Value::as_array).into_iter().flatten() {
                if let (Some(name), Some(body)) = (one.get("name").and_then(Value::as_str), one.get(inner)) {
                    existing.add(kind, name, body);
                }
            }
        }
    }
    if wanted(Kind::DataStream) {
        let all = indices::json(target, "/_data_stream").await?.unwrap_or_default();
        for one in all.get("data_streams").and_then(Value::as_array).into_iter().flatten() {
            if let Some(name) = one.get("name").and_then(Value::as_str) {
                existing.add(Kind::DataStream, name, &Value::Null);
            }
        }
    }
    if wanted(Kind::Alias) || wanted(Kind::Index) {
        let mut aliases = Aliases::default();
        let all = indices::json(target, "/_alias").await?.unwrap_or_default();
        for (name, body) in all.as_object().into_iter().flatten() {
            aliases.add(name, body.get("aliases").unwrap_or(&Value::Null));
        }
        for alias in aliases.items() {
            existing.add(Kind::Alias, &alias.name, &Value::Object(alias.rest));
        }
    }
    Ok(existing)
}

impl Existing {
    fn add(&mut self, kind: Kind, name: &str, body: &Value) {
        self.items.insert((kind, name.to_owned()), Item::parse(kind, name, body));
    }

    fn has(&self, kind: Kind, name: &str) -> bool {
        self.items.contains_key(&(kind, name.to_owned()))
    }

    /// What is to be done about an item.
    pub(super) fn action(&self, planned: &Planned) -> Action {
        match &planned.outcome {
            Outcome::LeftOut(reason) => return Action::LeftOut(reason.clone()),
            Outcome::Refused(reason) => return Action::Failed(reason.clone()),
            Outcome::Ready => {}
        }
        let name = &planned.name;
        let taken = match planned.kind {
            Kind::Index if self.has(Kind::Alias, name) => Some("an alias"),
            Kind::Alias | Kind::DataStream if self.indices.contains(name) => Some("an index"),
            _ => None,
        };
        if let Some(other) = taken {
            return Action::Failed(format!(
                "the target has {other} of this name; remove it, or leave this out"
            ));
        }
        match self.differences(planned) {
            None => Action::ToMake,
            Some(places) if places.is_empty() => Action::Unchanged,
            Some(places) => Action::Differs(places),
        }
    }

    /// Where the target has an item otherwise; `None`: it has it not.
    pub(super) fn differences(&self, planned: &Planned) -> Option<Vec<String>> {
        let existing = self.items.get(&(planned.kind, planned.name.clone()))?;
        let mut wanted = planned.item();
        if planned.kind == Kind::DataStream {
            wanted.rest.clear();
        }
        Some(differences(&wanted, existing))
    }

    /// Aliases that stand for planned indices only, and are not planned themselves.
    pub(super) fn more_aliases(&self, planned: &[Planned]) -> Vec<String> {
        let is_planned = |kinds: &[Kind], name: &str| {
            planned.iter().any(|item| item.is_ready() && kinds.contains(&item.kind) && item.name == name)
        };
        let of_planned = |item: &Item| {
            let indices = item.rest.get("indices").and_then(Value::as_object);
            indices.is_some_and(|indices| {
                indices.keys().all(|index| is_planned(&[Kind::Index, Kind::DataStream], index))
            })
        };
        let aliases = self.items.iter().filter(|((kind, name), item)| {
            *kind == Kind::Alias && !is_planned(&[Kind::Alias], name) && of_planned(item)
        });
        let mut names: Vec<String> = aliases.map(|((_, name), _)| name.clone()).collect();
        names.sort();
        names
    }
}
