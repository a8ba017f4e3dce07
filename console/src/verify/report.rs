//! What is told: counts for each index of the target, some documents of each kind, settings and mappings that differ, and
//! what could not be compared.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::comparison::Compared;
use super::record::Since;
use super::tally::{Kind, Tally};
use crate::failure::Failure;
use crate::metadata::verified::{Difference, What};
use crate::output::{Output, harmless};
use crate::utc;

/// Characters of an id that are shown to people; servers of 1.x took ids of any length.
const MAX_ID_CHARS: usize = 100;

/// Documents of each kind that people are shown.
const SHOWN_EXAMPLES: usize = 5;

/// What the target was compared with.
#[derive(Debug)]
pub(super) enum Source {
    Snapshot(String),
    /// Its address.
    Cluster(String),
}

/// When two live clusters were compared.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) at_unix_ms: u64,
    pub(super) since: Since,
}

#[derive(Debug)]
pub(super) struct Report {
    source: Source,
    target: String,
    rows: Vec<(String, Tally)>,
    /// Documents that rules left out, by index of the source.
    dropped: BTreeMap<String, u64>,
    /// Settings, mappings and aliases: how many items were compared, and those that differ.
    definitions: Option<(usize, Vec<Difference>)>,
    /// Indices of the source that were compared before and not written since, by when that was.
    left_out: BTreeMap<u64, usize>,
    pub(super) moment: Option<Moment>,
    /// What was not compared. If there is anything, nothing is said of the whole.
    pub(super) problems: Vec<String>,
}

impl Report {
    /// `problems`: indices that could not even be opened.
    pub(super) fn new(source: Source, target: String, problems: Vec<String>) -> Self {
        Self {
            source,
            target,
            rows: Vec::new(),
            dropped: BTreeMap::new(),
            definitions: None,
            left_out: BTreeMap::new(),
            moment: None,
            problems,
        }
    }

    /// Takes what came of settings, mappings and aliases.
    pub(super) fn define(&mut self, (compared, found): (usize, Vec<Difference>)) {
        for difference in &found {
            if let What::NotComparable(why) = &difference.what {
                self.problems.push(format!("{} {}: {why}", difference.kind, difference.name));
            }
        }
        self.definitions = Some((compared, found));
    }

    /// Indices that need not be compared: since when.
    pub(super) fn leave_out(&mut self, sources: &[String], at_unix_ms: u64) {
        *self.left_out.entry(at_unix_ms).or_default() += sources.len();
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
        self.differences() == 0 && self.definition_differences() == 0
    }

    /// Of documents.
    pub(super) fn differences(&self) -> u64 {
        self.rows.iter().map(|(_, tally)| tally.differences()).sum()
    }

    /// Indices and aliases that are otherwise than they should be.
    pub(super) fn definition_differences(&self) -> u64 {
        self.definitions.as_ref().map_or(0, |(_, found)| found.len() as u64)
    }

