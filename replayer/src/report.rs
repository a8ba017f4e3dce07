//! The report of a run: what was replayed, what differed, what is missing, and the verdict.

mod text;

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::compare::{Comparison, Verdict};
use crate::counts::InputCounts;
use crate::endpoint::Endpoint;
use crate::evaluate::{self, Finished, Sending};
use crate::rewrite::Notes;

pub use text::write as write_text;

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

/// Durations, to three digits.
#[derive(Debug)]
struct Micros(Histogram<u64>);

impl Default for Micros {
    fn default() -> Self {
        let mut histogram = Histogram::new_with_bounds(1, 3_600_000_000, 3)
            .unwrap_or_else(|_| unreachable!("the bounds are constant and valid"));
        histogram.auto(true);
        Self(histogram)
    }
}

/// Percentiles in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Percentiles {
    /// Median.
    pub p50: f64,
    /// 90 %.
    pub p90: f64,
    /// 99 %.
    pub p99: f64,
    /// Largest.
    pub max: f64,
}

impl Micros {
    fn add(&mut self, duration: Duration) {
        self.0.saturating_record(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    fn percentiles(&self) -> Percentiles {
        let at = |quantile| self.0.value_at_quantile(quantile) as f64 / 1000.0;
        Percentiles { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: self.0.max() as f64 / 1000.0 }
    }
}

impl Report {
    /// Counts a finished request.
    pub fn add(&mut self, finished: &Finished, comparison: Comparison) {
        let captured = &finished.captured;
        let endpoint = evaluate::endpoint(&captured.request.bytes);
        let unreplayable = matches!(finished.sending, Sending::Unreplayable(_));
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

/// How a run ended, beside what the evaluation counted.
#[derive(Debug)]
pub struct Outcome {
    /// What was counted.
    pub report: Report,
    /// What was seen in the input.
    pub input: InputCounts,
    /// Why the run failed.
    pub failure: Option<String>,
    /// It was told to stop before the end of its input.
    pub interrupted: bool,
    /// Requests read and not replayed.
    pub not_replayed: u64,
    /// From the first request on.
    pub duration: Duration,
    /// Pairs that may differ.
    pub max_differences: u64,
}

/// Replayed, nothing to complain about.
pub const EXIT_DONE: u8 = 0;
/// The run failed.
pub const EXIT_FAILED: u8 = 1;
/// More differences than allowed.
pub const EXIT_DIFFERENCES: u8 = 3;
/// Traffic of the source is missing in the capture or can't be replayed.
pub const EXIT_GAPS: u8 = 4;

impl Outcome {
    /// The process's exit code.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.failure.is_some() {
            EXIT_FAILED
        } else if self.input.is_lossy() || self.report.requests.unreplayable > 0 {
            EXIT_GAPS
        } else if self.report.requests.different > self.max_differences {
            EXIT_DIFFERENCES
        } else {
            EXIT_DONE
        }
    }

    /// The verdict in words.
    #[must_use]
    pub fn verdict(&self) -> String {
        let requests = &self.report.requests;
        match self.exit_code() {
            EXIT_FAILED => format!("FAILED: {}", self.failure.as_deref().unwrap_or_default()),
            EXIT_GAPS => "GAPS: traffic of the source is missing or could not be replayed".to_owned(),
            EXIT_DIFFERENCES => {
                format!(
                    "DIFFERENT: {} of {} answers differ (allowed {})",
                    requests.different, requests.replayed, self.max_differences
                )
            }
            _ if self.interrupted => "STOPPED before the end of the input; nothing wrong so far".to_owned(),
            _ if requests.replayed == 0 => "NOTHING to replay: the input holds no requests".to_owned(),
            _ if requests.different > 0 => {
                format!("DONE: {} of {} answers differ, as allowed", requests.different, requests.replayed)
            }
            _ => format!(
                "SAME: no difference in {} answers ({} not comparable)",
                requests.replayed, requests.not_comparable
            ),
        }
    }

    /// Requests per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let seconds = self.duration.as_secs_f64();
        if seconds > 0.0 { self.report.requests.replayed as f64 / seconds } else { 0.0 }
    }

    /// Latency of the source, of the target, and pacing lag.
    #[must_use]
    pub fn percentiles(&self) -> [Percentiles; 3] {
        let report = &self.report;
        [
            report.source_latency.percentiles(),
            report.target_latency.percentiles(),
            report.pacing_lag.percentiles(),
        ]
    }

    /// The report as JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let report = &self.report;
        let [source, target, lag] = self.percentiles();
        let statuses: Vec<_> = report
            .statuses
            .iter()
            .map(|((source, target), count)| serde_json::json!({"source": source, "target": target, "count": count}))
            .collect();
        let groups: Vec<_> = report
            .groups
            .iter()
            .map(|(key, group)| {
                serde_json::json!({
                    "kind": key.kind, "endpoint": key.endpoint, "path": key.path,
                    "count": group.count, "examples": group.examples,
                })
            })
            .collect();
        serde_json::json!({
            "verdict": self.verdict(),
            "exitCode": self.exit_code(),
            "failure": self.failure,
            "interrupted": self.interrupted,
            "requests": report.requests,
            "notReplayed": self.not_replayed,
            "byEndpoint": report.by_endpoint.iter().map(|(endpoint, requests)| {
                serde_json::json!({"endpoint": endpoint, "requests": requests})
            }).collect::<Vec<_>>(),
            "statuses": statuses,
            "differences": groups,
            "differencesNotGrouped": report.ungrouped,
            "notComparable": report.not_comparable,
            "expectedDifferences": report.expected,
            "latencyMs": {"source": source, "target": target},
            "pacingLagMs": lag,
            "retries": report.retries,
            "autoIds": {"taken": report.notes.ids_taken, "unknown": report.notes.ids_unknown},
            "scrollIdsReplaced": report.notes.scroll_ids,
            "input": self.input,
            "durationSeconds": self.duration.as_secs_f64(),
            "requestsPerSecond": self.rate(),
        })
    }
}
