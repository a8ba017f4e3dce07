//! The items of the answer to a bulk, and an answer made of items.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;
use serde_json::value::RawValue;
use switchover_http1::RequestKind;
use switchover_http1::message::parse_response;

use crate::content;
use crate::rewrite::with_body;

/// Errors that pass, whatever status they come with.
const PASSING: [&str; 4] = [
    "es_rejected_execution_exception",
    "rejected_execution_exception",
    "circuit_breaking_exception",
    "unavailable_shards_exception",
];
/// A block that is lifted when disks have room again; other blocks are set by people.
const CLUSTER_BLOCK: &str = "cluster_block_exception";
const FLOOD_STAGE: &str = "flood-stage";

#[derive(Deserialize)]
struct BulkAnswer<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Result<'a> {
    status: Option<u16>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Error<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    reason: Option<Cow<'a, str>>,
}

/// The result of an item, failed or not.
#[derive(Debug)]
pub(super) struct Failure<'a> {
    pub(super) raw: &'a RawValue,
    pub(super) status: u16,
    kind: Cow<'a, str>,
    reason: Cow<'a, str>,
}

impl Failure<'_> {
    /// Whether the item failed for a reason that passes.
    pub(super) fn passes(&self, non_retryable: &BTreeSet<String>) -> bool {
        let overload = matches!(self.status, 429 | 502 | 503 | 504);
        let flood = self.kind == CLUSTER_BLOCK && self.reason.contains(FLOOD_STAGE);
        (overload || flood || PASSING.contains(&self.kind.as_ref()))
            && !non_retryable.contains(self.kind.as_ref())
    }

    pub(super) fn describe(&self) -> String {
        format!("status {} {}", self.status, self.kind)
    }
}

/// The decoded body of an answer. `None` when it can't be read.
pub(super) fn answer_body(answer: &[u8]) -> Option<Cow<'_, [u8]>> {
    let (head, body) = parse_response(answer, RequestKind::Other).ok()?;
    content::decode(head.header("content-encoding"), body).ok()
}

/// Whether a bulk's answer says that nothing failed: `"errors":false` stands before the items.
pub(super) fn says_no_errors(body: &[u8]) -> bool {
    let name = b"\"errors\"";
    let value =
        memchr::memmem::find(body, name).and_then(|at| body.get(at + name.len()..)).unwrap_or_default();
    let value = value.trim_ascii_start().strip_prefix(b":").unwrap_or_default().trim_ascii_start();
    value.starts_with(b"false")
}

/// The items of an answer's body. `None` when it has none.
pub(super) fn results(body: &[u8]) -> Option<Vec<Failure<'_>>> {
    let answer: BulkAnswer<'_> = serde_json::from_slice(body).ok()?;
    answer.items.into_iter().map(result).collect()
}

fn result(raw: &RawValue) -> Option<Failure<'_>> {
    let item: HashMap<Cow<'_, str>, Result<'_>> = serde_json::from_str(raw.get()).ok()?;
    let result = item.into_values().next()?;
    let error: Error<'_> =
        result.error.and_then(|error| serde_json::from_str(error.get()).ok()).unwrap_or_default();
    Some(Failure {
        raw,
        status: result.status.unwrap_or_default(),
        kind: error.kind.unwrap_or_default(),
        reason: error.reason.unwrap_or_default(),
    })
}

/// An answer with the head of `answer` and these items.
pub(super) fn merge<'a>(answer: &[u8], items: impl Iterator<Item = &'a str>) -> Vec<u8> {
    #[derive(Deserialize, Default)]
    struct Took {
        took: Option<u64>,
    }
    let items: Vec<&str> = items.collect();
    let took: Took =
        answer_body(answer).and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default();
    let has_error = |item: &&str| {
        let result: Option<HashMap<Cow<'_, str>, Result<'_>>> = serde_json::from_str(item).ok();
        result.and_then(|item| item.into_values().next()).is_some_and(|result| result.error.is_some())
    };
    let errors = items.iter().any(has_error);
    let body = format!(
        "{{\"took\":{},\"errors\":{errors},\"items\":[{}]}}",
        took.took.unwrap_or_default(),
        items.join(",")
    );
    let head_end = memchr::memmem::find(answer, b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
    let mut merged = with_body(answer.get(..head_end).unwrap_or_default(), body.len());
    merged.extend_from_slice(body.as_bytes());
    merged
}
