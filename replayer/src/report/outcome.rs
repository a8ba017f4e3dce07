//! How a run ended: the verdict, the exit code and the report as JSON.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Percentiles, Report};
use crate::counts::InputCounts;

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
    /// The records of the requests that were given up, if there are any.
    pub dead_letter_file: Option<PathBuf>,
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
        } else if self.input.is_lossy() || self.report.requests.kept_back() > 0 {
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
            EXIT_GAPS if requests.kept_back() > 0 => format!(
                "DEAD LETTERS: {} requests are not on the target; later differences may come of that. They are in {}",
                requests.kept_back(),
                self.dead_letter_file.as_deref().unwrap_or(Path::new("the dead-letter folder")).display()
            ),
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
            "deadLetterFile": self.dead_letter_file,
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
