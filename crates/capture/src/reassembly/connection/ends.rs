//! Exchanges out: complete ones as they are, the others when their connection ends.

use switchover_http1::ResponseEof;

use super::{Connection, End, Exchange, Key};
use crate::reassembly::types::{Reassembled, Transaction};

impl<O: Clone> Connection<O> {
    /// Ends the connection without its having been closed.
    pub(in crate::reassembly) fn end(&mut self, end: End, out: &mut Vec<Reassembled<O>>) {
        self.end_exchanges(end, out);
        self.report_unframed(out);
        let Key { node_id, connection_id } = self.key.clone();
        out.push(Reassembled::ConnectionClosed { node_id, connection_id, at: self.last_seen });
    }

    pub(super) fn close(&mut self, out: &mut Vec<Reassembled<O>>) {
        if self.responses.eof() == ResponseEof::MessageEnd
            && let Some(exchange) = self.exchanges.iter_mut().find(|exchange| !exchange.answered)
        {
            exchange.answered = true;
        }
        self.settle_unframed_answer(out);
        self.emit_complete(out);
        self.end(End::Closed, out);
    }

    /// Puts out the exchanges that are complete.
    pub(super) fn emit_complete(&mut self, out: &mut Vec<Reassembled<O>>) {
        while let Some(exchange) = self.exchanges.pop_front_if(|first| first.request_done && first.answered) {
            self.emit(exchange, End::Complete, out);
        }
    }

    /// Puts out whatever is known of all exchanges.
    pub(super) fn end_exchanges(&mut self, end: End, out: &mut Vec<Reassembled<O>>) {
        while let Some(exchange) = self.exchanges.pop_front() {
            if exchange.request_done {
                let end = if exchange.answered { End::Complete } else { end };
                self.emit(exchange, end, out);
            } else if let Some(reason) = self.by_marks.clone() {
                // Whether the source acted on it is not known.
                self.count_unframed(exchange.held_bytes(), &reason, exchange.origins);
            } else if !exchange.request.only_line_ends() {
                let Key { node_id, connection_id } = self.key.clone();
                let bytes = exchange.held_bytes() as u64;
                let origins = exchange.origins.into_tokens();
                out.push(Reassembled::Incomplete { node_id, connection_id, bytes, end, origins });
            }
        }
    }

    pub(super) fn emit(&self, exchange: Exchange<O>, end: End, out: &mut Vec<Reassembled<O>>) {
        let Key { node_id, connection_id } = self.key.clone();
        out.push(Reassembled::Transaction(Transaction {
            node_id,
            connection_id,
            served_by: self.served_by,
            index: exchange.index,
            request: exchange.request.into_message(),
            response: (!exchange.response.is_empty()).then(|| exchange.response.into_message()),
            interim: exchange.interim,
            end,
            origins: exchange.origins.into_tokens(),
        }));
    }
}
