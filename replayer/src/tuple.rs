//! Tuples: one JSON line for each request, with both requests, both answers and the comparison.
//!
//! The shape is that of the existing replayer's `tuples.log`, so that its readers keep working, with `comparison` and
//! timestamps added. Bodies are copied as raw JSON: numbers and field order stay as they were on the wire.

mod message;
mod payload;

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;
use switchover_capture::Timestamp;

use crate::compare::{Comparison, Difference, Verdict};
use crate::evaluate::{Finished, Sending};

/// The file in the tuple directory.
pub const FILE_NAME: &str = "tuples.log";

const WRITE_BUFFER_BYTES: usize = 256 * 1024;

/// The tuple file, open for appending.
#[derive(Debug)]
pub struct TupleFile {
    file: BufWriter<File>,
}

impl TupleFile {
    /// Opens (and makes) the file and its directory.
    ///
    /// # Errors
    /// Of the file system.
    pub fn append(directory: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let file = OpenOptions::new().create(true).append(true).open(directory.join(FILE_NAME))?;
        Ok(Self { file: BufWriter::with_capacity(WRITE_BUFFER_BYTES, file) })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// Of the file system.
    pub fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.write_all(line)
    }

    /// Hands everything to the file system, and with `durable` to the disk.
    ///
    /// # Errors
    /// Of the file system.
    pub fn flush(&mut self, durable: bool) -> io::Result<()> {
        self.file.flush()?;
        if durable { self.file.get_ref().sync_data() } else { Ok(()) }
    }
}

#[derive(Serialize)]
struct Compared<'a> {
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    differences: &'a [Difference],
}

/// Writes the tuple of a request, with the line's end.
pub fn write_line(out: &mut Vec<u8>, finished: &Finished, comparison: &Comparison) {
    let captured = &finished.captured;
    out.extend_from_slice(b"{\"sourceRequest\":");
    let source_body = message::request(out, &captured.request.bytes);
    if let Some(response) = &captured.response {
        let latency_ms = captured.source_latency_ns().map(|nanos| nanos / 1_000_000);
        out.extend_from_slice(b",\"sourceResponse\":");
        message::response(out, &response.bytes, kind(finished, captured), latency_ms);
    }
    let (mut count, mut errors, mut sent_at) = (0, 0, None);
    match &finished.sending {
        Sending::Unreplayable(_) => out.extend_from_slice(b",\"targetResponses\":[]"),
        Sending::Answered { request, attempts } | Sending::DeadLettered { request, attempts, .. } => {
            out.extend_from_slice(b",\"targetRequest\":");
            message::outgoing(out, request, source_body);
            out.extend_from_slice(b",\"targetResponses\":[");
            for (at, attempt) in attempts.kept.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                sent_at = Some(attempt.at);
                match &attempt.outcome {
                    Ok(answer) => {
                        let latency_ms = u64::try_from(answer.latency.as_millis()).ok();
                        message::response(out, &answer.bytes, request.kind, latency_ms);
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
    text(out, &captured.id());
    let error = match &finished.sending {
        Sending::Answered { .. } => None,
        Sending::DeadLettered { reason, .. } => Some(reason.clone()),
        Sending::Unreplayable(error) => Some(error.to_string()),
    };
    if let Some(error) = error {
        out.extend_from_slice(b",\"error\":");
        text(out, &error);
    }
    put(out, format_args!(",\"numRequests\":{count},\"numErrors\":{errors},\"comparison\":"));
    let compared = Compared {
        verdict: comparison.verdict,
        reason: comparison.reason,
        differences: &comparison.differences,
    };
    json(out, &compared);
    out.extend_from_slice(b",\"nodeId\":");
    text(out, &captured.node_id);
    put(out, format_args!(",\"sourceTimestamp\":\"{}\"", captured.request.first));
    if let Some(at) = sent_at {
        put(out, format_args!(",\"targetTimestamp\":\"{}\"", Timestamp::from(at)));
    }
    out.extend_from_slice(b"}\n");
}

fn kind(finished: &Finished, captured: &crate::captured::Captured) -> switchover_http1::RequestKind {
    match &finished.sending {
        Sending::Answered { request, .. } | Sending::DeadLettered { request, .. } => request.kind,
        Sending::Unreplayable(_) => switchover_http1::RequestKind::new(
            crate::evaluate::request_line(&captured.request.bytes).0,
            false,
        ),
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    json(out, text);
}

fn json(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    // Neither a vector nor these types can fail.
    let _ = serde_json::to_writer(out, value);
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests;
