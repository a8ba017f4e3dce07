//! What every phase has: a final word, how far it is, and a few facts.

use serde::Serialize;

use super::state::State;

/// Which phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Agents,
    Snapshot,
    Metadata,
    Backfill,
    Replay,
    Differences,
    Verification,
    Cutover,
}

impl Name {
    /// For people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Cutover => "cut-over",
            other => other.key(),
        }
    }

    /// In JSON, metrics and links.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::Snapshot => "snapshot",
            Self::Metadata => "metadata",
            Self::Backfill => "backfill",
            Self::Replay => "replay",
            Self::Differences => "differences",
            Self::Verification => "verification",
            Self::Cutover => "cutover",
        }
    }
}

/// A phase, with what only it has.
#[derive(Debug, Clone, Serialize)]
#[serde(bound = "D: Serialize")]
pub(crate) struct Phase<D> {
    #[serde(flatten)]
    pub(crate) summary: Summary,
    /// What was learnt. `None`: nothing.
    pub(crate) details: Option<D>,
}

/// What every phase has.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    #[serde(flatten)]
    pub(crate) state: State,
    /// The services file makes it a part of this migration. What is not does not count for the whole.
    pub(crate) in_use: bool,
    pub(crate) progress: Option<Progress>,
    pub(crate) facts: Vec<Fact>,
}

/// How far something is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    /// 0 to 100; 100 only when it is done.
    pub(crate) percent: Option<f64>,
    pub(crate) bytes_per_second: Option<f64>,
    /// Until the end, at this rate.
    pub(crate) eta_seconds: Option<u64>,
    /// Why nothing moves, or why it can't be told how far it is.
    pub(crate) stands_still: Option<String>,
}

/// Something to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fact {
    pub(crate) label: &'static str,
    pub(crate) text: String,
}

impl Summary {
    pub(crate) fn new(state: State) -> Self {
        Self { state, in_use: true, progress: None, facts: Vec::new() }
    }

    pub(crate) fn fact(&mut self, label: &'static str, text: impl Into<String>) {
        self.facts.push(Fact { label, text: text.into() });
    }
}

impl<D> Phase<D> {
    pub(crate) fn new(state: State) -> Self {
        Self { summary: Summary::new(state), details: None }
    }

    /// Not a part of this migration, and what would make it one.
    pub(crate) fn not_in_use(how: impl Into<String>) -> Self {
        let mut phase = Self::new(State::NotStarted);
        phase.summary.in_use = false;
        phase.summary.fact("not set up", how);
        phase
    }

    pub(crate) fn unknown(reason: impl Into<String>) -> Self {
        Self::new(State::Unknown(reason.into()))
    }
}

impl<D> Default for Phase<D> {
    fn default() -> Self {
        Self::new(State::NotStarted)
    }
}
