//! One client connection and its own connection to the node: raw bytes both ways, with the tap beside them.
//!
//! Both directions run in one task. Back-pressure is end to end: a direction reads again only when what it read is
//! written, so a slow reader slows its own connection and costs one buffer.

mod both_ways;
mod refusal;

use crate::buffers::Buffers;
use crate::counters::Counters;
use crate::flusher::Flusher;
use crate::journal::Journal;
use crate::limits::Limits;
use crate::node::Node;
use crate::recorder::Recorder;
use crate::rules::Rules;
use crate::tap::Tap;
use crate::tls::ServerTls;
use crate::{clock::Clock, identity::Identity};
use both_ways::BothWays;
pub use refusal::Refusal;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// What the connections of one worker share.
#[derive(Debug)]
pub struct Relay {
    /// Where to.
    pub node: Node,
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
    /// Read buffers.
    pub buffers: Rc<Buffers>,
    /// Appends what stays pending.
    pub flusher: Rc<Flusher>,
    /// Set when the process is asked to end.
    pub draining: CancellationToken,
}

impl Relay {
    /// Serves one client connection to its end.
    pub async fn serve(self: Rc<Self>, client: TcpStream) {
        // A port probe that sends nothing costs no connection to the node and no record.
        let mut probe = [0; 1];
        let spoke = tokio::select! {
            peeked = client.peek(&mut probe) => peeked.is_ok_and(|bytes| bytes > 0),
            () = self.draining.cancelled() => false,
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
            None => self.serve_stream(client).await,
            Some(tls) => {
                let handshake = TlsAcceptor::from(tls.current()).accept(client);
                match tokio::time::timeout(self.limits.handshake, handshake).await {
                    Ok(Ok(stream)) => self.serve_stream(stream).await,
                    Ok(Err(error)) => self.handshake_failed(&error.to_string()),
                    Err(_) => self.handshake_failed("it took too long"),
                }
            }
        }
    }

    fn handshake_failed(&self, reason: &str) {
        let count = self.counters.client_handshake_failures.add(1);
        if count.is_power_of_two() {
            tracing::warn!(reason, count, "TLS with a client failed");
        }
    }

    async fn serve_stream(&self, client: impl AsyncRead + AsyncWrite + Unpin) {
        match self.node.connect(self.limits.connect).await {
            Err(error) => self.node_unreachable(client, &error).await,
            Ok(node) => {
                let tap = Rc::new(RefCell::new(self.tap()));
                let both = BothWays { relay: self, tap: &tap };
                let ended = match node {
                    crate::node::Stream::Plain(node) => both.run(client, node).await,
                    crate::node::Stream::Tls(node) => both.run(client, *node).await,
                };
                if let Err(error) = ended {
                    tap.borrow_mut().exception(&error.to_string());
                }
            }
        }
    }

    fn tap(&self) -> Tap {
        let recorder = self.journal.as_ref().map(|journal| {
            Recorder::new(Arc::clone(journal), self.identity.node_id(), &self.identity.next_connection_id())
        });
        Tap::new(recorder, self.clock, Arc::clone(&self.counters), Arc::clone(&self.rules))
    }

    /// Answers for a node that can't be reached, so that the client knows whom to blame. Nothing is recorded: the
    /// request did not reach the cluster.
    async fn node_unreachable(&self, client: impl AsyncRead + AsyncWrite + Unpin, error: &io::Error) {
        let count = self.counters.node_connect_failures.add(1);
        let node = &self.node;
        if count.is_power_of_two() {
            tracing::warn!(%error, %node, count, "the node can't be reached, clients get 502");
        }
        let reason = format!("switchover-agent cannot reach the node at {node}: {error}");
        Refusal::node_unreachable(&reason).send(client, &self.buffers).await;
    }
}
