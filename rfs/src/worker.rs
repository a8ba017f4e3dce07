//! One of a process's workers: claims an item, does it, claims the next.

mod items;

use std::sync::Arc;
use std::time::Duration;

use switchover_cluster::Cluster;
use switchover_coordinate::{Board, Claim, Claims, CoordinationError, Ended, Lease, Order, Orders, Progress};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::load::{LoadError, Loading};
use crate::plan::{self, PlanError};
use crate::selection::Selection;
use crate::shards::Shards;
use crate::standstill::Standstill;
use crate::under_way::UnderWay;
use crate::unit::Unit;

/// Between two looks for work, when all of it is held by others.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// After a failure that passes.
const FAILURE_PAUSE: Duration = Duration::from_secs(5);
/// Leases of an item in a row that brought nothing, after which it is given up: it kills those who work on it.
const MAX_FRUITLESS: u32 = 30;

/// What is done with a part of the snapshot that can't be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OnDamage {
    /// It is recorded as failed; the rest is loaded, and the run fails in the end.
    #[default]
    Fail,
    /// It is left out and recorded; the run ends with exit code 4.
    SkipShard,
}

/// What all workers of a process share.
#[derive(Debug)]
pub struct Shared {
    /// The work.
    pub board: Board,
    /// The snapshot.
    pub shards: Shards,
    /// The target.
    pub target: Cluster,
    /// The choice of indices.
    pub selection: Selection,
    /// How documents are sent.
    pub loading: Arc<Loading>,
    /// The target may make indices by itself.
    pub allow_auto_create: bool,
    /// Indices get settings for loading.
    pub tune: bool,
    /// What is done with damage.
    pub on_damage: OnDamage,
    /// Workers go on looking for work when all is done.
    pub forever: bool,
    /// Why nothing moves.
    pub standstill: Arc<Standstill>,
    /// What is worked on.
    pub under_way: Arc<UnderWay>,
    /// This process is to end.
    pub stop: CancellationToken,
}

/// Why a worker gave up for the whole process. Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// Nothing can be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The snapshot, the target or the folder for failed documents.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The coordination index.
    #[error(transparent)]
    Coordination(#[from] CoordinationError),
}

/// What an item came to.
pub(crate) enum Done {
    Ended(Ended, Progress),
    /// Others may have more luck, or this worker a little later.
    Later(String),
    /// There are other orders.
    Stopped,
    /// Somebody else has it now.
    Lost,
}

/// A worker.
#[derive(Debug)]
pub struct Worker {
    shared: Arc<Shared>,
    claims: Claims,
    orders: watch::Receiver<Orders>,
}

impl Worker {
    /// `name`: of this worker alone, on all hosts and for all time.
    #[must_use]
    pub fn new(shared: Arc<Shared>, name: String, lease: Duration, orders: watch::Receiver<Orders>) -> Self {
        let claims = Claims::with_lease(shared.board.clone(), name, lease);
        Self { shared, claims, orders }
    }

    /// Works until all is done, or the process or the operator says stop.
    ///
    /// # Errors
    /// When nothing can be done any more.
    pub async fn run(mut self) -> Result<(), WorkerError> {
        let stop = self.shared.stop.clone();
        let part = self.shared.standstill.worker();
        while !stop.is_cancelled() {
            let Orders { order, leave } = self.orders.borrow_and_update().clone();
            match order {
                Order::End(_) => break,
                Order::Rest(why) => {
                    part.waits(&why.to_string());
                    tokio::select! {
                        changed = self.orders.changed() => if changed.is_err() { break },
                        () = stop.cancelled() => {}
                    }
                    continue;
                }
                Order::Work => {}
            }
            match self.claims.claim::<Unit>().await {
                Ok(Claim::Work(lease)) => {
                    part.works();
                    let worked = self.work(*lease, &leave).await;
                    part.waits("looks for work");
                    worked?;
                }
                Ok(Claim::Wait { holders }) => {
                    let holders =
                        if holders.is_empty() { "other workers".to_owned() } else { holders.join(", ") };
                    part.waits(&format!("all that is left is held by {holders}"));
                    rest(LOOK_INTERVAL, &leave).await;
                }
                Ok(Claim::Empty) => self.shared.board.post([plan::first_item()]).await?,
                Ok(Claim::Ended { .. }) if self.shared.forever => {
                    part.waits("all is done; waiting for more");
                    rest(FAILURE_PAUSE, &leave).await;
                }
                Ok(Claim::Ended { .. }) => break,
                // Whoever follows the operator's wishes finds that out, too, and says what becomes of the process.
                Err(CoordinationError::Gone(_)) => {
                    part.is_blocked("the coordination index is gone");
                    rest(FAILURE_PAUSE, &leave).await;
                }
                Err(CoordinationError::Cluster(error)) if error.may_pass() => {
                    part.is_blocked(&format!("the coordination index can't be reached: {error}"));
                    tracing::warn!(%error, "no work can be claimed; trying again");
                    rest(FAILURE_PAUSE, &leave).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn work(&self, mut lease: Lease<Unit>, leave: &CancellationToken) -> Result<(), WorkerError> {
        let id = lease.item.id.clone();
        let _held = self.shared.under_way.hold(id.clone());
        if lease.item.fruitless >= MAX_FRUITLESS {
            let reason =
                format!("{MAX_FRUITLESS} workers in a row began it and brought nothing; see their logs");
            return end(lease, Ended::Failed(reason)).await;
        }
        tracing::debug!(item = id, "begins");
        match items::work(&self.shared, &mut lease, leave).await {
            Ok(Done::Ended(how, progress)) => {
                if let Ended::Failed(reason) | Ended::Skipped(reason) = &how {
                    tracing::error!(item = id, reason, "can't be loaded");
                }
                lease.item.progress = progress;
                end(lease, how).await
            }
            Ok(Done::Later(reason)) => {
                tracing::warn!(item = id, reason, "given back, to be tried again");
                release(lease, Some(&reason)).await?;
                rest(FAILURE_PAUSE, leave).await;
                Ok(())
            }
            Ok(Done::Stopped) => release(lease, None).await,
            Ok(Done::Lost) => {
                tracing::warn!(item = id, "the lease was lost; another worker goes on with it");
                Ok(())
            }
            Err(error) => {
                // Others should not have to wait for the lease's end; the reason is what counts.
                let _ = release(lease, Some(&error.to_string())).await;
                Err(error)
            }
        }
    }
}

async fn end(lease: Lease<Unit>, how: Ended) -> Result<(), WorkerError> {
    let progress = lease.item.progress.clone();
    unless_lost(lease.end(how, &progress).await)
}

async fn release(lease: Lease<Unit>, error: Option<&str>) -> Result<(), WorkerError> {
    let progress = lease.item.progress.clone();
    unless_lost(lease.release(&progress, error).await)
}

/// A lease that is lost is another worker's concern.
fn unless_lost(result: Result<(), CoordinationError>) -> Result<(), WorkerError> {
    match result {
        Ok(()) | Err(CoordinationError::Lost(_) | CoordinationError::Gone(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn rest(time: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = sleep(time) => {}
        () = stop.cancelled() => {}
    }
}
