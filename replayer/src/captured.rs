//! A captured request with its answer, on its way through the replay.

use std::sync::Arc;

use switchover_capture::{End, Message, Timestamp};

use crate::budget::Lease;
use crate::commit::Hold;
use crate::footprint::Footprint;

/// One request of the source and what came back.
#[derive(Debug)]
pub struct Captured {
    /// Identifies the connection within this run.
    pub connection: u64,
    /// The capturing process.
    pub node_id: Arc<str>,
    /// The connection's id in the capture.
    pub connection_id: Arc<str>,
    /// Place among the requests of its connection, from 0.
    pub index: u32,
    /// The lane that it was read from.
    pub lane: u32,
    /// The request as it came.
    pub request: Message,
    /// The source's answer; partial or absent when `end` is not [`End::Complete`].
    pub response: Option<Message>,
    /// How the answer ended.
    pub end: End,
    /// Unix nanoseconds of the first byte; never before an earlier request of the connection.
    pub first: i64,
    /// Unix nanoseconds at which the source was done with it.
    pub source_end: i64,
    /// What it touches, until the order has taken it.
    pub footprint: Footprint,
    /// Its share of the memory budget.
    pub lease: Lease,
    /// Keeps the records that it was made of from being committed.
    pub hold: Hold,
}

impl Captured {
    /// `<connection>.<request index>`, as in the tuples.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}.{}", self.connection_id, self.index)
    }

    /// The source's whole answer.
    #[must_use]
    pub fn answer(&self) -> Option<&Message> {
        self.response.as_ref().filter(|_| self.end == End::Complete)
    }

    /// The status code of the source's answer.
    #[must_use]
    pub fn source_status(&self) -> Option<u16> {
        self.answer().and_then(|answer| status_of(&answer.bytes))
    }

    /// Nanoseconds from the first byte of the request to the last of the answer, as the source's clients saw it.
    #[must_use]
    pub fn source_latency_ns(&self) -> Option<u64> {
        let answer = self.answer()?;
        u64::try_from(unix_nanos(answer.last).saturating_sub(unix_nanos(self.request.first))).ok()
    }
}

/// The status code in the first line of a response.
#[must_use]
pub fn status_of(response: &[u8]) -> Option<u16> {
    std::str::from_utf8(response.get(9..12)?).ok()?.parse().ok()
}

/// Unix nanoseconds, clamped to what 64 bits hold (the years 1678 to 2262).
#[must_use]
pub fn unix_nanos(time: Timestamp) -> i64 {
    time.unix_nanos().clamp(i64::MIN.into(), i64::MAX.into()) as i64
}
