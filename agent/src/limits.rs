//! How long things may take.

use std::future::pending;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// How long a TLS handshake with a client may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a request's head may take from its first byte to its last.
const REQUEST_HEAD: Duration = Duration::from_secs(60);

/// Time limits of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Opening a connection to the node, with its TLS handshake.
    pub connect: Duration,
    /// A TLS handshake with a client.
    pub handshake: Duration,
    /// A request's head.
    pub request_head: Duration,
    /// How long a client's connection may be open without a request; `None` for ever.
    pub idle: Option<Duration>,
}

impl Limits {
    /// With the limits that have flags.
    #[must_use]
    pub fn new(connect: Duration, idle: Option<Duration>) -> Self {
        Self { connect, handshake: HANDSHAKE, request_head: REQUEST_HEAD, idle }
    }

    /// Completes when a connection has been idle for too long.
    pub async fn idle(&self) {
        match self.idle {
            Some(limit) => sleep(limit).await,
            None => pending().await,
        }
    }
}

/// Completes at an instant, if there is one.
pub async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}
