//! A snapshot: the metadata of the indices that are meant, and the cluster's own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};
use switchover_metadata::read::{self, Aliases};
use switchover_metadata::{Kind, Planned, Selection, SourceItem, Version, definition};
use switchover_snapshot::{Destination, IndexMetadata, Snapshot, blob_format};

use super::{Inventory, is_typed};
use crate::metadata::clusters::Exit;

/// Files that are read at a time.
const READS_AT_ONCE: usize = 16;
/// Bytes of a mapping that is kept compressed.
const MAX_MAPPING_BYTES: usize = 64 * 1024 * 1024;

pub(super) async fn read(
    snapshot: &Snapshot,
    version: Version,
    selection: &Selection,
) -> Result<Inventory, Exit> {
    let mut inventory = Inventory::default();
    let mut names = Vec::new();
    let mut all: Vec<&String> = snapshot.info().indices.iter().collect();
    all.sort();
    let mut streams: Vec<String> = snapshot.info().data_streams.clone();
    for name in all {
        // Backing indices come with their stream.
        let destination = Destination::of(name, None);
        if destination.data_stream {
            streams.push(destination.index);
        } else if selection.refuses_name(Kind::Index, name).is_some() {
            inventory.items.push(SourceItem::plain(Kind::Index, name.as_str(), Map::new()));
        } else {
            names.push(name);
        }
    }
    let mut aliases = Aliases::default();
    let read = async |name: &String| {
        (name.clone(), snapshot.index(name).await.map(|index| index.metadata().clone()))
    };
    let mut indices = stream::iter(names).map(read).buffered(READS_AT_ONCE);
    while let Some((name, metadata)) = indices.next().await {
        match metadata {
            Ok(metadata) => inventory.items.push(index(&name, &metadata, &mut aliases)),
            Err(error) => {
                let reason = format!("can't be read: {error}");
                inventory.unreadable.push(Planned::unreadable(Kind::Index, &name, reason));
            }
        }
    }
    if snapshot.info().include_global_state == Some(false) {
        inventory.not_migrated.push(
            "templates, pipelines, scripts: the snapshot was taken without the global state".to_owned(),
        );
    } else {
        let global = snapshot.global_metadata().await.map_err(Exit::source)?;
        let global: Value = serde_json::from_str(global.get()).map_err(Exit::source)?;
        // `meta-data`, in the newest versions `metadata`.
        let inner = global.as_object().and_then(|all| all.values().next()).unwrap_or(&Value::Null);
        self::global(inner, version, &mut inventory, &mut streams, &mut aliases);
    }
    streams.sort();
    streams.dedup();
    inventory.items.extend(streams.iter().map(|name| read::data_stream(name)));
    inventory.items.extend(aliases.items());
    Ok(inventory)
}

fn index(name: &str, metadata: &IndexMetadata, aliases: &mut Aliases) -> SourceItem {
    let settings: Map<String, Value> = metadata.settings.clone().into_iter().collect();
    let object = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
    let types = metadata.mappings.iter().map(|(name, mapping)| (name.clone(), object(mapping.get())));
    let of_index: Map<String, Value> = metadata
        .aliases
        .iter()
        .map(|(name, alias)| (name.clone(), Value::Object(object(alias.get()))))
        .collect();
    aliases.add(name, &Value::Object(of_index));
    SourceItem {
        settings: definition::flat_settings(&Value::Object(settings)),
        types: types.collect(),
        ..SourceItem::plain(Kind::Index, name, Map::new())
    }
}

fn global(
    global: &Value,
    version: Version,
    inventory: &mut Inventory,
    streams: &mut Vec<String>,
    aliases: &mut Aliases,
) {
    let part = |names: &[&str]| {
        let found = names.iter().try_fold(global, |value, name| value.get(name));
        found.and_then(Value::as_object).into_iter().flatten()
    };
    for (name, body) in part(&["templates"]) {
        let mut body = body.clone();
        if let Some(mappings) = body.get_mut("mappings") {
            unpack(mappings);
        }
        inventory.items.push(read::legacy_template(name, &body, is_typed(version)));
    }
    for (kind, key) in
        [(Kind::IndexTemplate, "index_template"), (Kind::ComponentTemplate, "component_template")]
    {
        for (name, body) in part(&[key, key]) {
            let mut body = body.clone();
            if let Some(mappings) = body.pointer_mut("/template/mappings") {
                unpack(mappings);
            }
            inventory.items.push(read::nested_template(kind, name, &body));
        }
    }
    streams.extend(part(&["data_stream", "data_stream"]).map(|(name, _)| name.clone()));
    for (alias, body) in part(&["data_stream", "data_stream_aliases"]) {
        for stream in body.get("data_streams").and_then(Value::as_array).into_iter().flatten() {
            if let Some(stream) = stream.as_str() {
                let parameters: Map<String, Value> =
                    [(alias.clone(), Value::Object(Map::new()))].into_iter().collect();
                aliases.add(stream, &Value::Object(parameters));
            }
        }
    }
    inventory.items.extend(read::pipelines(global.get("ingest").unwrap_or(&Value::Null)));
    inventory.items.extend(read::scripts(global.get("stored_scripts").unwrap_or(&Value::Null)));
    inventory.not_migrated.extend(not_migrated(global));
}

/// Mappings are kept as JSON, or compressed within the file.
fn unpack(mappings: &mut Value) {
    match mappings {
        Value::Array(all) => all.iter_mut().for_each(unpack),
        Value::String(base64) => {
            let body = STANDARD.decode(base64.as_bytes()).ok();
            let json = body.and_then(|body| blob_format::body_to_json(&body, MAX_MAPPING_BYTES).ok());
            if let Some(value) = json.and_then(|json| serde_json::from_slice(&json).ok()) {
                *mappings = value;
            }
        }
        _ => {}
    }
}

/// What a cluster's metadata has that is not moved, with how many there are.
pub(super) fn not_migrated(global: &Value) -> Vec<String> {
    const PARTS: [(&str, &str); 8] = [
        ("/index_lifecycle/policies", "index lifecycle policies"),
        ("/snapshot_lifecycle/policies", "snapshot lifecycle policies"),
        ("/persistent_settings", "persistent cluster settings"),
        ("/settings", "persistent cluster settings"),
        ("/watcher", "watcher"),
        ("/enrich/policies", "enrich policies"),
        ("/ml/jobs", "machine learning jobs"),
        ("/transform", "transforms"),
    ];
    let count = |(path, name): &(&str, &str)| {
        let part = global.pointer(path)?;
        let count = part.as_object().map_or_else(|| part.as_array().map_or(0, Vec::len), Map::len);
        (count > 0).then(|| format!("{name}: {count}"))
    };
    PARTS.iter().filter_map(count).collect()
}
