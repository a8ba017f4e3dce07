//! What was seen in the input beside the requests themselves.

use serde::Serialize;
use switchover_compare::report::Fact;

/// Examples kept of each kind.
const MAX_EXAMPLES: usize = 3;

/// Counts of one stretch of input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InputCounts {
    /// Capture records read.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whole requests found in them.
    pub requests: u64,
    /// Of these, left out on purpose: by time, method, path or sample.
    pub left_out: u64,
    /// Of these, answered by the target itself while clients were routed to it, so that it has them.
    pub served_by_target: u64,
    /// Of these, finished by an earlier run of this consumer group.
    pub already_done: u64,
    /// Records read again, ignored.
    pub duplicates: u64,
    /// Requests whose end the source never saw; not replayed, since the source did not act on them.
    pub incomplete_requests: u64,
    /// Connections continued from an earlier run of this consumer group.
    pub resumed_connections: u64,
    /// Places where traffic is missing.
    pub gaps: u64,
    /// Requests known to be missing there.
    pub gap_requests: u64,
    /// The first few gaps.
    pub gap_examples: Vec<String>,
    /// Stretches of traffic that are not HTTP/1 requests that could be told apart.
    pub unframed: u64,
    /// Their bytes.
    pub unframed_bytes: u64,
    /// The first few of them.
    pub unframed_examples: Vec<String>,
    /// Records that can't be decoded.
    pub bad_records: u64,
    /// The first few of them.
    pub bad_record_examples: Vec<String>,
}

/// How much of the source's traffic can't be replayed for lack of its bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Losses {
    /// Places where traffic is missing.
    pub gaps: u64,
    /// Requests known to be missing there.
    pub gap_requests: u64,
    /// Stretches of traffic that are not HTTP/1 requests that could be told apart.
    pub unframed: u64,
    /// Records that can't be decoded.
    pub bad_records: u64,
}

impl InputCounts {
    /// What is lost.
    #[must_use]
    pub fn losses(&self) -> Losses {
        let Self { gaps, gap_requests, unframed, bad_records, .. } = *self;
        Losses { gaps, gap_requests, unframed, bad_records }
    }

    /// Counts a gap.
    pub fn gap(&mut self, what: &str, requests: u64) {
        self.gaps += 1;
        self.gap_requests += requests;
        keep(&mut self.gap_examples, what);
    }

    /// Counts traffic that can't be replayed.
    pub fn unframed(&mut self, what: &str, bytes: u64) {
        self.unframed += 1;
        self.unframed_bytes += bytes;
        keep(&mut self.unframed_examples, what);
    }

    /// Counts a record that can't be decoded.
    pub fn bad_record(&mut self, what: &str) {
        self.bad_records += 1;
        keep(&mut self.bad_record_examples, what);
    }

    /// Whether nothing was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether traffic of the source can't be replayed for lack of its bytes.
    #[must_use]
    pub fn is_lossy(&self) -> bool {
        self.gaps + self.unframed + self.bad_records > 0
    }

    /// What people have to be told of it.
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        let read = format!(
            "{} records, {} bytes, {} requests, {} of them left out, {} finished by an earlier run; {} duplicates ignored, {} incomplete requests, {} connections resumed",
            self.records,
            self.bytes,
            self.requests,
            self.left_out,
            self.already_done,
            self.duplicates,
            self.incomplete_requests,
            self.resumed_connections
        );
        let lossy = |label, count: u64, text, examples: &[String]| Fact {
            label,
            text,
            examples: examples.to_vec(),
            alarming: count > 0,
        };
        let mut facts = vec![
            Fact { label: "input", text: read, ..Fact::default() },
            lossy(
                "gaps",
                self.gaps,
                format!("{} ({} requests known to be missing)", self.gaps, self.gap_requests),
                &self.gap_examples,
            ),
        ];
        if self.served_by_target > 0 {
            let text = format!("{} requests, not sent to it again", self.served_by_target);
            facts.push(Fact { label: "answered by the target", text, ..Fact::default() });
        }
        if self.unframed > 0 {
            let text = format!("{} ({} bytes)", self.unframed, self.unframed_bytes);
            facts.push(lossy("unframed", self.unframed, text, &self.unframed_examples));
        }
        if self.bad_records > 0 {
            facts.push(lossy(
                "bad records",
                self.bad_records,
                self.bad_records.to_string(),
                &self.bad_record_examples,
            ));
        }
        facts
    }

    /// Adds those of a later stretch.
    pub fn merge(&mut self, other: Self) {
        self.records += other.records;
        self.bytes += other.bytes;
        self.requests += other.requests;
        self.left_out += other.left_out;
        self.served_by_target += other.served_by_target;
        self.already_done += other.already_done;
        self.duplicates += other.duplicates;
        self.incomplete_requests += other.incomplete_requests;
        self.resumed_connections += other.resumed_connections;
        self.gaps += other.gaps;
        self.gap_requests += other.gap_requests;
        self.unframed += other.unframed;
        self.unframed_bytes += other.unframed_bytes;
        self.bad_records += other.bad_records;
        for (examples, more) in [
            (&mut self.gap_examples, other.gap_examples),
            (&mut self.unframed_examples, other.unframed_examples),
            (&mut self.bad_record_examples, other.bad_record_examples),
        ] {
            more.iter().for_each(|what| keep(examples, what));
        }
    }
}

fn keep(examples: &mut Vec<String>, what: &str) {
    if examples.len() < MAX_EXAMPLES {
        examples.push(what.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_adds_and_keeps_the_first_examples() {
        let mut counts = InputCounts { records: 2, ..InputCounts::default() };
        assert!(!counts.is_lossy() && !counts.is_empty());
        for at in 0..3 {
            let mut more = InputCounts { records: 1, ..InputCounts::default() };
            more.gap(&format!("a{at}"), 5);
            more.gap(&format!("b{at}"), 0);
            counts.merge(more);
        }
        assert_eq!((counts.records, counts.gaps, counts.gap_requests), (5, 6, 15));
        assert_eq!(counts.gap_examples, ["a0", "b0", "a1"]);
        assert!(counts.is_lossy());
    }
}
