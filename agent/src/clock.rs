//! Time stamps that never go backwards: the wall clock is read once, and from then on the monotonic clock counts.
//! Replay paces itself by these stamps, so a step of the wall clock must not show in them.

use std::time::Instant;
use switchover_capture::Timestamp;

/// The agent's clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    anchor: Instant,
    anchor_unix_nanos: i128,
}

impl Clock {
    /// A clock anchored to the present.
    #[must_use]
    pub fn start() -> Self {
        Self { anchor: Instant::now(), anchor_unix_nanos: Timestamp::now().unix_nanos() }
    }

    /// When it was started.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        Timestamp::from_unix_nanos(self.anchor_unix_nanos)
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix_nanos(self.anchor_unix_nanos + self.anchor.elapsed().as_nanos() as i128)
    }
}
