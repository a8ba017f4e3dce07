//! A request and its answer while their bytes come in.

use bytes::Bytes;
use switchover_http1::RequestKind;

use super::types::Message;
use crate::timestamp::Timestamp;

/// Bytes of a message so far.
#[derive(Debug, Default)]
pub(super) struct Partial {
    bytes: Vec<u8>,
    first: Timestamp,
    last: Timestamp,
}

impl Partial {
    pub(super) fn add(&mut self, at: Timestamp, bytes: &[u8]) {
        if self.bytes.is_empty() {
            self.first = at;
        }
        self.last = at;
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether there is nothing but what may stand before a request.
    pub(super) fn only_line_ends(&self) -> bool {
        self.bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
    }

    pub(super) fn into_message(self) -> Message {
        Message { bytes: self.bytes.into(), first: self.first, last: self.last }
    }
}

/// A record being taken apart.
#[derive(Debug)]
pub(super) struct Source<O> {
    pub(super) origin: O,
    /// Its number on its connection, and where the part of it begins.
    pub(super) number: (u32, u64),
}

/// The records that bytes came from, each once, oldest first.
#[derive(Debug, Clone)]
pub(super) struct Origins<O> {
    by_number: Vec<((u32, u64), O)>,
}

impl<O> Default for Origins<O> {
    fn default() -> Self {
        Self { by_number: Vec::new() }
    }
}

impl<O: Clone> Origins<O> {
    pub(super) fn add(&mut self, source: &Source<O>) {
        if self.by_number.last().is_none_or(|(number, _)| *number != source.number) {
            self.by_number.push((source.number, source.origin.clone()));
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.by_number.extend(other.by_number);
        self.by_number.sort_by_key(|(number, _)| *number);
        self.by_number.dedup_by_key(|(number, _)| *number);
    }

    pub(super) fn into_tokens(self) -> Vec<O> {
        self.by_number.into_iter().map(|(_, origin)| origin).collect()
    }
}

/// A request, from its first byte on, and its answer.
#[derive(Debug)]
pub(super) struct Exchange<O> {
    /// Place among the requests of the connection; known when the request ends.
    pub(super) index: u32,
    pub(super) request: Partial,
    /// Known when its head is.
    pub(super) kind: Option<RequestKind>,
    pub(super) request_done: bool,
    /// The request's end is where the capturing process said, because framing did not find it.
    pub(super) ended_by_mark: bool,
    pub(super) interim: Vec<Bytes>,
    pub(super) response: Partial,
    pub(super) answered: bool,
    pub(super) origins: Origins<O>,
}

impl<O> Default for Exchange<O> {
    fn default() -> Self {
        Self {
            index: 0,
            request: Partial::default(),
            kind: None,
            request_done: false,
            ended_by_mark: false,
            interim: Vec::new(),
            response: Partial::default(),
            answered: false,
            origins: Origins::default(),
        }
    }
}

impl<O> Exchange<O> {
    pub(super) fn held_bytes(&self) -> usize {
        self.request.len() + self.response.len() + self.interim.iter().map(Bytes::len).sum::<usize>()
    }
}
