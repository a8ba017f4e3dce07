//! One client connection and its own connection to the node: raw bytes both ways, with the tap beside them.
//!
//! Both directions run in one task. Back-pressure is end to end: a direction reads again only when what it read is
//! written, so a slow reader slows its own connection and costs one buffer.

mod both_ways;
mod refusal;
mod routed;
mod switched;

use crate::buffers::Buffers;
use crate::counters::Counters;
use crate::flusher::Flusher;
use crate::handover::Connection;
use crate::journal::Journal;
use crate::limits::Limits;
use crate::node::{Node, Stream};
use crate::recorder::Recorder;
use crate::rules::Rules;
use crate::spans::Spans;
use crate::tap::Tap;
use crate::tls::ServerTls;
use crate::{clock::Clock, identity::Identity};
use both_ways::{BothWays, Leave, Left};
pub use refusal::Refusal;
pub use routed::Routes;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use switchover_capture::ServedBy;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// What the connections of one worker share.
#[derive(Debug)]
pub struct Relay {
    /// Where to.
    pub node: Node,
    /// Who else may serve, with `--targetUri`.
    pub routes: Option<Arc<Routes>>,
    /// TLS towards clients, when they are to speak it.
    pub server_tls: Option<Arc<ServerTls>>,
    /// Time limits.
    pub limits: Limits,
    /// Where records go; `None` with `--noCapture`.
    pub journal: Option<Arc<Journal>>,
    /// What is captured, and what waits.
    pub rules: Arc<Rules>,
    /// Names for nodes and connections.
    pub identity: Identity,
    /// Time stamps.
    pub clock: Clock,
    /// Figures.
    pub counters: Arc<Counters>,
    /// Where requests are shown, with `--otelTraceCollectorEndpoint`.
    pub spans: Option<Spans>,
    /// Read buffers.
    pub buffers: Rc<Buffers>,
    /// Appends what stays pending.
    pub flusher: Rc<Flusher>,
    /// Set when the process is asked to end.
    pub draining: CancellationToken,
    /// Set before that when a new program takes over: connections between two requests are kept for it.
    pub handing_over: Arc<AtomicBool>,
    /// Those.
    pub handed_over: RefCell<Vec<Connection>>,
}

impl Relay {
    /// Serves one client connection to its end.
    pub async fn serve(&self, client: TcpStream) {
        // A port probe that sends nothing costs no connection to the node and no record.
        let mut probe = [0; 1];
        let spoke = tokio::select! {
            peeked = client.peek(&mut probe) => peeked.is_ok_and(|bytes| bytes > 0),
            () = self.draining.cancelled() => return self.keep(client, None),
            () = self.limits.idle() => false,
        };
        if !spoke {
            return;
        }
        if let Err(error) = client.set_nodelay(true) {
            tracing::debug!(%error, "client connection was gone at once");
            return;
        }
        match &self.server_tls {
            None if let Some(routes) = &self.routes => Box::pin(self.routed(routes, client, None)).await,
            None => match self.connect(client).await {
                Some((client, Stream::Plain(node))) => self.resume(client, node).await,
                Some((client, node)) => Box::pin(self.to_its_end(client, node)).await,
                None => {}
            },
            // On the heap: what TLS needs must not make each plain connection's task larger.
            Some(tls) => Box::pin(self.serve_tls(client, tls)).await,
        }
    }

    /// Serves a client connection that has its connection to the node, to its end.
    pub async fn resume(&self, client: TcpStream, node: TcpStream) {
        if let Some(routes) = &self.routes {
            return Box::pin(self.routed(routes, client, Some(Stream::Plain(node)))).await;
        }
        if let Left::Idle(client, node, _) = self.both_ways(client, node, self.until_drained()).await {
            self.keep(client, Some(node));
        }
    }

    /// Keeps a connection for the new program, if there is one to come.
    fn keep(&self, client: TcpStream, node: Option<TcpStream>) {
        if !self.handing_over.load(Ordering::Acquire) || self.server_tls.is_some() && node.is_some() {
            return;
        }
        let kept = || {
            Ok::<_, io::Error>(Connection {
                client: client.into_std()?,
                node: node.map(TcpStream::into_std).transpose()?,
            })
        };
        match kept() {
            Ok(connection) => self.handed_over.borrow_mut().push(connection),
            Err(error) => tracing::warn!(%error, "a connection could not be handed over"),
        }
    }

