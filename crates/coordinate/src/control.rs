//! What the operator wants of the workers, and what they say of themselves.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::board::Board;
use crate::error::CoordinationError;
use crate::item::Kind;

const DESIRED_ID: &str = "desired";
/// Workers that are listed.
const MAX_WORKERS: usize = 1000;

/// Whether workers work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DesiredState {
    /// They do.
    #[default]
    Run,
    /// They finish what is under way, give their items back and wait.
    Pause,
    /// The same, and then they end.
    Stop,
}

/// What the operator wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// Whether workers work.
    pub state: DesiredState,
}

/// What a worker says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Beat {
    /// Counted up, so that it is seen to live.
    pub beat: u64,
    /// One word: working, waiting, paused, ended.
    pub state: String,
    /// Why it stands still, if it does.
    pub reason: Option<String>,
    /// Documents that it has indexed.
    pub documents: u64,
    /// Bytes of their sources.
    pub bytes: u64,
    /// Bytes a second, over the last beats.
    pub bytes_per_second: u64,
    /// Its own wall clock, for people: milliseconds since 1970.
    pub at_unix_ms: u64,
}

/// A worker as the board knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// Its name.
    pub name: String,
    /// What it said last.
    pub beat: Beat,
}

#[derive(Serialize, Deserialize)]
struct StoredDesired {
    kind: Kind,
    #[serde(flatten)]
    desired: Desired,
}

#[derive(Serialize, Deserialize)]
struct StoredWorker {
    kind: Kind,
    name: String,
    #[serde(flatten)]
    beat: Beat,
}

impl Board {
    /// What the operator wants; run, unless something else was said.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub async fn desired(&self) -> Result<Desired, CoordinationError> {
        let found = self.store.get::<StoredDesired>(DESIRED_ID).await?;
        Ok(found.map(|found| found.source.desired).unwrap_or_default())
    }

    /// Says what is wanted.
    ///
    /// # Errors
    /// When the cluster does not take it.
    pub async fn want(&self, desired: Desired) -> Result<(), CoordinationError> {
        self.store.put(DESIRED_ID, &StoredDesired { kind: Kind::Desired, desired }).await
    }

    /// A worker's sign of life.
    ///
    /// # Errors
    /// When the cluster does not take it.
    pub async fn beat(&self, name: &str, beat: Beat) -> Result<(), CoordinationError> {
        let stored = StoredWorker { kind: Kind::Worker, name: name.to_owned(), beat };
        self.store.put(&format!("worker:{name}"), &stored).await
    }

    /// All workers that ever were, in the order of their names.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub async fn workers(&self) -> Result<Vec<Worker>, CoordinationError> {
        let body = json!({"size": MAX_WORKERS, "query": {"term": {"kind": "worker"}}});
        let found = self.store.search::<StoredWorker>(body).await?;
        let worker = |stored: StoredWorker| Worker { name: stored.name, beat: stored.beat };
        let mut workers: Vec<Worker> = found.into_iter().map(|found| worker(found.source)).collect();
        workers.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(workers)
    }
}
