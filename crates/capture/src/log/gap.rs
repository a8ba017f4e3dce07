//! The entry that says what the log does not hold.

use bytes::Bytes;
use prost::Message as _;

/// Traffic that was let through without being captured, or captured and lost. Written by our own tools only.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Gap {
    /// Start, in nanoseconds since the Unix epoch.
    #[prost(int64, tag = "1")]
    pub from_unix_ns: i64,
    /// End, in nanoseconds since the Unix epoch.
    #[prost(int64, tag = "2")]
    pub to_unix_ns: i64,
    /// Requests that are missing, as far as known.
    #[prost(uint64, tag = "3")]
    pub requests: u64,
    /// Connections that they came on.
    #[prost(uint64, tag = "4")]
    pub connections: u64,
    /// Records that are missing.
    #[prost(uint64, tag = "5")]
    pub records: u64,
    /// Bytes that are missing.
    #[prost(uint64, tag = "6")]
    pub bytes: u64,
    /// Why, for people.
    #[prost(string, tag = "7")]
    pub reason: String,
    /// Indices that the missing requests name; empty when not known.
    #[prost(string, repeated, tag = "8")]
    pub indices: Vec<String>,
}

impl Gap {
    /// The payload of an entry of kind [`Gap`](super::EntryKind::Gap).
    #[must_use]
    pub fn encode_payload(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// Reads the payload of an entry of kind [`Gap`](super::EntryKind::Gap).
    pub fn decode_payload(payload: Bytes) -> Result<Self, prost::DecodeError> {
        Self::decode(payload)
    }
}
