//! The capture log as the connections see it: one place to append to, which never fails but accounts for everything.
//!
//! What can't be appended (log full, disk full) passes uncaptured, and the loss is recorded: counted at once, and
//! written to the log as gap entries when it begins and when it ends. So at every instant
//! `captured = appended + lost`, and every loss is in the log, in `/status` and in the agent's own log.

mod gaps;
mod touched;

use crate::clock::Clock;
use crate::durability::Gate;
use crate::handover::Uncaptured;
use crate::rules::OnFull;
use crate::wake::Waker;
use gaps::Gaps;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use switchover_capture::log::{EntryKind, Gap, SyncHandle};
use switchover_capture::{LogWriter, Timestamp};

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
    /// How many of them there may be.
    pub log_limit_bytes: u64,
}

/// The capture log, shared by all connections.
#[derive(Debug)]
pub struct Journal {
    inner: Mutex<Inner>,
    gate: Arc<Gate>,
    on_full: OnFull,
    clock: Clock,
    shipper: Waker,
    directory: PathBuf,
}

#[derive(Debug)]
struct Inner {
    writer: LogWriter,
    state: JournalState,
    gaps: Gaps,
    /// Why the log took no entry the last time.
    refusing: Option<String>,
}

impl Journal {
    /// A journal over an open log.
    #[must_use]
    pub fn new(
        writer: LogWriter,
        directory: PathBuf,
        gate: Arc<Gate>,
        on_full: OnFull,
        clock: Clock,
    ) -> Self {
        let inner = Inner { writer, state: JournalState::default(), gaps: Gaps::default(), refusing: None };
        Self { inner: Mutex::new(inner), gate, on_full, clock, shipper: Waker::default(), directory }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the thread that ships entries when there are new ones.
    #[must_use]
    pub fn shipper(&self) -> &Waker {
        &self.shipper
    }

    /// Where the log is.
    #[must_use]
    pub fn directory(&self) -> &PathBuf {
        &self.directory
    }

    /// The clock of everything that works on this journal.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The gate of this journal's entries.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// What happens when the log takes no more.
    #[must_use]
    pub fn on_full(&self) -> OnFull {
        self.on_full
    }

    /// With `--onFull reject`: false while the local disk can't make entries durable, though it should.
    #[must_use]
    pub fn takes_writes(&self) -> bool {
        self.on_full != OnFull::Reject || !self.gate.disk_fails()
    }

    /// Appends a record of `connection` in which `requests` end. The entry's sequence; `None` when the log did not take
    /// it: then it is lost and accounted for, but for [`OnFull::Block`], with which the caller keeps it and tries again.
    /// `refused` of the requests do not reach the node when the record is lost.
    pub fn append(&self, connection: &str, record: &[u8], requests: u64, refused: u64) -> Option<u64> {
        let mut inner = self.inner();
        match inner.writer.append(EntryKind::Record, record) {
            Ok(entry) => {
                inner.state.captured.add(requests, record.len() as u64);
                inner.state.appended.add(requests, record.len() as u64);
                self.gate.appended(entry.sequence);
                inner.accepted(&self.clock);
                drop(inner);
                self.shipper.wake();
                Some(entry.sequence)
            }
            Err(error) => {
                inner.refuse(&error.to_string(), self.on_full);
                if self.on_full != OnFull::Block {
                    inner.lose(self.clock.now(), connection, requests.saturating_sub(refused), record);
                }
                None
            }
        }
    }

    /// A record that waited for the log goes with its connection.
    pub fn lose(&self, connection: &str, requests: u64, record: &[u8]) {
        self.inner().lose(self.clock.now(), connection, requests, record);
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
        let inner = &mut *self.inner();
        inner.gaps.record(gap, &mut inner.writer);
    }

    /// Requests passed uncaptured before there was this log.
    pub fn record_uncaptured(&self, uncaptured: Uncaptured) {
        let Uncaptured { from_unix_ns, requests, connections, reason } = uncaptured;
        let to_unix_ns = clamped(self.clock.now());
        let indices = vec![touched::ANY.to_owned()];
        let gap = Gap { from_unix_ns, to_unix_ns, requests, connections, reason, indices, ..Gap::default() };
        let inner = &mut *self.inner();
        inner.gaps.record(gap, &mut inner.writer);
    }

    /// Figures for `/status` and `/metrics`.
    #[must_use]
    pub fn state(&self) -> JournalState {
        let inner = self.inner();
        let mut state = inner.state.clone();
        state.gaps = inner.gaps.listed(self.clock.now());
        state.refusing = inner.refusing.clone();
        state.log_bytes = inner.writer.bytes();
        state.log_limit_bytes = inner.writer.max_bytes();
        state
    }

    /// Writes an open gap at the end of the process's life, if the log takes it.
    pub fn close(&self) {
        let inner = &mut *self.inner();
        if inner.gaps.is_open() {
            inner.gaps.close(self.clock.now(), &mut inner.writer);
        }
    }
}

impl Inner {
    /// The log takes nothing; said once until it does again.
    fn refuse(&mut self, reason: &str, on_full: OnFull) {
        if self.refusing.is_some() {
            return;
        }
        let happens = match on_full {
            OnFull::Pass => "traffic passes uncaptured and a gap is recorded",
            OnFull::Reject => "writes are answered with 503, reads pass uncaptured and a gap is recorded",
            OnFull::Block => "connections wait until it does",
        };
        tracing::error!(reason, "the capture log takes no more entries: {happens}");
        self.refusing = Some(reason.to_owned());
    }

    /// The log took an entry.
    fn accepted(&mut self, clock: &Clock) {
        if let Some(reason) = self.refusing.take() {
            tracing::warn!(reason, "the capture log takes entries again");
        }
        if self.gaps.is_open() {
            self.gaps.close(clock.now(), &mut self.writer);
        }
    }

    fn lose(&mut self, now: Timestamp, connection: &str, requests: u64, record: &[u8]) {
        let bytes = record.len() as u64;
        self.state.captured.add(requests, bytes);
        self.state.lost.add(requests, bytes);
        let reason =
            self.refusing.as_deref().unwrap_or("the connection ended before the log took its records");
        self.gaps.lose(now, connection, requests, record, reason, &mut self.writer);
    }
}

/// As gaps keep it.
fn clamped(instant: Timestamp) -> i64 {
    i64::try_from(instant.unix_nanos()).unwrap_or(i64::MAX)
}
