//! What came of all comparisons: counts, differences by cause, latencies, and what has to be said about them.

mod document;
mod files;
mod html;
mod latency;
mod text;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::verdict::{Comparison, Verdict, shown};
use switchover_rest::Class;
use switchover_rest::secrets::without_secrets;

pub use document::{Document, Fact};
pub use files::write as write_files;
pub use html::write as write_html;
pub use latency::{Durations, Percentiles};
pub use text::write as write_text;

/// Examples kept of each kind of difference.
pub const MAX_EXAMPLES: usize = 3;
/// Kinds of differences told apart; further ones are counted together.
pub const MAX_GROUPS: usize = 1000;
/// Reasons told apart for which pairs are not comparable; some name a rule and a place in a body.
const MAX_REASONS: usize = 100;
const OTHER_REASONS: &str = "other reasons, in the tuples";

/// One request, as far as the report goes.
#[derive(Debug, Clone)]
pub struct Pair<'a> {
    /// The class of the call.
    pub class: Class,
    /// The request's bytes, or as much as its first line.
    pub request: &'a [u8],
    /// Where to find it in the tuples.
    pub id: &'a str,
    /// Of the source's whole answer.
    pub source_status: Option<u16>,
    /// Of the target's last answer.
    pub target_status: Option<u16>,
    /// From the first byte of the request to the last of the answer.
    pub source_latency: Option<Duration>,
    /// The same on the target.
    pub target_latency: Option<Duration>,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was sent, and the answer stands.
    Sent,
    /// It was sent, and no answer stands.
    DeadLettered,
    /// It is not a request that can be sent.
    Unreplayable,
    /// It was not to be sent.
    LeftOut,
}

/// Everything that was counted.
#[derive(Debug, Default)]
pub struct Report {
    /// By verdict.
    pub requests: Requests,
    by_class: BTreeMap<Class, OfClass>,
    statuses: BTreeMap<(Option<u16>, Option<u16>), u64>,
    groups: BTreeMap<GroupKey, Group>,
    ungrouped: u64,
    not_comparable: BTreeMap<Cow<'static, str>, u64>,
    expected: BTreeMap<&'static str, u64>,
    source_latency: Durations,
    target_latency: Durations,
}

/// Requests by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Requests {
    /// Sent and answered.
    pub replayed: u64,
    /// Captured bytes that are not one request; in the dead-letter folder.
    pub unreplayable: u64,
    /// Not sent, as a filter or a rule says.
    pub left_out: u64,
    /// Sent without an answer that stands; in the dead-letter folder.
    pub dead_lettered: u64,
    /// Same answer.
    pub same: u64,
    /// It differs only as the products do.
    pub expected_difference: u64,
    /// Another answer.
    pub different: u64,
    /// It can't be told.
    pub not_comparable: u64,
}

#[derive(Debug, Default)]
struct OfClass {
    requests: Requests,
    source: Durations,
    target: Durations,
}

/// What a difference is grouped by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct GroupKey {
    class: Class,
    kind: &'static str,
    path: String,
}

#[derive(Debug, Default)]
struct Group {
    count: u64,
    examples: Vec<Example>,
}

/// One difference, with where to find it in the tuples.
#[derive(Debug, Clone, Serialize)]
struct Example {
    request: String,
    id: String,
    source: String,
    target: String,
}

impl Report {
    /// Counts a pair.
    pub fn add(&mut self, pair: &Pair<'_>, comparison: Comparison) {
        self.requests.add(comparison.verdict, pair.fate);
        let of_class = self.by_class.entry(pair.class).or_default();
        of_class.requests.add(comparison.verdict, pair.fate);
        // Both or none: percentiles of other requests are not to be held against each other.
        if let (Some(source), Some(target)) = (pair.source_latency, pair.target_latency) {
            of_class.source.add(source);
            of_class.target.add(target);
            self.source_latency.add(source);
            self.target_latency.add(target);
        }
        if pair.fate == Fate::Sent {
            *self.statuses.entry((pair.source_status, pair.target_status)).or_default() += 1;
        }
        if let Some(reason) = comparison.reason {
            let known = self.not_comparable.len() < MAX_REASONS || self.not_comparable.contains_key(&reason);
            *self.not_comparable.entry(if known { reason } else { OTHER_REASONS.into() }).or_default() += 1;
        }
        for (name, count) in comparison.expected {
            *self.expected.entry(name).or_default() += count;
        }
        for difference in comparison.differences {
            let key = GroupKey { class: pair.class, kind: difference.kind, path: difference.path };
            if self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&key) {
                self.ungrouped += 1;
                continue;
            }
            let group = self.groups.entry(key).or_default();
            group.count += 1;
            if group.examples.len() < MAX_EXAMPLES {
                group.examples.push(Example {
                    request: first_line(pair.request),
                    id: pair.id.to_owned(),
                    source: difference.source,
                    target: difference.target,
                });
            }
        }
    }

    /// What is slower on the target, a sentence for each class of calls.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let slower = self.by_class.iter().filter_map(|(class, of_class)| {
            let slower = latency::slower(&of_class.source, &of_class.target)?;
            Some(format!("{} answers are slower on the target: {slower}", class.name()))
        });
        slower.collect()
    }
}

impl Requests {
    /// What the counts say, in words.
    #[must_use]
    pub fn verdict(&self, max_differences: u64) -> String {
        let Self { replayed, different, expected_difference, not_comparable, .. } = self;
        if *different > max_differences {
            format!("DIFFERENT: {different} of {replayed} answers differ (allowed {max_differences})")
        } else if *different > 0 {
            format!("DONE: {different} of {replayed} answers differ, as allowed")
        } else {
            format!(
                "SAME: no difference in {replayed} answers ({expected_difference} differ as the products do, {not_comparable} not comparable)"
            )
        }
    }

    /// Requests in the dead-letter folder.
    #[must_use]
    pub fn kept_back(&self) -> u64 {
        self.dead_lettered + self.unreplayable
    }

    fn add(&mut self, verdict: Verdict, fate: Fate) {
        match fate {
            Fate::Sent => self.replayed += 1,
            Fate::DeadLettered => self.dead_lettered += 1,
            Fate::Unreplayable => self.unreplayable += 1,
            Fate::LeftOut => self.left_out += 1,
        }
        match verdict {
            Verdict::Same => self.same += 1,
            Verdict::ExpectedDifference => self.expected_difference += 1,
            Verdict::Different => self.different += 1,
            Verdict::NotComparable => self.not_comparable += 1,
        }
    }
}

/// The start of a request line, without the protocol version.
fn first_line(request: &[u8]) -> String {
    let line =
        request.trim_ascii_start().split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let line = line.strip_suffix(b" HTTP/1.1").unwrap_or(line);
    shown(without_secrets(&String::from_utf8_lossy(line)).as_bytes())
}

#[cfg(test)]
mod tests;
