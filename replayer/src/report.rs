//! The report of a run: what was replayed, what differed, what is missing, and the verdict.

mod latency;
mod outcome;
mod text;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::compare::{Comparison, Verdict};
use crate::endpoint::Endpoint;
use crate::evaluate::{self, Finished, Sending};
use crate::rewrite::Notes;

pub use latency::Percentiles;
pub use outcome::{EXIT_DIFFERENCES, EXIT_DONE, EXIT_FAILED, EXIT_GAPS, Outcome};
pub use text::write as write_text;

use latency::Micros;

/// Examples kept of each kind of difference.
pub const MAX_EXAMPLES: usize = 3;
/// Kinds of differences told apart; further ones are counted together.
const MAX_GROUPS: usize = 1000;

/// Everything that the evaluation counted.
#[derive(Debug, Default)]
pub struct Report {
    pub(crate) requests: Requests,
    pub(crate) by_endpoint: BTreeMap<Endpoint, Requests>,
    pub(crate) statuses: BTreeMap<(Option<u16>, Option<u16>), u64>,
    pub(crate) groups: BTreeMap<GroupKey, Group>,
    pub(crate) ungrouped: u64,
    pub(crate) not_comparable: BTreeMap<&'static str, u64>,
    pub(crate) expected: BTreeMap<&'static str, u64>,
    pub(crate) notes: Notes,
    pub(crate) retries: u64,
    source_latency: Micros,
    target_latency: Micros,
    pacing_lag: Micros,
}

/// What a difference is grouped by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupKey {
    pub(crate) endpoint: Endpoint,
    pub(crate) kind: &'static str,
    pub(crate) path: String,
}

/// Differences of one kind.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Group {
    pub(crate) count: u64,
    pub(crate) examples: Vec<Example>,
}

/// One difference, with where to find it in the tuples.
#[derive(Debug, Serialize)]
pub(crate) struct Example {
    pub(crate) request: String,
    pub(crate) id: String,
    pub(crate) source: String,
    pub(crate) target: String,
}

/// Requests by verdict.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Requests {
    /// Sent and answered.
    pub replayed: u64,
    /// Captured bytes that are not one request.
    pub unreplayable: u64,
    /// Same answer.
    pub same: u64,
    /// Another answer.
    pub different: u64,
    /// It can't be told.
    pub not_comparable: u64,
}

impl Report {
    /// Counts a finished request.
    pub fn add(&mut self, finished: &Finished, comparison: Comparison) {
        let captured = &finished.captured;
        let endpoint = evaluate::endpoint(&captured.request.bytes);
        // What was meant not to be sent is not missing on the target.
        let unreplayable = matches!(&finished.sending, Sending::Unreplayable(unsent) if !unsent.is_meant());
        self.requests.add(comparison.verdict, unreplayable);
        self.by_endpoint.entry(endpoint).or_default().add(comparison.verdict, unreplayable);
        if let Some(lag) = finished.lag {
            self.pacing_lag.add(lag);
        }
        if let Some(nanos) = captured.source_latency_ns() {
            self.source_latency.add(Duration::from_nanos(nanos));
        }
        if let Sending::Answered { request, attempts } = &finished.sending {
            let answer = attempts.answer();
            if let Some(answer) = answer {
                self.target_latency.add(answer.latency);
            }
            *self
                .statuses
                .entry((captured.source_status(), answer.map(|answer| answer.status)))
                .or_default() += 1;
            self.retries += attempts.count.saturating_sub(1);
            self.notes.ids_taken += request.notes.ids_taken;
            self.notes.ids_unknown += request.notes.ids_unknown;
            self.notes.scroll_ids += request.notes.scroll_ids;
        }
        if let Some(reason) = comparison.reason {
            *self.not_comparable.entry(reason).or_default() += 1;
        }
        for (name, count) in comparison.expected {
            *self.expected.entry(name).or_default() += count;
        }
        for difference in comparison.differences {
            let key = GroupKey { endpoint, kind: difference.kind, path: difference.path };
            if self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&key) {
                self.ungrouped += 1;
                continue;
            }
            let group = self.groups.entry(key).or_default();
            group.count += 1;
            if group.examples.len() < MAX_EXAMPLES {
                let line = captured.request.bytes.trim_ascii_start().split(|byte| *byte == b'\r').next();
                let line = line.unwrap_or_default();
                let line = line.get(..crate::compare::MAX_SHOWN_BYTES).unwrap_or(line);
                group.examples.push(Example {
                    request: String::from_utf8_lossy(line).into_owned(),
                    id: captured.id(),
                    source: difference.source,
                    target: difference.target,
                });
            }
        }
    }
}

impl Requests {
    fn add(&mut self, verdict: Verdict, unreplayable: bool) {
        if unreplayable {
            self.unreplayable += 1;
        } else {
            self.replayed += 1;
        }
        match verdict {
            Verdict::Same => self.same += 1,
            Verdict::Different => self.different += 1,
            Verdict::NotComparable => self.not_comparable += 1,
        }
    }
}
