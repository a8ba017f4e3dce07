//! How a run ended: the verdict, the exit code and the report as a document.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value, json};
use switchover_compare::noise::Noise;
use switchover_compare::report::{Document, Fact, Percentiles};

use super::{Report, Sendings};
use crate::counts::InputCounts;

/// How a run ended, beside what the evaluation counted.
#[derive(Debug)]
pub struct Outcome {
    /// What was counted.
    pub report: Report,
    /// What was counted of sending.
    pub sendings: Sendings,
    /// How much later than scheduled requests left that nothing else held.
    pub pacing_error: Percentiles,
    /// What was learnt to be noise.
    pub noise: Noise,
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
        let requests = self.report.requests;
        if self.failure.is_some() {
            EXIT_FAILED
        } else if self.input.is_lossy() || requests.kept_back() > 0 {
            EXIT_GAPS
        } else if requests.different > self.max_differences {
            EXIT_DIFFERENCES
        } else {
            EXIT_DONE
        }
    }

    /// The verdict in words.
    #[must_use]
    pub fn verdict(&self) -> String {
        let requests = self.report.requests;
        match self.exit_code() {
            EXIT_FAILED => format!("FAILED: {}", self.failure.as_deref().unwrap_or_default()),
            EXIT_GAPS if requests.kept_back() > 0 => format!(
                "DEAD LETTERS: {} requests are not on the target; later differences may come of that. They are in {}",
                requests.kept_back(),
                self.dead_letter_file.as_deref().unwrap_or(Path::new("the dead-letter folder")).display()
            ),
            EXIT_GAPS => "GAPS: traffic of the source is missing or could not be replayed".to_owned(),
            EXIT_DONE if self.interrupted => {
                "STOPPED before the end of the input; nothing wrong so far".to_owned()
            }
            EXIT_DONE if requests.replayed == 0 => {
                "NOTHING to replay: the input holds no requests".to_owned()
            }
            _ => requests.verdict(self.max_differences),
        }
    }

    /// Requests per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let seconds = self.duration.as_secs_f64();
        if seconds > 0.0 { self.report.requests.replayed as f64 / seconds } else { 0.0 }
    }

    /// The report.
    #[must_use]
    pub fn document(&self) -> Document {
        Document::new(&self.report, &self.noise, self.verdict(), self.exit_code())
            .with_run(self.run(), self.facts())
    }

    /// The report as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        self.document().json()
    }

    fn run(&self) -> Map<String, Value> {
        let Sendings { notes, retries, pacing_lag } = &self.sendings;
        let fields = json!({
            "failure": self.failure,
            "interrupted": self.interrupted,
            "notReplayed": self.not_replayed,
            "deadLetterFile": self.dead_letter_file,
            "pacingLagMs": pacing_lag.percentiles(),
            "pacingErrorMs": self.pacing_error,
            "retries": retries,
            "autoIds": {"taken": notes.ids_taken, "unknown": notes.ids_unknown},
            "scrollIdsReplaced": notes.scroll_ids,
            "input": self.input,
            "durationSeconds": self.duration.as_secs_f64(),
            "requestsPerSecond": self.rate(),
        });
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let Sendings { notes, retries, pacing_lag } = &self.sendings;
        let requests = self.report.requests;
        let (lag, error) = (pacing_lag.percentiles(), self.pacing_error);
        let fact = |label, text: String| Fact { label, text, ..Fact::default() };
        let mut facts = vec![
            Fact {
                alarming: self.not_replayed > 0,
                ..fact(
                    "requests",
                    format!(
                        "{} replayed in {:.1} s ({:.0}/s), {} read and not replayed",
                        requests.replayed,
                        self.duration.as_secs_f64(),
                        self.rate(),
                        self.not_replayed
                    ),
                )
            },
            fact(
                "pacing lag",
                format!(
                    "p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
                    lag.p50, lag.p90, lag.p99, lag.max
                ),
            ),
            fact(
                "pacing error",
                format!(
                    "p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms, of {} requests that nothing but the time held",
                    error.p50, error.p99, error.max, error.count
                ),
            ),
            fact("retries", retries.to_string()),
            fact(
                "ids",
                format!(
                    "{} generated ids taken from the source, {} unknown; {} scroll ids replaced",
                    notes.ids_taken, notes.ids_unknown, notes.scroll_ids
                ),
            ),
        ];
        let folder = self.dead_letter_file.as_ref().map(|file| format!(", in {}", file.display()));
        facts.push(Fact {
            alarming: requests.kept_back() > 0,
            ..fact(
                "dead letters",
                format!(
                    "{} without an answer that stands, {} unreplayable{}",
                    requests.dead_lettered,
                    requests.unreplayable,
                    folder.unwrap_or_default()
                ),
            )
        });
        facts.extend(self.input.facts());
        facts
    }
}
