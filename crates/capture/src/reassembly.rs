//! Records back into requests and their answers, per connection.
//!
//! Requests and responses are framed by their own bytes, so pipelined requests pair with their own answers and a
//! response is complete when its bytes say so, without waiting for the next request. Where bytes can't be framed
//! with certainty, the capturing process's marks are the boundary: a request is what was read up to the
//! end-of-message mark, its answer what was written until the next read. Bytes that neither rule can assign are
//! reported, never dropped in silence.

mod connection;
mod exchange;
mod position;
mod recent;
mod types;

use std::{collections::HashMap, sync::Arc};

use crate::{record::TrafficStream, timestamp::Timestamp};
use connection::{Connection, Source};
use position::{Place, Position};
use recent::RecentlyClosed;
pub use types::{End, Message, Reassembled, Transaction};

/// The longest request or response that is held in memory. A connection that carries a longer one is given up
/// ([`Reassembled::Unframed`]).
pub const MAX_MESSAGE_BYTES: usize = 512 * 1024 * 1024;
/// How many requests of one connection may wait for their answers. A connection with more is given up.
pub const MAX_UNANSWERED_REQUESTS: usize = 10_000;

/// A connection's name: ids are unique within the capturing process only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    node_id: Arc<str>,
    connection_id: Arc<str>,
}

/// Puts requests and answers together again from the records of any number of connections.
///
/// `O` is the caller's token for a record's place in the input. It is cloned into everything that holds bytes of the
/// record, and kept inside only while such bytes are: when all clones are dropped, nothing of the record is
/// outstanding. So a token that acts on its last drop commits exactly when it may.
#[derive(Debug)]
pub struct Reassembler<O> {
    open: HashMap<Key, Connection<O>>,
    closed: RecentlyClosed,
    connections_opened: u64,
    held_bytes: usize,
}

impl<O> Default for Reassembler<O> {
    fn default() -> Self {
        Self { open: HashMap::new(), closed: RecentlyClosed::default(), connections_opened: 0, held_bytes: 0 }
    }
}

impl<O: Clone> Reassembler<O> {
    /// Knowing of no connection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one record; what it completes is appended to `out`. Records of one connection must come in the order
    /// in which they were written; those of different connections in any.
    pub fn push(&mut self, mut stream: TrafficStream, origin: O, out: &mut Vec<Reassembled<O>>) {
        // Records are numbered from 1; decoding refuses one without a number.
        let number = stream.number().unwrap_or(0);
        let part = stream.part();
        let key = Key {
            node_id: stream.node_id.as_str().into(),
            connection_id: stream.connection_id.as_str().into(),
        };
        let known = self.open.get(&key).map(|connection| connection.position);
        let known = known.or_else(|| self.closed.get(&key).map(Position::after_record)).unwrap_or_default();
        let gap = match known.place(number, part) {
            Place::Duplicate => {
                let Key { node_id, connection_id } = key;
                out.push(Reassembled::Duplicate { node_id, connection_id, number });
                return;
            }
            Place::Next { seen } => {
                position::forget(&mut stream, seen);
                false
            }
            Place::Gap { expected } => {
                let Key { node_id, connection_id } = key.clone();
                out.push(Reassembled::Gap { node_id, connection_id, expected, found: number });
                true
            }
        };
        let connection = self.open.entry(key.clone()).or_insert_with(|| {
            self.connections_opened += 1;
            Connection::resumed(key.clone(), self.connections_opened, &stream)
        });
        let held_before = connection.held_bytes();
        if gap && connection.position != Position::default() {
            connection.records_missing(&stream, out);
        }
        connection.position = Position::after(number, part);
        let source = Source { origin, number: (number, part.start) };
        let closed = connection.record(stream, part.is_last(), &source, out);
        self.held_bytes = (self.held_bytes + connection.held_bytes()).saturating_sub(held_before);
        if closed {
            self.open.remove(&key);
            self.closed.insert(key, number);
        }
    }

    /// The input ended: connections that are still open end with [`End::StillOpen`].
    pub fn finish(&mut self, out: &mut Vec<Reassembled<O>>) {
        self.end_where(|_| true, End::StillOpen, out);
    }

    /// Ends the connections that were last heard of before this instant, with [`End::Expired`]. A later record of such a
    /// connection goes on where it was.
    pub fn expire(&mut self, older_than: Timestamp, out: &mut Vec<Reassembled<O>>) {
        self.end_where(|last_seen| last_seen < older_than, End::Expired, out);
    }

    /// Connections that are not closed yet.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.open.len()
    }

    /// Bytes of requests and answers that are not whole.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Oldest connection first, so that equal input gives equal output.
    fn end_where(&mut self, which: impl Fn(Timestamp) -> bool, end: End, out: &mut Vec<Reassembled<O>>) {
        let mut ending: Vec<_> = self.open.extract_if(|_, connection| which(connection.last_seen)).collect();
        ending.sort_unstable_by_key(|(_, connection)| connection.serial);
        for (key, mut connection) in ending {
            self.held_bytes = self.held_bytes.saturating_sub(connection.held_bytes());
            connection.end(end, out);
            self.closed.insert(key, connection.position.last_complete());
        }
    }
}

#[cfg(test)]
mod tests;
