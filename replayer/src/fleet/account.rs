//! What a replayer says of itself, through the coordination index, to everybody.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use switchover_coordinate::{
    self as coordinate, Board, CoordinationError, Desired, Differences, MemberState, OldestRequest, Order,
    PartitionFigures, ReplayCounts, ReplayOutcome, ReplaySaid, Rest, Said,
};

use super::{is_live, rates::Rates};
use crate::counts::Losses;
use crate::progress::{Current, Progress, Snapshot};
use crate::report::Outcome;
use crate::run::Options;

/// A request that has no answer for so long, while nothing else moves, blocks the replay.
const BLOCKED_SECONDS: u64 = 10;

/// What is known of all runs of this process.
#[derive(Debug)]
pub(super) struct Account {
    current: Arc<Current>,
    dead_letter_dir: String,
    tuple_dir: String,
    live: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Of the runs that ended.
    past: ReplayCounts,
    /// The differences of the last of them.
    differences: Vec<Differences>,
    runs: bool,
    rates: Rates,
    outcome: Option<ReplayOutcome>,
    reason: Option<String>,
    /// Why the board can't be read.
    error: Option<String>,
}

impl Account {
    pub(super) fn new(options: &Options, current: Arc<Current>) -> Self {
        let absolute =
            |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
        Self {
            current,
            dead_letter_dir: absolute(&options.dead_letter_dir),
            tuple_dir: absolute(&options.tuple_dir),
            live: is_live(options.until),
            state: Mutex::default(),
        }
    }

    /// A run begins.
    pub(super) fn begin(&self) -> Arc<Progress> {
        let progress = self.current.begin();
        let mut state = self.lock();
        state.runs = true;
        state.rates.forget();
        progress
    }

    /// A run ended.
    pub(super) fn ended(&self, outcome: &Outcome) {
        let differences = differences(&self.current.get().found());
        let mut state = self.lock();
        state.runs = false;
        let requests = outcome.report.requests;
        state.past += ReplayCounts {
            replayed: requests.replayed,
            unreplayable: requests.unreplayable,
            left_out: requests.left_out,
            dead_lettered: requests.dead_lettered,
            same: requests.same,
            expected_difference: requests.expected_difference,
            different: requests.different,
            not_comparable: requests.not_comparable,
            ..counts_of(outcome.input.losses())
        };
        state.differences = differences;
        state.outcome = Some(match (&outcome.failure, outcome.interrupted) {
            (Some(_), _) => ReplayOutcome::Failed,
            (None, true) => ReplayOutcome::Stopped,
            (None, false) => ReplayOutcome::Done,
        });
        state.reason.clone_from(&outcome.failure);
    }

    /// It stands by. One that does leaves nothing undone when it ends.
    pub(super) fn rests(&self) {
        self.lock().outcome = None;
    }

    /// It can't go on.
    pub(super) fn failed(&self, reason: &str) {
        let mut state = self.lock();
        state.runs = false;
        state.outcome = Some(ReplayOutcome::Failed);
        state.reason = Some(reason.to_owned());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replay(&self) -> ReplaySaid {
        let progress = self.current.get();
        let now = progress.snapshot();
        let mut state = self.lock();
        let mut said = ReplaySaid {
            counts: state.past,
            live: self.live,
            dead_letter_dir: self.dead_letter_dir.clone(),
            tuple_dir: self.tuple_dir.clone(),
            differences: state.differences.clone(),
            ..ReplaySaid::default()
        };
        if !state.runs {
            return said;
        }
        let found = progress.found();
        said.counts += counts(&found);
        said.counts += counts_of(progress.losses());
        said.differences = differences(&found);
        let behind = progress.behind();
        state.rates.note(Instant::now(), now.completed, behind);
        said.requests_per_second = (state.rates.requests_per_second() * 10.0).round() / 10.0;
        said.live_in_ms = state.rates.live_in().map(millis);
        said.behind_ms = behind.map(millis);
        said.waiting = now.waiting;
        said.in_flight = now.in_flight;
        said.lag_records = (!now.partitions.is_empty())
            .then(|| now.partitions.iter().map(|at| u64::try_from(at.lag).unwrap_or_default()).sum());
        said.partitions = now
            .partitions
            .iter()
            .map(|at| PartitionFigures {
                partition: at.partition,
                replayed_to: at.replayed_to,
                end: at.end,
                lag: at.lag,
            })
            .collect();
        said.oldest = now.oldest.map(|oldest| OldestRequest {
            request: oldest.request,
            node_id: oldest.node_id.to_string(),
            seconds: oldest.seconds,
            reason: oldest.reason,
        });
        said
    }
}

impl coordinate::Account for Account {
    async fn look(&self, _: &Board, _: Option<Desired>) -> Result<(), CoordinationError> {
        self.lock().error = None;
        Ok(())
    }

    fn note_error(&self, error: &CoordinationError) {
        let error = error.to_string();
        let mut state = self.lock();
        if state.error.as_ref() != Some(&error) {
            tracing::warn!(error, "the coordination index can't be read; what was wanted last still holds");
        }
        state.error = Some(error);
    }

    fn said(&self, order: Order) -> Said {
        let now = self.current.get().snapshot();
        let (state, reason) = state(order, self.lock().runs.then_some(&now));
        Said { state, reason, replay: Some(self.replay()), ..Said::default() }
    }

    fn last_words(&self) -> Said {
        let mut replay = self.replay();
        let state = self.lock();
        replay.outcome = state.outcome;
        let reason = state.reason.clone();
        Said { state: MemberState::Ended, reason, replay: Some(replay), ..Said::default() }
    }
}

/// One word for what a replayer does, and why it does not work. `now`: of the run, if one is going.
fn state(order: Order, now: Option<&Snapshot>) -> (MemberState, Option<String>) {
    let Some(now) = now else {
        return match order {
            Order::Rest(why @ Rest::Paused) => (MemberState::Paused, Some(why.to_string())),
            Order::Rest(why) => (MemberState::Idle, Some(why.to_string())),
            Order::Work | Order::End(_) => (MemberState::Starting, None),
        };
    };
    let long = now.oldest.as_ref().filter(|oldest| oldest.seconds >= BLOCKED_SECONDS);
    match (now.state, long) {
        ("starting", None) => (MemberState::Starting, None),
        ("replaying", _) => (MemberState::Working, None),
        (_, Some(oldest)) => {
            let reason =
                format!("{} has had no answer for {} s: {}", oldest.request, oldest.seconds, oldest.reason);
            (MemberState::Blocked, Some(reason))
        }
        (waits @ "waiting for input", None) => (MemberState::Waiting, Some(waits.to_owned())),
        (_, None) => (MemberState::Working, None),
    }
}

/// What the comparison counted.
fn counts(found: &Value) -> ReplayCounts {
    serde_json::from_value(found["requests"].clone()).unwrap_or_default()
}

fn counts_of(losses: Losses) -> ReplayCounts {
    let Losses { gaps, gap_requests, unframed, bad_records } = losses;
    ReplayCounts { gaps, gap_requests, unframed, bad_records, ..ReplayCounts::default() }
}

fn differences(found: &Value) -> Vec<Differences> {
    serde_json::from_value(found["differences"].clone()).unwrap_or_default()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
