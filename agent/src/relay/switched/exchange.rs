//! One request on its way to a cluster, and its answer on the way back.

use super::super::Relay;
use super::super::both_ways::{BothWays, Leave, bytes};
use super::super::refusal::Refusal;
use super::answer::{Answer, Reading};
use super::lane::Lane;
use super::requests::{Part, Request, Requests};
use crate::node::Stream;
use crate::product_check::ProductCheck;
use crate::routing::Epoch;
use crate::tap::Outgoing;
use std::cell::Cell;
use std::io;
use std::rc::Rc;
use switchover_capture::ServedBy;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf};

/// A request that was decided.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    pub(super) relay: &'a Relay,
    pub(super) epoch: &'a Epoch,
    pub(super) cluster: ServedBy,
    pub(super) request: Request,
    pub(super) check: Option<&'a ProductCheck>,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The client has its answer; with `last` the connection is over.
    Answered { last: bool },
    /// It could not be captured.
    Refused(Refusal),
    /// The cluster did not answer, or not to the end.
    Lost(io::Error),
    /// The client did not wait.
    ClientGone(io::Error),
    /// The answer, or what follows it, can't be told apart.
    Tunnel,
    /// The same of the request.
    Unframable,
}

/// What both directions know of each other.
#[derive(Debug, Default)]
struct Shared {
    /// All of the request is sent.
    sent: Cell<bool>,
    /// Something of the answer is in our hands.
    answering: Cell<bool>,
}

impl Exchange<'_> {
    pub(super) async fn run(
        &self,
        requests: &mut Requests<impl AsyncRead + Unpin>,
        to_client: &mut (impl AsyncWrite + Unpin),
        lane: &mut Lane,
    ) -> Ended {
        lane.answer.next();
        let Lane { tap, from, to, answer } = lane;
        let tap = Rc::clone(tap);
        let leave = Leave { token: &self.relay.draining, epoch: None };
        let ways = BothWays { relay: self.relay, tap: &tap, leave };
        let shared = Shared::default();
        let lost = async {
            match self.cluster {
                ServedBy::Source => std::future::pending().await,
                ServedBy::Target => self.epoch.target_lost().cancelled().await,
            }
        };
        let ended = tokio::select! {
            ended = self.up(ways, requests, to, &shared) => ended,
            ended = self.down(ways, from, to_client, answer, &shared) => ended,
            () = lost => Ended::Lost(io::Error::other("it can't be reached any more")),
        };
        match ended {
            // A rest of the request that was not waited for is still on its way.
            Ended::Answered { .. } => {
                Ended::Answered { last: self.request.closes || answer.closes || !shared.sent.get() }
            }
            other => other,
        }
    }

    /// Sends the request; goes on reading until it is answered.
    async fn up(
        &self,
        ways: BothWays<'_>,
        requests: &mut Requests<impl AsyncRead + Unpin>,
        to: &mut WriteHalf<Stream>,
        shared: &Shared,
    ) -> Ended {
        let mut out = Outgoing::default();
        loop {
            let (part, last) = match requests.part() {
                Part::More(part) => (part, false),
                Part::Last(part) => (part, true),
                Part::Opaque => return Ended::Unframable,
            };
            ways.tap.borrow_mut().from_client(&part, &mut out);
            // With the tap's own count of all requests, so that the difference is the source's.
            if last && self.cluster == ServedBy::Target && !ways.tap.borrow().is_refused() {
                self.relay.counters.target_requests.add(1);
            }
            self.relay.flusher.watch(ways.tap);
            ways.unstuck().await;
            for piece in out.pieces() {
                ways.durable(piece.gate).await;
                if let Err(error) = to.write_all(bytes(&piece.source, &part)).await {
                    return Ended::Lost(error);
                }
            }
            if let Err(error) = to.flush().await {
                return Ended::Lost(error);
            }
            if ways.tap.borrow().is_refused() {
                return Ended::Refused(ways.not_captured());
            }
            if last {
                break;
            }
            match requests.more(self.relay).await {
                Ok(true) => {}
                Ok(false) => return Ended::ClientGone(io::ErrorKind::UnexpectedEof.into()),
                Err(error) => return Ended::ClientGone(error),
            }
        }
        shared.sent.set(true);
        // Answered before it was complete.
        if ways.tap.borrow().is_idle() && !shared.answering.get() {
            return Ended::Answered { last: false };
        }
        Ended::ClientGone(requests.watch(self.relay).await)
    }

    /// Brings the answer.
    async fn down(
        &self,
        ways: BothWays<'_>,
        from: &mut ReadHalf<Stream>,
        to_client: &mut (impl AsyncWrite + Unpin),
        answer: &mut Answer,
        shared: &Shared,
    ) -> Ended {
        let reading = Reading { kind: self.request.kind, check: self.check, root: self.request.root };
        let mut out = Outgoing::default();
        loop {
            shared.answering.set(false);
            let chunk = match self.relay.buffers.read(from).await {
                Ok(chunk) => chunk,
                Err(error) => return Ended::Lost(error),
            };
            shared.answering.set(true);
            if chunk.is_empty() {
                ways.tap.borrow_mut().node_closed();
                if ways.tap.borrow().is_idle() {
                    return Ended::Answered { last: true };
                }
                return Ended::Lost(io::ErrorKind::UnexpectedEof.into());
            }
            ways.tap.borrow_mut().from_node(&chunk, &mut out);
            self.relay.flusher.watch(ways.tap);
            ways.unstuck().await;
            for piece in out.pieces() {
                ways.durable(piece.gate).await;
                let passed = answer.pass(bytes(&piece.source, &chunk), reading);
                if let Err(error) = to_client.write_all(&passed).await {
                    return Ended::ClientGone(error);
                }
            }
            if let Err(error) = to_client.flush().await {
                return Ended::ClientGone(error);
            }
            let tap = ways.tap.borrow();
            if tap.is_tunnel() {
                return Ended::Tunnel;
            }
            if tap.is_idle() {
                return Ended::Answered { last: false };
            }
        }
    }
}
