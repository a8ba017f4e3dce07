//! One process: opens everything, runs its workers, and says what it came to.

use std::sync::Arc;
use std::time::Duration;

use switchover_cluster::{Cluster, ClusterError, ClusterOptions, TargetUsageError};
use switchover_coordinate::{
    Board, CoordinationError, End, Follower, Identity, Manner, Order, Orders, Overview, Subject, host_name,
    process_name,
};
use switchover_snapshot::{Repository, S3Options, SnapshotError};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::bulk::Sender;
use crate::cli::{Settings, Until, UsageError};
use crate::destination::Destinations;
use crate::failed::{FailedDocuments, FailedDocumentsError};
use crate::load::{Done, Loading};
use crate::named::NamedByRules;
use crate::progress::Progress;
use crate::progress::display;
use crate::shards::Shards;
use crate::standstill::Standstill;
use crate::under_way::UnderWay;
use crate::worker::{Shared, Worker, WorkerError};

/// How often the board is looked at and a sign of life is given, at most.
const MAX_BEAT_INTERVAL: Duration = Duration::from_secs(5);
/// So many signs of life are missing before a member counts as dead, at least.
const BEATS_A_LEASE: u32 = 4;

/// Why the process failed. Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Flags.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// Flags of the target.
    #[error(transparent)]
    Target(#[from] TargetUsageError),
    /// The snapshot.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The target.
    #[error("target: {0}")]
    Cluster(#[from] ClusterError),
    /// The coordination index.
    #[error(transparent)]
    Coordination(#[from] CoordinationError),
    /// The folder for failed documents.
    #[error(transparent)]
    FailedDocuments(#[from] FailedDocumentsError),
    /// A worker.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// A task of ours ended before its time.
    #[error("a worker ended: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// The operating system.
    #[error("signals can't be caught: {0}")]
    Signals(std::io::Error),
    /// The admin address.
    #[error("--adminAddress {address}: {source}")]
    Admin {
        /// As given.
        address: String,
        /// Why.
        source: std::io::Error,
    },
}

/// What the process came to.
#[derive(Debug)]
pub struct Outcome {
    /// All work, whoever did it.
    pub overview: Overview,
    /// The process was asked to end before all was done.
    pub stopped: bool,
    /// The operator ended it, from the console.
    pub told: Option<End>,
    /// The file with refused documents, if this process has any.
    pub failed_documents: Option<std::path::PathBuf>,
}

impl Outcome {
    /// See the command line's help.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let all = &self.overview.all;
        match () {
            () if self.told.is_some() => 5,
            () if all.failed > 0 => 1,
            () if self.stopped || all.open > 0 => 5,
            () if all.failed_documents > 0 || all.skipped > 0 => 4,
            () => 0,
        }
    }
}

/// Loads until all is done or `stop`.
///
/// # Errors
/// See [`RunError`].
pub async fn run(settings: &Settings, stop: CancellationToken) -> Result<Outcome, RunError> {
    let (selection, workers) = (settings.selection()?, settings.workers()?);
    let placement = settings.placement.placement().map_err(UsageError::from)?;
    let s3 = S3Options { region: settings.s3_region.clone(), endpoint: settings.s3_endpoint.clone() };
    let repository = Repository::open(&settings.repo_uri, &s3).await;
    let snapshot = repository.snapshot(&settings.snapshot_name).await?;
    let options = settings.target.options().await?;
    let target = Cluster::connect(options.clone())?;
    let version = target.version().await?;
    let coordinator = match &settings.coordinator_uri {
        Some(uri) => Cluster::connect(ClusterOptions { uri: uri.clone(), ..options })?,
        None => target.clone(),
    };
    let subject = Subject {
        from: format!("snapshot {} in {}", settings.snapshot_name, repository.url()),
        to: target.endpoint(),
        options: format!(
            "indices {selection}, versioning {:?}, lease {:?}{}",
            settings.versioning,
            settings.lease_duration,
            placement.fingerprint()
        ),
    };
    let board = Board::open(coordinator, &settings.session_name, &subject).await?;
    let name = process_name();
    let silence = settings.lease_duration;
    let beat = MAX_BEAT_INTERVAL.min(silence / BEATS_A_LEASE);
    let manner = Manner { stays: settings.until == Until::Never, limit: None, beat, silence };
    let identity = Identity {
        name: name.clone(),
        host: host_name(),
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        follows: settings.until == Until::Never,
        beat_interval_ms: u64::try_from(beat.as_millis()).unwrap_or(u64::MAX),
    };
    let stop = stop.child_token();
    let (follower, orders) = Follower::join(board.clone(), identity, manner, stop.clone()).await?;
    let standstill = Arc::new(Standstill::default());
    let under_way = Arc::new(UnderWay::default());
    let loading = Arc::new(Loading {
        sender: Arc::new(Sender::new(
            target.clone(),
            settings.max_connections as usize,
            settings.gzip,
            Arc::clone(&standstill),
        )),
        destinations: Destinations::new(placement, settings.versioning),
        named: NamedByRules::new(target.clone(), settings.allow_auto_create),
        failed: FailedDocuments::new(&settings.failed_document_dir, &name)?,
        batch_bytes: usize::try_from(settings.bulk_bytes).unwrap_or(usize::MAX),
        done: Done::default(),
    });
    tracing::info!(snapshot = settings.snapshot_name, written_by = snapshot.version(), target = %version,
        indices = snapshot.info().indices.len(), workers, worker = name, "begins");
    let needs_versions = loading.destinations.needs_versions();
    let shared = Arc::new(Shared {
        board: board.clone(),
        shards: Shards::new(snapshot, needs_versions),
        target,
        selection,
        loading: Arc::clone(&loading),
        allow_auto_create: settings.allow_auto_create,
        tune: !settings.keep_settings,
        on_damage: settings.on_damage,
        forever: settings.until == Until::Never,
        standstill: Arc::clone(&standstill),
        under_way: Arc::clone(&under_way),
        stop: stop.clone(),
    });
    let progress =
        Arc::new(Progress::new(name.clone(), Arc::clone(&loading), standstill, under_way, orders.clone()));
    let watching = CancellationToken::new();
    if let Some(address) = &settings.admin_address {
        let admin = |source| RunError::Admin { address: address.clone(), source };
        let listener = tokio::net::TcpListener::bind(address).await.map_err(admin)?;
        eprintln!("admin {}", listener.local_addr().map_err(admin)?);
        tokio::spawn(switchover_telemetry::serve_admin(
            listener,
            Arc::clone(&progress),
            watching.child_token(),
        ));
    }
    let following = tokio::spawn(follower.run(Arc::clone(&progress), watching.clone()));
    let showing = tokio::spawn(display::run(Arc::clone(&progress), watching.clone()));
    let worked = work(&shared, &name, workers, settings.lease_duration, &orders).await;
    watching.cancel();
    following.await?;
    showing.await?;
    worked?;
    let told = match orders.borrow().order {
        Order::End(why) => Some(why),
        Order::Work | Order::Rest(_) => None,
    };
    let overview = match last_look(&board).await {
        // What was seen last is what there was.
        Err(CoordinationError::Gone(_)) if told.is_some() => progress.overview().unwrap_or_default(),
        looked => looked?,
    };
    let failed_documents = loading.failed.path().exists().then(|| loading.failed.path().to_owned());
    Ok(Outcome { overview, stopped: stop.is_cancelled(), told, failed_documents })
}

async fn last_look(board: &Board) -> Result<Overview, CoordinationError> {
    board.refresh().await?;
    board.overview().await
}

/// Runs the workers. The first that can't go on stops the others.
async fn work(
    shared: &Arc<Shared>,
    name: &str,
    workers: u32,
    lease: Duration,
    orders: &watch::Receiver<Orders>,
) -> Result<(), RunError> {
    let mut running = JoinSet::new();
    for number in 0..workers {
        let (shared, name) = (Arc::clone(shared), format!("{name}/{number}"));
        running.spawn(Worker::new(shared, name, lease, orders.clone()).run());
    }
    let mut result = Ok(());
    while let Some(ended) = running.join_next().await {
        let ended = ended.map_err(RunError::from).and_then(|ended| ended.map_err(RunError::from));
        if ended.is_err() {
            shared.stop.cancel();
            result = result.and(ended);
        }
    }
    result
}
