//! The snapshot as a phase of the migration.

use switchover_snapshot::SnapshotError;

use super::progress::Progress;
use super::server::{Reported, Server};
use super::status;
use crate::overview::{self, Phase, Snapshot, State, Summary};
use crate::services::{Services, Side, SnapshotBlock};

/// What the source says of the snapshot of the services file; without a source, what the repository holds.
pub(crate) async fn ask(services: &Services) -> Phase<Snapshot> {
    let Some(block) = services.snapshot_if_set() else {
        return Phase::not_in_use("name it in the services file, in a block snapshot");
    };
    if services.endpoint(Side::Source).is_none() {
        return Box::pin(of_repository(block)).await;
    }
    let unknown = |error: &dyn std::fmt::Display| Phase::unknown(error.to_string());
    let server = match Server::connect(services).await {
        Ok(server) => server,
        Err(failure) => return unknown(&failure),
    };
    match server.reported(&block.name).await {
        Err(error) => unknown(&format!("{error:#}")),
        Ok(None) => Phase { summary: Summary::new(State::NotStarted), details: Some(named(block)) },
        Ok(Some(reported)) if !reported.is_running() => phase(block, &reported, None),
        Ok(Some(reported)) => {
            let progress = status::status(&server).await.map(|status| status.progress(false));
            phase(block, &reported, Some(progress))
        }
    }
}

fn named(block: &SnapshotBlock) -> Snapshot {
    Snapshot { name: block.name.clone(), repository: block.repository.clone(), ..Snapshot::default() }
}

/// `progress`: of one that runs.
fn phase(
    block: &SnapshotBlock,
    reported: &Reported,
    progress: Option<anyhow::Result<Progress>>,
) -> Phase<Snapshot> {
    let millis = |at: i64| u64::try_from(at).ok().filter(|at| *at > 0);
    let mut details = Snapshot {
        server_state: Some(reported.state.clone()),
        began_unix_ms: millis(reported.start_millis),
        ended_unix_ms: if reported.is_running() { None } else { millis(reported.end_millis) },
        shards_failed: reported.failures.len() as u64,
        ..named(block)
    };
    let state = match status::verdict(&block.name, reported) {
        Ok(()) if reported.is_complete() => State::Complete,
        Ok(()) => State::Running,
        Err(error) => State::Blocked(error.to_string()),
    };
    let mut summary = Summary::new(state);
    match progress {
        None => {
            details.shards = Some(reported.shards.total);
            details.shards_done = Some(reported.shards.successful);
        }
        Some(Ok(progress)) => {
            details.shards = Some(progress.shards_total);
            details.shards_done = Some(progress.shards_done);
            details.bytes = Some(progress.total_bytes);
            details.bytes_done = Some(progress.processed_bytes);
            let nothing = "no byte is copied yet: the source has not begun with a shard";
            summary.progress = Some(overview::Progress {
                percent: Some(progress.percent),
                bytes_per_second: progress.bytes_per_second,
                eta_seconds: progress.eta_millis.map(|millis| millis / 1_000),
                stands_still: progress.bytes_per_second.is_none().then(|| nothing.to_owned()),
            });
        }
        Some(Err(error)) => {
            let stands_still = Some(format!("how far it is can't be told: {error:#}"));
            summary.progress = Some(overview::Progress { stands_still, ..overview::Progress::default() });
        }
    }
    Phase { summary, details: Some(details) }
}

/// One that somebody else took.
async fn of_repository(block: &SnapshotBlock) -> Phase<Snapshot> {
    let (uri, s3) = block.storage.uri();
    let found = switchover_snapshot::Repository::open(&uri, &s3).await.snapshot(&block.name).await;
    match found {
        Err(SnapshotError::NoSnapshot { .. }) => {
            Phase { summary: Summary::new(State::NotStarted), details: Some(named(block)) }
        }
        Err(error) => Phase::unknown(error.to_string()),
        Ok(snapshot) => {
            let info = snapshot.info();
            let state = match info.state.as_str() {
                "SUCCESS" => State::Complete,
                other => State::Blocked(format!("the snapshot {} is {other} in its repository", block.name)),
            };
            let millis = |at: i64| u64::try_from(at).ok().filter(|at| *at > 0);
            let details = Snapshot {
                server_state: Some(info.state.clone()),
                began_unix_ms: millis(info.start_time),
                ended_unix_ms: millis(info.end_time),
                shards: Some(info.total_shards.into()),
                shards_done: Some(info.successful_shards.into()),
                shards_failed: info.failures.len() as u64,
                ..named(block)
            };
            Phase { summary: Summary::new(state), details: Some(details) }
        }
    }
}
