//! One record: a `TrafficStream` protobuf message, a piece of one captured connection.
//!
//! The schema is `TrafficCaptureStream.proto` of the existing capture proxy (opensearch-migrations), so that its
//! tools read our captures and we read theirs. The messages are written out by hand for `prost`: the schema is
//! small and fixed, and a build that needs no `protoc` is worth more than generated code. Data fields are
//! `Bytes`, so decoding a record copies no body.

use bytes::Bytes;
use prost::Message as _;

use crate::timestamp::Timestamp;

/// One record of a connection: a run of observations in the order in which they happened.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TrafficStream {
    /// Unique among the connections of `node_id`; the key of the record in Kafka.
    #[prost(string, tag = "1")]
    pub connection_id: String,
    /// What was seen, oldest first.
    #[prost(message, repeated, tag = "2")]
    pub sub_stream: Vec<TrafficObservation>,
    /// Place of this record among the records of its connection.
    #[prost(oneof = "RecordIndex", tags = "3, 4")]
    pub index: Option<RecordIndex>,
    /// The process that captured; a new one at every start.
    #[prost(string, tag = "5")]
    pub node_id: String,
    /// Requests of this connection that ended in earlier records; absent for none.
    #[prost(int32, optional, tag = "6")]
    pub prior_requests_received: Option<i32>,
    /// Whether the record before this one ended inside a request.
    #[prost(bool, optional, tag = "7")]
    pub last_observation_was_unterminated_read: Option<bool>,
    /// In a part of a record that was too long: how much of the record the parts before hold. Ours, not in the schema
    /// of the existing capture proxy; readers that do not know it see several records of one number.
    #[prost(uint64, optional, tag = "101")]
    pub part_start: Option<u64>,
    /// In a part of a record: how much all parts hold.
    #[prost(uint64, optional, tag = "102")]
    pub part_of: Option<u64>,
    /// Which cluster served the connection; absent for the source ([`ServedBy`]). Ours as well; readers that do not know
    /// it take what the target served for the source's.
    #[prost(uint32, optional, tag = "103")]
    pub served_by: Option<u32>,
}

/// The cluster that answers the requests of a captured connection. What the target served must not be applied to it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ServedBy {
    /// The cluster that is migrated from.
    #[default]
    Source,
    /// The cluster that is migrated to.
    Target,
}

impl ServedBy {
    /// In a record.
    pub(crate) const TARGET: u32 = 1;
}

/// Place of a record among the records of its connection, from 1.
#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum RecordIndex {
    /// More records follow.
    #[prost(int32, tag = "3")]
    Number(i32),
    /// The connection's last record.
    #[prost(int32, tag = "4")]
    NumberOfThisLastChunk(i32),
}

/// One thing seen on the connection.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TrafficObservation {
    /// When.
    #[prost(message, optional, tag = "1")]
    pub ts: Option<WireTimestamp>,
    /// What; absent when it is of a kind this version does not know.
    #[prost(oneof = "Capture", tags = "2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 14, 15, 16")]
    pub capture: Option<Capture>,
}

/// `google.protobuf.Timestamp`, unchecked.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct WireTimestamp {
    /// Seconds since the Unix epoch.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Nanoseconds after `seconds`; may be out of range in a record from outside.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

/// The kinds of observation. "Read" is client to server, "write" is server to client.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Capture {
    /// Never written by known capture tools.
    #[prost(message, tag = "2")]
    Bind(Empty),
    /// Never written by known capture tools.
    #[prost(message, tag = "3")]
    Connect(Empty),
    /// Bytes from the client.
    #[prost(message, tag = "4")]
    Read(Data),
    /// Part of bytes from the client that were too many for one record.
    #[prost(message, tag = "5")]
    ReadSegment(SegmentData),
    /// Never written by known capture tools.
    #[prost(message, tag = "6")]
    RequestReleasedDownstream(RequestReleased),
    /// Bytes to the client.
    #[prost(message, tag = "8")]
    Write(Data),
    /// Part of bytes to the client that were too many for one record.
    #[prost(message, tag = "9")]
    WriteSegment(SegmentData),
    /// Never written by known capture tools.
    #[prost(message, tag = "10")]
    Disconnect(Empty),
    /// The connection ended.
    #[prost(message, tag = "11")]
    Close(Empty),
    /// The connection failed.
    #[prost(message, tag = "12")]
    ConnectionException(ConnectionException),
    /// The last of a run of segments has been seen.
    #[prost(message, tag = "14")]
    SegmentEnd(Empty),
    /// The request whose bytes were read is complete.
    #[prost(message, tag = "15")]
    EndOfMessage(EndOfMessage),
    /// The request being read is not to be captured: forget what was read of it.
    #[prost(message, tag = "16")]
    RequestDropped(Empty),
}

