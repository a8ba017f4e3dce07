//! What the data path counts. Relaxed atomics: figures for people, not for decisions.

use std::sync::atomic::{AtomicU64, Ordering};
use switchover_http1::TunnelReason;

/// A count that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds to it; the new value.
    pub fn add(&self, more: u64) -> u64 {
        self.0.fetch_add(more, Ordering::Relaxed) + more
    }

    /// The value.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counters of all connections of the process.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections accepted.
    pub connections: Count,
    /// Connections that ended.
    pub connections_ended: Count,
    /// Connections to the node that could not be opened.
    pub node_connect_failures: Count,
    /// Requests that were framed to their end.
    pub requests: Count,
    /// Those of them that may change the cluster.
    pub mutating_requests: Count,
    /// Bytes from clients.
    pub client_bytes: Count,
    /// Bytes from the node.
    pub node_bytes: Count,
    /// Connections that became a tunnel because one side's bytes can't be framed with certainty.
    pub unframable: Count,
    /// Connections that became a tunnel by CONNECT or an upgrade.
    pub upgraded: Count,
    /// Responses that waited for their request's record to be durable.
    pub gated_responses: Count,
    /// How long they waited in all, in microseconds.
    pub gate_wait_micros: Count,
}

impl Counters {
    /// Connections open at present.
    #[must_use]
    pub fn open_connections(&self) -> u64 {
        self.connections.get().saturating_sub(self.connections_ended.get())
    }

    /// A connection became a tunnel. Logged at each power of two: enough to notice, never a flood.
    pub fn tunnel(&self, reason: TunnelReason) {
        match reason {
            TunnelReason::Connect | TunnelReason::Upgrade => {
                self.upgraded.add(1);
            }
            TunnelReason::Unframable(error) => {
                let count = self.unframable.add(1);
                if count.is_power_of_two() {
                    tracing::warn!(
                        %error,
                        count,
                        "a connection can't be framed as HTTP/1.1: its bytes are forwarded and recorded, but can't be replayed as requests"
                    );
                }
            }
        }
    }
}
