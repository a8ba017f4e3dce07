//! What the source uses that a migration does not carry over as it is.

mod mappings;

use serde::Deserialize;
use serde_json::Value;
use switchover_cluster::ClusterError;

use super::{Findings, Reached, Severity};

const AT: (&str, &str) = ("source", "features");
/// Names in one finding.
const MAX_NAMES: usize = 10;
/// Since when there are usage counts of features.
const USAGE_SINCE: (u32, u32) = (5, 0);
/// Where `/_xpack/usage` counts what is in use, and what becomes of it.
const COUNTED: [(&[&str], &str, &str); 8] = [
    (&["watcher", "count", "total"], "watches", "make OpenSearch alerting monitors of them"),
    (&["ml", "jobs", "_all", "count"], "machine learning jobs", "make OpenSearch anomaly detectors of them"),
    (&["transform", "transforms", "_all"], "transforms", "define them again as OpenSearch index transforms"),
    (
        &["data_frame_transform", "transforms", "_all"],
        "transforms",
        "define them again as OpenSearch index transforms",
    ),
    (&["ccr", "follower_indices_count"], "follower indices", "set up cross-cluster replication again"),
    (
        &["slm", "policy_count"],
        "snapshot policies",
        "define them again as OpenSearch snapshot management policies",
    ),
    (&["ilm", "policy_count"], "lifecycle policies", "define those in use again as OpenSearch ISM policies"),
    (&["enrich", "policies"], "enrich policies", "replace them: OpenSearch has none"),
];

#[derive(Deserialize)]
struct IndexRow {
    index: String,
    status: Option<String>,
}

pub(super) async fn check(source: &Reached, findings: &mut Findings) {
    let before = findings.0.len();
    indices(source, findings).await;
    match source.get("/_mapping").await.and_then(|response| response.json::<Value>()) {
        Ok(all) => mappings::check(&all, source.version.major, findings),
        Err(error) => findings.unknown(AT, &error),
    }
    mounted(source, findings).await;
    if source.is_elasticsearch_since(USAGE_SINCE.0, USAGE_SINCE.1) {
        usage(source, findings).await;
    }
    if findings.0.len() == before {
        findings.ok(AT.0, AT.1, "nothing that needs attention");
    }
}

async fn indices(source: &Reached, findings: &mut Findings) {
    let rows = source.get("/_cat/indices?format=json&h=index,status").await;
    match rows.and_then(|response| response.json::<Vec<IndexRow>>()) {
        Ok(rows) => {
            let closed = rows.iter().filter(|row| row.status.as_deref() == Some("close"));
            let closed: Vec<_> = closed.map(|row| row.index.as_str()).collect();
            if !closed.is_empty() {
                let remedy = "a backfill reads them only from snapshots of Elasticsearch 7 and later; open those that you need, or delete them";
                findings.add(
                    Severity::Warning,
                    AT,
                    format!("{} closed indices: {}", closed.len(), names(&closed)),
                    remedy,
                );
            }
        }
        Err(error) => findings.unknown(AT, &error),
    }
}

/// Indices whose files are in some repository.
async fn mounted(source: &Reached, findings: &mut Findings) {
    let path = "/_all/_settings/index.store.type?flat_settings=true";
    let settings = match source.get(path).await.and_then(|response| response.json::<Value>()) {
        Ok(settings) => settings,
        Err(error) => return findings.unknown(AT, &error),
    };
    let of = settings.as_object().into_iter().flatten();
    let mounted = of.filter(|(_, index)| {
        matches!(index["settings"]["index.store.type"].as_str(), Some("snapshot" | "remote_snapshot"))
    });
    let mounted: Vec<_> = mounted.map(|(name, _)| name.as_str()).collect();
    if !mounted.is_empty() {
        let message = format!("{} searchable snapshots: {}", mounted.len(), names(&mounted));
        findings.add(
            Severity::Warning,
            AT,
            message,
            "backfill them from the repository that they are mounted from",
        );
    }
}

async fn usage(source: &Reached, findings: &mut Findings) {
    let usage = match source.get("/_xpack/usage").await.and_then(|response| response.json::<Value>()) {
        Ok(usage) => usage,
        // A server without these features has no such path.
        Err(error) if is_missing(&error) => return,
        Err(error) => return findings.unknown(AT, &error),
    };
    for (path, what, remedy) in COUNTED {
        let count = path.iter().fold(&usage, |at, key| &at[*key]);
        if let Some(count) = count.as_u64().filter(|count| *count > 0) {
            // Servers come with lifecycle policies of their own.
            let severity = if what == "lifecycle policies" { Severity::Info } else { Severity::Warning };
            findings.add(severity, AT, format!("{count} {what} are not migrated"), remedy);
        }
    }
    if usage["security"]["enabled"] == true {
        let remedy = "define users, roles and mappings again in OpenSearch; passwords can't be carried over";
        findings.add(Severity::Info, AT, "security is on: users and roles are not migrated", remedy);
    }
}

fn is_missing(error: &ClusterError) -> bool {
    let text = error.to_string();
    ["answered 400", "answered 404", "answered 405"].iter().any(|status| text.contains(status))
}

fn names(all: &[&str]) -> String {
    let shown = all.iter().take(MAX_NAMES).copied().collect::<Vec<_>>().join(", ");
    match all.len() {
        count if count > MAX_NAMES => format!("{shown} and {} more", count - MAX_NAMES),
        _ => shown,
    }
}
