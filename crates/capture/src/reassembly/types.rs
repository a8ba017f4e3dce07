//! What reassembly yields.

use std::sync::Arc;

use bytes::Bytes;

use crate::record::ServedBy;
use crate::timestamp::Timestamp;

/// What came out of the records pushed so far, in the order in which it was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Reassembled<O> {
    /// A whole request with what is known of its answer.
    Transaction(Transaction<O>),
    /// A record that was seen before, or that arrived after later ones: ignored.
    Duplicate {
        /// Capturing process.
        node_id: Arc<str>,
        /// Connection.
        connection_id: Arc<str>,
        /// Number of the record.
        number: u32,
    },
    /// Records of a connection are missing: its traffic between them is unknown.
    Gap {
        /// Capturing process.
        node_id: Arc<str>,
        /// Connection.
        connection_id: Arc<str>,
        /// Number of the first missing record.
        expected: u32,
        /// Number of the record that came instead.
        found: u32,
    },
    /// Bytes that are part of no request or answer that could be told apart, so they can't be replayed.
    Unframed {
        /// Capturing process.
        node_id: Arc<str>,
        /// Connection.
        connection_id: Arc<str>,
        /// How many, of both directions.
        bytes: u64,
        /// Why.
        reason: String,
        /// Records that hold them.
        origins: Vec<O>,
    },
    /// A request whose end was never seen: the client gave up, or the rest of its records is missing. The source
    /// did not act on it as a whole, so it is not replayed. A request dropped on purpose is not reported.
    Incomplete {
        /// Capturing process.
        node_id: Arc<str>,
        /// Connection.
        connection_id: Arc<str>,
        /// Bytes of it that were captured, and of an answer that came before its end.
        bytes: u64,
        /// What ended it; never [`End::Complete`].
        end: End,
        /// Records that hold them.
        origins: Vec<O>,
    },
    /// Nothing more comes of this connection: it was closed, has expired, or the input is finished. Always the last
    /// of a connection, exactly once.
    ConnectionClosed {
        /// Capturing process.
        node_id: Arc<str>,
        /// Connection.
        connection_id: Arc<str>,
        /// Last sign of life.
        at: Timestamp,
    },
}

/// One request, and its answer if there was one.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction<O> {
    /// Capturing process.
    pub node_id: Arc<str>,
    /// Connection, unique within `node_id`.
    pub connection_id: Arc<str>,
    /// The cluster that answered.
    pub served_by: ServedBy,
    /// Place among the requests of its connection, from 0; requests of records that are missing are counted.
    pub index: u32,
    /// The whole request.
    pub request: Message,
    /// The final response. Partial, or `None`, when `end` is not [`End::Complete`].
    pub response: Option<Message>,
    /// Heads of interim (1xx) responses, each with its blank line.
    pub interim: Vec<Bytes>,
    /// How the answer ended.
    pub end: End,
    /// The records that hold bytes of request or response, oldest first.
    pub origins: Vec<O>,
}

/// One request or response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// As on the wire, chunk framing included.
    pub bytes: Bytes,
    /// When its first bytes were seen.
    pub first: Timestamp,
    /// When its last bytes were seen.
    pub last: Timestamp,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// All of it was seen.
    Complete,
    /// The connection was closed first.
    Closed,
    /// The connection failed first.
    Reset,
    /// Nothing came for too long.
    Expired,
    /// The input ended first.
    StillOpen,
    /// Records of the connection are missing, or the answers of several requests could not be told apart.
    Lost,
}
