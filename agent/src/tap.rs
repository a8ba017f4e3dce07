//! What one connection's bytes mean: framed beside the stream, recorded, and gated where they change the cluster.
//!
//! The bytes themselves are never touched. For each chunk from the client the tap makes sure that what completes a
//! mutating request is in the capture log before the relay forwards the chunk (admission). For each chunk from the node
//! it says which parts may go to the client at once and which wait for a record to be durable (acknowledgement).
//! A stream that can't be framed with certainty is a tunnel: recorded, counted, and gated as if all of it mutated.

use crate::clock::Clock;
use crate::counters::Counters;
use crate::mutating::is_mutating;
use crate::recorder::Recorder;
use std::collections::VecDeque;
use std::sync::Arc;
use switchover_http1::{
    RequestEvent, RequestFramer, RequestKind, ResponseEof, ResponseEvent, ResponseFramer, TunnelReason,
};

/// A connection's records are appended at the latest when this much is pending.
const FLUSH_BYTES: usize = 256 * 1024;

/// The tap of one connection.
#[derive(Debug)]
pub struct Tap {
    recorder: Recorder,
    clock: Clock,
    counters: Arc<Counters>,
    requests: RequestFramer,
    responses: ResponseFramer,
    /// Requests whose response is not complete, oldest first.
    exchanges: VecDeque<Exchange>,
    /// Responses completed so far, so that an exchange keeps its number while others leave the queue.
    answered: u64,
    reading: Option<Reading>,
    tunnel: bool,
    /// The entry that the bytes of a tunnel wait for.
    tunnel_gate: Option<u64>,
    /// The flusher knows of this connection.
    watched: bool,
}

#[derive(Debug)]
struct Exchange {
    kind: RequestKind,
    mutating: bool,
    /// The log entry that holds the request's last bytes, when it must be durable before the response.
    gate: Option<u64>,
}

/// The request that is arriving.
#[derive(Debug)]
struct Reading {
    number: u64,
    mutating: bool,
    first_line_len: usize,
    headers_len: usize,
}

/// A part of a chunk for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Where the part ends in the chunk; it begins where the one before ends.
    pub end: usize,
    /// The log entry that must be durable before the part is released.
    pub gate: Option<u64>,
}

impl Tap {
    /// A tap for a new connection.
    #[must_use]
    pub fn new(recorder: Recorder, clock: Clock, counters: Arc<Counters>) -> Self {
        Self {
            recorder,
            clock,
            counters,
            requests: RequestFramer::new(),
            responses: ResponseFramer::new(),
            exchanges: VecDeque::new(),
            answered: 0,
            reading: None,
            tunnel: false,
            tunnel_gate: None,
            watched: false,
        }
    }

    /// A chunk from the client. When this returns it may be forwarded.
    pub fn from_client(&mut self, chunk: &[u8]) {
        let at = self.clock.now();
        let (mut position, mut recorded) = (0, 0);
        while !self.tunnel {
            let (consumed, event) = self.requests.step(&chunk[position..]);
            position += consumed;
            match event {
                None => break,
                Some(RequestEvent::Head(head)) => {
                    let mutating = is_mutating(head.method, head.target);
                    self.exchanges.push_back(Exchange { kind: head.kind(), mutating, gate: None });
                    let number = self.answered + self.exchanges.len() as u64 - 1;
                    let (first_line_len, headers_len) = (head.first_line_len, head.headers_len);
                    self.reading = Some(Reading { number, mutating, first_line_len, headers_len });
                }
                Some(RequestEvent::End) => {
                    self.recorder.read(at, &chunk[recorded..position]);
                    recorded = position;
                    self.end_of_request(at);
                }
                Some(RequestEvent::Tunnel(reason)) => self.enter_tunnel(reason),
            }
        }
        if recorded < chunk.len() {
            self.recorder.read(at, &chunk[recorded..]);
        }
        if self.tunnel {
            self.tunnel_gate = self.recorder.flush();
        } else if self.recorder.pending_bytes() >= FLUSH_BYTES {
            self.recorder.flush();
        }
        self.counters.client_bytes.add(chunk.len() as u64);
    }

