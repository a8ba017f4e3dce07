//! What the log did not take: collected while it lasts, written to the log as gap entries, listed for `/status`.

use super::clamped;
use super::touched::Touched;
use crate::journal::Tally;
use std::collections::HashSet;
use switchover_capture::log::{EntryKind, Gap};
use switchover_capture::{LogWriter, Timestamp};

/// At most this many gaps are listed in `/status`; all are in the log.
const MAX_LISTED_GAPS: usize = 100;
/// A gap's connections are counted exactly up to this many.
const MAX_GAP_CONNECTIONS: usize = 100_000;

/// Gaps of this process.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    open: Option<OpenGap>,
    written: Vec<Gap>,
}

#[derive(Debug)]
struct OpenGap {
    from: Timestamp,
    tally: Tally,
    connections: HashSet<Box<str>>,
    touched: Touched,
    reason: String,
}

impl Gaps {
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// A record is lost.
    pub(super) fn lose(
        &mut self,
        now: Timestamp,
        connection: &str,
        requests: u64,
        record: &[u8],
        reason: &str,
        log: &mut LogWriter,
    ) {
        let begins = self.open.is_none();
        let gap = self.open.get_or_insert_with(|| OpenGap {
            from: now,
            tally: Tally::default(),
            connections: HashSet::new(),
            touched: Touched::default(),
            reason: reason.to_owned(),
        });
        gap.tally.add(requests, record.len() as u64);
        gap.touched.scan(record);
        if gap.connections.len() < MAX_GAP_CONNECTIONS {
            gap.connections.insert(connection.into());
        }
        if begins {
            // The log keeps room for this: that there is a gap must survive the process even if its end does not come.
            self.write(now, log);
        }
    }

    /// The log takes entries again, or the process ends: the gap is over, and written down.
    pub(super) fn close(&mut self, now: Timestamp, log: &mut LogWriter) {
        if self.open.as_ref().is_none_or(|gap| gap.tally.records == 0) || self.write(now, log) {
            self.open = None;
        }
    }

    /// Writes what the open gap has lost since it was last written.
    fn write(&mut self, now: Timestamp, log: &mut LogWriter) -> bool {
        let Some(gap) = &mut self.open else { return true };
        let entry = gap.as_entry(now);
        if let Err(error) = log.append(EntryKind::Gap, &entry.encode_payload()) {
            tracing::error!(%error, lost = ?gap.tally, "a gap could not be recorded in the capture log yet");
            return false;
        }
        gap.tally = Tally::default();
        gap.connections.clear();
        gap.touched = Touched::default();
        gap.from = now;
        self.list(entry);
        true
    }

    /// Writes down a gap that is over already.
    pub(super) fn record(&mut self, gap: Gap, log: &mut LogWriter) {
        if let Err(error) = log.append(EntryKind::Gap, &gap.encode_payload()) {
            tracing::error!(%error, "the gap could not be recorded in the capture log");
        }
        self.list(gap);
    }

    fn list(&mut self, gap: Gap) {
        if self.written.len() == MAX_LISTED_GAPS {
            self.written.remove(0);
        }
        self.written.push(gap);
    }

    /// All gaps, the open one last.
    pub(super) fn listed(&self, now: Timestamp) -> Vec<Gap> {
        let open = self.open.as_ref().filter(|gap| gap.tally.records > 0).map(|gap| gap.as_entry(now));
        self.written.iter().cloned().chain(open).collect()
    }
}

impl OpenGap {
    fn as_entry(&self, now: Timestamp) -> Gap {
        Gap {
            from_unix_ns: clamped(self.from),
            to_unix_ns: clamped(now),
            requests: self.tally.requests,
            connections: self.connections.len() as u64,
            records: self.tally.records,
            bytes: self.tally.bytes,
            reason: self.reason.clone(),
            indices: self.touched.names(),
        }
    }
}
