//! The capture log as the connections see it: one place to append to, which never fails but accounts for everything.
//!
//! What can't be appended (log full, disk full) passes uncaptured, and the loss is recorded: counted at once, and
//! written to the log as gap entries when it begins and when it ends. So at every instant
//! `captured = appended + lost`, and every loss is in the log, in `/status` and in the agent's own log.

use crate::clock::Clock;
use crate::durability::Gate;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use switchover_capture::log::{EntryKind, Gap, SyncHandle};
use switchover_capture::{LogError, LogWriter, Timestamp};

/// A gap's connections are counted exactly up to this many.
const MAX_GAP_CONNECTIONS: usize = 100_000;

/// Requests, records and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests that end in the records.
    pub requests: u64,
    /// Records.
    pub records: u64,
    /// Bytes of the records.
    pub bytes: u64,
}

impl Tally {
    /// Counts one record more.
    pub fn add(&mut self, requests: u64, bytes: u64) {
        self.requests += requests;
        self.records += 1;
        self.bytes += bytes;
    }
}

/// What the journal has to show.
#[derive(Debug, Clone, Default)]
pub struct JournalState {
    /// Everything that the connections handed in.
    pub captured: Tally,
    /// What of it is in the log.
    pub appended: Tally,
    /// What of it is not: the sum of all gaps.
    pub lost: Tally,
    /// Gaps, the open one last.
    pub gaps: Vec<Gap>,
    /// Why the log takes nothing at present.
    pub refusing: Option<String>,
    /// Bytes that the log holds on disk.
    pub log_bytes: u64,
}

/// At most this many gaps are listed in `/status`; all are in the log.
const MAX_LISTED_GAPS: usize = 100;

/// The capture log, shared by all connections.
#[derive(Debug)]
pub struct Journal {
    inner: Mutex<Inner>,
    gate: Arc<Gate>,
    clock: Clock,
    shipper: OnceLock<Thread>,
    directory: PathBuf,
}

#[derive(Debug)]
struct Inner {
    writer: LogWriter,
    state: JournalState,
    gap: Option<OpenGap>,
}

#[derive(Debug)]
struct OpenGap {
    from: Timestamp,
    tally: Tally,
    connections: HashSet<Box<str>>,
    reason: String,
}

impl Journal {
    /// A journal over an open log.
    #[must_use]
    pub fn new(writer: LogWriter, directory: PathBuf, gate: Arc<Gate>, clock: Clock) -> Self {
        let inner = Inner { writer, state: JournalState::default(), gap: None };
        Self { inner: Mutex::new(inner), gate, clock, shipper: OnceLock::new(), directory }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names the thread that ships entries, to be unparked when there are new ones.
    pub fn set_shipper(&self, thread: Thread) {
        if self.shipper.set(thread).is_err() {
            tracing::debug!("the shipping thread was already named");
        }
    }

    /// Where the log is.
    #[must_use]
    pub fn directory(&self) -> &PathBuf {
        &self.directory
    }

    /// The gate of this journal's entries.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Appends a record of `connection`. The entry's sequence, or `None` when it is lost and accounted for.
    pub fn append(&self, connection: &str, record: &[u8], requests: u64) -> Option<u64> {
        let mut inner = self.inner();
        inner.state.captured.add(requests, record.len() as u64);
        match inner.writer.append(EntryKind::Record, record) {
            Ok(entry) => {
                inner.state.appended.add(requests, record.len() as u64);
                self.gate.appended(entry.sequence);
                inner.close_gap(self.clock.now());
                drop(inner);
                if let Some(thread) = self.shipper.get() {
                    thread.unpark();
                }
                Some(entry.sequence)
            }
            Err(error) => {
                inner.lose(self.clock.now(), connection, requests, record.len() as u64, &error);
                None
            }
        }
    }

    /// The sequence that the next entry gets.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.inner().writer.next_sequence()
    }

