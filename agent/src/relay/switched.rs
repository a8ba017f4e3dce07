//! A connection whose requests may go to either cluster, served request by request.
//!
//! Each cluster that has served one has a *lane*: a connection, and a tap with records of its own, so that what is
//! captured of a connection was all served by one cluster. A request is decided by its head and goes to one lane; the
//! next one is not sent before it is answered, so pipelined requests are answered in their order whoever answers.
//! Nothing is ever sent again: a request that the target did not answer may have had its effect.

mod answer;
mod exchange;
mod lane;
mod requests;

use super::Relay;
use super::both_ways::{BothWays, Leave};
use super::refusal::Refusal;
use super::routed::{Held, Routes};
use crate::routing::{Epoch, Lot, Mode};
use exchange::{Ended, Exchange};
use lane::Lane;
use requests::{Next, Request, Requests};
use std::io;
use std::sync::Arc;
use switchover_capture::ServedBy;
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf, join, split,
};

/// A connection that is being served.
#[derive(Debug)]
pub(super) struct Switched<'a, C> {
    relay: &'a Relay,
    routes: &'a Routes,
    lot: Lot,
    requests: Requests<ReadHalf<C>>,
    to_client: WriteHalf<C>,
    source: Option<Lane>,
    target: Option<Lane>,
}

/// How a connection goes on.
enum Goes {
    /// With the next request.
    On,
    /// It is closed when this is said, if anything.
    Closes(Option<Refusal>),
    /// It is closed at once: an answer was cut short.
    Breaks,
    /// As a tunnel to the source.
    Tunnel,
}

impl<'a, C: AsyncRead + AsyncWrite + Unpin> Switched<'a, C> {
    pub(super) fn new(relay: &'a Relay, routes: &'a Routes, lot: Lot, held: Held<C>) -> Self {
        let (from_client, to_client) = split(held.client);
        Self {
            relay,
            routes,
            lot,
            requests: Requests::new(from_client, held.unread),
            to_client,
            source: held.node.map(|node| Lane::new(relay, routes, ServedBy::Source, node)),
            target: None,
        }
    }

    /// Serves until the connection ends (`None`), or can be relayed as any other, or the process ends.
    pub(super) async fn run(mut self) -> Option<Held<C>> {
        let goes = loop {
            let epoch = self.routes.control.current();
            let straight = epoch.in_force().is_source_only() && self.source.is_some();
            if self.requests.is_empty() && (straight || self.relay.draining.is_cancelled()) {
                return Some(self.leave().await);
            }
            let goes = match self.requests.next(self.relay, &epoch).await {
                Err(_) => Goes::Breaks,
                Ok(Next::Asked) => continue,
                Ok(Next::Over) => Goes::Closes(None),
                Ok(Next::TooSlow) => Goes::Closes(Some(Refusal::head_too_slow())),
                Ok(Next::Opaque) => Goes::Tunnel,
                Ok(Next::Request(request)) => self.request(request).await,
            };
            if !matches!(goes, Goes::On) {
                break goes;
            }
        };
        match goes {
            Goes::On | Goes::Breaks => {}
            Goes::Closes(refusal) => {
                if self.last_words(refusal).await.is_ok() {
                    self.requests.discard(self.relay).await;
                }
            }
            Goes::Tunnel => return self.tunnel().await,
        }
        self.end_lanes().await;
        None
    }

    async fn last_words(&mut self, refusal: Option<Refusal>) -> io::Result<()> {
        if let Some(refusal) = refusal {
            self.to_client.write_all(refusal.as_bytes()).await?;
        }
        self.to_client.shutdown().await
    }

    /// Both streams, between two requests.
    async fn leave(mut self) -> Held<C> {
        if let Some(target) = self.target.take() {
            target.end(self.relay, None).await;
        }
        let node = match self.source.take() {
            Some(source) => Some(source.end(self.relay, None).await),
            None => None,
        };
        let (from_client, unread) = self.requests.into_parts();
        Held { client: from_client.unsplit(self.to_client), node, unread }
    }

    async fn end_lanes(&mut self) {
        for lane in [self.source.take(), self.target.take()].into_iter().flatten() {
            lane.end(self.relay, None).await;
        }
    }

