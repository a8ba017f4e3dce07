//! A live cluster: a few requests, whatever it holds.

use std::collections::BTreeSet;

use serde_json::Value;
use switchover_cluster::{ClusterError, path_part};
use switchover_metadata::read::{self, Aliases};
use switchover_metadata::{Kind, Product, Selection, SourceItem, Version};

use super::{Inventory, is_typed};
use crate::metadata::indices;
use crate::target::Target;

/// Names and states of all indices, hidden and closed ones too, and the stored scripts.
const STATE: &str = "/_cluster/state/metadata?filter_path=metadata.indices.*.state,metadata.stored_scripts,metadata.index_lifecycle.policies.*.version,metadata.persistent_settings";

pub(super) async fn read(
    cluster: &Target,
    version: Version,
    selection: &Selection,
) -> Result<Inventory, ClusterError> {
    let elastic = |major, minor| {
        version.product == Product::OpenSearch || (version.major, version.minor) >= (major, minor)
    };
    let state = indices::json(cluster, STATE).await?.unwrap_or_default();
    let state = state.get("metadata").unwrap_or(&Value::Null);
    let mut inventory = Inventory::default();

    let mut streams = Value::Null;
    if elastic(7, 9) {
        streams = indices::json(cluster, "/_data_stream").await?.unwrap_or_default();
    }
    let mut backing = BTreeSet::new();
    for stream in streams.get("data_streams").and_then(Value::as_array).into_iter().flatten() {
        if let Some(name) = stream.get("name").and_then(Value::as_str) {
            inventory.items.push(read::data_stream(name));
            let indices = stream.get("indices").and_then(Value::as_array).into_iter().flatten();
            backing.extend(indices.filter_map(|index| index.get("index_name")?.as_str()));
        }
    }

    let mut names = Vec::new();
    for name in state.get("indices").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name) {
        if backing.contains(name.as_str()) {
            continue;
        }
        match selection.refuses_name(Kind::Index, name) {
            // Not read, but told.
            Some(_) => {
                inventory.items.push(SourceItem::plain(Kind::Index, name.as_str(), Default::default()))
            }
            None => names.push(name.clone()),
        }
    }
    let mut aliases = Aliases::default();
    for (name, body) in indices::by_name(cluster, &names).await? {
        aliases.add(&name, body.get("aliases").unwrap_or(&Value::Null));
        inventory.items.push(read::index(&name, &body, is_typed(version)));
    }
    if elastic(7, 14) && !backing.is_empty() {
        stream_aliases(cluster, &inventory, &mut aliases).await?;
    }
    inventory.items.extend(aliases.items());

    let all = indices::json(cluster, "/_template").await?.unwrap_or_default();
    let templates = all.as_object().into_iter().flatten();
    inventory
        .items
        .extend(templates.map(|(name, body)| read::legacy_template(name, body, is_typed(version))));
    if elastic(7, 8) {
        for (kind, path, list, inner) in [
            (Kind::IndexTemplate, "/_index_template", "index_templates", "index_template"),
            (Kind::ComponentTemplate, "/_component_template", "component_templates", "component_template"),
        ] {
            let all = indices::json(cluster, path).await?.unwrap_or_default();
            for one in all.get(list).and_then(Value::as_array).into_iter().flatten() {
                if let (Some(name), Some(body)) = (one.get("name").and_then(Value::as_str), one.get(inner)) {
                    inventory.items.push(read::nested_template(kind, name, body));
                }
            }
        }
    }
    if elastic(5, 0) {
        let all = indices::json(cluster, "/_ingest/pipeline").await?.unwrap_or_default();
        for (name, body) in all.as_object().into_iter().flatten() {
            let body = body.as_object().cloned().unwrap_or_default();
            inventory.items.push(SourceItem::plain(Kind::Pipeline, name.as_str(), body));
        }
    }
    inventory.items.extend(read::scripts(state.get("stored_scripts").unwrap_or(&Value::Null)));
    inventory.not_migrated = super::snapshot::not_migrated(state);
    Ok(inventory)
}

/// Since Elasticsearch 7.14 aliases can stand for data streams; they are listed by the streams' names.
async fn stream_aliases(
    cluster: &Target,
    inventory: &Inventory,
    aliases: &mut Aliases,
) -> Result<(), ClusterError> {
    let streams = inventory.items.iter().filter(|item| item.kind == Kind::DataStream);
    let names: Vec<_> = streams.map(|item| path_part(&item.name)).collect();
    // Few: a cluster has some ten data streams with aliases at most, and the line has room for names of 3,000 bytes.
    for name in names {
        let Some(all) = indices::json(cluster, &format!("/{name}/_alias")).await? else { continue };
        for (of, body) in all.as_object().into_iter().flatten() {
            if !of.starts_with(".ds-") {
                aliases.add(of, body.get("aliases").unwrap_or(&Value::Null));
            }
        }
    }
    Ok(())
}
