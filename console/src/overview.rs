//! The whole migration at one time: one typed model that the screen of `status`, the page of `serve`, its metrics and its
//! JSON are all made from, so that they can't say different things.
//!
//! Each phase answers for itself, in time of its own. A phase that can't be asked is unknown: it is never taken for done,
//! and never hides the others.

mod advice;
mod agents;
mod backfill;
mod collector;
mod differences;
mod metadata;
mod nodes;
mod phase;
mod replay;
mod snapshot;
mod state;
mod verification;
pub(crate) mod view;

use serde::Serialize;

pub(crate) use advice::Next;
pub(crate) use agents::{Agent, Agents};
pub(crate) use backfill::{Backfill, IndexRow};
pub(crate) use collector::Collector;
pub(crate) use differences::{Differences, Group};
pub(crate) use metadata::Metadata;
pub(crate) use phase::{Name, Phase, Progress, Summary};
pub(crate) use replay::{Oldest, Replay};
pub(crate) use snapshot::Snapshot;
pub(crate) use state::{Lack, State};
pub(crate) use verification::Verification;

/// Of the JSON: grows when a key goes or changes its meaning; keys may be added.
pub(crate) const SCHEMA: &str = "switchover.status/1";

/// A migration.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Overview {
    pub(crate) schema: &'static str,
    /// When all answers were there, in milliseconds since 1970 by this host's clock.
    pub(crate) at_unix_ms: u64,
    /// How long they took, in milliseconds.
    pub(crate) took_ms: u64,
    /// Addresses of both clusters; none where the services file has none.
    pub(crate) source: Option<String>,
    pub(crate) target: Option<String>,
    /// Of the whole.
    #[serde(flatten)]
    pub(crate) state: State,
    /// Of `switchover status`.
    pub(crate) exit_code: u8,
    pub(crate) next: Next,
    pub(crate) agents: Phase<Agents>,
    pub(crate) snapshot: Phase<Snapshot>,
    pub(crate) metadata: Phase<Metadata>,
    pub(crate) backfill: Phase<Backfill>,
    pub(crate) replay: Phase<Replay>,
    pub(crate) differences: Phase<Differences>,
    pub(crate) verification: Phase<Verification>,
    pub(crate) cutover: Phase<()>,
}

/// The phases, when all have answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phases {
    pub(crate) agents: Phase<Agents>,
    pub(crate) snapshot: Phase<Snapshot>,
    pub(crate) metadata: Phase<Metadata>,
    pub(crate) backfill: Phase<Backfill>,
    pub(crate) replay: Phase<Replay>,
    pub(crate) differences: Phase<Differences>,
    pub(crate) verification: Phase<Verification>,
}

impl Overview {
    /// Puts it together.
    pub(crate) fn new(phases: Phases, source: Option<String>, target: Option<String>) -> Self {
        let mut overview = Self {
            schema: SCHEMA,
            at_unix_ms: 0,
            took_ms: 0,
            source,
            target,
            state: State::NotStarted,
            exit_code: 0,
            next: Next::default(),
            agents: phases.agents,
            snapshot: phases.snapshot,
            metadata: phases.metadata,
            backfill: phases.backfill,
            replay: phases.replay,
            differences: phases.differences,
            verification: phases.verification,
            cutover: cutover(),
        };
        overview.snapshot.after_backfill(&overview.backfill.summary.state);
        // What was not captured before the snapshot began is in the snapshot.
        let since = match overview.snapshot.details.as_ref().and_then(|snapshot| snapshot.began_unix_ms) {
            Some(began) => Some(began),
            None if overview.snapshot.summary.state == State::NotStarted => Some(u64::MAX),
            None => None,
        };
        overview.agents.judge_gaps(since.filter(|_| overview.snapshot.summary.in_use));
        let parts = overview.phases();
        let in_use = parts.iter().filter(|(_, summary)| summary.in_use);
        let state = State::of_all(in_use.clone().map(|(name, summary)| (name.title(), &summary.state)));
        // Documents that failed want somebody also while another phase still runs.
        let codes: Vec<_> = in_use.map(|(_, summary)| summary.state.exit_code()).collect();
        let worst = [1, 4, 3].into_iter().find(|code| codes.contains(code));
        overview.exit_code = worst.unwrap_or_else(|| state.exit_code());
        overview.state = state;
        overview.next = advice::next(&overview);
        overview
    }

    /// In the order of a migration.
    pub(crate) fn phases(&self) -> [(Name, &Summary); 8] {
        [
            (Name::Agents, &self.agents.summary),
            (Name::Snapshot, &self.snapshot.summary),
            (Name::Metadata, &self.metadata.summary),
            (Name::Backfill, &self.backfill.summary),
            (Name::Replay, &self.replay.summary),
            (Name::Differences, &self.differences.summary),
            (Name::Verification, &self.verification.summary),
            (Name::Cutover, &self.cutover.summary),
        ]
    }
}

/// Nothing of this program moves the clients yet.
fn cutover() -> Phase<()> {
    let mut summary = Summary::new(State::NotStarted);
    summary.in_use = false;
    summary.fact("clients", "nothing here knows where they send; move them when all else is complete");
    Phase { summary, details: None }
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
pub(crate) mod tests;
