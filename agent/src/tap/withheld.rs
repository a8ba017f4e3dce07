//! What is recorded otherwise than it passed, because there are secrets in it.

use super::Tap;
use crate::redaction::{LineMask, Redaction};
use switchover_capture::Timestamp;
use switchover_http1::RequestKind;
use switchover_rest::secrets::Bodies;

impl Tap {
    /// The answer that was held is complete.
    pub(super) fn record_held_response(&mut self, kind: RequestKind) {
        if let Some((held, redaction)) = self.held_response.take().zip(self.rules.redaction.as_ref()) {
            let (since, message) = (held.since(), held.response(redaction, kind));
            self.record_write(since, &message);
        }
    }

    /// The oldest request was answered while it was arriving, and can't be recorded before its answer any more.
    pub(super) fn withhold_oldest(&mut self) {
        if let Some(exchange) = self.exchanges.front_mut() {
            exchange.suppressed = true;
        }
        if let Some(reading) = &mut self.reading {
            (reading.suppressed, reading.withheld) = (true, true);
        }
    }

    /// Messages are over. When some were on their way that may not be recorded as they are, nothing of what follows may.
    pub(super) fn mute_if_secret(&mut self) {
        if self.muted {
            return;
        }
        let held = self.held_request.take().is_some() | self.held_response.take().is_some();
        // What the node says to a head that is not complete: what was asked can't be told.
        let torn = !self.request_head.bytes.is_empty()
            && self.rules.redaction.as_ref().is_some_and(Redaction::hides_bodies);
        if held || torn || self.exchanges.iter().any(|exchange| exchange.bodies != Bodies::Open) {
            self.exception("bytes that can't be framed follow a request with secrets: they are not captured");
            self.muted = true;
        }
    }

    /// What came of a request's head that will not be complete, and what follows it.
    pub(super) fn record_torn_request_head(&mut self, at: Timestamp, rest: &[u8]) {
        let (since, mut bytes) = self.request_head.take(at);
        bytes.extend_from_slice(rest);
        if let Some(redaction) = &self.rules.redaction {
            bytes = redaction.torn_head(&bytes, &mut self.client_mask);
        }
        self.record_read(since, &bytes);
    }

    /// What came of an answer's head that will not be complete, and what follows it.
    pub(super) fn record_torn_response_head(&mut self, at: Timestamp, rest: &[u8]) {
        let (since, mut bytes) = self.response_head.take(at);
        bytes.extend_from_slice(rest);
        if let Some(redaction) = &self.rules.redaction {
            bytes = redaction.torn_head(&bytes, &mut self.node_mask);
        }
        self.record_write(since, &bytes);
    }

    /// The client's bytes of a tunnel.
    pub(super) fn record_tunnel_read(&mut self, at: Timestamp, bytes: &[u8]) {
        match masked(self.rules.redaction.as_ref(), &mut self.client_mask, bytes) {
            Some(masked) => self.record_read(at, &masked),
            None => self.record_read(at, bytes),
        }
    }

    /// The node's bytes of a tunnel.
    pub(super) fn record_tunnel_write(&mut self, at: Timestamp, bytes: &[u8]) {
        match masked(self.rules.redaction.as_ref(), &mut self.node_mask, bytes) {
            Some(masked) => self.record_write(at, &masked),
            None => self.record_write(at, bytes),
        }
    }
}

fn masked(redaction: Option<&Redaction>, mask: &mut LineMask, bytes: &[u8]) -> Option<Vec<u8>> {
    redaction.map(|redaction| mask.masked(redaction, bytes))
}

/// Bytes of a message's first line and of all its header lines, without line ends.
pub(super) fn lengths(message: &[u8]) -> (usize, usize) {
    let lines = message.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut lengths = lines.map(<[u8]>::len).skip_while(|length| *length == 0);
    let first_line = lengths.next().unwrap_or_default();
    (first_line, lengths.take_while(|length| *length > 0).sum())
}
