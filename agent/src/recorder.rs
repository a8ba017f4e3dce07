//! Records of one connection, on their way into the journal.

use crate::journal::Journal;
use std::sync::Arc;
use switchover_capture::{MAX_RECORD_BYTES, RecordSink, StreamEncoder, Timestamp};

/// Encodes what a connection carries and appends each finished record.
#[derive(Debug)]
pub struct Recorder {
    encoder: StreamEncoder,
    sink: JournalSink,
}

#[derive(Debug)]
struct JournalSink {
    journal: Arc<Journal>,
    connection_id: Box<str>,
    /// Requests that ended since the last record was appended.
    ended_requests: u64,
    last: Option<u64>,
}

impl RecordSink for JournalSink {
    fn append(&mut self, record: &[u8]) {
        let requests = std::mem::take(&mut self.ended_requests);
        self.last = self.journal.append(&self.connection_id, record, requests);
    }
}

impl Recorder {
    /// A recorder for a new connection.
    #[must_use]
    pub fn new(journal: Arc<Journal>, node_id: &str, connection_id: &str) -> Self {
        Self {
            encoder: StreamEncoder::new(connection_id, node_id, MAX_RECORD_BYTES),
            sink: JournalSink { journal, connection_id: connection_id.into(), ended_requests: 0, last: None },
        }
    }

    /// Bytes from the client.
    pub fn read(&mut self, at: Timestamp, bytes: &[u8]) {
        self.encoder.read(at, bytes, &mut self.sink);
    }

    /// A request is complete. Lengths without line ends.
    pub fn end_of_request(&mut self, at: Timestamp, first_line_len: usize, headers_len: usize) {
        let length = |length| i32::try_from(length).unwrap_or(-1);
        self.encoder.end_of_message(at, length(first_line_len), length(headers_len), &mut self.sink);
        self.sink.ended_requests += 1;
    }

    /// Bytes to the client.
    pub fn write(&mut self, at: Timestamp, bytes: &[u8]) {
        self.encoder.write(at, bytes, &mut self.sink);
    }

    /// The connection failed.
    pub fn exception(&mut self, at: Timestamp, message: &str) {
        self.encoder.connection_exception(at, message, &mut self.sink);
    }

    /// Appends what is pending. The sequence of the connection's last entry; `None` when it could not be kept.
    pub fn flush(&mut self) -> Option<u64> {
        self.encoder.flush(&mut self.sink);
        self.sink.last
    }

    /// The connection is over.
    pub fn close(&mut self, at: Timestamp) {
        self.encoder.close(at, &mut self.sink);
    }

    /// Bytes that are not appended yet.
    #[must_use]
    pub fn pending_bytes(&self) -> usize {
        self.encoder.pending_bytes()
    }
}
