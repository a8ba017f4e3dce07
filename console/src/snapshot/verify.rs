//! `snapshot verify`: can the source write snapshots that we can read? Tried with a snapshot of nothing but the cluster's
//! metadata in the very repository that will be used. Whatever happens, Ctrl-C included, what was made is removed, or it
//! is said what is left.

mod leftovers;

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use switchover_cluster::{Distribution, Method, Version};
use switchover_snapshot::{Repository, SnapshotErrorKind};

use self::leftovers::Before;
use super::delete::delete;
use super::server::{Reported, Server};
use super::status::map;
use crate::failure::Failure;
use crate::output::{Output, harmless};
use crate::services::{Services, Storage};

/// Since which release what the system keeps for itself can be left out by `feature_states`.
const FEATURE_STATES_SINCE: (u32, u32) = (7, 12);
/// Resolves to no index at all where those that are missing are ignored; an empty list would be all of them.
const NO_INDEX: &str = "switchover-verify-no-such-index";

/// What was made until now.
#[derive(Default)]
struct Made {
    registered: bool,
    snapshot: bool,
}

struct Step {
    name: &'static str,
    outcome: Result<String>,
}

pub(super) async fn run(services: &Services, as_json: bool) -> Result<(), Failure> {
    let server = Server::connect(services).await?;
    let name = format!(
        "switchover-verify-{:x}",
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis())
    );
    let before = Before::look(&server.block.storage);
    let was_registered = server.is_registered().await?;
    let (mut made, mut steps) = (Made::default(), Vec::new());
    tokio::select! {
        () = attempt(&server, &name, &mut made, &mut steps) => {}
        _ = tokio::signal::ctrl_c() => {
            steps.push(Step { name: "interrupted", outcome: Err(anyhow!("interrupted: what was made is removed")) });
            // The request that was cut off may have been carried out.
            made = Made { registered: !was_registered, snapshot: true };
        }
    }
    remove(&server, &name, &made, &before, &mut steps).await;
    report(&server, &steps, as_json)
}

async fn attempt(server: &Server<'_>, name: &str, made: &mut Made, steps: &mut Vec<Step>) {
    let mut done = |name: &'static str, outcome: Result<String>| {
        let good = outcome.is_ok();
        steps.push(Step { name, outcome });
        good
    };
    let version = server.cluster.version().await.map_err(anyhow::Error::from);
    let told = version.as_ref().map(ToString::to_string).map_err(|error| anyhow!("{error:#}"));
    if !done("connect", told) {
        return;
    }
    let registered = server.register(None).await;
    made.registered = *registered.as_ref().unwrap_or(&false);
    let repository = &server.block.repository;
    let told = registered.map(|new| match new {
        true => format!("the repository {repository} is registered"),
        false => format!("the repository {repository} was registered already"),
    });
    if !done("register", told) || !done("nodes", nodes(server).await) {
        return;
    }
    let Ok(version) = version else { return };
    // Before the request: one that fails may have left something.
    made.snapshot = true;
    if done("snapshot", snapshot(server, name, &version).await) {
        done("read", read(server, name).await);
    }
}

/// Has every node write and read a file there.
async fn nodes(server: &Server<'_>) -> Result<String> {
    let step = "having the nodes try the repository";
    let path = format!("{}/_verify", server.repository_path());
    let Some(response) = server.ask(step, Method::POST, &path, None).await? else {
        bail!("{}: {step}: the repository is not there", server.cluster.endpoint());
    };
    let nodes: Value = response.json().context(step)?;
    let count = nodes["nodes"].as_object().map_or(0, serde_json::Map::len);
    Ok(format!("{count} nodes can write to it"))
}

