//! The snapshot that is loaded.

use serde::Serialize;

use super::phase::Phase;
use super::state::State;

/// What the source says of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshot {
    pub(crate) name: String,
    pub(crate) repository: String,
    /// In the server's word: `SUCCESS`.
    pub(crate) server_state: Option<String>,
    pub(crate) began_unix_ms: Option<u64>,
    pub(crate) ended_unix_ms: Option<u64>,
    pub(crate) shards: Option<u64>,
    pub(crate) shards_done: Option<u64>,
    pub(crate) shards_failed: u64,
    pub(crate) bytes: Option<u64>,
    pub(crate) bytes_done: Option<u64>,
}

impl Phase<Snapshot> {
    /// A snapshot that is not there (any more) although a backfill of it was begun is no snapshot to be taken.
    pub(super) fn after_backfill(&mut self, backfill: &State) {
        if self.summary.state != State::NotStarted || !self.summary.in_use {
            return;
        }
        match backfill {
            State::Complete | State::CompleteWith(..) => {
                self.summary.state = State::Complete;
                self.summary.fact("deleted", "it is not there any more; the backfill has loaded it");
            }
            State::Running | State::Paused | State::Blocked(_) => {
                let reason = "the backfill has begun, and the snapshot that it loads is not there any more";
                self.summary.state = State::Blocked(reason.to_owned());
            }
            State::NotStarted | State::Unknown(_) => {}
        }
    }
}
