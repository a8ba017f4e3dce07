//! The client's direction: bytes into requests.

use switchover_http1::{RequestEvent, RequestFramer, RequestKind, ResponseFramer, TunnelReason};

use super::{Connection, Exchange, Skip, Source};
use crate::{reassembly::types::Reassembled, timestamp::Timestamp};

const MISSING_START: &str = "the beginning of this request is in records that are missing";
const MARKED_EARLY: &str = "an end-of-message mark stands where the request's own bytes say that it goes on";

/// A framer's event without what it borrows.
enum Event {
    Head(RequestKind),
    End,
    Tunnel(TunnelReason),
}

impl<O: Clone> Connection<O> {
    pub(super) fn read(
        &mut self,
        at: Timestamp,
        data: &[u8],
        source: &Source<O>,
        out: &mut Vec<Reassembled<O>>,
    ) {
        if data.is_empty() {
            return;
        }
        if let Some(reason) = self.opaque.clone() {
            return self.unframed(data, &reason, source);
        }
        match self.skip {
            Skip::Request => return self.unframed(data, MISSING_START, source),
            // Its answer is over when the next request comes.
            Skip::Response => self.skip = Skip::Nothing,
            Skip::Nothing => {}
        }
        self.settle_unframed_answer(out);
        self.frame_requests(at, data, source);
        // A request may have been answered before its end.
        self.emit_complete(out);
    }

    fn frame_requests(&mut self, at: Timestamp, mut data: &[u8], source: &Source<O>) {
        while self.by_marks.is_none() {
            let (consumed, event) = self.requests.step(data);
            let event = event.map(|event| match event {
                RequestEvent::Head(head) => Event::Head(head.kind()),
                RequestEvent::End => Event::End,
                RequestEvent::Tunnel(reason) => Event::Tunnel(reason),
            });
            let (taken, rest) = data.split_at(consumed);
            data = rest;
            self.request_bytes(at, taken, source);
            match event {
                None => return,
                Some(Event::Head(kind)) => self.reading().kind = Some(kind),
                Some(Event::End) => self.request_ends(),
                // The head of a CONNECT is a request by itself; what follows is not ours to read, unless the server
                // refuses it, and then nobody can say what it is.
                Some(Event::Tunnel(reason @ TunnelReason::Connect)) => {
                    self.request_ends();
                    return self.unframed(data, &reason.to_string(), source);
                }
                Some(Event::Tunnel(reason)) => self.by_marks = Some(reason.to_string()),
            }
        }
        self.request_bytes(at, data, source);
    }

    /// The exchange whose request is being read, a new one if there is none.
    fn reading(&mut self) -> &mut Exchange<O> {
        if self.exchanges.back().is_none_or(|last| last.request_done) {
            self.exchanges.push_back(Exchange::default());
        }
        let last = self.exchanges.len() - 1;
        &mut self.exchanges[last]
    }

    fn request_bytes(&mut self, at: Timestamp, bytes: &[u8], source: &Source<O>) {
        if bytes.is_empty() {
            return;
        }
        if self.requests.tunnel() == Some(TunnelReason::Connect) {
            return self.unframed(bytes, &TunnelReason::Connect.to_string(), source);
        }
        let exchange = self.reading();
        exchange.request.add(at, bytes);
        exchange.origins.add(source);
    }

    fn request_ends(&mut self) {
        let index = self.next_index;
        self.next_index = index.saturating_add(1);
        let exchange = self.reading();
        exchange.index = index;
        exchange.request_done = true;
    }

    /// The capturing process says that a request ended here. Where framing found that out before, this is no news.
    pub(super) fn end_of_message(&mut self, out: &mut Vec<Reassembled<O>>) {
        if self.skip == Skip::Request {
            self.skip = Skip::Response;
            return;
        }
        let Some(exchange) = self.exchanges.back_mut().filter(|last| !last.request_done) else { return };
        // Empty lines behind a request stand before the next one.
        if exchange.request.only_line_ends() {
            return;
        }
        exchange.ended_by_mark = true;
        self.by_marks.get_or_insert_with(|| MARKED_EARLY.to_owned());
        self.request_ends();
        self.emit_complete(out);
    }

    /// What was read of the request being read is to be forgotten.
    pub(super) fn request_dropped(&mut self) {
        if self.skip == Skip::Request {
            self.skip = Skip::Response;
            return;
        }
        let Some(dropped) = self.exchanges.pop_back_if(|last| !last.request_done) else { return };
        self.requests = RequestFramer::new();
        self.by_marks = None;
        // Part of its answer may have come. The answers of requests before it are complete then.
        if !dropped.answered && !dropped.response.is_empty() {
            self.responses = ResponseFramer::new();
        }
    }
}
