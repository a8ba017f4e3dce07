//! Time stamps that never go backwards: the wall clock is read once, and from then on the monotonic clock counts.
//! Replay paces itself by these stamps, so a step of the wall clock must not show in them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use switchover_capture::Timestamp;

/// The agent's clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    anchor: Instant,
    anchor_unix_nanos: i128,
    /// Nanoseconds since the anchor, where a simulation counts them.
    counted: Option<&'static AtomicU64>,
}

impl Clock {
    /// A clock anchored to the present.
    #[must_use]
    pub fn start() -> Self {
        Self { anchor: Instant::now(), anchor_unix_nanos: Timestamp::now().unix_nanos(), counted: None }
    }

    /// A clock that stands still: it shows `nanos` since the wall clock's `begin`; whoever simulates time counts them up.
    #[must_use]
    pub fn counted(nanos: &'static AtomicU64, begin: Timestamp) -> Self {
        Self { anchor: Instant::now(), anchor_unix_nanos: begin.unix_nanos(), counted: Some(nanos) }
    }

    /// The present, for measuring how long something takes.
    #[must_use]
    pub fn instant(&self) -> Instant {
        match self.counted {
            None => Instant::now(),
            Some(nanos) => self.anchor + Duration::from_nanos(nanos.load(Ordering::Relaxed)),
        }
    }

    /// When it was started.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        Timestamp::from_unix_nanos(self.anchor_unix_nanos)
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix_nanos(self.anchor_unix_nanos + (self.instant() - self.anchor).as_nanos() as i128)
    }
}
