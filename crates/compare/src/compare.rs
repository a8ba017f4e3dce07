//! Do two answers to one request say the same?
//!
//! Bytes first: equal answers need no parsing. Otherwise status, headers and bodies are compared by the rules of the
//! call's class; what can't be judged says why instead of passing for the same.

use std::borrow::Cow;

use crate::answer::{Answer, Format};
use crate::cat;
use crate::items::{OTHER_ITEMS, SentItems};
use crate::json::{MAX_BODY_BYTES, Tape, Value};
use crate::noise::{self, Noise};
use crate::rules;
use crate::verdict::{Comparison, Difference, Verdict, shown};
use crate::walk::{Walk, find};
use switchover_rest::secrets::without_secrets;
use switchover_rest::{Call, Class};

const TEXT: &str = "text";
const TOO_LONG: &str = "an answer is too long to be compared";
const OTHER_FORMAT: &str = "a format that is not compared";
/// Requests whose answers hold arbitrary documents.
const ARBITRARY: [(&str, &str); 2] =
    [("sampler", "a sample of arbitrary documents"), ("random_score", "scores at random")];

/// What two answers answer.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The request, if its target is text.
    pub call: Option<Call<'a>>,
    /// Its body, decoded; empty when it is not known.
    pub body: &'a [u8],
    /// Of a bulk: what of it the target was asked.
    pub items: &'a SentItems,
}

/// Compares answers, and learns from those of the source what is noise.
#[derive(Debug, Default)]
pub struct Comparer {
    noise: Noise,
    tapes: [Tape; 3],
}

impl Comparer {
    /// What was learnt.
    #[must_use]
    pub fn noise(&self) -> &Noise {
        &self.noise
    }

    /// What was learnt, when there is nothing more to compare.
    #[must_use]
    pub fn into_noise(self) -> Noise {
        self.noise
    }

    /// Compares two answers.
    #[must_use]
    pub fn compare(
        &mut self,
        question: &Question<'_>,
        source: &Answer<'_>,
        target: &Answer<'_>,
    ) -> Comparison {
        let comparison = if source.status == target.status {
            let mut comparison = self.bodies(question, source, target);
            headers(&mut comparison, source, target);
            comparison
        } else {
            // One difference, whatever the bodies say; they are shown to explain it.
            let show = |answer: &Answer<'_>| format!("{} {}", answer.status, shown(&answer.body));
            Comparison::different("status", show(source), show(target))
        };
        if question.call.is_some_and(|call| call.is_secret()) { comparison.redacted() } else { comparison }
    }

    /// Takes notice of an answer of the source, in the order of the source. `at_ns`: Unix nanoseconds of the request.
    pub fn learn(&mut self, question: &Question<'_>, source: &Answer<'_>, at_ns: i64) {
        let Some(call) = question.call else { return };
        if !call.is_read() {
            if !call.is_scroll() {
                self.noise.write(at_ns);
            }
            return;
        }
        // What is not comparable needs no noise, and would teach a thousand places.
        if source.status != 200 || source.body.is_empty() || call.is_about_the_cluster() {
            return;
        }
        let request = noise::fingerprint(call.method, call.path, call.query, question.body);
        let Some(before) = self.noise.remember(request, &source.body, at_ns) else { return };
        if before == *source.body {
            return;
        }
        let [one, other, third] = &mut self.tapes;
        let (Some(before), Some(now)) = (one.parse(&before), other.parse(&source.body)) else { return };
        let mut walk = Walk::new(question.call, third.parse(question.body), None);
        walk.bodies(before, now);
        let paths = walk.into_learnable();
        self.noise.learn(call.class(), paths);
    }

    fn bodies(&mut self, question: &Question<'_>, source: &Answer<'_>, target: &Answer<'_>) -> Comparison {
        let (one, other): (&[u8], &[u8]) = (&source.body, &target.body);
        if one == other {
            return Comparison::same();
        }
        let class = question.call.map_or(Class::Other, |call| call.class());
        if let Some(call) = question.call.filter(|_| class == Class::Cat && source.status == 200) {
            return cat::compare(call, one, other);
        }
        if one.is_empty() || other.is_empty() {
            return Comparison::different("body", shown(one), shown(other));
        }
        if source.format() == Some(Format::Other) && target.format() == Some(Format::Other) {
            return Comparison::not_comparable(OTHER_FORMAT);
        }
        if one.len().max(other.len()) > MAX_BODY_BYTES {
            return Comparison::not_comparable(TOO_LONG);
        }
        let [tape, other_tape, request] = &mut self.tapes;
        let (one, other) = match (tape.parse(one), other_tape.parse(other)) {
            (Some(one), Some(other)) => (one, other),
            (None, None) => return Comparison::not_comparable(TEXT),
            (json, _) => {
                let kind = |is_json: bool, body: &[u8]| {
                    format!("{}: {}", if is_json { "JSON" } else { "text" }, shown(body))
                };
                return Comparison::different("type", kind(json.is_some(), one), kind(json.is_none(), other));
            }
        };
        if question.call.is_some_and(|call| call.segments().any(|segment| segment == "_stats"))
            && let Some(difference) = document_counts(one, other)
        {
            return Comparison {
                verdict: Verdict::Different,
                differences: vec![difference],
                ..Comparison::same()
            };
        }
        let request = request.parse(question.body);
        let mut walk = Walk::new(question.call, request, Some(&self.noise)).of_items(question.items);
        walk.bodies(one, other);
        let comparison = walk.finish();
        match unjudged(question, request, &comparison) {
            Some(reason) => Comparison::not_comparable(reason),
            None => comparison,
        }
    }
}

