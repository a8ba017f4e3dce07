//! What replayers say of themselves, and what all that they said comes to.
//!
//! Each counts what it did itself since it began. So that the sums are right however many came and went, the index adds them
//! up; one that died has said at its last sign of life what it had done by then.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::board::Board;
use crate::error::CoordinationError;
use crate::item::Kind;
use crate::member::{Member, MemberState, StoredMember, shorten};

/// Partitions that a replayer tells of.
const MAX_PARTITIONS: usize = 64;
/// Groups of differences that it tells of.
const MAX_DIFFERENCES: usize = 20;
/// Replayers that are not there any more and are told of one by one, the newest ones.
const MAX_ENDED: usize = 100;

/// What a replayer says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplaySaid {
    /// What it did since it began.
    pub counts: ReplayCounts,
    /// Requests read and not sent.
    pub waiting: u64,
    /// Requests sent and not complete.
    pub in_flight: u64,
    /// Requests a second that were completed, over the last beats.
    pub requests_per_second: f64,
    /// It goes on with what is captured later, until it is told to stop.
    pub live: bool,
    /// How old on the source, in milliseconds, the oldest request is that is not complete; 0 when there is none. `None`: not
    /// known, as what there is was not read yet.
    pub behind_ms: Option<u64>,
    /// Milliseconds until it has caught up with the source, if it goes on as over the last beats.
    pub live_in_ms: Option<u64>,
    /// The request that has waited longest for its answer.
    pub oldest: Option<OldestRequest>,
    /// Records of the topic that are not replayed yet, in all its partitions; `None` without Kafka.
    pub lag_records: Option<u64>,
    /// Its partitions; not all, when there are many.
    pub partitions: Vec<PartitionFigures>,
    /// The most frequent kinds of differences.
    pub differences: Vec<Differences>,
    /// Where it keeps requests that it gave up, on its host.
    pub dead_letter_dir: String,
    /// Where it writes tuples, on its host.
    pub tuple_dir: String,
    /// How it ended. `None`: it did not, or it stood by when it did.
    pub outcome: Option<ReplayOutcome>,
}

/// What replayers did. Each request is in one of `replayed`, `unreplayable`, `left_out` and `dead_lettered`, and in one of
/// the four verdicts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplayCounts {
    /// Requests sent and answered.
    pub replayed: u64,
    /// Captured bytes that are not one request; in the dead-letter folder.
    pub unreplayable: u64,
    /// Requests not sent, as a filter or a rule says.
    pub left_out: u64,
    /// Requests without an answer that stands; in the dead-letter folder.
    pub dead_lettered: u64,
    /// Same answer.
    pub same: u64,
    /// It differs only as the products do.
    pub expected_difference: u64,
    /// Another answer.
    pub different: u64,
    /// It can't be told.
    pub not_comparable: u64,
    /// Places where captured traffic is missing.
    pub gaps: u64,
    /// Requests known to be missing there.
    pub gap_requests: u64,
    /// Stretches of traffic that can't be told apart into requests.
    pub unframed: u64,
    /// Records that can't be decoded.
    pub bad_records: u64,
}

/// How a replayer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplayOutcome {
    /// All of its input is replayed.
    Done,
    /// It was told to end before.
    Stopped,
    /// It could not go on; its reason says why.
    Failed,
}

/// The request that has waited longest for its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OldestRequest {
    /// As in the tuples.
    pub request: String,
    /// The capturing process.
    pub node_id: String,
    /// How long it has been in flight, retries included.
    pub seconds: u64,
    /// Why it is not complete.
    pub reason: String,
}

/// How far a partition is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartitionFigures {
    /// Its number.
    pub partition: i32,
    /// Everything below this offset is replayed.
    pub replayed_to: i64,
    /// Where it ended when the broker was last asked.
    pub end: Option<i64>,
    /// Records in between.
    pub lag: i64,
}

/// Differences of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Differences {
    /// What kind of request.
    pub endpoint: String,
    /// What kind of difference.
    pub kind: String,
    /// Where in the answer.
    pub path: String,
    /// How many.
    pub count: u64,
}

/// What became of the replayers of the last start that are not there any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayEnds {
    /// They came to the end of their input.
    pub done: u64,
    /// They were told to end before.
    pub stopped: u64,
    /// They failed.
    pub failed: u64,
    /// They died without a word.
    pub lost: u64,
}

/// All replayers of a session, as of the last refresh of its index (1 s).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReplayOverview {
    /// What all of them did, those that are not there any more included.
    pub counts: ReplayCounts,
    /// Of those of the last start.
    pub ends: ReplayEnds,
    /// Those that ended or were lost since the last start, newest first; not all, when there are many.
    pub over: Vec<Member>,
}

