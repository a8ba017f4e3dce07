//! `snapshot status`: the state as the source says it, and with `--deep-check` how far it is. What the source did not
//! answer is said to be unknown, and is never a number.

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use switchover_cluster::Method;

use super::progress::{Progress, Status, mib};
use super::server::{Reported, Server, ShardFailed};
use crate::failure::Failure;
use crate::output::{Output, harmless};
use crate::services::Services;
use crate::utc;

/// Shards that failed, of which this many are listed.
const MAX_LISTED_FAILURES: usize = 20;

#[derive(Deserialize)]
struct Statuses {
    #[serde(default)]
    snapshots: Vec<Status>,
}

pub(super) async fn run(services: &Services, deep: bool, json: bool) -> Result<(), Failure> {
    let server = Server::connect(services).await?;
    let name = &server.block.name;
    // In this order: what is over now may have been running when its bytes were counted, but not the other way round.
    let status = if deep { Some(status(&server).await) } else { None };
    let reported = server.reported(name).await?;
    let mut out = Output::stdout();
    let Some(reported) = reported else {
        if json {
            let document = json!({"snapshot": name, "repository": server.block.repository, "state": null});
            out.document("snapshot.status", map(document))?;
        } else {
            out.line("Snapshot not started")?;
        }
        return out.flush();
    };
    let (progress, unknown) = match status {
        None => (None, None),
        Some(Ok(status)) => (Some(status.progress(!reported.is_running())), None),
        Some(Err(error)) => (None, Some(error)),
    };
    if json {
        out.document("snapshot.status", document(&server, &reported, progress.as_ref()))?;
    } else if deep {
        block(&mut out, &reported, progress.as_ref())?;
    } else {
        out.line(harmless(&reported.state))?;
    }
    out.flush()?;
    tell_failures(&reported.failures);
    verdict(name, &reported)?;
    match unknown {
        None => Ok(()),
        Some(error) => Err(error.context("how far the snapshot is can't be told").into()),
    }
}

/// Of a running or finished snapshot.
pub(super) async fn status(server: &Server<'_>) -> anyhow::Result<Status> {
    let step = "asking for the snapshot's progress";
    let path = format!("{}/_status", server.snapshot_path(&server.block.name));
    let Some(response) = server.ask(step, Method::GET, &path, None).await? else {
        bail!("{}: {step}: there is none", server.cluster.endpoint());
    };
    let statuses: Statuses = response.json().context(step)?;
    statuses
        .snapshots
        .into_iter()
        .next()
        .with_context(|| format!("{}: {step}: the answer is empty", server.cluster.endpoint()))
}

/// Only a snapshot that runs or holds everything is good.
pub(super) fn verdict(name: &str, reported: &Reported) -> anyhow::Result<()> {
    if reported.is_running() || reported.is_complete() {
        return Ok(());
    }
    let failed = reported.failures.len();
    Err(match reported.state.as_str() {
        "PARTIAL" => anyhow!(
            "the snapshot {name} is PARTIAL: {failed} of {} shards are not in it; make the cluster green, `switchover snapshot delete`, and create it again",
            reported.shards.total
        ),
        state => anyhow!(
            "the snapshot {name} is {}: it can't be used; look into the source's log, `switchover snapshot delete`, and create it again",
            harmless(state)
        ),
    })
}

pub(super) fn tell_failures(failures: &[ShardFailed]) {
    for failed in failures.iter().take(MAX_LISTED_FAILURES) {
        eprintln!(
            "{}",
            harmless(&format!(
                "not saved: index {}, shard {}: {}",
                failed.index, failed.shard_id, failed.reason
            ))
        );
    }
    if failures.len() > MAX_LISTED_FAILURES {
        eprintln!("not saved: {} shards more", failures.len() - MAX_LISTED_FAILURES);
    }
}

/// The lines of the existing console in its order, then ours.
fn block(out: &mut Output, reported: &Reported, progress: Option<&Progress>) -> Result<(), Failure> {
    out.line(format_args!("Snapshot status: {}", harmless(&reported.state)))?;
    out.line(format_args!("Start time: {}", utc::date_and_time(reported.start_millis).unwrap_or_default()))?;
    let end = if reported.is_running() { None } else { utc::date_and_time(reported.end_millis) };
    out.line(format_args!("Finished time: {}", end.unwrap_or_default()))?;
    let Some(progress) = progress else {
        for key in ["Percent completed", "Estimated time to completion", "Data processed", "Throughput"] {
            out.line(format_args!("{key}: unknown"))?;
        }
        return out.line(format_args!(
            "Total shards: {}\nSuccessful shards: {}",
            reported.shards.total, reported.shards.successful
        ));
    };
    let unknown = || "N/A".to_owned();
    out.line(format_args!("Percent completed: {:.2}%", progress.percent))?;
    out.line(format_args!(
        "Estimated time to completion: {}",
        progress.eta_millis.map_or_else(unknown, utc::duration)
    ))?;
    let (processed, total) = (mib(progress.processed_bytes), mib(progress.total_bytes));
    out.line(format_args!("Data processed: {processed:.3}/{total:.3} MiB"))?;
    let rate = progress.bytes_per_second.map(|rate| format!("{:.3} MiB/sec", rate / (1024.0 * 1024.0)));
    out.line(format_args!("Throughput: {}", rate.unwrap_or_else(unknown)))?;
    out.line(format_args!("Total shards: {}", progress.shards_total))?;
    out.line(format_args!("Successful shards: {}", progress.shards_done))?;
    out.line(format_args!("Failed shards: {}", progress.shards_failed))
}

fn document(server: &Server<'_>, reported: &Reported, progress: Option<&Progress>) -> Map<String, Value> {
    let failures = reported.failures.iter();
    let failures =
        failures.map(|one| json!({"index": one.index, "shard": one.shard_id, "reason": one.reason}));
    let mut document = map(json!({
        "snapshot": server.block.name,
        "repository": server.block.repository,
        "state": reported.state,
        "startMillis": reported.start_millis,
        "endMillis": if reported.is_running() { None } else { Some(reported.end_millis) },
        "failures": failures.collect::<Vec<_>>(),
    }));
    if let Some(progress) = progress {
        document.extend(map(json!({
            "percentCompleted": progress.percent,
            "etaMillis": progress.eta_millis,
            "totalBytes": progress.total_bytes,
            "processedBytes": progress.processed_bytes,
            "bytesPerSecond": progress.bytes_per_second,
            "shardsTotal": progress.shards_total,
            "shardsDone": progress.shards_done,
            "shardsFailed": progress.shards_failed,
        })));
    }
    document
}

/// Of an object.
pub(super) fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
