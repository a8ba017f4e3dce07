//! A replayer as a member of a fleet: it waits for the operator's start, replays, and rests or ends when it is told to.
//!
//! What is replayed by whom, the consumer group divides; how far it is, the group remembers. So a rest is the end of a run
//! (what is under way is finished and committed, and the partitions are given back), and going on is another run. A capture
//! log remembers nothing: it has exactly one replayer, and each run of it begins at its beginning.

mod account;
mod rates;

use std::sync::Arc;
use std::time::Duration;

use switchover_cluster::{Cluster, ClusterError, ClusterOptions};
use switchover_coordinate::{
    Board, CoordinationError, End, Follower, Identity, Job, Manner, Order, Orders, Rest, Subject, host_name,
    process_name,
};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::progress::Current;
use crate::report::{EXIT_FAILED, Outcome};
use crate::run::{self, Options, RunError};
use crate::source::{Input, Until};
use account::Account;

/// How often a replayer gives a sign of life, and after how long without one it counts as dead.
const BEAT: Duration = Duration::from_secs(2);
const SILENCE: Duration = Duration::from_secs(20);
/// A second replayer of a capture log gives up after this: by then one that died is known to be dead.
const SURPLUS_WAIT: Duration = Duration::from_secs(30);
/// Ended as the console said.
pub const EXIT_TOLD: u8 = 5;

/// The fleet to follow.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// The cluster with the coordination index.
    pub coordinator: ClusterOptions,
    /// Which fleet.
    pub session: String,
}

/// Why a member could not do its work. Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The cluster with the coordination index.
    #[error("--coordinatorUri: {0}")]
    Cluster(#[from] ClusterError),
    /// The coordination index.
    #[error(transparent)]
    Coordination(#[from] CoordinationError),
    /// A run could not begin.
    #[error(transparent)]
    Run(#[from] RunError),
    /// There is another one.
    #[error(
        "another replayer replays this input: a capture log has exactly one; `switchover replay status` names it"
    )]
    Surplus,
    /// A defect.
    #[error("the run broke down: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// What a member came to.
#[derive(Debug)]
pub struct Ended {
    /// Of each run.
    pub outcomes: Vec<Outcome>,
    /// The operator ended it.
    pub told: Option<End>,
}

impl Ended {
    /// The process's exit code: the worst of all runs, unless the operator ended it.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let codes = || self.outcomes.iter().map(Outcome::exit_code);
        match self.told {
            _ if codes().any(|code| code == EXIT_FAILED) => EXIT_FAILED,
            Some(_) => EXIT_TOLD,
            // 4 wins over 3.
            None => codes().max().unwrap_or_default(),
        }
    }
}

impl Fleet {
    /// Follows until the input is over, something fails, the operator ends it, or `stop`.
    ///
    /// # Errors
    /// See [`FleetError`].
    pub async fn follow(
        &self,
        options: Options,
        current: Arc<Current>,
        stop: CancellationToken,
    ) -> Result<Ended, FleetError> {
        let subject = Subject {
            from: describe(&options.input),
            to: options.target.authority(),
            options: String::new(),
        };
        let cluster = Cluster::connect(self.coordinator.clone())?;
        let board = Board::open_job(Job::Replay, cluster, &self.session, &subject).await?;
        let identity = Identity {
            name: process_name(),
            host: host_name(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            follows: true,
            beat_interval_ms: u64::try_from(BEAT.as_millis()).unwrap_or(u64::MAX),
        };
        let limit = (!options.input.is_divided()).then_some(1);
        let manner = Manner { stays: true, limit, beat: BEAT, silence: SILENCE };
        let (follower, orders) = Follower::join(board, identity, manner, stop.clone()).await?;
        let account = Arc::new(Account::new(&options, current));
        let over = CancellationToken::new();
        let following = tokio::spawn(follower.run(Arc::clone(&account), over.clone()));
        let ended = obey(&options, &account, orders, limit.is_some(), &stop).await;
        if let Err(error) = &ended {
            account.failed(&error.to_string());
        }
        over.cancel();
        following.await?;
        ended
    }
}

/// Runs when it is told to.
async fn obey(
    options: &Options,
    account: &Account,
    mut orders: watch::Receiver<Orders>,
    is_alone: bool,
    stop: &CancellationToken,
) -> Result<Ended, FleetError> {
    let mut outcomes = Vec::new();
    while !stop.is_cancelled() {
        let Orders { order, leave } = orders.borrow_and_update().clone();
        match order {
            Order::End(why) => return Ok(Ended { outcomes, told: Some(why) }),
            Order::Rest(why) => {
                tracing::info!("{why}");
                account.rests();
                let is_surplus = is_alone && matches!(why, Rest::TooMany { .. });
                tokio::select! {
                    changed = orders.changed() => if changed.is_err() { break },
                    () = sleep(SURPLUS_WAIT), if is_surplus => return Err(FleetError::Surplus),
                    () = stop.cancelled() => {}
                }
            }
            Order::Work => {
                if is_alone && !outcomes.is_empty() {
                    tracing::warn!("the input is replayed again from its beginning");
                }
                let progress = account.begin();
                // A task like those that send: what they tell each other needs no other thread to wake up.
                let outcome = tokio::spawn(run::run(options.clone(), progress, leave)).await??;
                account.ended(&outcome);
                let goes_on = outcome.interrupted && outcome.failure.is_none();
                outcomes.push(outcome);
                if !goes_on {
                    break;
                }
            }
        }
    }
    let told = match orders.borrow().order {
        Order::End(why) => Some(why),
        Order::Work | Order::Rest(_) => None,
    };
    Ok(Ended { outcomes, told })
}

fn describe(input: &Input) -> String {
    match input {
        Input::Kafka { topic, group_id, .. } => format!("topic {topic}, group {group_id}"),
        Input::Logs(folders) => {
            let folders: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
            format!("capture log {} on {}", folders.join(" and "), host_name())
        }
        Input::File(path) => format!("file {} on {}", path.display(), host_name()),
        Input::Stdin => format!("standard input on {}", host_name()),
    }
}

/// Whether a run goes on with what is captured later.
fn is_live(until: Until) -> bool {
    until == Until::Never
}
