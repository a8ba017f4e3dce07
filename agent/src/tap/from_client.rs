//! The client's direction: requests are found, recorded before they go on, and gated.

use super::withheld::lengths;
use super::{Exchange, Gate, Outgoing, Reading, Tap, is_part_of};
use crate::recorder::Kept;
use crate::redaction::Held;
use crate::rules::AckPolicy;
use switchover_capture::Timestamp;
use switchover_http1::RequestEvent;
use switchover_rest::is_mutating;
use switchover_rest::secrets::Bodies;

/// How far one chunk has been worked off.
#[derive(Debug, Default)]
struct Cursor {
    /// Framed up to here.
    framed: usize,
    /// Recorded (or left out on purpose) up to here.
    recorded: usize,
    /// Handed out up to here.
    sent: usize,
    /// Pieces that were there before those of the request that is arriving.
    pieces_before: usize,
}

impl Tap {
    /// A chunk from the client. What is in `out` when this returns may be forwarded, each piece when its gate opens.
    /// When a request was refused, nothing of it and nothing behind it is in `out`.
    pub fn from_client(&mut self, chunk: &[u8], out: &mut Outgoing) {
        self.take(chunk, false, out);
    }

    /// The same, of a chunk's bytes up to the end of the request that is arriving; how many these are. What is behind
    /// them was not looked at.
    pub fn from_client_to_boundary(&mut self, chunk: &[u8], out: &mut Outgoing) -> usize {
        self.take(chunk, true, out)
    }

    fn take(&mut self, mut chunk: &[u8], one: bool, out: &mut Outgoing) -> usize {
        out.clear();
        let at = self.clock.now();
        let mut cursor = Cursor::default();
        while !self.tunnel && self.refused.is_none() {
            let (consumed, event) = self.requests.step(chunk.get(cursor.framed..).unwrap_or_default());
            cursor.framed += consumed;
            match event {
                None => break,
                Some(RequestEvent::Head(head)) => {
                    let began = self.request_head.begun(at);
                    let unasked = self.recorder.is_none() || self.rules.suppression.covers(&head);
                    let bodies = if unasked { Bodies::Open } else { self.rules.bodies(head.target) };
                    let withheld = bodies == Bodies::Secret;
                    let mut reading = Reading {
                        number: self.answered + self.exchanges.len() as u64,
                        mutating: is_mutating(head.method, head.target),
                        suppressed: unasked || withheld,
                        withheld,
                        first_line_len: head.first_line_len,
                        headers_len: head.headers_len,
                    };
                    self.exchanges.push_back(Exchange {
                        kind: head.kind(),
                        mutating: reading.mutating,
                        suppressed: reading.suppressed,
                        bodies,
                        gate: Gate::Open,
                    });
                    cursor.pieces_before = out.len();
                    if !self.rules.edit.is_empty() {
                        out.own(self.rules.edit.apply(head.raw));
                        cursor.sent = cursor.framed;
                    }
                    if let Some(recorder) = self.recorder.as_mut().filter(|_| !reading.suppressed) {
                        let redacted = self.rules.redacted_request(&head);
                        recorder.begin_request();
                        if let Some(redacted) = &redacted {
                            (reading.first_line_len, reading.headers_len) = lengths(redacted);
                        }
                        if let Bodies::Mixed { within } = bodies {
                            let head = redacted.as_deref().unwrap_or(head.raw);
                            self.held_request = Some(Held::new(began, head, within));
                            cursor.recorded = cursor.framed;
                        // A head that lies whole in the chunk is recorded together with the body behind it.
                        } else if redacted.is_some() || !is_part_of(head.raw, chunk) {
                            recorder.read(began, redacted.as_deref().unwrap_or(head.raw));
                            cursor.recorded = cursor.framed;
                        }
                    }
                    self.reading = Some(reading);
                }
                Some(RequestEvent::End) => {
                    self.end_of_request(at, chunk, &mut cursor, out);
                    if one {
                        chunk = chunk.get(..cursor.framed).unwrap_or_default();
                        break;
                    }
                }
                Some(RequestEvent::Tunnel(reason)) => {
                    if !self.rules.edit.is_empty() {
                        out.own(self.request_head.bytes.clone());
                    }
                    let rest = chunk.get(cursor.recorded..).unwrap_or_default();
                    cursor.recorded = chunk.len();
                    if self.reading.is_none() {
                        self.record_torn_request_head(at, rest);
                    } else {
                        self.mute_if_secret();
                        self.record_tunnel_read(at, rest);
                    }
                    self.enter_tunnel(reason);
                }
            }
        }
        if self.refused.is_none() {
            self.rest_of_chunk(at, chunk, &cursor, out);
        }
        self.counters.client_bytes.add(chunk.len() as u64);
        chunk.len()
    }