/// A message without fields.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Empty {}

/// Bytes of a whole read or write.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Data {
    /// As on the wire.
    #[prost(bytes = "bytes", tag = "1")]
    pub data: Bytes,
}

/// Bytes of a part of a read or write. The field number differs from [`Data`].
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SegmentData {
    /// As on the wire.
    #[prost(bytes = "bytes", tag = "2")]
    pub data: Bytes,
}

/// The request was let through to the server.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct RequestReleased {
    /// Whether only because waiting for its capture took too long.
    #[prost(bool, tag = "1")]
    pub timed_out: bool,
}

/// Why the connection failed.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ConnectionException {
    /// In the words of the capturing process.
    #[prost(string, tag = "1")]
    pub message: String,
}

/// Sizes of the request that ended; −1 when the capturing process could not tell.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct EndOfMessage {
    /// Bytes of the request line without its line end.
    #[prost(int32, optional, tag = "1")]
    pub first_line_byte_length: Option<i32>,
    /// Bytes of the header lines without their line ends.
    #[prost(int32, optional, tag = "2")]
    pub headers_byte_length: Option<i32>,
}

/// Bytes that are no usable record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not a `TrafficStream` message.
    #[error("not a TrafficStream protobuf message: {0}")]
    Protobuf(prost::DecodeError),
    /// A message, but without the id that says whose bytes these are.
    #[error("a TrafficStream without a connection id: not a capture record")]
    NoConnectionId,
    /// Neither `number` nor `numberOfThisLastChunk`, or one below 1.
    #[error("record of connection {connection_id} carries no valid record number")]
    NoNumber {
        /// Whose record it is.
        connection_id: String,
    },
}

impl TrafficStream {
    /// Decodes one record and checks what everything after relies on: a connection id and a record number.
    /// Data fields share the memory of `record`.
    pub fn decode_record(record: Bytes) -> Result<Self, RecordError> {
        let stream = Self::decode(record).map_err(RecordError::Protobuf)?;
        if stream.connection_id.is_empty() {
            return Err(RecordError::NoConnectionId);
        }
        if stream.number().is_none() {
            return Err(RecordError::NoNumber { connection_id: stream.connection_id });
        }
        Ok(stream)
    }

    /// The record's number among those of its connection, from 1. `None` when absent or below 1.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        match self.index? {
            RecordIndex::Number(number) | RecordIndex::NumberOfThisLastChunk(number) => {
                u32::try_from(number).ok().filter(|number| *number > 0)
            }
        }
    }

    /// Which part of its record this is; of a whole record, all of it.
    #[must_use]
    pub fn part(&self) -> Part {
        let start = self.part_start.unwrap_or(0);
        let end = start.saturating_add(self.sub_stream.iter().map(TrafficObservation::extent).sum());
        Part { start, end, of: self.part_of.unwrap_or(end).max(end) }
    }

    /// Which cluster served the connection. A number of a later version is not the source's.
    #[must_use]
    pub fn cluster(&self) -> ServedBy {
        match self.served_by {
            None | Some(0) => ServedBy::Source,
            Some(_) => ServedBy::Target,
        }
    }

    /// Whether no record of this connection follows.
    #[must_use]
    pub fn is_last(&self) -> bool {
        matches!(self.index, Some(RecordIndex::NumberOfThisLastChunk(_)))
    }
}

/// A place in a record: each byte of data counts one, as does every observation without data. Ends of segments count
/// nothing, as splitting adds some. So a part is known by what it holds, however the record was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// What the parts before hold.
    pub start: u64,
    /// What is held up to its end.
    pub end: u64,
    /// What the whole record holds.
    pub of: u64,
}

impl Part {
    /// Whether the record is complete with this part.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.end >= self.of
    }
}

impl TrafficObservation {
    /// How much it counts in a [`Part`].
    #[must_use]
    pub fn extent(&self) -> u64 {
        match &self.capture {
            Some(Capture::Read(data) | Capture::Write(data)) => data.data.len() as u64,
            Some(Capture::ReadSegment(data) | Capture::WriteSegment(data)) => data.data.len() as u64,
            Some(Capture::SegmentEnd(_)) => 0,
            _ => 1,
        }
    }

    /// When it was seen, with out-of-range nanoseconds clamped. `None` when the record does not say.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.ts.map(|ts| Timestamp { seconds: ts.seconds, nanos: ts.nanos.clamp(0, 999_999_999) as u32 })
    }
}

#[cfg(test)]
mod tests;
