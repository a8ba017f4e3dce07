//! What a process is to do, as the operator wants it.

use tokio_util::sync::CancellationToken;

use crate::desired::{Desired, DesiredState};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Claim items and do them; replay.
    Work,
    /// Do nothing until there is another order.
    Rest(Rest),
    /// End the process.
    End(End),
}

/// Why to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// The operator has paused it.
    Paused,
    /// The operator has not started it.
    NotStarted,
    /// Enough members work that began before this one.
    TooMany {
        /// How many work.
        scale: u32,
    },
}

/// Why to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Paused, and it does not wait.
    Paused,
    /// Stopped.
    Stopped,
    /// The coordination index was deleted, as it is after a stop.
    Gone,
}

/// An order, and how to learn during an item that it is over.
#[derive(Debug, Clone)]
pub struct Orders {
    /// What to do.
    pub order: Order,
    /// Cancelled when there is another order, or the process is to end.
    pub leave: CancellationToken,
}

impl Order {
    /// What follows from what the operator wants (`None`: nothing was said). `stays`: the process is a member of a fleet, for
    /// as long as the operator wants it. `rank`: how many living members began before.
    #[must_use]
    pub fn of(stays: bool, desired: Option<Desired>, rank: usize) -> Self {
        // One that was started to do the work and end does it; a fleet may come up by itself, such as after a reboot, and
        // must not begin anew what was stopped.
        let Some(Desired { state, scale }) = desired else {
            return if stays { Self::Rest(Rest::NotStarted) } else { Self::Work };
        };
        match (state, stays, scale) {
            (DesiredState::Stop, ..) => Self::End(End::Stopped),
            (DesiredState::Pause, false, _) => Self::End(End::Paused),
            (DesiredState::Pause, true, _) => Self::Rest(Rest::Paused),
            (DesiredState::Run, true, Some(scale)) if rank >= scale as usize => {
                Self::Rest(Rest::TooMany { scale })
            }
            (DesiredState::Run, ..) => Self::Work,
        }
    }
}

impl std::fmt::Display for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Paused => f.write_str("paused by the operator"),
            Self::NotStarted => f.write_str("not started yet: waits for `start` from the console"),
            Self::TooMany { scale } => {
                write!(f, "idle: the scale is {scale}, and as many members began before this one")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_what_is_wanted() {
        let of = |stays, state, scale, rank| Order::of(stays, Some(Desired { state, scale }), rank);
        use DesiredState::{Pause, Run, Stop};
        let (done, never) = (false, true);
        assert_eq!(Order::of(done, None, 5), Order::Work);
        assert_eq!(Order::of(never, None, 0), Order::Rest(Rest::NotStarted));
        assert_eq!(of(never, Run, None, 900), Order::Work);
        assert_eq!(of(never, Run, Some(2), 1), Order::Work);
        assert_eq!(of(never, Run, Some(2), 2), Order::Rest(Rest::TooMany { scale: 2 }));
        assert_eq!(of(done, Run, Some(2), 2), Order::Work);
        assert_eq!(of(never, Pause, Some(2), 0), Order::Rest(Rest::Paused));
        assert_eq!(of(done, Pause, None, 0), Order::End(End::Paused));
        for stays in [done, never] {
            assert_eq!(of(stays, Stop, Some(1), 7), Order::End(End::Stopped));
        }
    }
}
