//! Turns what happens on one connection into records, straight to wire bytes.
//!
//! This runs on the agent's data path for every read and write, so it appends to one buffer and never builds a
//! message tree. Field order is that of the existing capture proxy: 1, 5, 6 if above zero, 7 if true, the
//! observations, and 3 or 4 last, because only the flush knows whether a record is the connection's last.
//!
//! A record is at most `max_record_bytes` long. A read or write that does not fit is cut into segments that fill
//! the record, go on in the next ones and end with a `segmentEnd`.

mod wire;

use crate::record::ServedBy;
use crate::timestamp::Timestamp;
use wire::{DataKind, Field};

/// The longest record by default: what a Kafka broker with its default limit of 1 MiB takes, key and overhead
/// included.
pub const MAX_RECORD_BYTES: usize = 1024 * 1024 - 500;
/// A buffer that grew beyond this is given back after a flush; below it, it is kept for the next record.
const MAX_KEPT_BUFFER_BYTES: usize = 64 * 1024;
/// Room that a record always has beside the connection's and node's ids, so that any observation fits.
const MIN_OBSERVATION_SPACE_BYTES: usize = 160;
/// Tag and widest varint of `number` or `numberOfThisLastChunk`.
const INDEX_FIELD_BYTES: usize = 6;
/// What a record holds beside ids and observations: fields 6, 7 and 3 or 4, at their widest.
const MAX_RECORD_HEAD_BYTES: usize = 6 + 2 + INDEX_FIELD_BYTES;
/// What an observation holds beside its data, at its widest: tags and lengths of up to three levels, timestamp.
const MAX_OBSERVATION_HEAD_BYTES: usize = 48;
/// Capacity of a new buffer: a small request and its answer.
const FIRST_BUFFER_BYTES: usize = 1024;
/// The most of an error message that is kept.
const MAX_EXCEPTION_BYTES: usize = 1024;

/// Receives each finished record, in order. It can't fail from the encoder's view: the sink accounts for what it
/// could not keep.
pub trait RecordSink {
    /// Takes one `TrafficStream` message.
    fn append(&mut self, record: &[u8]);
}

impl RecordSink for Vec<Vec<u8>> {
    fn append(&mut self, record: &[u8]) {
        self.push(record.to_vec());
    }
}

/// Encoder of one connection. See the module for the format.
#[derive(Debug)]
pub struct StreamEncoder {
    /// Fields 1 and 5, and 103 when the target serves the connection: the same in every record.
    ids: Box<[u8]>,
    max_record_bytes: usize,
    /// The record being built; empty when none is.
    buffer: Vec<u8>,
    /// Number of the last record emitted.
    emitted: u32,
    requests_ended: u32,
    /// Read bytes of a request that has not ended.
    in_request: bool,
    /// Anything was ever observed.
    used: bool,
}

impl StreamEncoder {
    /// For a new connection. Both ids together should stay within 96 bytes: other readers of the format assume it.
    /// A `max_record_bytes` too small for the ids and any observation is raised to what is.
    #[must_use]
    pub fn new(connection_id: &str, node_id: &str, max_record_bytes: usize) -> Self {
        let mut ids = Vec::new();
        wire::put_string(&mut ids, Field::ConnectionId, connection_id);
        wire::put_string(&mut ids, Field::NodeId, node_id);
        let max_record_bytes = max_record_bytes.max(ids.len() + MIN_OBSERVATION_SPACE_BYTES);
        Self {
            ids: ids.into(),
            max_record_bytes,
            buffer: Vec::new(),
            emitted: 0,
            requests_ended: 0,
            in_request: false,
            used: false,
        }
    }

    /// Says in every record that the target serves the connection; for a new encoder.
    #[must_use]
    pub fn served_by(mut self, cluster: ServedBy) -> Self {
        if cluster == ServedBy::Target {
            let mut ids = std::mem::take(&mut self.ids).into_vec();
            let before = ids.len();
            wire::put_uint(&mut ids, Field::ServedBy, ServedBy::TARGET.into());
            self.max_record_bytes =
                self.max_record_bytes.max(MIN_OBSERVATION_SPACE_BYTES + ids.len() - before);
            self.ids = ids.into();
        }
        self
    }

    /// Bytes came from the client.
    pub fn read(&mut self, ts: Timestamp, data: &[u8], sink: &mut impl RecordSink) {
        self.data(ts, DataKind::READ, data, sink);
        // Set only afterwards: a record that begins with the first bytes of a request has no unterminated read
        // before it.
        self.in_request = true;
    }

    /// The request that was read is complete. Lengths without line ends; −1 when unknown.
    pub fn end_of_message(
        &mut self,
        ts: Timestamp,
        first_line_len: i32,
        headers_len: i32,
        sink: &mut impl RecordSink,
    ) {
        let (body, len) = wire::end_of_message(first_line_len, headers_len);
        self.small(ts, Field::EndOfMessage, &body[..len], sink);
        self.in_request = false;
        self.requests_ended = self.requests_ended.saturating_add(1);
    }

    /// Bytes go to the client.
    pub fn write(&mut self, ts: Timestamp, data: &[u8], sink: &mut impl RecordSink) {
        self.data(ts, DataKind::WRITE, data, sink);
    }