    async fn serve_tls(&self, client: TcpStream, tls: &ServerTls) {
        let handshake = TlsAcceptor::from(tls.current()).accept(client);
        match tokio::time::timeout(self.limits.handshake, handshake).await {
            Ok(Ok(client)) => {
                if let Some(routes) = &self.routes {
                    drop(Box::pin(self.serve_routed(routes, client, None)).await);
                } else if let Some((client, node)) = self.connect(client).await {
                    self.to_its_end(client, node).await;
                }
            }
            Ok(Err(error)) => self.handshake_failed(&error.to_string()),
            Err(_) => self.handshake_failed("it took too long"),
        }
    }

    fn handshake_failed(&self, reason: &str) {
        let count = self.counters.client_handshake_failures.add(1);
        if count.is_power_of_two() {
            tracing::warn!(reason, count, "TLS with a client failed");
        }
    }

    /// Opens the connection to the node; without one the client is told and `None` comes back.
    async fn connect<C: AsyncRead + AsyncWrite + Unpin>(&self, client: C) -> Option<(C, Stream)> {
        match Box::pin(self.node.connect(self.limits.connect)).await {
            Ok(node) => Some((client, node)),
            Err(error) => {
                Box::pin(self.node_unreachable(client, &error)).await;
                None
            }
        }
    }

    /// Serves a connection that can't be handed over: the keys of one of its sides live in this process.
    async fn to_its_end(&self, client: impl AsyncRead + AsyncWrite + Unpin, node: Stream) {
        match node {
            Stream::Plain(node) => drop(self.both_ways(client, node, self.until_drained()).await),
            Stream::Tls(node) => drop(self.both_ways(client, *node, self.until_drained()).await),
        }
    }

    /// Without another cluster only the end of the process stops a connection.
    fn until_drained(&self) -> Leave<'_> {
        Leave { token: &self.draining, epoch: None }
    }

    async fn both_ways<C, N>(&self, client: C, node: N, leave: Leave<'_>) -> Left<C, N>
    where
        C: AsyncRead + AsyncWrite + Unpin,
        N: AsyncRead + AsyncWrite + Unpin,
    {
        let connection_id = self.identity.next_connection_id();
        let tap = Rc::new(RefCell::new(self.tap(&connection_id, ServedBy::Source, &self.rules)));
        let ways = BothWays { relay: self, tap: &tap, leave };
        let left = match &self.spans {
            None => {
                drop(connection_id);
                ways.run(client, node).await
            }
            Some(spans) => {
                let (client, node) = spans.watch(&connection_id, client, node);
                Box::pin(ways.run(client, node)).await.map(Left::into_inner)
            }
        };
        let left = left.unwrap_or_else(|error| {
            tap.borrow_mut().exception(&error.to_string());
            Left::Over
        });
        tap.borrow_mut().close();
        if matches!(left, Left::Over) {
            ways.unstuck().await;
        }
        left
    }

    fn tap(&self, connection_id: &str, cluster: ServedBy, rules: &Arc<Rules>) -> Tap {
        let node_id = self.identity.node_id();
        let recorder = self
            .journal
            .as_ref()
            .map(|journal| Recorder::of_cluster(Arc::clone(journal), node_id, connection_id, cluster));
        Tap::new(recorder, self.clock, Arc::clone(&self.counters), Arc::clone(rules))
    }

    /// Answers for a node that can't be reached, so that the client knows whom to blame. Nothing is recorded: the
    /// request did not reach the cluster.
    async fn node_unreachable(&self, client: impl AsyncRead + AsyncWrite + Unpin, error: &io::Error) {
        self.unreachable(error).send(client, &self.buffers).await;
    }

    fn unreachable(&self, error: &io::Error) -> Refusal {
        let count = self.counters.node_connect_failures.add(1);
        let node = &self.node;
        if count.is_power_of_two() {
            tracing::warn!(%error, %node, count, "the node can't be reached, clients get 502");
        }
        Refusal::node_unreachable(&format!("switchover-agent cannot reach the node at {node}: {error}"))
    }
}

#[cfg(test)]
mod tests;
