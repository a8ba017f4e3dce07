//! What the operator wants of the workers.

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::error::CoordinationError;
use crate::item::Kind;

const DESIRED_ID: &str = "desired";

/// Whether workers work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DesiredState {
    /// They do.
    #[default]
    Run,
    /// They finish what is under way, give their items back and wait.
    Pause,
    /// The same, and then they end.
    Stop,
}

/// What the operator wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// Whether workers work.
    pub state: DesiredState,
    /// How many members of the fleet work at once, on all hosts. `None`: all of them.
    #[serde(default)]
    pub scale: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct StoredDesired {
    kind: Kind,
    #[serde(flatten)]
    desired: Desired,
}

impl Board {
    /// What the operator wants. `None`: nothing was ever said.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub async fn desired(&self) -> Result<Option<Desired>, CoordinationError> {
        let found = self.store.get::<StoredDesired>(DESIRED_ID).await?;
        Ok(found.map(|found| found.source.desired))
    }

    /// Says what is wanted; the index must be there ([`Board::make`]).
    ///
    /// # Errors
    /// When the cluster does not take it.
    pub async fn want(&self, desired: Desired) -> Result<(), CoordinationError> {
        self.store.put(DESIRED_ID, &StoredDesired { kind: Kind::Desired, desired }).await
    }
}
