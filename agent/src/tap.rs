//! What one connection's bytes mean: framed beside the stream, recorded, and gated where they change the cluster.
//!
//! The bytes themselves are not touched (but for `--setHeader`). For each chunk from the client the tap makes sure that
//! what completes a mutating request is in the capture log before the relay forwards it (admission). For each chunk
//! from the node it says which parts may go to the client at once and which wait for a record to be durable
//! (acknowledgement). A stream that can't be framed with certainty is a tunnel: recorded, counted, and gated as if all
//! of it mutated.

mod from_client;
mod from_node;
mod outgoing;
mod withheld;

pub use outgoing::{Gate, Outgoing, Piece, Source};

use crate::clock::Clock;
use crate::counters::Counters;
use crate::recorder::{Kept, Recorder};
use crate::redaction::{Held, LineMask};
use crate::rules::Rules;
use std::collections::VecDeque;
use std::sync::Arc;
use switchover_capture::Timestamp;
use switchover_http1::{RequestFramer, RequestKind, ResponseEof, ResponseFramer, TunnelReason};
use switchover_rest::secrets::Bodies;

/// A connection's records are appended at the latest when this much is pending: little enough to stay in the
/// processor's cache and in the encoder's first buffer.
const FLUSH_BYTES: usize = 48 * 1024;

/// The tap of one connection.
#[derive(Debug)]
pub struct Tap {
    /// `None` with `--noCapture`.
    recorder: Option<Recorder>,
    clock: Clock,
    counters: Arc<Counters>,
    rules: Arc<Rules>,
    requests: RequestFramer,
    responses: ResponseFramer,
    /// Requests whose response is not complete, oldest first.
    exchanges: VecDeque<Exchange>,
    /// Responses completed so far, so that an exchange keeps its number while others leave the queue.
    answered: u64,
    reading: Option<Reading>,
    /// What has come of a head that is not complete: it is recorded when it is, without its secrets.
    request_head: PartialHead,
    response_head: PartialHead,
    /// A message that is arriving and is recorded when it is complete, without the secrets in its body.
    held_request: Option<Held>,
    held_response: Option<Held>,
    tunnel: bool,
    /// Nothing more is recorded: what is left of a message with secrets can't be told from what follows.
    muted: bool,
    /// For bytes that are no messages.
    client_mask: LineMask,
    node_mask: LineMask,
    /// What the bytes of a tunnel wait for.
    tunnel_gate: Gate,
    /// The flusher knows of this connection.
    watched: bool,
    /// The last record is made.
    closed: bool,
    /// The number of the request that was refused: nothing more is read from the client.
    refused: Option<u64>,
}

#[derive(Debug)]
struct Exchange {
    kind: RequestKind,
    mutating: bool,
    /// Neither the request nor its response is recorded.
    suppressed: bool,
    /// What of the bodies is recorded.
    bodies: Bodies,
    /// What must be durable before the response is released.
    gate: Gate,
}

/// The request that is arriving.
#[derive(Debug)]
struct Reading {
    number: u64,
    mutating: bool,
    suppressed: bool,
    /// Suppressed because of its secrets, not because the operator said so.
    withheld: bool,
    first_line_len: usize,
    headers_len: usize,
}

#[derive(Debug, Default)]
struct PartialHead {
    bytes: Vec<u8>,
    since: Option<Timestamp>,
}

impl PartialHead {
    fn add(&mut self, at: Timestamp, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.since.get_or_insert(at);
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// When the head began; forgets it.
    fn begun(&mut self, at: Timestamp) -> Timestamp {
        self.take(at).0
    }

    /// When the head began, and what there is of it; forgets it.
    fn take(&mut self, at: Timestamp) -> (Timestamp, Vec<u8>) {
        (self.since.take().unwrap_or(at), std::mem::take(&mut self.bytes))
    }
}

impl Tap {
    /// A tap for a new connection; without a recorder nothing is captured.
    #[must_use]
    pub fn new(recorder: Option<Recorder>, clock: Clock, counters: Arc<Counters>, rules: Arc<Rules>) -> Self {
        Self {
            recorder,
            clock,
            counters,
            rules,
            requests: RequestFramer::new(),
            responses: ResponseFramer::new(),
            exchanges: VecDeque::new(),
            answered: 0,
            reading: None,
            request_head: PartialHead::default(),
            response_head: PartialHead::default(),
            held_request: None,
            held_response: None,
            tunnel: false,
            muted: false,
            client_mask: LineMask::default(),
            node_mask: LineMask::default(),
            tunnel_gate: Gate::Open,
            watched: false,
            closed: false,
            refused: None,
        }
    }