    /// A handle that makes the log durable without holding it up.
    #[must_use]
    pub fn sync_handle(&self) -> SyncHandle {
        self.inner().writer.sync_handle()
    }

    /// Deletes whole segments whose entries are all below `sequence`.
    pub fn forget_below(&self, sequence: u64) {
        if let Err(error) = self.inner().writer.remove_segments_before(sequence) {
            tracing::warn!(%error, "cannot delete acknowledged segments, they stay");
        }
    }

    /// Entries of the log turned out to be unreadable: a gap that begins before this process may know.
    pub fn record_damage(&self, reason: &str) {
        tracing::error!(reason, "part of the capture log can't be read: a gap is recorded, the rest goes on");
        let now = clamped(self.clock.now());
        let gap = Gap { from_unix_ns: 0, to_unix_ns: now, reason: reason.to_owned(), ..Gap::default() };
        let mut inner = self.inner();
        if let Err(error) = inner.writer.append(EntryKind::Gap, &gap.encode_payload()) {
            tracing::error!(%error, "the gap could not be recorded in the capture log");
        }
        inner.list_gap(gap);
    }

    /// Figures for `/status` and `/metrics`.
    #[must_use]
    pub fn state(&self) -> JournalState {
        let inner = self.inner();
        let mut state = inner.state.clone();
        let open = inner.gap.as_ref().filter(|gap| gap.tally.records > 0);
        state.gaps.extend(open.map(|gap| gap.as_entry(self.clock.now())));
        state.refusing = inner.gap.as_ref().map(|gap| gap.reason.clone());
        state.log_bytes = inner.writer.bytes();
        state
    }

    /// Writes an open gap at the end of the process's life, if the log takes it.
    pub fn close(&self) {
        self.inner().close_gap(self.clock.now());
    }
}

impl Inner {
    /// The log takes entries again: the gap is over, and written down.
    fn close_gap(&mut self, now: Timestamp) {
        let Some(gap) = &self.gap else { return };
        tracing::warn!(reason = gap.reason, "the gap in the capture ends");
        if gap.tally.records == 0 || self.write_gap(now) {
            self.gap = None;
        }
    }

    /// Writes what the open gap has lost since it was last written.
    fn write_gap(&mut self, now: Timestamp) -> bool {
        let Some(gap) = &mut self.gap else { return true };
        let entry = gap.as_entry(now);
        if let Err(error) = self.writer.append(EntryKind::Gap, &entry.encode_payload()) {
            tracing::error!(%error, lost = ?gap.tally, "a gap could not be recorded in the capture log yet");
            return false;
        }
        gap.tally = Tally::default();
        gap.connections.clear();
        gap.from = now;
        self.list_gap(entry);
        true
    }

    fn list_gap(&mut self, gap: Gap) {
        if self.state.gaps.len() == MAX_LISTED_GAPS {
            self.state.gaps.remove(0);
        }
        self.state.gaps.push(gap);
    }

    fn lose(&mut self, now: Timestamp, connection: &str, requests: u64, bytes: u64, error: &LogError) {
        self.state.lost.add(requests, bytes);
        let begins = self.gap.is_none();
        let gap = self.gap.get_or_insert_with(|| {
            tracing::error!(%error, "the capture log takes no more entries: traffic passes uncaptured and a gap is recorded");
            OpenGap { from: now, tally: Tally::default(), connections: HashSet::new(), reason: error.to_string() }
        });
        gap.tally.add(requests, bytes);
        if gap.connections.len() < MAX_GAP_CONNECTIONS {
            gap.connections.insert(connection.into());
        }
        if begins {
            // The log keeps room for this: that there is a gap must survive the process even if its end does not come.
            self.write_gap(now);
        }
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
            indices: Vec::new(),
        }
    }
}

fn clamped(instant: Timestamp) -> i64 {
    i64::try_from(instant.unix_nanos()).unwrap_or(i64::MAX)
}
