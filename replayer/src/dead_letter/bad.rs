//! Records that are none: nothing can be replayed of them, but what they were must not be lost either.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;

use crate::commit::Hold;

/// What was read in the place of a record.
#[derive(Debug)]
pub struct BadRecord {
    /// Where it lies.
    pub place: String,
    /// What is wrong with it.
    pub reason: String,
    /// As it was read.
    pub raw: Bytes,
    /// Keeps its offset from being committed until it is kept.
    pub hold: Hold,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    place: &'a str,
    reason: &'a str,
    raw_base64: String,
}

/// A JSON line for each.
pub(super) fn lines(records: &[BadRecord]) -> Vec<u8> {
    let mut lines = Vec::new();
    for BadRecord { place, reason, raw, .. } in records {
        let line = Line { place, reason, raw_base64: STANDARD.encode(raw) };
        lines.extend(serde_json::to_vec(&line).unwrap_or_default());
        lines.push(b'\n');
    }
    lines
}
