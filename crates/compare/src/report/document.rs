//! The report as one document: what the JSON file holds, and what the page and the terminal show.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Example, Group, GroupKey, OfClass, Percentiles, Report, Requests};
use crate::noise::Noise;

/// The JSON's form: raised when a key goes or changes its meaning; keys may be added.
const SCHEMA: &str = "switchover.comparison/1";
/// Kinds of differences shown while a run goes on.
const MAX_LIVE_GROUPS: usize = 50;

/// A line about the run beside the comparison.
#[derive(Debug, Clone, Default)]
pub struct Fact {
    /// What it is about.
    pub label: &'static str,
    /// What is to be said.
    pub text: String,
    /// The first few cases.
    pub examples: Vec<String>,
    /// Whether something is lost or wrong.
    pub alarming: bool,
}

/// Everything that a report says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The form of the JSON, and its version.
    pub(super) schema: &'static str,
    pub(super) verdict: String,
    pub(super) exit_code: u8,
    pub(super) requests: Requests,
    pub(super) findings: Vec<String>,
    pub(super) by_endpoint: Vec<Row>,
    pub(super) statuses: Vec<Status>,
    pub(super) differences: Vec<Differences>,
    pub(super) differences_not_grouped: u64,
    pub(super) not_comparable: Value,
    pub(super) expected_differences: Value,
    pub(super) learnt_noise: Vec<Value>,
    pub(super) latency_ms: Latency,
    #[serde(flatten)]
    run: Map<String, Value>,
    #[serde(skip)]
    pub(super) facts: Vec<Fact>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub(super) endpoint: &'static str,
    pub(super) requests: Requests,
    pub(super) latency_ms: Latency,
}

#[derive(Debug, Serialize)]
pub(super) struct Latency {
    pub(super) source: Percentiles,
    pub(super) target: Percentiles,
}

#[derive(Debug, Serialize)]
pub(super) struct Status {
    pub(super) source: Option<u16>,
    pub(super) target: Option<u16>,
    pub(super) count: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Differences {
    pub(super) endpoint: &'static str,
    pub(super) kind: &'static str,
    pub(super) path: String,
    pub(super) count: u64,
    pub(super) examples: Vec<Example>,
}

impl Document {
    /// Puts a report together. `run`: what else the JSON has to hold; `facts`: what else people have to be told.
    #[must_use]
    pub fn new(report: &Report, noise: &Noise, verdict: String, exit_code: u8) -> Self {
        let mut differences: Vec<_> = report.groups.iter().map(Differences::new).collect();
        differences.sort_by_key(|group| std::cmp::Reverse(group.count));
        Self {
            schema: SCHEMA,
            verdict,
            exit_code,
            requests: report.requests,
            findings: report.findings(),
            by_endpoint: report
                .by_class
                .iter()
                .map(|(class, of_class)| Row::new(class.name(), of_class))
                .collect(),
            statuses: report
                .statuses
                .iter()
                .map(|((source, target), count)| Status { source: *source, target: *target, count: *count })
                .collect(),
            differences,
            differences_not_grouped: report.ungrouped,
            not_comparable: json!(report.not_comparable),
            expected_differences: json!(report.expected),
            learnt_noise: noise
                .paths()
                .map(|(class, path)| json!({"endpoint": class.name(), "path": path}))
                .collect(),
            latency_ms: Latency {
                source: report.source_latency.percentiles(),
                target: report.target_latency.percentiles(),
            },
            run: Map::new(),
            facts: Vec::new(),
        }
    }

    /// Adds what is known of the run: fields of the JSON, and lines for people.
    #[must_use]
    pub fn with_run(mut self, run: Map<String, Value>, facts: Vec<Fact>) -> Self {
        self.run = run;
        self.facts = facts;
        self
    }

    /// What is known while the run goes on, as JSON.
    #[must_use]
    pub fn live(report: &Report, noise: &Noise) -> Value {
        let mut document = Self::new(report, noise, String::new(), 0);
        let left_out: u64 = document.differences.iter().skip(MAX_LIVE_GROUPS).map(|group| group.count).sum();
        document.differences.truncate(MAX_LIVE_GROUPS);
        document.differences_not_grouped += left_out;
        let mut json = document.json();
        if let Some(fields) = json.as_object_mut() {
            for undecided in ["verdict", "exitCode"] {
                fields.shift_remove(undecided);
            }
        }
        json
    }

    /// The report as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The parts of a map of counts.
    pub(super) fn counts(map: &Value) -> impl Iterator<Item = (&str, u64)> {
        map.as_object()
            .into_iter()
            .flatten()
            .map(|(name, count)| (name.as_str(), count.as_u64().unwrap_or_default()))
    }
}

impl Row {
    fn new(endpoint: &'static str, of_class: &OfClass) -> Self {
        let latency_ms =
            Latency { source: of_class.source.percentiles(), target: of_class.target.percentiles() };
        Self { endpoint, requests: of_class.requests, latency_ms }
    }
}

impl Differences {
    fn new((key, group): (&GroupKey, &Group)) -> Self {
        Self {
            endpoint: key.class.name(),
            kind: key.kind,
            path: key.path.clone(),
            count: group.count,
            examples: group.examples.clone(),
        }
    }
}