    fn end_of_request(&mut self, at: Timestamp, chunk: &[u8], cursor: &mut Cursor, out: &mut Outgoing) {
        let Some(request) = self.reading.take() else { return };
        self.counters.requests.add(1);
        let mut gate = Gate::Open;
        match self.recorder.as_mut().filter(|_| !request.suppressed) {
            None if self.rules.refuse_writes && request.mutating => {
                return self.refuse(&request, cursor, out);
            }
            None if request.withheld => self.counters.security_request(request.mutating),
            None => {
                self.counters.unrecorded_requests.add(1);
            }
            Some(recorder) => {
                let rest = chunk.get(cursor.recorded..cursor.framed).unwrap_or_default();
                let (mut first_line, mut headers) = (request.first_line_len, request.headers_len);
                if let Some((mut held, redaction)) =
                    self.held_request.take().zip(self.rules.redaction.as_ref())
                {
                    held.add(rest);
                    let (since, message) = (held.since(), held.request(redaction));
                    (first_line, headers) = lengths(&message);
                    recorder.read(since, &message);
                } else {
                    recorder.read(at, rest);
                }
                if !request.mutating {
                    recorder.end_of_request(at, first_line, headers);
                } else {
                    let kept = recorder.end_of_mutation(at, first_line, headers);
                    if kept == Kept::Refused {
                        return self.refuse(&request, cursor, out);
                    }
                    gate = Gate::after(kept);
                }
            }
        }
        if request.mutating {
            self.counters.mutating_requests.add(1);
        }
        cursor.recorded = cursor.framed;
        let (on_request, on_response) = match self.rules.ack_policy {
            AckPolicy::Request => (gate, Gate::Open),
            AckPolicy::Response => (Gate::Open, gate),
            AckPolicy::None => (Gate::Open, Gate::Open),
        };
        if !self.rules.edit.is_empty() {
            out.gate_from(cursor.pieces_before, on_request);
        }
        out.chunk(cursor.sent..cursor.framed, on_request);
        cursor.sent = cursor.framed;
        cursor.pieces_before = out.len();
        // A request that was answered before it was complete has left the queue.
        let index = request.number.checked_sub(self.answered).and_then(|index| usize::try_from(index).ok());
        if let Some(exchange) = index.and_then(|index| self.exchanges.get_mut(index)) {
            exchange.gate = on_response;
        }
    }

    fn refuse(&mut self, request: &Reading, cursor: &Cursor, out: &mut Outgoing) {
        self.counters.refused_requests.add(1);
        self.refused = Some(request.number);
        out.truncate(cursor.pieces_before);
    }

    /// What is left behind the last event: part of a head, part of a body, or a tunnel's bytes.
    fn rest_of_chunk(&mut self, at: Timestamp, chunk: &[u8], cursor: &Cursor, out: &mut Outgoing) {
        let unrecorded = chunk.get(cursor.recorded..).unwrap_or_default();
        let mut gate = Gate::Open;
        match &self.reading {
            _ if self.tunnel => {
                self.record_tunnel_read(at, unrecorded);
                self.tunnel_gate = Gate::after(self.flush());
                if self.rules.ack_policy == AckPolicy::Request {
                    gate = self.tunnel_gate;
                }
            }
            Some(request) if request.suppressed => {}
            Some(_) if self.held_request.is_some() => {
                if let Some(held) = &mut self.held_request {
                    held.add(unrecorded);
                }
            }
            Some(_) => {
                self.record_read(at, unrecorded);
                self.flush_if_large();
            }
            None => {
                self.request_head.add(at, unrecorded);
                if !self.rules.edit.is_empty() {
                    // It goes on when it is complete, and edited.
                    return;
                }
            }
        }
        out.chunk(cursor.sent..chunk.len(), gate);
    }
}
