//! Captured traffic on its way to the target.

use serde::Serialize;

/// What the replayers say together.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replay {
    pub(crate) replayers_running: u64,
    pub(crate) replayers_desired: u64,
    pub(crate) silent_replayers: Vec<String>,
    /// They go on with what is captured later.
    pub(crate) live: bool,
    /// How old the oldest request is on the source that is not replayed; none: not known.
    pub(crate) behind_ms: Option<u64>,
    /// Until the source is caught up with, at the rate of now.
    pub(crate) live_in_ms: Option<u64>,
    /// Records of the topic that are not replayed.
    pub(crate) lag_records: Option<u64>,
    pub(crate) requests_per_second: f64,
    pub(crate) replayed: u64,
    /// Requests that were given up and are kept.
    pub(crate) dead_letters: u64,
    /// Places where captured traffic is missing or can't be read.
    pub(crate) losses: u64,
    pub(crate) oldest: Option<Oldest>,
}

/// The request that has waited longest for its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Oldest {
    pub(crate) request: String,
    pub(crate) seconds: u64,
    /// Why it is not complete.
    pub(crate) reason: String,
}
