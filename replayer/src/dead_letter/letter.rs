//! One letter: the request as records, and why it is there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use switchover_capture::{MAX_RECORD_BYTES, REDACTED_PREFIX, RecordSink, StreamEncoder, Timestamp};
use switchover_http1::message::parse_request;
use switchover_rest::secrets::{Bodies, NotJson, bodies, without_secret_values, without_secrets};

use crate::captured::Captured;
use crate::client::{Attempts, Remainder, reduced_answer, remaining_lines};
use crate::content;
use crate::evaluate::request_line;
use crate::rewrite::with_body;

/// Of the last answer, this much is kept beside the request.
const MAX_ANSWER_SHOWN_BYTES: usize = 4096;

/// A request to be kept.
#[derive(Debug)]
pub struct Letter<'a> {
    /// The request.
    pub captured: &'a Captured,
    /// Why it was given up.
    pub reason: &'a str,
    /// What was tried.
    pub attempts: Option<&'a Attempts>,
    /// Of a bulk: what is left to do. Replaying the rest again would bring back old versions of documents.
    pub remainder: Option<&'a Remainder>,
}

/// The bytes of a letter.
#[derive(Debug)]
pub struct Written {
    pub(super) records: Vec<u8>,
    pub(super) reason: Vec<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reason<'a> {
    id: String,
    node: &'a str,
    request: String,
    reason: &'a str,
    attempts: u64,
    may_have_taken_effect: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    bulk_items: Option<&'a [usize]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_answer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    at: String,
}

struct Lines(Vec<u8>);

impl RecordSink for Lines {
    fn append(&mut self, record: &[u8]) {
        self.0.extend_from_slice(STANDARD.encode(record).as_bytes());
        self.0.push(b'\n');
    }
}

impl Letter<'_> {
    /// What is written to the files.
    #[must_use]
    pub fn encode(&self) -> Written {
        let mut reason = serde_json::to_vec(&self.reason()).unwrap_or_default();
        reason.push(b'\n');
        Written { records: self.records(), reason }
    }

    /// A connection of its own for each letter, named as the request is in the tuples. Times are the source's, so
    /// that a replay keeps the order of the requests among each other.
    fn records(&self) -> Vec<u8> {
        let captured = self.captured;
        let (request, answer) = self.exchange();
        let mut lines = Lines(Vec::new());
        let mut encoder = StreamEncoder::new(&captured.id(), &captured.node_id, MAX_RECORD_BYTES);
        encoder.read(captured.request.first, &request, &mut lines);
        encoder.end_of_message(captured.request.last, -1, -1, &mut lines);
        let mut end = captured.request.last;
        if let (Some(answer), Some(bytes)) = (captured.answer(), answer) {
            encoder.write(answer.last, &bytes, &mut lines);
            end = end.max(answer.last);
        } else if captured.source_end != i64::MAX {
            end = end.max(Timestamp::from_unix_nanos(captured.source_end.into()));
        }
        encoder.close(end, &mut lines);
        lines.0
    }

    /// The request, and the source's answer to it; of a bulk only what is left.
    fn exchange(&self) -> (Vec<u8>, Option<Vec<u8>>) {
        let request = &self.captured.request.bytes;
        let answer = self.captured.answer().map(|answer| &answer.bytes);
        match (self.remainder, parse_request(request)) {
            (Some(remainder), Ok((head, body))) => {
                // As captured, so that a replay rewrites it as it was rewritten now.
                let content = content::decode(head.header("content-encoding"), body).ok();
                let lines = content.and_then(|content| remaining_lines(&content, remainder));
                // Where a rule made other items of it, the source's answer is none to these.
                let answer = answer.filter(|_| lines.is_some());
                let body = lines.unwrap_or_else(|| remainder.body.to_vec());
                let mut request = with_body(head.raw, body.len());
                request.extend_from_slice(&body);
                (request, answer.and_then(|answer| reduced_answer(answer, &remainder.items)))
            }
            _ if self.bodies() != Bodies::Open => (self.without_secrets(), None),
            _ => (request.to_vec(), answer.map(|answer| answer.to_vec())),
        }
    }

    fn bodies(&self) -> Bodies {
        bodies(request_line(&self.captured.request.bytes).1)
    }

    /// The request as an agent captures it: a capture of another tool has its passwords, and these files are to be looked
    /// at. Who replays it is told that it can't be sent.
    fn without_secrets(&self) -> Vec<u8> {
        let request = &self.captured.request.bytes;
        let Ok((head, body)) = parse_request(request) else { return Vec::new() };
        let plain = content::decode(head.header("content-encoding"), body).unwrap_or_default();
        let shown = match self.bodies() {
            _ if plain.is_empty() => return request.to_vec(),
            Bodies::Mixed { within } => {
                without_secret_values(&plain, within, &mut |_| REDACTED_PREFIX.to_owned())
            }
            Bodies::Open | Bodies::Secret => Err(NotJson),
        };
        let body = match shown {
            Ok(None) => return request.to_vec(),
            Ok(Some(body)) => body,
            Err(NotJson) => format!("{{\"redacted\":\"{REDACTED_PREFIX}\"}}").into_bytes(),
        };
        let mut request = with_body(head.raw, body.len());
        request.extend_from_slice(&body);
        request
    }

    fn reason(&self) -> Reason<'_> {
        let captured = self.captured;
        let line = captured.request.bytes.trim_ascii_start().split(|byte| *byte == b'\r').next();
        let last = self.attempts.and_then(|attempts| attempts.kept.last()).map(|attempt| &attempt.outcome);
        let answer = last.and_then(|outcome| outcome.as_ref().ok());
        let shown = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes.get(..MAX_ANSWER_SHOWN_BYTES).unwrap_or(bytes)).into_owned()
        };
        Reason {
            id: captured.id(),
            node: &captured.node_id,
            request: without_secrets(&String::from_utf8_lossy(line.unwrap_or_default())).into_owned(),
            reason: self.reason,
            attempts: self.attempts.map_or(0, |attempts| attempts.count),
            may_have_taken_effect: self.attempts.is_some_and(Attempts::may_have_taken_effect),
            bulk_items: self.remainder.map(|remainder| remainder.items.as_slice()),
            last_status: answer.map(|answer| answer.status),
            last_answer: answer.filter(|_| self.bodies() == Bodies::Open).map(|answer| shown(&answer.bytes)),
            last_error: last.and_then(|outcome| outcome.as_ref().err()).map(ToString::to_string),
            at: Timestamp::now().to_string(),
        }
    }
}