    pub(super) fn documents(&self) -> u64 {
        self.rows.iter().map(|(_, tally)| tally.documents()).sum()
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
                "writtenMeanwhile": tally.written,
                "notComparable": tally.not_comparable,
                "examples": {
                    "different": examples(&tally.different),
                    "missing": examples(&tally.missing),
                    "extra": tally.extra.as_ref().map(examples),
                },
            })
        };
        let mut report = json!({
            "target": self.target,
            "complete": self.problems.is_empty(),
            "equal": self.problems.is_empty() && self.equal(),
            "indices": self.rows.iter().map(row).collect::<Vec<_>>(),
            "dropped": self.dropped,
            "problems": self.problems,
        });
        match &self.source {
            Source::Snapshot(name) => report["snapshot"] = json!(name),
            Source::Cluster(address) => report["source"] = json!(address),
        }
        if let Some((compared, found)) = &self.definitions {
            report["definitions"] = json!({"compared": compared, "differences": found.iter().map(definition).collect::<Vec<_>>()});
        }
        if let Some(moment) = &self.moment {
            report["verifiedUnixMs"] = json!(moment.at_unix_ms);
            report["writesSince"] = moment.since.json();
            report["stale"] = json!(moment.since.is_stale());
            report["notWrittenSince"] =
                self.left_out.iter().map(|(at, indices)| json!({"unixMs": at, "indices": indices})).collect();
        }
        report
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
        for (index, tally) in self.rows.iter().filter(|(_, tally)| tally.written > 0) {
            let count = tally.written;
            out.line(harmless(&format!(
                "{index}: {count} documents were written meanwhile and are not judged"
            )))?;
        }
        for (index, count) in &self.dropped {
            out.line(harmless(&format!("{index}: {count} documents of the source are left out by rules")))?;
        }
        for difference in self.definitions.iter().flat_map(|(_, found)| found) {
            out.line(harmless(&told(difference)))?;
        }
        for (at, indices) in &self.left_out {
            out.line(format_args!(
                "{indices} indices were not written since they were found equal at {}",
                time(*at)
            ))?;
        }
        if let Some(moment) = &self.moment {
            out.line(harmless(&moment.since.told(moment.at_unix_ms)))?;
        }
        if !self.problems.is_empty() {
            return Ok(());
        }
        let (documents, indices) = (self.documents(), self.rows.len());
        let definitions = match &self.definitions {
            Some((compared, _)) => format!(", settings, mappings and aliases of {compared} items"),
            None => String::new(),
        };
        let of_what = format!("complete: {documents} documents in {indices} indices{definitions}");
        match self.differences() + self.definition_differences() {
            0 => out.line(format_args!("{of_what}, all the same")),
            count => out.line(format_args!("{of_what}, {count} differences")),
        }
    }
}

fn time(unix_ms: u64) -> String {
    let text = i64::try_from(unix_ms).ok().and_then(utc::date_and_time);
    text.map_or_else(|| "an unknown time".to_owned(), |text| format!("{text} UTC"))
}

fn definition(difference: &Difference) -> Value {
    let (what, at, reason) = match &difference.what {
        What::Missing => ("missing", None, None),
        What::Extra => ("extra", None, None),
        What::Different(places) => ("different", Some(places), None),
        What::NotComparable(why) => ("notComparable", None, Some(why)),
    };
    json!({"kind": difference.kind, "name": difference.name, "difference": what, "at": at, "reason": reason})
}

fn told(difference: &Difference) -> String {
    let Difference { kind, name, what } = difference;
    match what {
        What::Missing => format!("{kind} {name}: missing"),
        What::Extra => format!("{kind} {name}: extra"),
        What::Different(places) => format!("{kind} {name}: different (at {})", places.join(", ")),
        What::NotComparable(why) => format!("{kind} {name}: not compared: {why}"),
    }
}

impl Since {
    /// `null` for what is not known.
    pub(super) fn json(&self) -> Value {
        let reason = |side: &anyhow::Result<u64>| side.as_ref().err().map(|error| format!("{error:#}"));
        json!({
            "source": self.source.as_ref().ok(),
            "target": self.target.as_ref().ok(),
            "unknown": reason(&self.source).or_else(|| reason(&self.target)),
        })
    }

    /// `verified at ...: 3 writes since on the source, 0 on the target`.
    pub(super) fn told(&self, at_unix_ms: u64) -> String {
        let at = time(at_unix_ms);
        let count = |side: &anyhow::Result<u64>| match side {
            Ok(count) => count.to_string(),
            Err(_) => "an unknown number of".to_owned(),
        };
        let (source, target) = (count(&self.source), count(&self.target));
        let stale = match self.is_stale() {
            Some(true) => "; stale",
            Some(false) => "",
            None => "; whether it is stale is unknown",
        };
        let why = [&self.source, &self.target].into_iter().find_map(|side| side.as_ref().err());
        let why = why.map(|error| format!(" ({error:#})")).unwrap_or_default();
        format!("verified at {at}: {source} writes since on the source, {target} on the target{stale}{why}")
    }
}

impl Tally {
    pub(super) fn differences(&self) -> u64 {
        self.different.count + self.missing.count + self.extra.as_ref().map_or(0, |extra| extra.count)
    }
}

/// Some documents, and how many more there are.
fn named(kind: &Kind) -> String {
    let examples = kind.examples.iter().take(SHOWN_EXAMPLES).map(|example| {
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
    let more = kind.count.saturating_sub(SHOWN_EXAMPLES as u64);
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
            let mut report = Report::new(Source::Snapshot("s".to_owned()), "http://t".to_owned(), Vec::new());
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
