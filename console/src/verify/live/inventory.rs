//! Which indices the source has, and what must be known of them to read them.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use serde::Deserialize;
use serde_json::Value;
use switchover_cluster::Method;
use switchover_snapshot::is_system_index;

use super::super::lists::lists;
use super::dialect::Dialect;
use crate::glob;
use crate::target::Target;

const STATE: &str = "/_cluster/state/metadata?filter_path=metadata.indices.*.state,metadata.indices.*.settings.index.number_of_shards";
/// Of an index of version 5 or older, where it says what new types have.
const DEFAULT_TYPE: &str = "_default_";

/// Indices by name.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    pub(super) indices: BTreeMap<String, Index>,
    /// Those that can't be read, and why.
    pub(super) problems: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) shards: u32,
    pub(super) types: Vec<String>,
}

pub(super) async fn read(source: &Target, dialect: Dialect, pattern: Option<&str>) -> Result<Inventory> {
    let state: Value = source.ask(Method::GET, STATE, None).await?.success()?.json()?;
    let mut inventory = Inventory::default();
    let meant = |name: &str| match pattern {
        Some(pattern) => glob::matches(pattern.as_bytes(), name.as_bytes()),
        None => !is_system_index(name),
    };
    for (name, index) in state.pointer("/metadata/indices").and_then(Value::as_object).into_iter().flatten() {
        if !meant(name) {
            continue;
        }
        if index.get("state").and_then(Value::as_str) == Some("close") {
            let advice = "open it, or leave it out with --index";
            inventory
                .problems
                .push(format!("{name}: the index is closed on the source and can't be read; {advice}"));
            continue;
        }
        let shards = index.pointer("/settings/index/number_of_shards");
        let shards = shards.and_then(|value| value.as_str()?.parse().ok());
        let shards =
            shards.ok_or_else(|| anyhow!("{name}: the source does not say how many shards it has"))?;
        inventory.indices.insert(name.clone(), Index { shards, types: Vec::new() });
    }
    if inventory.indices.is_empty() && inventory.problems.is_empty() {
        let problem = match pattern {
            Some(pattern) => format!("no index of the source matches {pattern}"),
            None => "the source has no index whose name does not begin with a dot".to_owned(),
        };
        return Err(anyhow!("nothing is verified: {problem}; `switchover clusters cat-indices` lists them"));
    }
    if dialect.typed {
        let mappings: Value = source.ask(Method::GET, "/_mapping", None).await?.success()?.json()?;
        for (name, index) in &mut inventory.indices {
            let types = mappings.get(name).and_then(|index| index.get("mappings")?.as_object());
            let types = types.into_iter().flatten().map(|(name, _)| name.clone());
            index.types = types.filter(|name| name != DEFAULT_TYPE).collect();
        }
    }
    Ok(inventory)
}

/// Makes all that was written visible.
pub(super) async fn refresh(source: &Target, names: &[String]) -> Result<()> {
    for list in lists(names) {
        source.ask(Method::POST, &format!("/{list}/_refresh"), None).await?.success()?;
    }
    Ok(())
}

/// How many documents these hold.
pub(super) async fn count(source: &Target, names: &[String]) -> Result<u64> {
    #[derive(Deserialize)]
    struct Count {
        count: u64,
    }
    let mut all = 0_u64;
    for list in lists(names) {
        let path = format!("/{list}/_count");
        let counted: Count = source.ask(Method::GET, &path, None).await?.success()?.json()?;
        all = all.saturating_add(counted.count);
    }
    Ok(all)
}