    /// The node closed its side.
    pub fn node_closed(&mut self) {
        if self.responses.eof() == ResponseEof::MessageEnd
            && let Some(exchange) = self.exchanges.pop_front()
        {
            self.record_held_response(exchange.kind);
            self.answered += 1;
        }
    }

    /// No request is arriving and none waits for its response.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.exchanges.is_empty() && !self.requests.in_message() && !self.tunnel
    }

    /// No request is arriving, though some may wait for their responses.
    #[must_use]
    pub fn at_request_boundary(&self) -> bool {
        !self.requests.in_message() && !self.tunnel
    }

    /// Bytes that can't be told apart, or that are no HTTP/1.1 any more.
    #[must_use]
    pub fn is_tunnel(&self) -> bool {
        self.tunnel
    }

    /// The head of a request has begun and is not complete.
    #[must_use]
    pub fn in_request_head(&self) -> bool {
        self.reading.is_none() && self.requests.in_message() && !self.tunnel
    }

    /// A request was refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Refuses the request whose head is arriving.
    pub fn refuse_head(&mut self) {
        self.refused = Some(self.answered + self.exchanges.len() as u64);
    }

    /// All requests before the refused one are answered: the refusal may be written now.
    #[must_use]
    pub fn refusal_is_due(&self) -> bool {
        self.refused.is_some_and(|number| self.answered >= number)
    }

    /// Whether the flusher has to be told that something is pending; true once per flush.
    pub fn to_be_watched(&mut self) -> bool {
        let pending = self.recorder.as_ref().is_some_and(|recorder| recorder.pending_bytes() > 0);
        let news = !self.watched && pending;
        self.watched |= news;
        news
    }

    /// The flusher's turn: appends what is pending.
    pub fn flush_watched(&mut self) {
        self.watched = false;
        self.flush();
    }

    /// With `--onFull block`: tries again to append what the log did not take. True when nothing is left.
    pub fn retry(&mut self) -> bool {
        self.recorder.as_mut().is_none_or(Recorder::retry)
    }

    /// The log did not take a record: nothing may go either way until [`Tap::retry`] has succeeded.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.recorder.as_ref().is_some_and(Recorder::is_stuck)
    }

    /// What a gate that was [`Gate::Stuck`] waits for now that the log has taken everything.
    #[must_use]
    pub fn settled(&self, gate: Gate) -> Gate {
        match gate {
            Gate::Stuck => {
                self.recorder.as_ref().and_then(Recorder::last_entry).map_or(Gate::Open, Gate::Entry)
            }
            other => other,
        }
    }

    /// The connection failed.
    pub fn exception(&mut self, message: &str) {
        let at = self.clock.now();
        if let Some(recorder) = &mut self.recorder {
            recorder.exception(at, message);
        }
    }

    fn record_read(&mut self, at: Timestamp, bytes: &[u8]) {
        if let Some(recorder) = self.recorder.as_mut().filter(|_| !bytes.is_empty() && !self.muted) {
            recorder.read(at, bytes);
        }
    }

    fn record_write(&mut self, at: Timestamp, bytes: &[u8]) {
        if let Some(recorder) = self.recorder.as_mut().filter(|_| !bytes.is_empty() && !self.muted) {
            recorder.write(at, bytes);
        }
    }

    fn flush(&mut self) -> Kept {
        self.recorder.as_mut().map_or(Kept::Lost, Recorder::flush)
    }

    fn flush_if_large(&mut self) {
        if self.recorder.as_ref().is_some_and(|recorder| recorder.pending_bytes() >= FLUSH_BYTES) {
            self.flush();
        }
    }

    fn enter_tunnel(&mut self, reason: TunnelReason) {
        self.tunnel = true;
        self.requests.enter_tunnel(reason);
        self.responses.enter_tunnel(reason);
        self.counters.tunnel(reason);
        self.mute_if_secret();
        self.tunnel_gate = Gate::after(self.flush());
    }
}

impl Drop for Tap {
    /// Whatever ends a connection, also the end of the process's drain, its record is completed.
    fn drop(&mut self) {
        self.close();
        if let Some(recorder) = &mut self.recorder {
            recorder.abandon();
        }
    }
}

impl Tap {
    /// The connection is over. With `--onFull block` the log may not have taken its last record yet.
    pub fn close(&mut self) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        let at = self.clock.now();
        self.record_torn_request_head(at, b"");
        self.record_torn_response_head(at, b"");
        if let Some(recorder) = &mut self.recorder {
            recorder.close(at);
        }
    }
}

/// Whether a head's bytes are in the chunk, not put together from several.
fn is_part_of(head: &[u8], chunk: &[u8]) -> bool {
    chunk.as_ptr_range().contains(&head.as_ptr())
}

#[cfg(test)]
mod tests;
