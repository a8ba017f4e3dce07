//! Tuples: one JSON line for each request, with both requests, both answers and the comparison.
//!
//! The shape is that of the existing replayer's `tuples.log`, so that its readers keep working, with `comparison` and
//! timestamps added. Bodies are copied as raw JSON: numbers and field order stay as they were on the wire.

mod file;
mod line;
mod message;

use std::io::Write;

use switchover_capture::Timestamp;
use switchover_compare::tuple::{write_comparison, write_text};

use crate::evaluate::{Finished, Sending, request_line};
use crate::verdict::Comparison;
use switchover_rest::secrets::bodies;

pub use file::{FILE_NAME, TupleFile};
pub use line::Line;

/// Writes the tuple of a request, with the line's end.
pub fn write_line(out: &mut Line<'_>, finished: &Finished, comparison: &Comparison) {
    let captured = &finished.captured;
    let (_, target) = request_line(&captured.request.bytes);
    let secrecy = bodies(target);
    out.extend_from_slice(b"{\"sourceRequest\":");
    let source_body = message::request(out, &captured.request.bytes, secrecy);
    if let Some(response) = &captured.response {
        let latency_ms = captured.source_latency_ns().map(|nanos| nanos / 1_000_000);
        out.extend_from_slice(b",\"sourceResponse\":");
        message::response(out, &response.bytes, kind(finished, captured), latency_ms, secrecy);
    }
    let (mut count, mut errors, mut sent_at) = (0, 0, None);
    match &finished.sending {
        Sending::Unreplayable(_) => out.extend_from_slice(b",\"targetResponses\":[]"),
        Sending::Answered { request, attempts } | Sending::DeadLettered { request, attempts, .. } => {
            out.extend_from_slice(b",\"targetRequest\":");
            message::outgoing(out, request, &captured.request.bytes, source_body, secrecy);
            if let Some(items) = request.items.to_json() {
                put(out, format_args!(",\"sentItems\":{items}"));
            }
            out.extend_from_slice(b",\"targetResponses\":[");
            for (at, attempt) in attempts.kept.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                sent_at = Some(attempt.at);
                match &attempt.outcome {
                    Ok(answer) => {
                        let latency_ms = u64::try_from(answer.latency.as_millis()).ok();
                        message::response(out, &answer.bytes, request.kind, latency_ms, secrecy);
                    }
                    Err(error) => {
                        errors += 1;
                        message::exception(out, &error.to_string());
                    }
                }
            }
            count = attempts.count;
            out.push(b']');
        }
    }
    out.extend_from_slice(b",\"connectionId\":");
    write_text(out, &captured.id());
    let error = match &finished.sending {
        Sending::Answered { .. } => None,
        Sending::DeadLettered { reason, .. } => Some(reason.clone()),
        Sending::Unreplayable(error) => Some(error.to_string()),
    };
    if let Some(error) = error {
        out.extend_from_slice(b",\"error\":");
        write_text(out, &error);
    }
    if finished.overtaken {
        out.extend_from_slice(b",\"overtaken\":true");
    }
    put(out, format_args!(",\"numRequests\":{count},\"numErrors\":{errors},\"comparison\":"));
    write_comparison(out, comparison);
    out.extend_from_slice(b",\"nodeId\":");
    write_text(out, &captured.node_id);
    put(out, format_args!(",\"sourceTimestamp\":\"{}\"", captured.request.first));
    if let Some(at) = sent_at {
        put(out, format_args!(",\"targetTimestamp\":\"{}\"", Timestamp::from(at)));
    }
    out.extend_from_slice(b"}\n");
}

/// About how long the line will be, in bytes: the request stands in it twice.
#[must_use]
pub fn expected_bytes(finished: &Finished) -> u64 {
    let captured = &finished.captured;
    let answers = match &finished.sending {
        Sending::Unreplayable(_) => 0,
        Sending::Answered { attempts, .. } | Sending::DeadLettered { attempts, .. } => {
            let answers = attempts.kept.iter().filter_map(|attempt| attempt.outcome.as_ref().ok());
            answers.map(|answer| answer.bytes.len()).sum()
        }
    };
    let answer = captured.response.as_ref().map_or(0, |response| response.bytes.len());
    (2 * captured.request.bytes.len() + answer + answers) as u64
}

fn kind(finished: &Finished, captured: &crate::captured::Captured) -> switchover_http1::RequestKind {
    match &finished.sending {
        Sending::Answered { request, .. } | Sending::DeadLettered { request, .. } => request.kind,
        Sending::Unreplayable(_) => {
            switchover_http1::RequestKind::new(request_line(&captured.request.bytes).0, false)
        }
    }
}

fn put(out: &mut Line<'_>, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests;
