//! Do two answers to one request say the same?
//!
//! Bytes first: equal answers need no parsing. Otherwise status codes and JSON bodies are compared, leaving out what
//! has to differ between two clusters (times, shard counters, node names, generated ids). Every pair gets a verdict;
//! what can't be judged says why instead of passing for the same.

mod hits;
mod json;
mod walk;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use switchover_http1::message::parse_response;
use switchover_http1::{RequestKind, ResponseHead};

use crate::call::{Call, Class};
use crate::content;
use json::Json;
use walk::Walk;

/// Values shown in a difference are cut to this.
pub const MAX_SHOWN_BYTES: usize = 200;
/// Differences of one pair beyond this are not listed.
pub const MAX_DIFFERENCES_PER_PAIR: usize = 20;

/// What came of comparing a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// They say the same.
    Same,
    /// They don't.
    Different,
    /// It can't be told; see [`Comparison::reason`].
    NotComparable,
}

/// One place where two answers differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `status`, `value`, `type`, `missing` (on the target), `extra`, `length`, `order`, `body` or `noAnswer`.
    pub kind: &'static str,
    /// JSON path, every array index as `*`; empty for the whole answer.
    pub path: String,
    /// The source's value, cut.
    pub source: String,
    /// The target's value, cut.
    pub target: String,
}

/// The result of comparing one pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The result.
    pub verdict: Verdict,
    /// Why the pair is not comparable.
    pub reason: Option<&'static str>,
    /// What differs, one for each kind and path.
    pub differences: Vec<Difference>,
    /// Differences that come with the product and say nothing of the data, by name.
    pub expected: BTreeMap<&'static str, u64>,
}

impl Comparison {
    /// The same.
    #[must_use]
    pub fn same() -> Self {
        Self { verdict: Verdict::Same, reason: None, differences: Vec::new(), expected: BTreeMap::new() }
    }

    /// Not comparable, for this reason.
    #[must_use]
    pub fn not_comparable(reason: &'static str) -> Self {
        Self { verdict: Verdict::NotComparable, reason: Some(reason), ..Self::same() }
    }

    /// Different in one way that concerns the answer as a whole.
    #[must_use]
    pub fn different(kind: &'static str, source: String, target: String) -> Self {
        let difference = Difference { kind, path: String::new(), source, target };
        Self { verdict: Verdict::Different, differences: vec![difference], ..Self::same() }
    }
}

/// What the two answers answer.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The request, if its target is text.
    pub call: Option<Call<'a>>,
    /// For the framing of the answers.
    pub kind: RequestKind,
}

/// Compares two whole answers.
#[must_use]
pub fn compare(question: &Question<'_>, source: &[u8], target: &[u8]) -> Comparison {
    if source == target {
        return Comparison::same();
    }
    let (Ok((source_head, source)), Ok((target_head, target))) =
        (parse_response(source, question.kind), parse_response(target, question.kind))
    else {
        return Comparison::not_comparable("an answer can't be parsed");
    };
    if source_head.status != target_head.status {
        return statuses(&source_head, &source, &target_head, &target);
    }
    if source == target {
        return Comparison::same();
    }
    let decode = |head: &ResponseHead<'_>, body| content::decode(head.header("content-encoding"), body);
    match (decode(&source_head, source), decode(&target_head, target)) {
        (Ok(source), Ok(target)) => bodies(question, &source, &target),
        _ => Comparison::not_comparable("a body can't be decompressed"),
    }
}

/// A different status is one difference, whatever the bodies say; they are shown to explain it.
fn statuses(
    source_head: &ResponseHead<'_>,
    source: &[u8],
    target_head: &ResponseHead<'_>,
    target: &[u8],
) -> Comparison {
    let show = |head: &ResponseHead<'_>, body: &[u8]| {
        let body = content::decode(head.header("content-encoding"), Cow::Borrowed(body)).unwrap_or_default();
        cut(&format!(
            "{} {}",
            head.status,
            String::from_utf8_lossy(body.get(..MAX_SHOWN_BYTES).unwrap_or(&body))
        ))
    };
    Comparison::different("status", show(source_head, source), show(target_head, target))
}

fn bodies(question: &Question<'_>, source: &[u8], target: &[u8]) -> Comparison {
    if source == target {
        return Comparison::same();
    }
    if source.is_empty() || target.is_empty() {
        let show = |body: &[u8]| cut(&String::from_utf8_lossy(body.get(..MAX_SHOWN_BYTES).unwrap_or(body)));
        return Comparison::different("body", show(source), show(target));
    }
    let root = question.call.is_some_and(|call| call.is_root());
    let class = question.call.map_or(Class::Other, |call| call.class());
    if class == Class::Cat {
        return Comparison::not_comparable("text");
    }
    let (source, target) = match (Json::parse(source), Json::parse(target)) {
        (Some(source), Some(target)) => (source, target),
        (None, None) => return Comparison::not_comparable("text"),
        _ => return Comparison::different("type", shown_kind(source), shown_kind(target)),
    };
    let mut walk = Walk::new(class, root);
    walk.paged = question.call.is_some_and(|call| call.is_scroll());
    walk.compare(&source, &target);
    let comparison = walk.finish();
    let about_cluster = question.call.is_some_and(|call| call.is_about_the_cluster());
    if comparison.verdict == Verdict::Different && about_cluster {
        return Comparison::not_comparable("describes the cluster itself");
    }
    comparison
}

fn shown_kind(body: &[u8]) -> String {
    let kind = if Json::parse(body).is_some() { "JSON" } else { "text" };
    cut(&format!("{kind}: {}", String::from_utf8_lossy(body.get(..MAX_SHOWN_BYTES).unwrap_or(body))))
}

/// The first [`MAX_SHOWN_BYTES`] of a text.
fn cut(text: &str) -> String {
    if text.len() <= MAX_SHOWN_BYTES {
        return text.to_owned();
    }
    let end = (0..=MAX_SHOWN_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}...", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests;
