//! The time between two changes of routing.

use super::Routing;
use super::health::Health;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;

/// Why the agent went back to the source by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallback {
    /// In words.
    pub reason: String,
    /// When, in milliseconds since the epoch.
    pub at: i64,
}

/// What holds from one change to the next.
#[derive(Debug)]
pub struct Epoch {
    /// What was asked for.
    pub routing: Routing,
    /// Why the source serves everything nevertheless.
    pub fallback: Option<Fallback>,
    /// Since when, in milliseconds since the epoch.
    pub since: i64,
    /// What the target did in this time.
    pub(super) health: Health,
    over: AtomicBool,
    leave: CancellationToken,
    lost: CancellationToken,
}

impl Epoch {
    /// Connections also leave when the process drains.
    pub(super) fn new(
        routing: Routing,
        fallback: Option<Fallback>,
        since: i64,
        health: Health,
        draining: &CancellationToken,
    ) -> Self {
        Self {
            routing,
            fallback,
            since,
            health,
            over: AtomicBool::new(false),
            leave: draining.child_token(),
            lost: CancellationToken::new(),
        }
    }

    /// What holds in fact.
    #[must_use]
    pub fn in_force(&self) -> Routing {
        if self.fallback.is_some() { Routing::SOURCE } else { self.routing }
    }

    /// Cancelled when it ends, and when the process drains: connections stop at the next boundary of requests.
    #[must_use]
    pub fn leave(&self) -> &CancellationToken {
        &self.leave
    }

    /// Whether it has ended; costs one load.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Cancelled when the target can't be reached any more: what was asked of it will not be answered.
    #[must_use]
    pub fn target_lost(&self) -> &CancellationToken {
        &self.lost
    }

    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.leave.cancel();
    }

    pub(super) fn lose_target(&self) {
        self.lost.cancel();
    }
}
