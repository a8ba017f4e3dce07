//! Records of one connection, on their way into the journal.

use crate::journal::Journal;
use crate::rules::OnFull;
use std::collections::VecDeque;
use std::sync::Arc;
use switchover_capture::{MAX_RECORD_BYTES, RecordSink, ServedBy, StreamEncoder, Timestamp};

/// Encodes what a connection carries and appends each finished record.
#[derive(Debug)]
pub struct Recorder {
    encoder: StreamEncoder,
    sink: JournalSink,
    /// Losses of the journal's sink when the request that is arriving began.
    lost_before: u64,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is this entry of the log.
    Entry(u64),
    /// The log did not take it: it is part of a gap, and the traffic goes on.
    Lost,
    /// The log did not take it, and so the request must not go on (`--onFull reject`).
    Refused,
    /// The log did not take it yet (`--onFull block`).
    Stuck,
}

#[derive(Debug)]
struct JournalSink {
    journal: Arc<Journal>,
    connection_id: Box<str>,
    /// Requests that ended since the last record was appended.
    ended_requests: u64,
    last: Kept,
    /// Records lost so far.
    lost: u64,
    /// The last request of the record being appended does not go on if that fails.
    refusable: bool,
    /// With `--onFull block`: what the log has not taken, oldest first. A connection that is stuck is not read from,
    /// so this is at most a few chunks.
    stuck: VecDeque<(Box<[u8]>, u64)>,
}

impl RecordSink for JournalSink {
    fn append(&mut self, record: &[u8]) {
        let requests = std::mem::take(&mut self.ended_requests);
        if self.stuck.is_empty() && self.try_append(record, requests) {
            return;
        }
        self.stuck.push_back((record.into(), requests));
        self.last = Kept::Stuck;
    }
}

impl JournalSink {
    /// False when the log did not take it; it is lost unless connections wait for the log.
    fn try_append(&mut self, record: &[u8], requests: u64) -> bool {
        match self.journal.append(&self.connection_id, record, requests, u64::from(self.refusable)) {
            Some(sequence) => self.last = Kept::Entry(sequence),
            None if self.journal.on_full() == OnFull::Block => return false,
            None => {
                self.lost += 1;
                self.last = Kept::Lost;
            }
        }
        true
    }
}

impl Recorder {
    /// A recorder for a new connection.
    #[must_use]
    pub fn new(journal: Arc<Journal>, node_id: &str, connection_id: &str) -> Self {
        Self::of_cluster(journal, node_id, connection_id, ServedBy::Source)
    }

    /// A recorder for a new connection that this cluster serves.
    #[must_use]
    pub fn of_cluster(journal: Arc<Journal>, node_id: &str, connection_id: &str, cluster: ServedBy) -> Self {
        Self {
            encoder: StreamEncoder::new(connection_id, node_id, MAX_RECORD_BYTES).served_by(cluster),
            sink: JournalSink {
                journal,
                connection_id: connection_id.into(),
                ended_requests: 0,
                last: Kept::Lost,
                lost: 0,
                refusable: false,
                stuck: VecDeque::new(),
            },
            lost_before: 0,
        }
    }

    /// Bytes from the client.
    pub fn read(&mut self, at: Timestamp, bytes: &[u8]) {
        self.encoder.read(at, bytes, &mut self.sink);
    }

    /// The bytes read next are those of a new request.
    pub fn begin_request(&mut self) {
        self.lost_before = self.sink.lost;
    }

    /// A request is complete. Lengths without line ends.
    pub fn end_of_request(&mut self, at: Timestamp, first_line_len: usize, headers_len: usize) {
        let length = |length| i32::try_from(length).unwrap_or(-1);
        self.encoder.end_of_message(at, length(first_line_len), length(headers_len), &mut self.sink);
        self.sink.ended_requests += 1;
    }

    /// A request that may change the cluster is complete: its record is appended now. With `--onFull reject` it is
    /// refused when any of it was lost.
    pub fn end_of_mutation(&mut self, at: Timestamp, first_line_len: usize, headers_len: usize) -> Kept {
        let refusing = self.sink.journal.on_full() == OnFull::Reject;
        if refusing && (self.sink.lost > self.lost_before || !self.sink.journal.takes_writes()) {
            self.encoder.request_dropped(at, &mut self.sink);
            return Kept::Refused;
        }
        self.end_of_request(at, first_line_len, headers_len);
        let lost_before = self.sink.lost;
        self.sink.refusable = refusing;
        let kept = self.flush();
        self.sink.refusable = false;
        if refusing && self.sink.lost > lost_before {
            return Kept::Refused;
        }
        kept
    }

    /// Bytes to the client.
    pub fn write(&mut self, at: Timestamp, bytes: &[u8]) {
        self.encoder.write(at, bytes, &mut self.sink);
    }

    /// The connection failed.
    pub fn exception(&mut self, at: Timestamp, message: &str) {
        self.encoder.connection_exception(at, message, &mut self.sink);
    }

    /// Appends what is pending; what became of the connection's last record.
    pub fn flush(&mut self) -> Kept {
        self.encoder.flush(&mut self.sink);
        self.sink.last
    }

    /// Tries again to append what the log did not take. True when nothing is left.
    pub fn retry(&mut self) -> bool {
        while let Some((record, requests)) = self.sink.stuck.pop_front() {
            if !self.sink.try_append(&record, requests) {
                self.sink.stuck.push_front((record, requests));
                return false;
            }
        }
        true
    }

    /// The log has not taken everything.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        !self.sink.stuck.is_empty()
    }

    /// The entry of the connection's last record.
    #[must_use]
    pub fn last_entry(&self) -> Option<u64> {
        match self.sink.last {
            Kept::Entry(sequence) => Some(sequence),
            _ => None,
        }
    }

    /// The connection is over: its last record.
    pub fn close(&mut self, at: Timestamp) {
        self.encoder.close(at, &mut self.sink);
    }

    /// What the log has not taken goes with the connection.
    pub fn abandon(&mut self) {
        if !self.retry() {
            for (record, requests) in std::mem::take(&mut self.sink.stuck) {
                self.sink.journal.lose(&self.sink.connection_id, requests, &record);
            }
        }
    }

    /// Bytes that are not appended yet.
    #[must_use]
    pub fn pending_bytes(&self) -> usize {
        self.encoder.pending_bytes()
    }
}
