//! The client's side: where each request begins and ends, so that each can go its own way.

use super::super::Relay;
use super::super::refusal::discard;
use super::answer::closes;
use crate::header_edit::is_root;
use crate::limits;
use crate::routing::{Asked, Epoch};
use bytes::{Bytes, BytesMut};
use std::io;
use switchover_http1::{RequestEvent, RequestFramer, RequestKind};
use tokio::io::AsyncRead;
use tokio::time::Instant;

/// What is read of later requests while one waits for its answer: enough to notice that a client is gone.
const MAX_READ_AHEAD_BYTES: usize = 64 * 1024;

/// Requests of one client.
#[derive(Debug)]
pub(super) struct Requests<R> {
    reader: R,
    framer: RequestFramer,
    /// Read and not handed on.
    bytes: BytesMut,
    /// The framer has seen them up to here.
    framed: usize,
    /// The client has said its last word.
    ended: bool,
}

/// A request whose head has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) kind: RequestKind,
    pub(super) asked: Asked,
    /// `GET /`.
    pub(super) root: bool,
    /// The client wants the connection closed behind its answer.
    pub(super) closes: bool,
}

/// What comes next of a client that waits for nothing.
#[derive(Debug)]
pub(super) enum Next {
    /// Nothing: the epoch is over, or the process ends, or the client has been read ahead of.
    Asked,
    /// Nothing any more.
    Over,
    /// A head that takes too long.
    TooSlow,
    /// What is no HTTP/1.1 that can be told apart.
    Opaque,
    /// A request.
    Request(Request),
}

/// How far the request that is handed on has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// More is to come.
    More(Bytes),
    /// It is complete with these.
    Last(Bytes),
    /// Its body can't be framed.
    Opaque,
}

impl<R: AsyncRead + Unpin> Requests<R> {
    /// Of a client of whom this was read already.
    pub(super) fn new(reader: R, bytes: BytesMut) -> Self {
        Self { reader, framer: RequestFramer::new(), bytes, framed: 0, ended: false }
    }

    /// Nothing was read of the next request.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The stream, and what was read and not handed on.
    pub(super) fn into_parts(self) -> (R, BytesMut) {
        (self.reader, self.bytes)
    }

    /// Waits for the next request's head.
    pub(super) async fn next(&mut self, relay: &Relay, epoch: &Epoch) -> io::Result<Next> {
        let mut deadline = None;
        loop {
            if let Some(found) = self.find() {
                return Ok(found);
            }
            if self.ended {
                return Ok(Next::Over);
            }
            let waiting = self.bytes.is_empty();
            if !waiting {
                deadline.get_or_insert_with(|| Instant::now() + relay.limits.request_head);
            }
            tokio::select! {
                biased;
                filled = fill(&mut self.reader, &mut self.bytes, relay) => self.ended = !filled?,
                () = epoch.leave().cancelled(), if waiting => return Ok(Next::Asked),
                () = limits::at(deadline) => return Ok(Next::TooSlow),
                () = relay.limits.idle(), if waiting => return Ok(Next::Over),
            }
        }
    }

    fn find(&mut self) -> Option<Next> {
        let (consumed, event) = self.framer.step(self.bytes.get(self.framed..).unwrap_or_default());
        let found = match event {
            None => None,
            Some(RequestEvent::Head(head)) if head.method != "CONNECT" => Some(Next::Request(Request {
                kind: head.kind(),
                asked: Asked::of(head.method, head.target),
                root: head.method == "GET" && is_root(head.target),
                closes: closes(head.version, head.header("connection")),
            })),
            Some(_) => Some(Next::Opaque),
        };
        self.framed += consumed;
        found
    }

    /// What there is of the request whose head was found.
    pub(super) fn part(&mut self) -> Part {
        let (consumed, event) = self.framer.step(self.bytes.get(self.framed..).unwrap_or_default());
        let event = event.map(|event| matches!(event, RequestEvent::End));
        self.framed += consumed;
        if event == Some(false) {
            return Part::Opaque;
        }
        let part = self.bytes.split_to(std::mem::take(&mut self.framed)).freeze();
        if event.is_some() { Part::Last(part) } else { Part::More(part) }
    }

    /// Reads more of a request; false when there is no more.
    pub(super) async fn more(&mut self, relay: &Relay) -> io::Result<bool> {
        let filled = fill(&mut self.reader, &mut self.bytes, relay).await?;
        self.ended |= !filled;
        Ok(filled)
    }

    /// Reads on while an answer is awaited; completes only when the client fails.
    pub(super) async fn watch(&mut self, relay: &Relay) -> io::Error {
        while !self.ended && self.bytes.len() < MAX_READ_AHEAD_BYTES {
            if let Err(error) = self.more(relay).await {
                return error;
            }
        }
        std::future::pending().await
    }

    /// Reads and drops what still comes.
    pub(super) async fn discard(&mut self, relay: &Relay) {
        discard(&mut self.reader, &relay.buffers).await;
    }
}

/// Reads what has come; false at the end.
async fn fill(
    reader: &mut (impl AsyncRead + Unpin),
    bytes: &mut BytesMut,
    relay: &Relay,
) -> io::Result<bool> {
    match relay.buffers.read(reader).await {
        // A client that ends without the last word of TLS ends all the same.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
        Ok(chunk) => {
            bytes.extend_from_slice(&chunk);
            Ok(!chunk.is_empty())
        }
    }
}
