//! The two directions of one connection.

use super::Relay;
use super::refusal::{Refusal, discard};
use crate::limits;
use crate::routing::Epoch;
use crate::spans::Watched;
use crate::tap::{Gate, Outgoing, Source, Tap};
use bytes::BytesMut;
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, split};
use tokio_util::sync::CancellationToken;

/// With `--onFull block`: how often the log is asked whether it takes the record now.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// A connection that is being served.
#[derive(Debug, Clone, Copy)]
pub(super) struct BothWays<'a> {
    pub(super) relay: &'a Relay,
    pub(super) tap: &'a Rc<RefCell<Tap>>,
    pub(super) leave: Leave<'a>,
}

/// What asks a connection to stop between two requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leave<'a> {
    /// Cancelled then.
    pub(super) token: &'a CancellationToken,
    /// Over then, where the target may be to serve what follows.
    pub(super) epoch: Option<&'a Epoch>,
}

/// What is left of a connection that is not served any more.
#[derive(Debug)]
pub(super) enum Left<C, N> {
    /// Nothing.
    Over,
    /// Both streams, between two requests, and what was read of the client's next ones.
    Idle(C, N, BytesMut),
}

impl<C, N> Left<C, N> {
    /// With another kind of stream to the node.
    pub(super) fn map_node<M>(self, map: impl FnOnce(N) -> M) -> Left<C, M> {
        match self {
            Self::Over => Left::Over,
            Self::Idle(client, node, unread) => Left::Idle(client, map(node), unread),
        }
    }
}

impl<C, N> Left<Watched<C>, Watched<N>> {
    /// The streams alone.
    pub(super) fn into_inner(self) -> Left<C, N> {
        match self {
            Self::Over => Left::Over,
            Self::Idle(client, node, unread) => Left::Idle(client.into_inner(), node.into_inner(), unread),
        }
    }
}

/// Why one direction ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Closed,
    /// Between two requests, and asked to end.
    Idle,
    /// The client gets this answer when all requests before have theirs.
    Refused(Refusal),
    /// Those answers are out.
    RefusalDue,
}

/// What the two directions tell each other.
#[derive(Debug, Default)]
struct Shared {
    /// Asked to stop between two requests.
    leaving: Cell<bool>,
    /// The node's side has something in its hands for the client.
    answering: Cell<bool>,
    /// What was read behind the request after which the connection is left.
    unread: RefCell<BytesMut>,
}

