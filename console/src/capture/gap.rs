//! How a recorded gap is shown.

use serde::Serialize;
use switchover_capture::Timestamp;
use switchover_capture::log::{Gap, GapEntry};

use super::pair::printable;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GapJson<'a> {
    sequence: u64,
    from: String,
    to: String,
    requests: u64,
    connections: u64,
    records: u64,
    bytes: u64,
    reason: &'a str,
    indices: &'a [String],
}

pub(super) fn json(entry: &GapEntry) -> GapJson<'_> {
    let gap = &entry.gap;
    GapJson {
        sequence: entry.sequence,
        from: Timestamp::from_unix_nanos(gap.from_unix_ns.into()).to_string(),
        to: Timestamp::from_unix_nanos(gap.to_unix_ns.into()).to_string(),
        requests: gap.requests,
        connections: gap.connections,
        records: gap.records,
        bytes: gap.bytes,
        reason: &gap.reason,
        indices: &gap.indices,
    }
}

pub(super) fn text(gap: &Gap) -> String {
    let from = Timestamp::from_unix_nanos(gap.from_unix_ns.into());
    let to = Timestamp::from_unix_nanos(gap.to_unix_ns.into());
    let indices = match &gap.indices[..] {
        [] => String::new(),
        indices => format!("; indices {}", printable(&indices.join(", "))),
    };
    format!(
        "not captured from {from} to {to}: {} requests, {} connections, {} records, {} bytes ({}){indices}",
        gap.requests,
        gap.connections,
        gap.records,
        gap.bytes,
        printable(&gap.reason),
    )
}
