//! All that the coordination index knows of a backfill at one time.

use switchover_coordinate::{Board, CoordinationError, Desired, Member, Overview, Parts};

use crate::fleet::counts::Counts;
use crate::fleet::living::split;

/// A backfill.
#[derive(Debug, Clone, Default)]
pub(super) struct Picture {
    pub(super) desired: Option<Desired>,
    /// Members that live, in the order in which they began.
    pub(super) living: Vec<Member>,
    /// Those that died without a word.
    pub(super) silent: Vec<Member>,
    pub(super) overview: Overview,
    /// Only when asked for. `None` also while the shards are not known yet.
    pub(super) shards: Option<Parts>,
    pub(super) began_unix_ms: Option<u64>,
    pub(super) ended_unix_ms: Option<u64>,
}

impl Picture {
    /// `None`: nobody has begun.
    pub(super) async fn take(board: &Board, shards: bool) -> Result<Option<Self>, CoordinationError> {
        if !board.exists().await? {
            return Ok(None);
        }
        board.refresh().await?;
        let desired = board.desired().await?;
        let (living, silent) = split(board, board.members().await?).await?;
        let overview = board.overview().await?;
        // Before the plan is made, the shards are not known.
        let planned = overview.all.items > 0 && overview.open_phase != Some(0);
        let shards = if shards && planned { Some(board.parts().await?) } else { None };
        let began_unix_ms = board.subject().await?.map(|(_, began)| began);
        let done = overview.all.items > 0 && overview.all.open == 0;
        let ended_unix_ms = if done { board.last_end_unix_ms().await? } else { None };
        Ok(Some(Self { desired, living, silent, overview, shards, began_unix_ms, ended_unix_ms }))
    }

    pub(super) fn counts(&self) -> Counts {
        Counts::of(&self.living, self.desired)
    }

    /// Of all members, in bytes of the snapshot's files.
    pub(super) fn bytes_per_second(&self) -> f64 {
        // Each of them measures the same.
        self.living.iter().map(|member| member.said.all_bytes_per_second).fold(0.0, f64::max)
    }
}