impl BothWays<'_> {
    /// Forwards both ways until the connection ends, or is to be left between two requests.
    pub(super) async fn run<C, N>(self, client: C, node: N) -> io::Result<Left<C, N>>
    where
        C: AsyncRead + AsyncWrite + Unpin,
        N: AsyncRead + AsyncWrite + Unpin,
    {
        let (mut from_client, mut to_client) = split(client);
        let (mut from_node, mut to_node) = split(node);
        let shared = Shared::default();
        let ended = {
            let mut up = pin!(self.upstream(&mut from_client, &mut to_node, &shared));
            let mut down = pin!(self.downstream(&mut from_node, &mut to_client, &shared));
            let first = tokio::select! {
                ended = &mut up => ended?,
                ended = &mut down => match ended? {
                    // The node said its last word.
                    Ended::Closed => Ended::RefusalDue,
                    other => other,
                },
            };
            match first {
                // A client that only closed its sending side still gets its answers.
                Ended::Closed => {
                    down.await?;
                    Ended::Closed
                }
                Ended::Refused(refusal) => {
                    if !self.tap.borrow().refusal_is_due() && down.await? != Ended::RefusalDue {
                        return Ok(Left::Over);
                    }
                    Ended::Refused(refusal)
                }
                other => other,
            }
        };
        match ended {
            Ended::Closed => return Ok(Left::Over),
            Ended::Idle if self.is_left_open(&shared) => {
                let (client, node) = (from_client.unsplit(to_client), from_node.unsplit(to_node));
                return Ok(Left::Idle(client, node, shared.unread.take()));
            }
            Ended::Idle => return to_client.shutdown().await.map(|()| Left::Over),
            Ended::Refused(refusal) => to_client.write_all(refusal.as_bytes()).await?,
            Ended::RefusalDue => {}
        }
        to_client.shutdown().await?;
        discard(&mut from_client, &self.relay.buffers).await;
        Ok(Left::Over)
    }

    async fn upstream(
        self,
        from_client: &mut (impl AsyncRead + Unpin),
        to_node: &mut (impl AsyncWrite + Unpin),
        shared: &Shared,
    ) -> io::Result<Ended> {
        let Self { relay, tap, .. } = self;
        let mut leave = pin!(self.leave.token.cancelled());
        let mut head_deadline = None;
        let mut out = Outgoing::default();
        loop {
            if self.leave.epoch.is_some_and(Epoch::is_over) {
                shared.leaving.set(true);
                if tap.borrow().at_request_boundary() {
                    if self.is_idle(shared) {
                        return Ok(Ended::Idle);
                    }
                    // The last answer ends it.
                    return pending().await;
                }
            }
            let chunk = tokio::select! {
                biased;
                chunk = relay.buffers.read(from_client) => chunk,
                () = &mut leave, if !shared.leaving.get() => {
                    shared.leaving.set(true);
                    if self.is_idle(shared) {
                        return Ok(Ended::Idle);
                    }
                    continue;
                }
                () = limits::at(head_deadline) => {
                    tap.borrow_mut().refuse_head();
                    return Ok(Ended::Refused(Refusal::head_too_slow()));
                }
                () = relay.limits.idle() => {
                    if self.is_idle(shared) {
                        return to_node.shutdown().await.map(|()| Ended::RefusalDue);
                    }
                    continue;
                }
            };
            let chunk = match chunk {
                // A client that ends without the last word of TLS ends all the same.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                chunk => chunk?,
            };
            if chunk.is_empty() {
                break;
            }
            if self.leave.epoch.is_some_and(Epoch::is_over) {
                let taken = tap.borrow_mut().from_client_to_boundary(&chunk, &mut out);
                shared.unread.borrow_mut().extend_from_slice(chunk.get(taken..).unwrap_or_default());
            } else {
                tap.borrow_mut().from_client(&chunk, &mut out);
            }
            relay.flusher.watch(tap);
            self.unstuck().await;
            for piece in out.pieces() {
                self.durable(piece.gate).await;
                to_node.write_all(bytes(&piece.source, &chunk)).await?;
            }
            to_node.flush().await?;
            let in_head = {
                let tap = tap.borrow();
                if tap.is_refused() {
                    return Ok(Ended::Refused(self.not_captured()));
                }
                tap.in_request_head()
            };
            let fresh = || tokio::time::Instant::now() + relay.limits.request_head;
            head_deadline = in_head.then(|| head_deadline.unwrap_or_else(fresh));
        }
        to_node.shutdown().await?;
        Ok(Ended::Closed)
    }

    async fn downstream(
        self,
        from_node: &mut (impl AsyncRead + Unpin),
        to_client: &mut (impl AsyncWrite + Unpin),
        shared: &Shared,
    ) -> io::Result<Ended> {
        let Self { relay, tap, .. } = self;
        let mut out = Outgoing::default();
        loop {
            shared.answering.set(false);
            if shared.leaving.get() && self.is_idle(shared) {
                return Ok(Ended::Idle);
            }
            let chunk = relay.buffers.read(from_node).await?;
            shared.answering.set(true);
            if chunk.is_empty() {
                tap.borrow_mut().node_closed();
                to_client.shutdown().await?;
                return Ok(Ended::Closed);
            }
            tap.borrow_mut().from_node(&chunk, &mut out);
            relay.flusher.watch(tap);
            self.unstuck().await;
            for piece in out.pieces() {
                self.durable(piece.gate).await;
                to_client.write_all(bytes(&piece.source, &chunk)).await?;
            }
            to_client.flush().await?;
            if tap.borrow().refusal_is_due() {
                return Ok(Ended::RefusalDue);
            }
        }
    }

    /// Somebody goes on with the connection.
    fn is_left_open(self, shared: &Shared) -> bool {
        let relay = self.relay;
        relay.handing_over.load(Ordering::Acquire)
            || !relay.draining.is_cancelled()
            || !shared.unread.borrow().is_empty()
    }

    /// No request is on its way, and no answer.
    fn is_idle(self, shared: &Shared) -> bool {
        !shared.answering.get() && self.tap.borrow().is_idle()
    }

    /// With `--onFull block`: waits until the log has taken what it refused.
    pub(super) async fn unstuck(self) {
        if !self.tap.borrow().is_stuck() {
            return;
        }
        let _counted = self.relay.counters.blocked_connections.enter();
        while !self.tap.borrow_mut().retry() {
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
    }

    /// Waits until what a gate names is durable.
    pub(super) async fn durable(self, gate: Gate) {
        let Gate::Entry(entry) = self.tap.borrow().settled(gate) else { return };
        let journal = self.relay.journal.as_ref();
        let Some(wait) = journal.and_then(|journal| journal.gate().wait_for(entry)) else { return };
        let since = Instant::now();
        // An error would mean that the gate is gone, and with it the process.
        let _ = wait.await;
        self.relay.counters.gate_wait.observe(since.elapsed());
    }

    pub(super) fn not_captured(self) -> Refusal {
        let state = self.relay.journal.as_ref().and_then(|journal| journal.state().refusing);
        let reason = state.unwrap_or_else(|| "the capture log cannot be made durable".to_owned());
        Refusal::not_captured(&format!("switchover-agent can't capture this write: {reason}"))
    }
}

/// The bytes of a piece.
pub(super) fn bytes<'a>(source: &'a Source, chunk: &'a [u8]) -> &'a [u8] {
    match source {
        Source::Chunk(range) => chunk.get(range.clone()).unwrap_or_default(),
        Source::Own(bytes) => bytes,
    }
}
