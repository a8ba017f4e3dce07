//! Bytes that are part of no message, and connections on which no more messages can be told apart.

use super::{Connection, Key, Origins, Source};
use crate::reassembly::{MAX_MESSAGE_BYTES, MAX_UNANSWERED_REQUESTS, types::Reassembled};

/// How much of a request that can't be framed is held in the hope that a mark ends it. Without one it is a tunnel,
/// whose bytes must not pile up.
const MAX_UNMARKED_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of the record at hand that are part of no message.
#[derive(Debug)]
pub(super) struct Unframed<O> {
    bytes: u64,
    reason: String,
    origins: Origins<O>,
}

impl<O: Clone> Connection<O> {
    /// Messages can't be told apart any more: what is held and what follows is unframed.
    pub(super) fn give_up(&mut self, reason: String) {
        for exchange in std::mem::take(&mut self.exchanges) {
            self.count_unframed(exchange.held_bytes(), &reason, exchange.origins);
        }
        self.opaque = Some(reason);
    }

    pub(super) fn give_up_if_too_much(&mut self) {
        let longest = self.exchanges.back().map_or(0, |exchange| exchange.request.len());
        let answer =
            self.exchanges.iter().find(|exchange| !exchange.answered).map_or(0, |e| e.response.len());
        if self.by_marks.is_some()
            && longest > MAX_UNMARKED_BYTES
            && self.exchanges.back().is_some_and(|e| !e.request_done)
        {
            let reason = self.by_marks.take().unwrap_or_default();
            self.give_up(reason);
        } else if longest.max(answer) > MAX_MESSAGE_BYTES {
            self.give_up(format!("a message is longer than {MAX_MESSAGE_BYTES} bytes"));
        } else if self.exchanges.len() > MAX_UNANSWERED_REQUESTS {
            self.give_up(format!("more than {MAX_UNANSWERED_REQUESTS} requests wait for an answer"));
        }
    }

    pub(super) fn count_unframed(&mut self, bytes: usize, reason: &str, origins: Origins<O>) {
        if bytes == 0 {
            return;
        }
        let new = || Unframed { bytes: 0, reason: reason.to_owned(), origins: Origins::default() };
        let unframed = self.unframed.get_or_insert_with(new);
        unframed.bytes += bytes as u64;
        unframed.origins.merge(origins);
    }

    /// Once a record: so a tunnel of any length holds back no more than one record.
    pub(super) fn report_unframed(&mut self, out: &mut Vec<Reassembled<O>>) {
        if let Some(Unframed { bytes, reason, origins }) = self.unframed.take() {
            let Key { node_id, connection_id } = self.key.clone();
            out.push(Reassembled::Unframed {
                node_id,
                connection_id,
                bytes,
                reason,
                origins: origins.into_tokens(),
            });
        }
    }

    pub(super) fn unframed(&mut self, data: &[u8], reason: &str, source: &Source<O>) {
        let mut origins = Origins::default();
        origins.add(source);
        self.count_unframed(data.len(), reason, origins);
    }
}
