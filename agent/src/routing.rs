//! Which cluster serves a request: the node in front of which the agent stands (the source), or the cluster that is
//! migrated to (the target).
//!
//! What holds is one value, [`Routing`], in one place, [`Control`]: from flags at first, later from a file that outlives
//! the process, changed by `PUT /routing` on a unix socket, by SIGHUP, and by the agent itself when the target fails.
//! Connections look at it between two requests. A request is decided once, by its head, and goes to one cluster.

mod asked;
mod control;
mod epoch;
mod health;
mod kept;
mod lots;
mod probe;
mod socket;

pub use asked::Asked;
pub use control::Control;
pub use epoch::{Epoch, Fallback};
pub use kept::StateFile;
pub use lots::{Lot, Lots};
pub use probe::probe;
pub use socket::{bind as bind_socket, serve as serve_socket};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::fmt;
use switchover_capture::ServedBy;

/// All of a hundred.
pub const WHOLE_PERCENT: u8 = 100;

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The source serves everything
    #[default]
    Source,
    /// Reads by weight, writes to the source
    Reads,
    /// Everything by weight
    All,
    /// The target serves everything, and nothing goes back to the source by itself
    Target,
}

/// What is decided by weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum RouteBy {
    /// A client's connection as a whole
    #[default]
    Connection,
    /// Each read; writes by connection
    Request,
}

/// What holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Routing {
    /// Who decides.
    pub mode: Mode,
    /// Percent of connections (or reads) that the target serves, in the modes that go by weight.
    #[serde(default)]
    pub weight: u8,
    /// What is decided by weight.
    #[serde(default)]
    pub route_by: RouteBy,
}

impl Routing {
    /// Everything at the source.
    pub const SOURCE: Self = Self { mode: Mode::Source, weight: 0, route_by: RouteBy::Connection };

    /// # Errors
    /// When it can't be meant: a weight above 100, or one that the mode does not look at.
    pub fn check(self) -> Result<Self, String> {
        match self {
            Self { weight, .. } if weight > WHOLE_PERCENT => Err(format!("weight {weight} is more than 100")),
            Self { mode: mode @ (Mode::Source | Mode::Target), weight, .. } if weight > 0 => {
                Err(format!("mode {mode} has no weight, and {weight} was given; reads and all go by weight"))
            }
            routing => Ok(routing),
        }
    }

    /// How much of what goes by weight the target serves.
    #[must_use]
    pub fn target_percent(self) -> u8 {
        match self.mode {
            Mode::Source => 0,
            Mode::Reads | Mode::All => self.weight,
            Mode::Target => WHOLE_PERCENT,
        }
    }

    /// The target gets nothing.
    #[must_use]
    pub fn is_source_only(self) -> bool {
        self.target_percent() == 0
    }

    /// The cluster for a request on a connection that drew `lot`; `next` draws one for the request alone.
    pub fn cluster(self, asked: Asked, lot: Lot, next: impl FnOnce() -> Lot) -> ServedBy {
        match self.mode {
            Mode::Source => ServedBy::Source,
            Mode::Target => ServedBy::Target,
            Mode::Reads if asked.mutating => ServedBy::Source,
            // What one cluster holds open for a client the other does not know.
            Mode::Reads | Mode::All if asked.held_open && self.weight < WHOLE_PERCENT => ServedBy::Source,
            Mode::Reads | Mode::All => {
                let alone = self.route_by == RouteBy::Request && !asked.mutating;
                if (if alone { next() } else { lot }).is_below(self.weight) {
                    ServedBy::Target
                } else {
                    ServedBy::Source
                }
            }
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Reads => "reads",
            Self::All => "all",
            Self::Target => "target",
        })
    }
}

impl fmt::Display for Routing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mode, weight, route_by } = self;
        match mode {
            Mode::Source | Mode::Target => mode.fmt(f),
            Mode::Reads | Mode::All if *route_by == RouteBy::Request => {
                write!(f, "{mode} {weight} % by request")
            }
            Mode::Reads | Mode::All => write!(f, "{mode} {weight} %"),
        }
    }
}

#[cfg(test)]
mod tests;
