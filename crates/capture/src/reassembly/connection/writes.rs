//! The server's direction: bytes into the answers of the requests that wait for one.

use bytes::Bytes;
use switchover_http1::{ResponseEvent, TunnelReason};

use super::{Connection, End, Exchange, Skip, Source};
use crate::{reassembly::types::Reassembled, timestamp::Timestamp};

const MISSING_REQUEST: &str = "the request that this answers is in records that are missing";
const NO_REQUEST: &str = "the server sent bytes while no request waited for an answer";
const DURING_REQUEST: &str = "the server sent bytes before a request that could be answered was there";
const FUSED_ANSWERS: &str = "answers of several requests that can't be told apart";

/// A framer's event without what it borrows.
enum Event {
    Interim(Bytes),
    Head,
    End,
    Tunnel(TunnelReason),
}

impl<O: Clone> Connection<O> {
    pub(super) fn write(
        &mut self,
        at: Timestamp,
        data: &[u8],
        source: &Source<O>,
        out: &mut Vec<Reassembled<O>>,
    ) {
        if let Some(reason) = self.opaque.clone() {
            return self.unframed(data, &reason, source);
        }
        if self.skip != Skip::Nothing {
            return self.unframed(data, MISSING_REQUEST, source);
        }
        let mut rest = data;
        while !rest.is_empty() {
            rest = match self.waiting() {
                Some(waiting) if self.framed(waiting) => {
                    let rest = self.frame_answer(waiting, at, rest, source);
                    self.emit_complete(out);
                    rest
                }
                Some(waiting) => return self.answer_until_next_read(waiting, at, rest, source),
                None => return self.unframed(rest, NO_REQUEST, source),
            };
        }
    }

    /// Place of the oldest exchange that is not answered.
    fn waiting(&self) -> Option<usize> {
        self.exchanges.iter().position(|exchange| !exchange.answered)
    }

    /// Whether the answer of this exchange can be framed: that takes a request whose head is known.
    fn framed(&self, place: usize) -> bool {
        let known = |exchange: &Exchange<O>| exchange.kind.is_some() && !exchange.ended_by_mark;
        let by_marks = |exchange: &Exchange<O>| self.by_marks.is_some() && !exchange.request_done;
        let framed = |exchange| known(exchange) && !by_marks(exchange);
        self.responses.tunnel().is_none() && self.exchanges.get(place).is_some_and(framed)
    }

    /// Takes bytes of the answer up to the framer's next event. Returns the rest.
    fn frame_answer<'a>(
        &mut self,
        place: usize,
        at: Timestamp,
        data: &'a [u8],
        source: &Source<O>,
    ) -> &'a [u8] {
        let Some(exchange) = self.exchanges.get_mut(place) else { return &[] };
        let kind = exchange.kind;
        let (consumed, event) = self.responses.step(data, kind);
        let event = event.map(|event| match event {
            ResponseEvent::Interim(head) => Event::Interim(Bytes::copy_from_slice(head.raw)),
            ResponseEvent::Head(_) => Event::Head,
            ResponseEvent::End => Event::End,
            ResponseEvent::Tunnel(reason) => Event::Tunnel(reason),
        });
        let (taken, rest) = data.split_at(consumed);
        if !taken.is_empty() {
            exchange.response.add(at, taken);
            exchange.origins.add(source);
        }
        match event {
            Some(Event::Interim(head)) => {
                exchange.interim.push(head);
                exchange.response = Default::default();
            }
            Some(Event::Head) | None => {
                // The end of an answer without a body needs no bytes, so it must not wait for some.
                if let (_, Some(ResponseEvent::End)) = self.responses.step(&[], kind) {
                    exchange.answered = true;
                }
            }
            Some(Event::End) => exchange.answered = true,
            Some(Event::Tunnel(reason @ (TunnelReason::Connect | TunnelReason::Upgrade))) => {
                self.give_up(reason.to_string());
                self.unframed(rest, &reason.to_string(), source);
                return &[];
            }
            Some(Event::Tunnel(TunnelReason::Unframable(_))) => {}
        }
        rest
    }

    fn answer_until_next_read(&mut self, place: usize, at: Timestamp, data: &[u8], source: &Source<O>) {
        match self.exchanges.get_mut(place) {
            Some(exchange) if exchange.request_done => {
                exchange.response.add(at, data);
                exchange.origins.add(source);
            }
            _ => self.unframed(data, DURING_REQUEST, source),
        }
    }

    /// At the next read, or the close: an answer whose end framing can't find is over.
    pub(super) fn settle_unframed_answer(&mut self, out: &mut Vec<Reassembled<O>>) {
        let Some(place) = self.waiting().filter(|place| !self.framed(*place)) else { return };
        let waiting = self.exchanges.iter().skip(place).filter(|exchange| exchange.request_done).count();
        let Some(exchange) = self.exchanges.get_mut(place).filter(|exchange| !exchange.response.is_empty())
        else {
            return;
        };
        if waiting <= 1 {
            exchange.answered = exchange.request_done;
            return self.emit_complete(out);
        }
        let answers = std::mem::take(&mut exchange.response);
        // The request's own records are among these; that they are named twice does no harm.
        let origins = exchange.origins.clone();
        self.count_unframed(answers.len(), FUSED_ANSWERS, origins);
        while let Some(exchange) = self.exchanges.pop_front_if(|first| first.request_done) {
            self.emit(exchange, End::Lost, out);
        }
    }
}