async fn snapshot(server: &Server<'_>, name: &str, version: &Version) -> Result<String> {
    let step = "taking a snapshot of the metadata";
    let mut body = json!({"indices": NO_INDEX, "ignore_unavailable": true, "include_global_state": true});
    let features = version.distribution == Distribution::Elasticsearch
        && (version.major, version.minor) >= FEATURE_STATES_SINCE;
    if features {
        body["feature_states"] = json!(["none"]);
    }
    let path = format!("{}?wait_for_completion=true", server.snapshot_path(name));
    if server.ask(step, Method::PUT, &path, Some(&body)).await?.is_none() {
        bail!("{}: {step}: the repository is not there", server.cluster.endpoint());
    }
    match server.reported(name).await? {
        Some(Reported { state, .. }) if state == "SUCCESS" => Ok(format!("{name} is taken")),
        Some(Reported { state, .. }) => {
            bail!("{}: {step}: it is {}", server.cluster.endpoint(), harmless(&state))
        }
        None => bail!("{}: {step}: it was taken, and is not there", server.cluster.endpoint()),
    }
}

/// With our own reader, as a backfill will.
async fn read(server: &Server<'_>, name: &str) -> Result<String> {
    let (uri, s3) = server.block.storage.uri();
    let repository = Repository::open(&uri, &s3).await;
    let read = async {
        let snapshot = repository.snapshot(name).await?;
        let metadata = snapshot.global_metadata().await?;
        Ok((snapshot.version(), metadata.get().len()))
    };
    let (version, bytes) = read.await.map_err(|error: switchover_snapshot::SnapshotError| {
        let what = match (error.kind(), &server.block.storage) {
            (SnapshotErrorKind::NotFound | SnapshotErrorKind::Damaged, Storage::Fs { .. }) => {
                "mount the folder on this host, and say with fs.local_path where"
            }
            (_, Storage::Fs { .. }) => "this user must be able to read the folder",
            (SnapshotErrorKind::Denied, Storage::S3 { .. }) => {
                "this host's own AWS credentials need s3:ListBucket and s3:GetObject"
            }
            _ => "check repo_uri, aws_region and endpoint",
        };
        anyhow!("the source wrote it, but it can't be read from this host: {error}; {what}")
    })?;
    Ok(format!("read back from {}: {version}, {bytes} bytes of metadata", repository.url()))
}

async fn remove(server: &Server<'_>, name: &str, made: &Made, before: &Before, steps: &mut Vec<Step>) {
    if made.snapshot {
        let outcome = delete(server, name).await.map(|_| format!("{name} is deleted"));
        let outcome = outcome
            .with_context(|| format!("the snapshot {name} may be left in {}", server.block.repository));
        let gone = outcome.is_ok();
        steps.push(Step { name: "delete", outcome });
        if !gone {
            return;
        }
    }
    if made.registered {
        let outcome =
            server.unregister().await.map(|_| format!("{} is unregistered again", server.block.repository));
        let gone = outcome.is_ok();
        steps.push(Step { name: "unregister", outcome });
        if gone && made.snapshot {
            steps.push(Step { name: "leftovers", outcome: Ok(before.remove()) });
        }
    }
}

fn report(server: &Server<'_>, steps: &[Step], as_json: bool) -> Result<(), Failure> {
    let failed = steps.iter().filter(|step| step.outcome.is_err()).count();
    let mut out = Output::stdout();
    if as_json {
        let steps = steps.iter().map(|step| match &step.outcome {
            Ok(detail) => json!({"step": step.name, "ok": true, "detail": detail}),
            Err(error) => json!({"step": step.name, "ok": false, "detail": format!("{error:#}")}),
        });
        out.document(map(json!({
            "repository": server.block.repository,
            "verified": failed == 0,
            "steps": steps.collect::<Vec<_>>(),
        })))?;
    } else {
        for step in steps {
            match &step.outcome {
                Ok(detail) => out.line(format_args!("ok      {:<10} {}", step.name, harmless(detail)))?,
                Err(error) => {
                    out.line(format_args!("FAILED  {:<10} {}", step.name, harmless(&format!("{error:#}"))))?
                }
            }
        }
    }
    out.flush()?;
    match failed {
        0 => Ok(()),
        _ => Err(anyhow!(
            "snapshots of {} can't be relied on: {failed} steps failed",
            server.cluster.endpoint()
        )
        .into()),
    }
}
