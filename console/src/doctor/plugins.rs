//! Snapshots to a bucket need the plugin repository-s3 on every node, unless the server brings it.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Findings, Reached, Severity};
use crate::services::{SnapshotBlock, Storage};

const S3: &str = "repository-s3";
/// Since this Elasticsearch it is part of the server.
const BUILT_IN_SINCE: (u32, u32) = (8, 0);

#[derive(Deserialize)]
struct Node {
    name: String,
}

#[derive(Deserialize)]
struct Plugin {
    name: String,
    component: String,
}

pub(super) async fn check(source: &Reached, snapshot: Option<&SnapshotBlock>, findings: &mut Findings) {
    let at = ("source", "plugins");
    if !matches!(snapshot, Some(SnapshotBlock { storage: Storage::S3 { .. }, .. })) {
        return;
    }
    if source.is_elasticsearch_since(BUILT_IN_SINCE.0, BUILT_IN_SINCE.1) {
        return findings.ok(at.0, at.1, format!("{S3} is part of {}", source.version));
    }
    let nodes = source.get("/_cat/nodes?format=json&h=name").await;
    let nodes = match nodes.and_then(|response| response.json::<Vec<Node>>()) {
        Ok(nodes) => nodes,
        Err(error) => return findings.unknown(at, &error),
    };
    let plugins = source.get("/_cat/plugins?format=json&h=name,component").await;
    let plugins = match plugins.and_then(|response| response.json::<Vec<Plugin>>()) {
        Ok(plugins) => plugins,
        Err(error) => return findings.unknown(at, &error),
    };
    let with = plugins.into_iter().filter(|plugin| plugin.component == S3).map(|plugin| plugin.name);
    let with: BTreeSet<String> = with.collect();
    let without: Vec<_> =
        nodes.into_iter().map(|node| node.name).filter(|name| !with.contains(name)).collect();
    if without.is_empty() {
        return findings.ok(at.0, at.1, format!("{S3} is on every node"));
    }
    let message = format!("{S3} is missing on: {}", without.join(", "));
    let remedy = format!(
        "on each of them run elasticsearch-plugin (or opensearch-plugin) install {S3}, and restart the nodes one by one"
    );
    findings.add(Severity::Error, at, message, remedy);
}