    /// The request being read is not to be captured: readers forget what was read of it.
    pub fn request_dropped(&mut self, ts: Timestamp, sink: &mut impl RecordSink) {
        self.small(ts, Field::RequestDropped, &[], sink);
        self.in_request = false;
    }

    /// The connection failed. Nothing for a connection that never carried a byte. Long messages are cut.
    pub fn connection_exception(&mut self, ts: Timestamp, message: &str, sink: &mut impl RecordSink) {
        if !self.used {
            return;
        }
        let room =
            self.max_record_bytes - self.ids.len() - MAX_RECORD_HEAD_BYTES - MAX_OBSERVATION_HEAD_BYTES;
        let message = &message[..message.floor_char_boundary(room.min(MAX_EXCEPTION_BYTES))];
        self.small(ts, Field::ConnectionException, &wire::exception(message), sink);
    }

    /// Emits the record being built, if any.
    pub fn flush(&mut self, sink: &mut impl RecordSink) {
        if !self.buffer.is_empty() {
            self.emit(Field::Number, sink);
        }
    }

    /// The connection ended: emits its last record. Nothing at all for a connection that never carried a byte, so
    /// that a port probe leaves no trace. The encoder must not be used afterwards.
    pub fn close(&mut self, ts: Timestamp, sink: &mut impl RecordSink) {
        if self.used {
            self.small(ts, Field::Close, &[], sink);
            self.emit(Field::NumberOfThisLastChunk, sink);
        }
    }

    /// Bytes of the record being built: what a flush would emit, but for its number.
    #[must_use]
    pub fn pending_bytes(&self) -> usize {
        self.buffer.len()
    }

    fn data(&mut self, ts: Timestamp, kind: DataKind, data: &[u8], sink: &mut impl RecordSink) {
        self.begin_record();
        if wire::data_len(ts, data.len()) <= self.space() {
            return self.put_data(ts, kind.whole, data);
        }
        if wire::data_that_fits(ts, self.space()) == 0 {
            self.next_record(sink);
            if wire::data_len(ts, data.len()) <= self.space() {
                return self.put_data(ts, kind.whole, data);
            }
        }
        let mut rest = data;
        while wire::data_len(ts, rest.len()) > self.space() {
            let (now, later) = rest.split_at(wire::data_that_fits(ts, self.space()).min(rest.len()));
            self.put_data(ts, kind.segment, now);
            self.in_request |= kind.is_read;
            rest = later;
            self.next_record(sink);
        }
        self.put_data(ts, kind.segment, rest);
        self.small(ts, Field::SegmentEnd, &[], sink);
    }

    /// An observation that is never cut.
    fn small(&mut self, ts: Timestamp, field: Field, body: &[u8], sink: &mut impl RecordSink) {
        self.begin_record();
        let len = wire::observation_len(ts, field, body.len());
        if len > self.space() {
            self.next_record(sink);
        }
        self.grow(len);
        wire::put_observation_head(&mut self.buffer, ts, field, body.len());
        self.buffer.extend_from_slice(body);
    }

    fn put_data(&mut self, ts: Timestamp, fields: wire::DataFields, data: &[u8]) {
        self.grow(wire::data_len(ts, data.len()));
        wire::put_data(&mut self.buffer, ts, fields, data);
    }

    /// Bytes left for observations in the record being built.
    fn space(&self) -> usize {
        (self.max_record_bytes - INDEX_FIELD_BYTES).saturating_sub(self.buffer.len())
    }

    /// Makes room without ever holding more than one record's worth: a plain `Vec` doubles past it.
    fn grow(&mut self, by: usize) {
        let needed = self.buffer.len() + by + INDEX_FIELD_BYTES;
        if needed > self.buffer.capacity() {
            let target = needed.max(self.buffer.capacity().saturating_mul(2)).min(self.max_record_bytes);
            self.buffer.reserve_exact(target.max(needed) - self.buffer.len());
        }
    }

    fn begin_record(&mut self) {
        self.used = true;
        if !self.buffer.is_empty() {
            return;
        }
        self.grow(FIRST_BUFFER_BYTES);
        self.buffer.extend_from_slice(&self.ids);
        if self.requests_ended > 0 {
            wire::put_uint(&mut self.buffer, Field::PriorRequestsReceived, self.requests_ended.into());
        }
        if self.in_request {
            wire::put_uint(&mut self.buffer, Field::LastObservationWasUnterminatedRead, 1);
        }
    }

    fn next_record(&mut self, sink: &mut impl RecordSink) {
        self.emit(Field::Number, sink);
        self.begin_record();
    }

    fn emit(&mut self, index: Field, sink: &mut impl RecordSink) {
        self.emitted = self.emitted.saturating_add(1);
        wire::put_uint(&mut self.buffer, index, self.emitted.into());
        sink.append(&self.buffer);
        if self.buffer.capacity() > MAX_KEPT_BUFFER_BYTES {
            self.buffer = Vec::new();
        } else {
            self.buffer.clear();
        }
    }
}

#[cfg(test)]
mod tests;
