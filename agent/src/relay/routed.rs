//! A connection that two clusters may serve. As long as the source serves everything it is relayed as any other
//! ([`BothWays`](super::BothWays)), until routing changes; else request by request ([`Switched`]). It goes over from one
//! to the other between two requests.

use super::switched::Switched;
use super::{Leave, Left, Relay};
use crate::node::Stream;
use crate::routing::{Control, Epoch, Lots};
use crate::target::Target;
use bytes::BytesMut;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Who else may serve, and what decides.
#[derive(Debug)]
pub struct Routes {
    /// What decides.
    pub control: Arc<Control>,
    /// What connections draw.
    pub lots: Lots,
    /// The other cluster.
    pub target: Target,
}

/// A client's connection between two requests.
#[derive(Debug)]
pub(super) struct Held<C> {
    pub(super) client: C,
    /// Its connection to the source.
    pub(super) node: Option<Stream>,
    /// What was read of its next requests.
    pub(super) unread: BytesMut,
}

impl Relay {
    /// Serves a connection that can be handed over, to its end.
    pub(super) async fn routed(&self, routes: &Routes, client: TcpStream, node: Option<Stream>) {
        if let Some((client, node)) = self.serve_routed(routes, client, node).await {
            let plain = |node| match node {
                Stream::Plain(node) => Some(node),
                Stream::Tls(_) => None,
            };
            self.keep(client, node.and_then(plain));
        }
    }

    /// Serves a connection until it ends (`None`), or until the process does and it is between two requests.
    pub(super) async fn serve_routed<C>(
        &self,
        routes: &Routes,
        client: C,
        node: Option<Stream>,
    ) -> Option<(C, Option<Stream>)>
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        let mut held = Held { client, node, unread: BytesMut::new() };
        if held.node.is_none() && routes.control.current().in_force().is_source_only() {
            let (client, node) = self.connect(held.client).await?;
            held = Held { client, node: Some(node), unread: held.unread };
        }
        let lot = routes.lots.draw();
        loop {
            if self.draining.is_cancelled() && held.unread.is_empty() {
                return Some((held.client, held.node));
            }
            let epoch = routes.control.current();
            let straight = epoch.in_force().is_source_only() && held.unread.is_empty();
            held = match held {
                Held { client, node: Some(node), .. } if straight => {
                    self.straight(client, node, &epoch).await?
                }
                held => Box::pin(Switched::new(self, routes, lot, held).run()).await?,
            };
        }
    }

    /// Everything to the source, until this epoch is over.
    async fn straight<C>(&self, client: C, node: Stream, epoch: &Epoch) -> Option<Held<C>>
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        let leave = Leave { token: epoch.leave(), epoch: Some(epoch) };
        let left = match node {
            Stream::Plain(node) => self.both_ways(client, node, leave).await.map_node(Stream::Plain),
            Stream::Tls(node) => {
                let left = Box::pin(self.both_ways(client, *node, leave)).await;
                left.map_node(|node| Stream::Tls(Box::new(node)))
            }
        };
        match left {
            Left::Over => None,
            Left::Idle(client, node, unread) => Some(Held { client, node: Some(node), unread }),
        }
    }
}
