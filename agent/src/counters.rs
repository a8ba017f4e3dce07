//! What the data path counts. Relaxed atomics: figures for people, not for decisions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
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

/// How many are in some state at present.
#[derive(Debug, Default)]
pub struct Level(AtomicU64);

impl Level {
    /// One more, until what this returns is dropped.
    #[must_use]
    pub fn enter(&self) -> Present<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Present(&self.0)
    }

    /// The number.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One that is counted by a [`Level`].
#[derive(Debug)]
pub struct Present<'a>(&'a AtomicU64);

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Upper bounds of a [`Histogram`]'s buckets, in microseconds.
pub const BUCKETS_US: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 1_000_000, 10_000_000];

/// Durations in buckets.
#[derive(Debug, Default)]
pub struct Histogram {
    /// One for each of [`BUCKETS_US`] and one for all above.
    buckets: [AtomicU64; BUCKETS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Histogram {
    /// Counts a duration.
    pub fn observe(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let index = BUCKETS_US.partition_point(|bound| *bound < micros);
        if let Some(bucket) = self.buckets.get(index) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(micros, Ordering::Relaxed);
    }

    /// Sum in seconds, and the number in each bucket by its upper bound in seconds.
    #[must_use]
    pub fn read(&self) -> (f64, Vec<(f64, u64)>) {
        let bounds = BUCKETS_US.iter().map(|bound| *bound as f64 / 1e6).chain([f64::INFINITY]);
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        (self.sum_us.load(Ordering::Relaxed) as f64 / 1e6, bounds.zip(counts).collect())
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
    /// Those that were not recorded because the operator said so.
    pub unrecorded_requests: Count,
    /// Those that were not recorded because they are about users, passwords and keys.
    pub security_requests: Count,
    /// Those of these that may change the cluster.
    pub mutating_security_requests: Count,
    /// Writes answered with 503 because the capture log could not take them.
    pub refused_requests: Count,
    /// Bytes from clients.
    pub client_bytes: Count,
    /// Bytes from the node.
    pub node_bytes: Count,
    /// Connections that became a tunnel because one side's bytes can't be framed with certainty.
    pub unframable: Count,
    /// Connections that became a tunnel by CONNECT or an upgrade.
    pub upgraded: Count,
    /// How long responses (or requests) waited for their record to be durable.
    pub gate_wait: Histogram,
    /// TLS handshakes with clients that failed.
    pub client_handshake_failures: Count,
    /// Connections turned away at `--maxConnections`.
    pub rejected_connections: Count,
    /// Requests that went to the target.
    pub target_requests: Count,
    /// Those that it failed, or did not answer.
    pub target_errors: Count,
    /// Requests that were the target's and went to the source, as no connection to the target could be opened.
    pub diverted_requests: Count,
    /// Times that the source took everything back because the target failed.
    pub target_fallbacks: Count,
    /// Times that it should have, but for the mode `target`.
    pub target_alarms: Count,
    /// Connections that wait for the capture log to take their records.
    pub blocked_connections: Level,
}

impl Counters {
    /// Connections open at present.
    #[must_use]
    pub fn open_connections(&self) -> u64 {
        self.connections.get().saturating_sub(self.connections_ended.get())
    }

    /// A request about users, passwords and keys passed unrecorded. Said once: that they do is by design.
    pub fn security_request(&self, mutating: bool) {
        if self.security_requests.add(1) == 1 {
            tracing::info!(
                "requests about users, passwords and keys pass uncaptured (--redactBody none captures them): make users, roles and keys on the target by other means"
            );
        }
        if mutating && self.mutating_security_requests.add(1) == 1 {
            tracing::warn!(
                "a request that changes users, roles or keys passed uncaptured: it will not be replayed"
            );
        }
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
