//! What the target says of each document of a bulk.

use serde::Deserialize;
use serde_json::value::RawValue;

/// The answer to a bulk, as far as it counts.
#[derive(Debug, Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    items: Vec<Item<'a>>,
}

#[derive(Debug, Deserialize)]
struct Item<'a> {
    #[serde(borrow, alias = "create")]
    index: Outcome<'a>,
}

#[derive(Debug, Deserialize)]
struct Outcome<'a> {
    status: u16,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is on the target.
    There,
    /// A newer or, for `create`, an earlier one is there already.
    Older,
    /// The target has no room for it now.
    Later(String),
    /// We may not write there.
    NotAllowed(String),
    /// It will not be taken. Status, and the error as JSON.
    Refused(u16, String),
}

const CONFLICT: u16 = 409;
const TOO_MANY_REQUESTS: u16 = 429;
const UNAUTHORIZED: u16 = 401;
const FORBIDDEN: u16 = 403;
/// An index or the whole cluster takes no writes for now: a disk above its flood stage, mostly. Some versions say 403.
const BLOCKED: &str = "\"cluster_block_exception\"";

/// Items of documents that are on the target, as servers write them.
const THERE: [&[u8]; 3] =
    [br#"{"index":{"status":201}}"#, br#"{"index":{"status":200}}"#, br#"{"create":{"status":201}}"#];

/// Whether this is the answer to `expected` documents that are all there: most answers are, and to see that takes a
/// tenth of reading them. False for whatever is written in another way.
pub(super) fn all_there(body: &[u8], expected: usize) -> bool {
    let Some(mut rest) = body.strip_prefix(br#"{"items":["#) else { return false };
    let mut count = 0_usize;
    loop {
        let Some(after) = THERE.iter().find_map(|item| rest.strip_prefix(*item)) else { return false };
        count += 1;
        match after {
            [b',', more @ ..] => rest = more,
            _ => return after == b"]}" && count == expected,
        }
    }
}

impl Answer<'_> {
    /// A verdict for each of `expected` documents; `None` when this is not the answer to that many.
    pub(super) fn verdicts(body: &[u8], expected: usize) -> Option<Vec<Verdict>> {
        let answer: Answer<'_> = serde_json::from_slice(body).ok()?;
        if answer.items.len() != expected {
            return None;
        }
        let verdict = |item: &Item<'_>| {
            let error = || item.index.error.map_or_else(|| "null".to_owned(), |error| error.get().to_owned());
            match item.index.status {
                FORBIDDEN if item.index.error.is_some_and(|error| error.get().contains(BLOCKED)) => {
                    Verdict::Later(error())
                }
                UNAUTHORIZED | FORBIDDEN => Verdict::NotAllowed(error()),
                200..=299 => Verdict::There,
                CONFLICT => Verdict::Older,
                TOO_MANY_REQUESTS | 500..=599 => Verdict::Later(error()),
                status => Verdict::Refused(status, error()),
            }
        };
        Some(answer.items.iter().map(verdict).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_that_says_so_of_each_document_is_taken_for_it() {
        let there =
            br#"{"items":[{"index":{"status":201}},{"create":{"status":201}},{"index":{"status":200}}]}"#;
        assert!(all_there(there, 3));
        assert_eq!(Answer::verdicts(there, 3).unwrap(), vec![Verdict::There; 3]);
        assert!(!all_there(there, 2) && !all_there(there, 4));
        for cut in 0..there.len() {
            assert!(!all_there(&there[..cut], 3), "{cut}");
        }
        for other in [
            r#"{"items":[]}"#,
            r#"{"items":[{"index":{"status":429}}]}"#,
            r#"{"items":[{"index":{"status":201,"error":{}}}]}"#,
            r#"{"items":[{"create":{"status":200}}]}"#,
            r#"{"items":[{"index":{"status":201}},]}"#,
            r#"{"items":[{"index":{"status":201}}],"errors":true}"#,
        ] {
            assert!(!all_there(other.as_bytes(), 1), "{other}");
        }
    }

    #[test]
    fn verdicts_by_status() {
        let body = br#"{"took":3,"errors":true,"items":[
            {"index":{"_index":"a","_id":"1","status":201,"_seq_no":1}},
            {"create":{"status":409,"error":{"type":"version_conflict_engine_exception"}}},
            {"index":{"status":429,"error":{"type":"es_rejected_execution_exception"}}},
            {"index":{"status":503}},
            {"index":{"status":403,"error":{"type":"cluster_block_exception","reason":"disk"}}},
            {"index":{"status":403,"error":{"type":"security_exception"}}},
            {"index":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"x"}}}]}"#;
        let later = |error: &str| Verdict::Later(error.to_owned());
        assert_eq!(
            Answer::verdicts(body, 7).unwrap(),
            [
                Verdict::There,
                Verdict::Older,
                later(r#"{"type":"es_rejected_execution_exception"}"#),
                later("null"),
                later(r#"{"type":"cluster_block_exception","reason":"disk"}"#),
                Verdict::NotAllowed(r#"{"type":"security_exception"}"#.to_owned()),
                Verdict::Refused(400, r#"{"type":"mapper_parsing_exception","reason":"x"}"#.to_owned()),
            ]
        );
        assert!(Answer::verdicts(body, 6).is_none());
        for other in [&b"{}"[..], b"", b"{\"items\":[{}]}", b"<html>", b"{\"items\":[{\"index\":{}}]}"] {
            assert!(Answer::verdicts(other, 1).is_none());
        }
    }
}
