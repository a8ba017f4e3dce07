//! Spans of requests that may change the cluster, for `--otelTraceCollectorEndpoint`: when the request came, how long it
//! was held, how long the node took and how long its answer was held.
//!
//! They are made from what passes at the sockets ([`Watched`]), beside the traffic path and not in it: without the flag
//! the only cost is one question for each connection. No span is made while the queue to the collector is full, so a
//! busy agent shows as many as the collector is sent, and one whose collector is away shows none and waits for nothing.

mod trail;
mod watched;

pub use watched::Watched;

use crate::clock::Clock;
use std::cell::RefCell;
use std::rc::Rc;
use switchover_telemetry::otlp::{MAX_WAITING_SPANS, Span};
use tokio::sync::mpsc;
use trail::Trail;

/// Where the spans of all connections go.
#[derive(Debug, Clone)]
pub struct Spans {
    queue: mpsc::Sender<Span>,
    clock: Clock,
}

impl Spans {
    /// Spans, and the queue in which they wait for their push.
    #[must_use]
    pub fn new(clock: Clock) -> (Self, mpsc::Receiver<Span>) {
        let (queue, waiting) = mpsc::channel(MAX_WAITING_SPANS);
        (Self { queue, clock }, waiting)
    }

    /// Makes spans of what passes between these two streams from now on.
    #[must_use]
    pub fn watch<C, N>(&self, connection_id: &str, client: C, node: N) -> (Watched<C>, Watched<N>) {
        let trail = Rc::new(RefCell::new(Trail::new(self.clone(), connection_id)));
        (Watched::client(client, Rc::clone(&trail)), Watched::node(node, trail))
    }
}
