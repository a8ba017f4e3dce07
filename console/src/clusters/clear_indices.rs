//! `clusters clear-indices`: everything that a person put there is deleted, by name: clusters may refuse wildcards
//! (`action.destructive_requires_name`), and names can be told. What the system keeps for itself stays.

use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Map, json};
use switchover_cluster::{Cluster, Method, path_part};

use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::Output;
use crate::services::{Services, Side};

/// Of one request: a deletion is answered when all nodes know of it.
const DELETE_TIMEOUT: Duration = Duration::from_secs(120);
/// Names in one request: a request line has at most 4 KiB by default.
const MAX_NAMES_BYTES: usize = 3_000;
/// Kept, as the existing console keeps them, beside names that begin with a dot.
const KEPT: [&str; 2] = ["searchguard", "sg7"];
/// The existing tool's working state, which is deleted with the rest.
const WORKING_STATE: &str = ".migrations_working_state";

#[derive(Deserialize)]
struct IndexRow {
    index: String,
}

#[derive(Deserialize)]
struct DataStreams {
    data_streams: Vec<DataStream>,
}

#[derive(Deserialize)]
struct DataStream {
    name: String,
}

pub(super) async fn run(
    services: &Services,
    side: Side,
    acknowledged: bool,
    json: bool,
) -> Result<(), Failure> {
    let cluster = services.connect(side, DELETE_TIMEOUT).await?;
    confirm(
        &format!("Clearing indices WILL result in the loss of all data on the {} cluster.", side.name()),
        acknowledged,
    )?;
    if !json {
        eprintln!("Performing clear indices operation...");
    }
    let streams = data_streams(&cluster).await.context("listing data streams")?;
    delete(&cluster, "/_data_stream/", &streams).await.context("deleting data streams")?;
    let indices = indices(&cluster).await.context("listing indices")?;
    delete(&cluster, "/", &indices).await.context("deleting indices")?;
    let mut out = Output::stdout();
    if json {
        out.document(Map::from_iter([
            ("cluster".to_owned(), json!(side.key())),
            ("dataStreams".to_owned(), json!(streams)),
            ("indices".to_owned(), json!(indices)),
        ]))?;
    } else {
        for (kind, names) in [("data streams", &streams), ("indices", &indices)] {
            if !names.is_empty() {
                out.line(format_args!("Deleted {} {kind}: {}", names.len(), names.join(", ")))?;
            }
        }
        if streams.is_empty() && indices.is_empty() {
            out.line("There are no indices to delete.")?;
        }
    }
    out.flush()
}

async fn data_streams(cluster: &Cluster) -> anyhow::Result<Vec<String>> {
    let response = cluster.request(Method::GET, "/_data_stream", None).await?;
    // What has no data streams takes this for the name of an index, or refuses it.
    if matches!(response.status.as_u16(), 400 | 404 | 405) {
        return Ok(Vec::new());
    }
    let listed: DataStreams = response.success()?.json()?;
    Ok(listed.data_streams.into_iter().map(|stream| stream.name).filter(|name| is_cleared(name)).collect())
}

async fn indices(cluster: &Cluster) -> anyhow::Result<Vec<String>> {
    let path = "/_cat/indices?format=json&h=index&expand_wildcards=all";
    let mut response = cluster.request(Method::GET, path, None).await?;
    if response.status.as_u16() == 400 {
        // Older clusters do not know expand_wildcards here, and list everything.
        response = cluster.request(Method::GET, "/_cat/indices?format=json&h=index", None).await?;
    }
    let rows: Vec<IndexRow> = response.success()?.json()?;
    let mut names: Vec<_> = rows.into_iter().map(|row| row.index).filter(|name| is_cleared(name)).collect();
    names.sort();
    Ok(names)
}

fn is_cleared(name: &str) -> bool {
    let kept = name.starts_with('.') || KEPT.iter().any(|kept| name.starts_with(kept));
    !kept || name.starts_with(WORKING_STATE)
}

/// One that is gone meanwhile is none to fail for.
async fn delete(cluster: &Cluster, prefix: &str, names: &[String]) -> anyhow::Result<()> {
    let mut rest = names;
    while !rest.is_empty() {
        let mut path = prefix.to_owned();
        let mut count = 0;
        for name in rest {
            let part = path_part(name);
            if count > 0 && path.len() + part.len() >= MAX_NAMES_BYTES {
                break;
            }
            if count > 0 {
                path.push(',');
            }
            path.push_str(&part);
            count += 1;
        }
        if prefix == "/" {
            path.push_str("?ignore_unavailable=true");
        }
        let response = cluster.request(Method::DELETE, &path, None).await?;
        if response.status.as_u16() != 404 {
            response.success()?;
        }
        rest = &rest[count..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_cleared;

    #[test]
    fn what_the_system_keeps_stays() {
        for kept in
            [".opendistro_security", ".kibana_1", "searchguard", "sg7-auditlog-2026", ".ds-logs-000001"]
        {
            assert!(!is_cleared(kept), "{kept}");
        }
        for cleared in ["books", "s", ".migrations_working_state", ".migrations_working_state_2", "a.b"] {
            assert!(is_cleared(cleared), "{cleared}");
        }
    }
}
