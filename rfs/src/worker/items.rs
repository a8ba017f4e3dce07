//! What each kind of item is about.

use std::sync::Arc;

use switchover_coordinate::{CoordinationError, Ended, Lease, Progress};
use switchover_snapshot::lucene::{Checksum, FileRange};
use switchover_snapshot::{READ_BYTES, SnapshotError, SnapshotErrorKind};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Done, OnDamage, Shared, WorkerError};
use crate::load::{self, LoadError};
use crate::named::NamedError;
use crate::plan::{self, Plan, PlanError, SegmentsError};
use crate::target;
use crate::unit::{FinishUnit, LoadUnit, SegmentUnit, ShardUnit, Unit};

/// Does an item, unless it is to be left. All but loading is done again from its beginning by whoever claims it next.
pub(super) async fn work(
    shared: &Arc<Shared>,
    lease: &mut Lease<Unit>,
    leave: &CancellationToken,
) -> Result<Done, WorkerError> {
    let unit = lease.item.unit.clone();
    let loads = matches!(unit, Unit::Load(_));
    let working = async {
        match unit {
            Unit::Plan => plan(shared, lease).await,
            Unit::Shard(unit) => segments(shared, lease, &unit).await,
            // Leaves by itself, at a document's end.
            Unit::Load(unit) => load(shared, lease, &unit, leave).await,
            Unit::Check(unit) => check(shared, lease, &unit).await,
            Unit::Finish(unit) => finish(shared, lease, &unit).await,
        }
    };
    if loads {
        return working.await;
    }
    tokio::select! {
        done = working => done,
        () = leave.cancelled() => Ok(Done::Stopped),
    }
}

async fn plan(shared: &Shared, lease: &mut Lease<Unit>) -> Result<Done, WorkerError> {
    let plan = Plan {
        snapshot: shared.shards.snapshot(),
        selection: &shared.selection,
        destinations: &shared.loading.destinations,
        target: &shared.target,
        allow_auto_create: shared.allow_auto_create,
        tune: shared.tune,
    };
    match keep(lease, plan.post(&shared.board)).await {
        Err(error) => coordination(error),
        Ok(Ok(())) => Ok(done(lease)),
        Ok(Err(PlanError::Target(error))) if error.may_pass() => Ok(Done::Later(error.to_string())),
        Ok(Err(error)) => Err(error.into()),
    }
}

async fn segments(shared: &Shared, lease: &mut Lease<Unit>, unit: &ShardUnit) -> Result<Done, WorkerError> {
    let posting = async {
        let shard = shared.shards.open(unit).await?;
        plan::post_segments(&shared.board, unit, &shard.documents).await
    };
    match keep(lease, posting).await {
        Err(error) | Ok(Err(SegmentsError::Coordination(error))) => coordination(error),
        Ok(Ok(())) => Ok(done(lease)),
        Ok(Err(SegmentsError::Read(error))) => unreadable(shared, lease, error),
    }
}