/// A counter of [`ReplayCounts`] by its name in the index.
type Counter = (&'static str, fn(&mut ReplayCounts) -> &mut u64);

const COUNTERS: [Counter; 12] = [
    ("replayed", |counts| &mut counts.replayed),
    ("unreplayable", |counts| &mut counts.unreplayable),
    ("leftOut", |counts| &mut counts.left_out),
    ("deadLettered", |counts| &mut counts.dead_lettered),
    ("same", |counts| &mut counts.same),
    ("expectedDifference", |counts| &mut counts.expected_difference),
    ("different", |counts| &mut counts.different),
    ("notComparable", |counts| &mut counts.not_comparable),
    ("gaps", |counts| &mut counts.gaps),
    ("gapRequests", |counts| &mut counts.gap_requests),
    ("unframed", |counts| &mut counts.unframed),
    ("badRecords", |counts| &mut counts.bad_records),
];

impl ReplayCounts {
    /// Requests that are not on the target, and are kept.
    #[must_use]
    pub fn dead_letters(&self) -> u64 {
        self.dead_lettered + self.unreplayable
    }

    /// Places where traffic of the source is missing or can't be read.
    #[must_use]
    pub fn losses(&self) -> u64 {
        self.gaps + self.unframed + self.bad_records
    }
}

impl AddAssign for ReplayCounts {
    fn add_assign(&mut self, mut other: Self) {
        for (_, counter) in COUNTERS {
            *counter(self) += *counter(&mut other);
        }
    }
}

impl ReplaySaid {
    /// Keeps a member's document small.
    pub(crate) fn shorten(&mut self) {
        self.partitions.truncate(MAX_PARTITIONS);
        self.differences.truncate(MAX_DIFFERENCES);
        self.differences.iter_mut().for_each(|group| shorten(&mut group.path));
        if let Some(oldest) = &mut self.oldest {
            shorten(&mut oldest.reason);
        }
    }
}

/// What is looked for or added up.
pub(crate) fn mappings() -> Value {
    let counters = COUNTERS.map(|(name, _)| (name.to_owned(), json!({"type": "long"})));
    let counters = serde_json::Map::from_iter(counters);
    json!({"outcome": {"type": "keyword"}, "counts": {"properties": counters}})
}

impl Board {
    /// Sums up what replayers said.
    ///
    /// # Errors
    /// When the cluster can't be asked, or answers for a part only.
    pub async fn replay_overview(&self) -> Result<ReplayOverview, CoordinationError> {
        // What was replayed of another input is not of interest.
        let since = self.subject_since().await?;
        let started = self.last_start().await?.map(|start| start.after).max(since);
        let of = |after: Option<i64>| {
            let mut filter = vec![json!({"term": {"kind": Kind::Worker}})];
            filter.extend(after.map(|after| json!({"range": {"registered": {"gt": after}}})));
            json!({"bool": {"filter": filter}})
        };
        let sum = |name: &str| json!({"sum": {"field": format!("replay.counts.{name}")}});
        let mut sums = serde_json::Map::from_iter(COUNTERS.map(|(name, _)| (name.to_owned(), sum(name))));
        let outcome = |outcome| json!({"filter": {"term": {"replay.outcome": outcome}}});
        let ends = json!({
            "done": outcome(ReplayOutcome::Done),
            "stopped": outcome(ReplayOutcome::Stopped),
            "failed": outcome(ReplayOutcome::Failed),
            "lost": {"filter": {"term": {"state": MemberState::Lost}}},
        });
        sums.insert("ends".to_owned(), json!({"filter": of(started), "aggs": ends}));
        let answer = self.store.query(json!({"size": 0, "query": of(since), "aggs": sums})).await?;
        let sums = &answer["aggregations"];
        let mut overview = ReplayOverview::default();
        for (name, counter) in COUNTERS {
            let Some(sum) = sums[name]["value"].as_f64() else {
                return Err(self.store.foreign("_search", &"the answer holds no sums"));
            };
            // A floating-point number, exact up to 2^53.
            *counter(&mut overview.counts) = sum as u64;
        }
        let count = |name: &str| sums["ends"][name]["doc_count"].as_u64().unwrap_or_default();
        overview.ends = ReplayEnds {
            done: count("done"),
            stopped: count("stopped"),
            failed: count("failed"),
            lost: count("lost"),
        };
        let over = json!({"terms": {"state": [MemberState::Ended, MemberState::Lost]}});
        let query = json!({"bool": {"filter": [of(started), over]}});
        let sort = json!([{"registered": {"order": "desc", "missing": "_first"}}]);
        let found =
            self.store.search::<StoredMember>(json!({"size": MAX_ENDED, "query": query, "sort": sort}));
        overview.over = found.await?.into_iter().map(|found| found.source.member).collect();
        Ok(overview)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_is_mapped_by_its_name() {
        let mut counts = ReplayCounts::default();
        for (value, (_, counter)) in (1..).zip(COUNTERS) {
            *counter(&mut counts) = value;
        }
        let written = json!(counts);
        assert_eq!(written.as_object().unwrap().len(), COUNTERS.len());
        for (value, (name, _)) in (1u64..).zip(COUNTERS) {
            assert_eq!(written[name], value, "{name}");
            assert_eq!(mappings()["counts"]["properties"][name]["type"], "long");
        }
        let mut twice = counts;
        twice += counts;
        assert_eq!((twice.replayed, twice.bad_records), (2, 24));
    }

    #[test]
    fn what_is_said_stays_small() {
        let mut said = ReplaySaid {
            partitions: vec![PartitionFigures::default(); 10_000],
            differences: vec![Differences { path: "ä".repeat(9000), ..Differences::default() }; 50],
            oldest: Some(OldestRequest { reason: "x".repeat(9000), ..OldestRequest::default() }),
            ..ReplaySaid::default()
        };
        said.shorten();
        assert!(json!(said).to_string().len() < 40_000);
        assert_eq!(
            serde_json::from_value::<ReplaySaid>(json!({"laterKey": 1})).unwrap(),
            ReplaySaid::default()
        );
    }
}