    fn end_of_request(&mut self, at: switchover_capture::Timestamp) {
        let Some(request) = self.reading.take() else { return };
        self.recorder.end_of_request(at, request.first_line_len, request.headers_len);
        self.counters.requests.add(1);
        if !request.mutating {
            return;
        }
        self.counters.mutating_requests.add(1);
        let gate = self.recorder.flush();
        // A request that was answered before it was complete has left the queue.
        let index = request.number.checked_sub(self.answered).and_then(|index| usize::try_from(index).ok());
        if let Some(exchange) = index.and_then(|index| self.exchanges.get_mut(index)) {
            exchange.gate = gate;
        }
    }

    /// A chunk from the node; `regions` says which parts of it wait for what.
    pub fn from_node(&mut self, chunk: &[u8], regions: &mut Vec<Region>) {
        regions.clear();
        self.recorder.write(self.clock.now(), chunk);
        let mut position = 0;
        let mut mutation_answered = false;
        while !self.tunnel {
            let oldest = self.exchanges.front();
            let gate = oldest.and_then(|exchange| exchange.gate);
            let (consumed, event) =
                self.responses.step(&chunk[position..], oldest.map(|exchange| exchange.kind));
            position += consumed;
            push_region(regions, position, gate);
            match event {
                None => break,
                Some(ResponseEvent::Interim(_) | ResponseEvent::Head(_)) => {}
                Some(ResponseEvent::End) => {
                    mutation_answered |= self.exchanges.pop_front().is_some_and(|exchange| exchange.mutating);
                    self.answered += 1;
                }
                Some(ResponseEvent::Tunnel(reason)) => self.enter_tunnel(reason),
            }
        }
        if self.tunnel {
            push_region(regions, chunk.len(), self.tunnel_gate);
        }
        // The answer to a mutation holds the id that the cluster chose: it is in the log before the client has it.
        if mutation_answered || self.recorder.pending_bytes() >= FLUSH_BYTES {
            self.recorder.flush();
        }
        self.counters.node_bytes.add(chunk.len() as u64);
    }

    /// The node closed its side.
    pub fn node_closed(&mut self) {
        if self.responses.eof() == ResponseEof::MessageEnd && self.exchanges.pop_front().is_some() {
            self.answered += 1;
        }
    }

    /// No request is arriving and none waits for its response.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.exchanges.is_empty() && !self.requests.in_message() && !self.tunnel
    }

    /// Whether the flusher has to be told that something is pending; true once per flush.
    pub fn to_be_watched(&mut self) -> bool {
        let news = !self.watched && self.recorder.pending_bytes() > 0;
        self.watched |= news;
        news
    }

    /// The flusher's turn: appends what is pending.
    pub fn flush_watched(&mut self) {
        self.watched = false;
        self.recorder.flush();
    }

    /// The connection failed.
    pub fn exception(&mut self, message: &str) {
        self.recorder.exception(self.clock.now(), message);
    }

    fn enter_tunnel(&mut self, reason: TunnelReason) {
        self.tunnel = true;
        self.requests.enter_tunnel(reason);
        self.responses.enter_tunnel(reason);
        self.counters.tunnel(reason);
        self.tunnel_gate = self.recorder.flush();
    }
}

impl Drop for Tap {
    /// Whatever ends a connection, also the end of the process's drain, its record is completed.
    fn drop(&mut self) {
        self.recorder.close(self.clock.now());
    }
}

fn push_region(regions: &mut Vec<Region>, end: usize, gate: Option<u64>) {
    match regions.last_mut() {
        Some(last) if last.gate == gate => last.end = end,
        Some(last) if last.end == end => {}
        _ if end == 0 => {}
        _ => regions.push(Region { end, gate }),
    }
}