async fn load(
    shared: &Arc<Shared>,
    lease: &mut Lease<Unit>,
    unit: &LoadUnit,
    leave: &CancellationToken,
) -> Result<Done, WorkerError> {
    let shard = match keep(lease, shared.shards.open(&unit.segment.shard)).await {
        Err(error) => return coordination(error),
        Ok(Err(error)) => return unreadable(shared, lease, error),
        Ok(Ok(shard)) => shard,
    };
    match load::load(&shared.loading, &shard, unit, lease, leave).await {
        Ok(progress) => Ok(Done::Ended(Ended::Done, progress)),
        Err(LoadError::Stopped) => Ok(Done::Stopped),
        Err(LoadError::Read(error)) => unreadable(shared, lease, error),
        Err(error @ LoadError::Source { .. }) => Ok(damaged(shared, lease, error.to_string())),
        Err(LoadError::Coordination(error)) => coordination(error),
        Err(LoadError::Named(NamedError::Target(error))) if error.may_pass() => {
            Ok(Done::Later(error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Reads all stored fields of a segment for their checksum.
async fn check(shared: &Shared, lease: &mut Lease<Unit>, unit: &SegmentUnit) -> Result<Done, WorkerError> {
    let checking = async {
        let shard = shared.shards.open(&unit.shard).await?;
        let segment = shard.segment(&unit.segment).await?;
        let Some(FileRange { file, range }) = segment.stored_fields().cloned() else { return Ok(()) };
        let footer_bytes = segment.footer_bytes();
        if footer_bytes == 0 {
            return Ok(());
        }
        let (mut sum, mut start, mut footer) = (Checksum::default(), range.start, Vec::new());
        let body_end = range.end.saturating_sub(footer_bytes).max(range.start);
        while start < range.end {
            let end = (start + READ_BYTES).min(range.end);
            let bytes = shard.documents.read(&FileRange { file: file.clone(), range: start..end }).await?;
            let body = usize::try_from(body_end.saturating_sub(start)).unwrap_or(usize::MAX).min(bytes.len());
            let (body, rest) = bytes.split_at(body);
            sum = sum.then(Checksum::of(body));
            footer.extend_from_slice(rest);
            start = end;
        }
        sum.verify(&format!("stored fields of {} in {file}", unit.segment), &footer)
            .map_err(|error| shard.documents.at(error))
    };
    match keep(lease, checking).await {
        Err(error) => coordination(error),
        Ok(Ok(())) => Ok(done(lease)),
        Ok(Err(error)) => unreadable(shared, lease, error),
    }
}

async fn finish(shared: &Shared, lease: &mut Lease<Unit>, unit: &FinishUnit) -> Result<Done, WorkerError> {
    match keep(lease, target::restore(&shared.target, &unit.index, &unit.settings)).await {
        Err(error) => coordination(error),
        Ok(Ok(())) => Ok(done(lease)),
        Ok(Err(error)) => {
            let reason = format!("the settings of {} can't be put back: {error}", unit.index);
            Ok(if error.may_pass() {
                Done::Later(reason)
            } else {
                Done::Ended(Ended::Failed(reason), lease.item.progress.clone())
            })
        }
    }
}

/// Does something while the lease is kept.
async fn keep<T>(lease: &mut Lease<Unit>, work: impl Future<Output = T>) -> Result<T, CoordinationError> {
    let mut work = std::pin::pin!(work);
    loop {
        let now = Instant::now();
        let half = now + lease.ends().saturating_duration_since(now) / 2;
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            () = sleep_until(half) => {
                let progress = lease.item.progress.clone();
                lease.renew(&progress).await?;
            }
        }
    }
}

fn done(lease: &Lease<Unit>) -> Done {
    Done::Ended(Ended::Done, Progress { bytes: lease.item.size, ..lease.item.progress.clone() })
}

fn coordination(error: CoordinationError) -> Result<Done, WorkerError> {
    match error {
        CoordinationError::Lost(_) | CoordinationError::Gone(_) => Ok(Done::Lost),
        CoordinationError::Cluster(error) if error.may_pass() => Ok(Done::Later(error.to_string())),
        error => Err(error.into()),
    }
}

fn unreadable(shared: &Shared, lease: &Lease<Unit>, error: SnapshotError) -> Result<Done, WorkerError> {
    match error.kind() {
        SnapshotErrorKind::Unavailable => Ok(Done::Later(error.to_string())),
        SnapshotErrorKind::Denied => Err(LoadError::Read(error).into()),
        SnapshotErrorKind::NotFound
        | SnapshotErrorKind::Damaged
        | SnapshotErrorKind::Incomplete
        | SnapshotErrorKind::Elsewhere
        | SnapshotErrorKind::Other => Ok(damaged(shared, lease, error.to_string())),
    }
}

fn damaged(shared: &Shared, lease: &Lease<Unit>, reason: String) -> Done {
    let how = match shared.on_damage {
        OnDamage::Fail => Ended::Failed(reason),
        OnDamage::SkipShard => Ended::Skipped(reason),
    };
    Done::Ended(how, lease.item.progress.clone())
}
