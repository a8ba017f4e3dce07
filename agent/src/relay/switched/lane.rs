//! A connection to one of the clusters, with what is captured of it.

use super::super::Relay;
use super::super::both_ways::{BothWays, Leave};
use super::super::routed::Routes;
use super::answer::Answer;
use crate::node::Stream;
use crate::routing::Epoch;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use switchover_capture::ServedBy;
use tokio::io::{AsyncRead as _, ReadBuf, ReadHalf, WriteHalf, split};

use crate::tap::Tap;

/// A connection to the target takes no longer than this to open: the source is there meanwhile.
const MAX_TARGET_CONNECT: Duration = Duration::from_secs(1);

/// One of a connection's lanes.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) tap: Rc<RefCell<Tap>>,
    pub(super) from: ReadHalf<Stream>,
    pub(super) to: WriteHalf<Stream>,
    pub(super) answer: Answer,
}

impl Lane {
    /// On a stream that is open.
    pub(super) fn new(relay: &Relay, routes: &Routes, cluster: ServedBy, stream: Stream) -> Self {
        let rules = match cluster {
            ServedBy::Source => &relay.rules,
            ServedBy::Target => &routes.target.rules,
        };
        let tap = relay.tap(&relay.identity.next_connection_id(), cluster, rules);
        let (from, to) = split(stream);
        Self { tap: Rc::new(RefCell::new(tap)), from, to, answer: Answer::default() }
    }

    /// Opens one.
    pub(super) async fn open(
        relay: &Relay,
        routes: &Routes,
        cluster: ServedBy,
        epoch: &Arc<Epoch>,
    ) -> io::Result<Self> {
        let stream = match cluster {
            ServedBy::Source => Box::pin(relay.node.connect(relay.limits.connect)).await?,
            ServedBy::Target => {
                let limit = relay.limits.connect.min(MAX_TARGET_CONNECT);
                let opened = Box::pin(routes.target.node.connect(limit)).await;
                routes.control.target_connected(epoch, opened.is_ok());
                opened?
            }
        };
        Ok(Self::new(relay, routes, cluster, stream))
    }

    /// Whether the other side has neither closed it nor sent what nobody asked for.
    pub(super) async fn is_open(&mut self) -> bool {
        poll_fn(|context| {
            let mut byte = [0; 1];
            let read = Pin::new(&mut self.from).poll_read(context, &mut ReadBuf::new(&mut byte));
            Poll::Ready(read.is_pending())
        })
        .await
    }

    /// Completes its record; the stream.
    pub(super) async fn end(self, relay: &Relay, error: Option<&str>) -> Stream {
        let leave = Leave { token: &relay.draining, epoch: None };
        if let Some(error) = error {
            self.tap.borrow_mut().exception(error);
        }
        self.tap.borrow_mut().close();
        BothWays { relay, tap: &self.tap, leave }.unstuck().await;
        self.into_stream()
    }

    pub(super) fn into_stream(self) -> Stream {
        self.from.unsplit(self.to)
    }
}
