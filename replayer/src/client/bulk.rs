//! Bulks of which some items failed: only these are sent again, and the client's one question gets one answer.

mod items;
mod results;

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use serde_json::value::RawValue;
use switchover_compare::items::SentItems;

use super::{Answer, RawRequest};
use items::Item;
pub(super) use items::items;
use results::{Failure, answer_body, results, says_no_errors};

/// Types of errors of items for which another attempt has no use: the document or the call is wrong.
pub const DEFAULT_NON_RETRYABLE: [&str; 9] = [
    "version_conflict_engine_exception",
    "mapper_parsing_exception",
    "strict_dynamic_mapping_exception",
    "document_missing_exception",
    "action_request_validation_exception",
    "invalid_index_name_exception",
    "routing_missing_exception",
    "illegal_argument_exception",
    "resource_already_exists_exception",
];

/// A bulk with items to be sent again.
#[derive(Debug)]
pub(super) struct Bulk {
    content: Bytes,
    items: Vec<Item>,
    /// The latest result of each item.
    results: Vec<Box<RawValue>>,
    /// Items that failed in a way that passes, in order.
    failed: Vec<usize>,
    /// Items that are sent again: the failed ones, and what must follow them.
    resent: Vec<usize>,
    /// Why the first of the failed ones failed.
    reason: String,
    first: Answer,
}

/// The items of a bulk that were given up.
#[derive(Debug)]
pub struct Remainder {
    /// Their lines.
    pub body: Bytes,
    /// Their places in the bulk, from 0.
    pub items: Vec<usize>,
    /// How many items the bulk has.
    pub of: usize,
}

impl Remainder {
    /// The same items by their places in the bulk as it was captured.
    #[must_use]
    pub fn of_captured(mut self, sent: &SentItems) -> Self {
        if let SentItems::Some { places, of } = sent {
            self.items = self.items.iter().filter_map(|at| places.get(*at).copied()).collect();
            self.of = *of;
        }
        self
    }
}

impl Bulk {
    /// Looks at the first answer. `None` when nothing is to be sent again: no item failed in a way that passes, or
    /// it can't be told which (`filter_path` left the items out). `source`: the whole answer of the source.
    pub(super) fn begin(
        request: &RawRequest,
        answer: &Answer,
        source: Option<&[u8]>,
        non_retryable: &BTreeSet<String>,
    ) -> Option<Self> {
        let body = answer_body(&answer.bytes)?;
        if says_no_errors(&body) {
            return None;
        }
        let results = results(&body)?;
        if !results.iter().any(|result| result.passes(non_retryable)) {
            return None;
        }
        let content = request.content()?.into_owned();
        let items = items(&content)?;
        if items.len() != results.len() {
            return None;
        }
        let source = source.and_then(answer_body);
        let source = source.as_deref().and_then(self::results).unwrap_or_default();
        let same_on_source = |at: usize, failure: &Failure<'_>| {
            source.get(at).is_some_and(|theirs| theirs.status == failure.status)
        };
        let failed: Vec<usize> = (0..)
            .zip(&results)
            .filter(|(at, result)| result.passes(non_retryable) && !same_on_source(*at, result))
            .map(|(at, _)| at)
            .collect();
        let reason = failed.first().and_then(|at| results.get(*at)).map(Failure::describe)?;
        let results = results.iter().map(|result| result.raw.to_owned()).collect();
        let mut bulk = Self {
            content: content.into(),
            items,
            results,
            failed,
            resent: Vec::new(),
            reason,
            first: answer.clone(),
        };
        bulk.plan();
        Some(bulk)
    }

    /// Takes the answer to what was sent again. False when it is not an answer to that.
    pub(super) fn take(&mut self, answer: &Answer, non_retryable: &BTreeSet<String>) -> bool {
        let Some(body) = answer_body(&answer.bytes) else { return false };
        let Some(results) = results(&body).filter(|results| results.len() == self.resent.len()) else {
            return false;
        };
        let mut failed = Vec::new();
        for (at, result) in self.resent.iter().zip(&results) {
            if result.passes(non_retryable) {
                if failed.is_empty() {
                    self.reason = result.describe();
                }
                failed.push(*at);
            }
            if let Some(place) = self.results.get_mut(*at) {
                *place = result.raw.to_owned();
            }
        }
        self.failed = failed;
        self.plan();
        true
    }

    /// A failed item comes to the target after the later ones of the same document, which then have to come again: the
    /// last write must win as it did on the source.
    fn plan(&mut self) {
        let mut documents = HashMap::new();
        for at in &self.failed {
            if let Some(document) = self.items.get(*at).and_then(|item| item.document.as_deref()) {
                documents.entry(document).or_insert(*at);
            }
        }
        let failed: BTreeSet<usize> = self.failed.iter().copied().collect();
        let again = |(at, item): (usize, &Item)| {
            let follows = item.is_absolute
                && item
                    .document
                    .as_deref()
                    .is_some_and(|document| documents.get(document).is_some_and(|first| *first < at));
            (follows || failed.contains(&at)).then_some(at)
        };
        self.resent = self.items.iter().enumerate().filter_map(again).collect();
    }

    pub(super) fn is_done(&self) -> bool {
        self.failed.is_empty()
    }

    /// How many items failed and why.
    pub(super) fn describe(&self) -> String {
        format!(
            "{} of {} items of the bulk failed, the first with {}",
            self.failed.len(),
            self.items.len(),
            self.reason
        )
    }

    /// What is to be sent again.
    pub(super) fn remainder(&self) -> Remainder {
        let body = lines(&self.content, &self.items, &self.resent);
        Remainder { body: body.into(), items: self.resent.clone(), of: self.items.len() }
    }

    /// One answer for the whole bulk: the latest result of every item in its place. Its latency is that of the first
    /// attempt, the only one that sent everything.
    pub(super) fn merged(&self) -> Answer {
        let bytes = results::merge(&self.first.bytes, self.results.iter().map(|result| result.get()));
        Answer { bytes: bytes.into(), ..self.first.clone() }
    }
}

/// The lines of these items.
fn lines(content: &[u8], items: &[Item], kept: &[usize]) -> Vec<u8> {
    let mut body = Vec::new();
    for item in kept.iter().filter_map(|at| items.get(*at)) {
        body.extend_from_slice(content.get(item.range.clone()).unwrap_or_default());
        if body.last() != Some(&b'\n') {
            body.push(b'\n');
        }
    }
    body
}

/// The lines of the remaining items in another form of the same bulk. `None` when that has not the same items.
pub(crate) fn remaining_lines(content: &[u8], remainder: &Remainder) -> Option<Vec<u8>> {
    let items = items(content).filter(|items| items.len() == remainder.of)?;
    Some(lines(content, &items, &remainder.items))
}

/// The source's answer with only these items, for a bulk that is left with them. `None` when it has no such items.
pub(crate) fn reduced_answer(answer: &[u8], kept: &[usize]) -> Option<Vec<u8>> {
    let body = answer_body(answer)?;
    let results = results(&body)?;
    let kept: Option<Vec<&str>> =
        kept.iter().map(|at| results.get(*at).map(|result| result.raw.get())).collect();
    Some(results::merge(answer, kept?.into_iter()))
}

#[cfg(test)]
mod tests;