/// Of all that `_stats` tells, the documents of the primary shards are no affair of the cluster.
fn document_counts(source: Value<'_>, target: Value<'_>) -> Option<Difference> {
    let count = |stats: Value<'_>| Some(stats.get("primaries")?.get("docs")?.get("count")?.raw().to_owned());
    let indices = source.get("indices").map(|indices| indices.fields()).into_iter().flatten();
    let (all, others) = (source.get("_all").and_then(count), target.get("_all").and_then(count));
    let mut by_index = indices.map(|(index, stats)| {
        let other = target.get("indices").and_then(|indices| indices.get(&String::from_utf8_lossy(index)));
        (count(stats), other.and_then(count))
    });
    let (one, other) =
        by_index.find(|(one, other)| one != other).or((all != others).then_some((all, others)))?;
    let shown = |count: Option<Vec<u8>>| count.map_or_else(|| "absent".to_owned(), |count| shown(&count));
    let path = "indices.*.primaries.docs.count".to_owned();
    Some(Difference { kind: "value", path, source: shown(one), target: shown(other) })
}

/// Why differences between these bodies say nothing.
fn unjudged(
    question: &Question<'_>,
    request: Option<Value<'_>>,
    comparison: &Comparison,
) -> Option<&'static str> {
    if comparison.verdict != Verdict::Different {
        return None;
    }
    if *question.items == SentItems::Others {
        return Some(OTHER_ITEMS);
    }
    let of_error = comparison.differences.iter().any(|difference| difference.path.starts_with("error"));
    if question.call.is_some_and(|call| call.is_about_the_cluster()) && !of_error {
        return Some(cat::ABOUT_THE_CLUSTER);
    }
    let arbitrary =
        ARBITRARY.iter().find(|(name, _)| request.is_some_and(|request| find(request, name).is_some()));
    let of_document = |difference: &Difference| difference.path.contains("_source");
    arbitrary
        .map(|(_, reason)| *reason)
        .filter(|_| !of_error && !comparison.differences.iter().any(of_document))
}

/// Compares the headers that clients act on.
fn headers(comparison: &mut Comparison, source: &Answer<'_>, target: &Answer<'_>) {
    let mut differ = |name: &str, source: Option<&str>, target: Option<&str>| {
        comparison.verdict = Verdict::Different;
        comparison.reason = None;
        let shown = |value: Option<&str>| without_secrets(value.unwrap_or("absent")).into_owned();
        comparison.differences.push(Difference {
            kind: "header",
            path: name.to_owned(),
            source: shown(source),
            target: shown(target),
        });
    };
    let (one, other) = (source.content_type.as_deref(), target.content_type.as_deref());
    if source.format() != target.format() && !source.body.is_empty() && !target.body.is_empty() {
        differ("content-type", one, other);
    }
    let (one, other) = (source.location.as_deref(), target.location.as_deref());
    let mut rules = Vec::new();
    match (one.map(place), other.map(place)) {
        (one, other) if one == other => {}
        // Up to version 2 there was none.
        (None, Some(_)) => rules.push(rules::ADDED_FIELD),
        (Some(typed), Some(plain)) if untyped(&typed) == *plain => rules.push(rules::TYPES_REMOVED),
        _ => differ("location", one, other),
    }
    if source.warning != target.warning {
        rules.push(rules::WARNING);
    }
    for rule in rules {
        *comparison.expected.entry(rule).or_default() += 1;
        if comparison.verdict == Verdict::Same {
            comparison.verdict = Verdict::ExpectedDifference;
        }
    }
}

/// A location without its host and query.
fn place(location: &str) -> Cow<'_, str> {
    let path =
        location.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|slash| rest.get(slash..)));
    Cow::Borrowed(path.unwrap_or(location).split('?').next().unwrap_or_default())
}

/// `/index/type/id` as `/index/_doc/id`.
fn untyped(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    if let [_, _, kind, _] = parts.as_mut_slice() {
        *kind = "_doc";
    }
    parts.join("/")
}

#[cfg(test)]
mod tests;