    /// One request, to its answer.
    async fn request(&mut self, request: Request) -> Goes {
        let routes = self.routes;
        let (epoch, cluster) = loop {
            let epoch = routes.control.current();
            match self.decide(request, &epoch).await {
                // What was decided while a connection was opened may not hold any more, and nothing was sent.
                _ if epoch.is_over() => {}
                Err(refusal) => return Goes::Closes(Some(refusal)),
                Ok(cluster) => break (epoch, cluster),
            }
        };
        let lane = match cluster {
            ServedBy::Source => &mut self.source,
            ServedBy::Target => &mut self.target,
        };
        let Some(opened) = lane else { return Goes::Breaks };
        let ended = {
            let check = routes.target.product_check.as_ref().filter(|_| cluster == ServedBy::Target);
            let exchange = Exchange { relay: self.relay, epoch: &epoch, cluster, request, check };
            exchange.run(&mut self.requests, &mut self.to_client, opened).await
        };
        let begun = opened.answer.begun;
        if cluster == ServedBy::Target {
            match &ended {
                Ended::Answered { .. } => routes.control.target_answered(&epoch, opened.answer.status),
                Ended::Lost(_) | Ended::Tunnel => routes.control.target_answered(&epoch, None),
                Ended::Refused(_) | Ended::ClientGone(_) | Ended::Unframable => {}
            }
        }
        let error = match &ended {
            Ended::Lost(error) | Ended::ClientGone(error) => Some(error.to_string()),
            _ => None,
        };
        if let Some(error) = &error
            && let Some(lost) = lane.take()
        {
            lost.end(self.relay, Some(error)).await;
        }
        match ended {
            Ended::Answered { last: false } => Goes::On,
            Ended::Answered { last: true } => Goes::Closes(None),
            Ended::Refused(refusal) => Goes::Closes(Some(refusal)),
            Ended::Tunnel | Ended::Unframable if cluster == ServedBy::Source => Goes::Tunnel,
            Ended::Unframable => Goes::Closes(Some(Refusal::unframable())),
            Ended::Lost(_) if begun => Goes::Breaks,
            Ended::Lost(_) if cluster == ServedBy::Source => Goes::Closes(None),
            Ended::Lost(error) => {
                let reason = format!(
                    "the target at {} did not answer: {error}; the request may have had its effect and was not sent again",
                    routes.target.node
                );
                Goes::Closes(Some(Refusal::target_failed(&reason)))
            }
            Ended::Tunnel | Ended::ClientGone(_) => Goes::Breaks,
        }
    }

    /// The cluster that serves a request, to which there is a lane then.
    async fn decide(&mut self, request: Request, epoch: &Arc<Epoch>) -> Result<ServedBy, Refusal> {
        let routes = self.routes;
        let cluster = epoch.in_force().cluster(request.asked, self.lot, || routes.lots.draw());
        if cluster == ServedBy::Target {
            let Err(error) = self.open(ServedBy::Target, epoch).await else { return Ok(cluster) };
            // In mode `target` the source may lack what clients wrote, so it must not answer.
            if epoch.routing.mode == Mode::Target {
                let reason =
                    format!("switchover-agent cannot reach the target at {}: {error}", routes.target.node);
                routes.control.target_answered(epoch, None);
                return Err(Refusal::target_failed(&reason));
            }
            self.relay.counters.diverted_requests.add(1);
        }
        match self.open(ServedBy::Source, epoch).await {
            Ok(()) => Ok(ServedBy::Source),
            Err(error) => Err(self.relay.unreachable(&error)),
        }
    }

    /// Makes sure that there is a lane. Nothing of the request has been sent when there is none.
    async fn open(&mut self, cluster: ServedBy, epoch: &Arc<Epoch>) -> io::Result<()> {
        let lane = match cluster {
            ServedBy::Source => &mut self.source,
            ServedBy::Target => &mut self.target,
        };
        if let Some(opened) = lane {
            if opened.is_open().await {
                return Ok(());
            }
            // Closed between two requests.
            if let Some(closed) = lane.take() {
                closed.end(self.relay, None).await;
            }
        }
        *lane = Some(Lane::open(self.relay, self.routes, cluster, epoch).await?);
        Ok(())
    }

    /// What can't be told apart goes to the source as it is, for as long as the connection lives.
    async fn tunnel(mut self) -> Option<Held<C>> {
        if let Some(target) = self.target.take() {
            target.end(self.relay, None).await;
        }
        if self.source.is_none()
            && let Err(error) = self.open(ServedBy::Source, &self.routes.control.current()).await
        {
            let refusal = self.relay.unreachable(&error);
            if self.last_words(Some(refusal)).await.is_ok() {
                self.requests.discard(self.relay).await;
            }
            return None;
        }
        let source = self.source.take()?;
        let (from_client, unread) = self.requests.into_parts();
        let client = join(io::Cursor::new(unread).chain(from_client), self.to_client);
        let tap = std::rc::Rc::clone(&source.tap);
        let leave = Leave { token: &self.relay.draining, epoch: None };
        let ways = BothWays { relay: self.relay, tap: &tap, leave };
        let left = ways.run(client, source.into_stream()).await;
        if let Err(error) = left {
            tap.borrow_mut().exception(&error.to_string());
        }
        tap.borrow_mut().close();
        ways.unstuck().await;
        None
    }
}
