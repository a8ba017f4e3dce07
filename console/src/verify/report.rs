//! What is told: counts for each index of the target, some documents of each kind, and what could not be compared.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::comparison::Compared;
use super::tally::{Kind, Tally};
use crate::failure::Failure;
use crate::output::{Output, harmless};

/// Characters of an id that are shown to people; servers of 1.x took ids of any length.
const MAX_ID_CHARS: usize = 100;

#[derive(Debug)]
pub(super) struct Report {
    snapshot: String,
    target: String,
    rows: Vec<(String, Tally)>,
    /// Documents that rules left out, by index of the snapshot.
    dropped: BTreeMap<String, u64>,
    /// What was not compared. If there is anything, nothing is said of the whole.
    pub(super) problems: Vec<String>,
}

impl Report {
    /// `problems`: indices that could not even be opened.
    pub(super) fn new(snapshot: String, target: String, problems: Vec<String>) -> Self {
        Self { snapshot, target, rows: Vec::new(), dropped: BTreeMap::new(), problems }
    }

    pub(super) fn add(&mut self, compared: Compared) {
        self.problems.extend(compared.unread);
        self.dropped.extend(compared.dropped);
        for (index, tally) in compared.tallies {
            for (why, documents) in &tally.problems {
                self.problems.push(match documents {
                    0 => why.clone(),
                    count => format!("{index}: {count} documents could not be compared: {why}"),
                });
            }
            self.rows.push((index, tally));
        }
    }

    /// Whether no difference was seen.
    pub(super) fn equal(&self) -> bool {
        self.differences() == 0
    }

    fn differences(&self) -> u64 {
        self.rows.iter().map(|(_, tally)| tally.differences()).sum()
    }

    pub(super) fn json(&self) -> Value {
        let row = |(index, tally): &(String, Tally)| {
            let examples = |kind: &Kind| json!(kind.examples);
            json!({
                "index": index,
                "documents": tally.documents(),
                "same": tally.same,
                "different": tally.different.count,
                "missing": tally.missing.count,
                "extra": tally.extra.as_ref().map(|extra| extra.count),
                "notComparable": tally.not_comparable,
                "examples": {
                    "different": examples(&tally.different),
                    "missing": examples(&tally.missing),
                    "extra": tally.extra.as_ref().map(examples),
                },
            })
        };
        json!({
            "snapshot": self.snapshot,
            "target": self.target,
            "complete": self.problems.is_empty(),
            "equal": self.problems.is_empty() && self.equal(),
            "indices": self.rows.iter().map(row).collect::<Vec<_>>(),
            "dropped": self.dropped,
            "problems": self.problems,
        })
    }

    pub(super) fn print(&self, out: &mut Output) -> Result<(), Failure> {
        let heading = ["INDEX", "DOCUMENTS", "SAME", "DIFFERENT", "MISSING", "EXTRA", "NOT COMPARED"];
        let row = |(index, tally): &(String, Tally)| {
            let extra = tally.extra.as_ref().map_or("?".to_owned(), |extra| extra.count.to_string());
            let [documents, same, different, missing, other] = [
                tally.documents(),
                tally.same,
                tally.different.count,
                tally.missing.count,
                tally.not_comparable,
            ]
            .map(|count| count.to_string());
            [index.clone(), documents, same, different, missing, extra, other]
        };
        out.table(&heading.map(str::to_owned), &self.rows.iter().map(row).collect::<Vec<_>>())?;
        for (index, tally) in &self.rows {
            let kinds = [
                ("different", Some(&tally.different)),
                ("missing", Some(&tally.missing)),
                ("extra", tally.extra.as_ref()),
            ];
            for (name, kind) in kinds {
                if let Some(kind) = kind.filter(|kind| kind.count > 0) {
                    out.line(harmless(&format!("{index}: {name}: {}", named(kind))))?;
                }
            }
        }
        for (index, count) in &self.dropped {
            out.line(harmless(&format!("{index}: {count} documents of the snapshot are left out by rules")))?;
        }
        if !self.problems.is_empty() {
            return Ok(());
        }
        let documents: u64 = self.rows.iter().map(|(_, tally)| tally.documents()).sum();
        let indices = self.rows.len();
        match self.differences() {
            0 => out.line(format_args!("complete: {documents} documents in {indices} indices, all the same")),
            count => out.line(format_args!(
                "complete: {documents} documents in {indices} indices, {count} differences"
            )),
        }
    }
}

impl Tally {
    fn differences(&self) -> u64 {
        self.different.count + self.missing.count + self.extra.as_ref().map_or(0, |extra| extra.count)
    }
}

/// Some documents, and how many more there are.
fn named(kind: &Kind) -> String {
    let examples = kind.examples.iter().map(|example| {
        let routing =
            example.routing.as_ref().map(|routing| format!(" (routing {routing})")).unwrap_or_default();
        let at = example.at.as_ref().map(|at| format!(" (at {at})")).unwrap_or_default();
        let mut id: String = example.id.chars().take(MAX_ID_CHARS).collect();
        if id.len() < example.id.len() {
            id.push_str("...");
        }
        format!("{id}{routing}{at}")
    });
    let mut text = examples.collect::<Vec<_>>().join(", ");
    let more = kind.count.saturating_sub(kind.examples.len() as u64);
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_that_lacks_something_is_not_complete() {
        let mut tally = Tally { same: 5, extra: Some(Kind::default()), ..Tally::default() };
        let report = |tallies: Vec<(&str, Tally)>, unread: &[&str]| {
            let mut report = Report::new("s".to_owned(), "http://t".to_owned(), Vec::new());
            let tallies: BTreeMap<_, _> =
                tallies.into_iter().map(|(index, tally)| (index.to_owned(), tally)).collect();
            let dropped = BTreeMap::from([("s".to_owned(), 3)]);
            let unread = unread.iter().map(|&text| text.to_owned()).collect();
            report.add(Compared { tallies, unread, dropped });
            report
        };
        let unread = report(vec![], &["shard 3 is damaged"]);
        assert!(unread.json()["complete"] == false && unread.json()["equal"] == false);

        for n in 0..7 {
            tally.missing.add(&n.to_string(), (n == 0).then_some("r"), None);
        }
        assert_eq!(named(&tally.missing), "0 (routing r), 1, 2, 3, 4 and 2 more");
        let mut long = Kind::default();
        long.add(&"é".repeat(600), None, None);
        assert_eq!(named(&long), format!("{}...", "é".repeat(100)));
        let differs = report(vec![("a", tally)], &[]);
        let json = differs.json();
        assert!(json["complete"] == true && json["equal"] == false && !differs.equal(), "{json}");
        assert_eq!(
            (&json["indices"][0]["documents"], &json["indices"][0]["missing"]),
            (&json!(12), &json!(7))
        );

        assert_eq!(json["dropped"], json!({"s": 3}));

        let mut sourceless = Tally::default();
        sourceless.problem("no _source".to_owned());
        let sourceless = report(vec![("b", sourceless)], &[]);
        assert_eq!(sourceless.problems, ["b: 1 documents could not be compared: no _source"]);
        assert_eq!(sourceless.json()["indices"][0]["extra"], Value::Null);
    }
}
