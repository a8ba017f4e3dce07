//! How many members there are, in the words of the field's documents.

use serde_json::{Value, json};
use switchover_coordinate::{Desired, DesiredState, Member, MemberState};

/// How many members there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) running: u64,
    pub(crate) pending: u64,
    pub(crate) desired: u64,
    /// Alive, and standing by.
    pub(crate) idle: u64,
}

impl Counts {
    pub(crate) fn of(living: &[Member], wanted: Option<Desired>) -> Self {
        let count = |which: fn(MemberState) -> bool| {
            living.iter().filter(|member| which(member.said.state)).count() as u64
        };
        let running = count(MemberState::is_active);
        let idle = count(|state| matches!(state, MemberState::Idle | MemberState::Paused));
        let desired = match wanted {
            Some(Desired { state: DesiredState::Pause | DesiredState::Stop, .. }) => 0,
            Some(Desired { state: DesiredState::Run, scale: Some(scale) }) => scale.into(),
            Some(Desired { state: DesiredState::Run, scale: None }) => running + idle,
            None => running,
        };
        Self { running, pending: desired.saturating_sub(running), desired, idle }
    }

    /// The word of a fleet that is not known to be complete.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self { running: 1.., desired: 0, .. } => "TERMINATING",
            Self { running: 1.., .. } => "RUNNING",
            Self { desired: 1.., .. } => "STARTING",
            Self { running: 0, desired: 0, .. } => "STOPPED",
        }
    }

    pub(crate) fn json(self) -> Value {
        let Self { running, pending, desired, idle } = self;
        json!({"running": running, "pending": pending, "desired": desired, "idle": idle})
    }
}
