//! From the source to the plan.

use std::path::Path;

use anyhow::anyhow;
use serde_json::Value;
use switchover_metadata::plan::{Planner, SCHEMA, drop_missing};
use switchover_metadata::types::TypePolicy;
use switchover_metadata::{Context, Plan, UserRules};
use switchover_rewrite::args::OnTransformError;
use switchover_rewrite::rules::Rules;

use super::args::Args;
use super::clusters::{Exit, Sides};
use super::{asking, existing, indices};
use crate::failure::Failure;
use crate::target::Target;

/// Plans everything that is meant, and asks the target whether it takes it. Nothing is written.
pub(super) async fn plan(args: &Args, sides: &Sides) -> Result<Plan, Exit> {
    let selection = args.selection().map_err(|error| Failure::Usage(error.to_string()))?;
    let source = sides.source.as_ref().ok_or_else(|| anyhow!("no source"))?;
    let inventory = source.read(&selection).await?;
    let copies_multiple = match args.cluster_awareness_attributes {
        Some(count) => count.max(1),
        None => copies_multiple(&sides.target).await?,
    };
    let context = Context { source: source.version(), target: sides.target_version, copies_multiple };
    let user = user_rules(args)?;
    let types = TypePolicy {
        several: args.several_types.into(),
        conflicts: args.type_conflicts.into(),
        routing: user.transformers.type_routing().cloned().unwrap_or_default(),
    };
    let mut items = Planner { context, types, selection, user }.plan(inventory.items);
    items.extend(inventory.unreadable);
    items.sort_by_key(|item| item.kind);
    drop_missing(&mut items, &existing::component_templates(&sides.target).await?);
    asking::ask(&sides.target, &mut items).await?;
    Ok(Plan {
        schema: SCHEMA,
        source: sides.source_name.clone(),
        target: sides.target_name.clone(),
        items,
        not_migrated: inventory.not_migrated,
    })
}

fn user_rules(args: &Args) -> Result<UserRules, Failure> {
    let (transformers, rules) = args.user.for_items().map_err(|error| Failure::Usage(error.to_string()))?;
    let keep_on_error = args.user.on_transform_error == OnTransformError::Send;
    Ok(UserRules { transformers, rules, keep_on_error })
}

/// Declared rules alone: scripts for documents, which others have in the same flags, are none for items.
pub(super) fn declared_rules(file: Option<&Path>) -> Result<UserRules, Failure> {
    let Some(file) = file else { return Ok(UserRules::default()) };
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::Usage(format!("--rewriteRules {shown}: cannot read it: {error}")))?;
    let rules = Rules::parse(&shown, &text);
    let rules = rules.map_err(|error| Failure::Usage(format!("--rewriteRules: {error}")))?;
    Ok(UserRules { rules, ..UserRules::default() })
}

/// With balanced awareness a target refuses other numbers of copies: the number of zones.
pub(super) async fn copies_multiple(target: &Target) -> Result<u32, Exit> {
    const AWARENESS: &str = "cluster.routing.allocation.awareness.";
    let path = "/_cluster/settings?flat_settings=true&include_defaults=true&filter_path=*.cluster.routing.allocation.awareness*";
    let settings = indices::json(target, path).await.map_err(Exit::cluster("the target's settings"))?;
    let settings = settings.unwrap_or_default();
    // What is set for a while goes before what is set for good.
    let setting = |name: &str| {
        let parts = ["transient", "persistent", "defaults"].into_iter();
        parts.filter_map(|part| settings.get(part)?.get(format!("{AWARENESS}{name}"))).next()
    };
    if setting("balance").and_then(Value::as_str) != Some("true") {
        return Ok(1);
    }
    let zones = settings
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, part)| part.as_object().into_iter().flatten());
    let forced = zones
        .filter(|(name, _)| name.starts_with(&format!("{AWARENESS}force.")) && name.ends_with(".values"));
    let count = |value: &Value| match value {
        Value::Array(all) => all.len(),
        other => {
            other.as_str().map_or(0, |text| text.split(',').filter(|zone| !zone.trim().is_empty()).count())
        }
    };
    Ok(forced
        .map(|(_, value)| count(value))
        .max()
        .and_then(|most| u32::try_from(most).ok())
        .unwrap_or(1)
        .max(1))
}
