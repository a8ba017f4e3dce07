//! All that the coordination index knows of a backfill at one time.

use std::time::Duration;

use switchover_coordinate::{
    Board, CoordinationError, Desired, DesiredState, Member, MemberState, Overview, Parts, unix_ms,
};
use tokio::time::{Instant, sleep};

/// A sign of life that is younger than this many intervals by the member's clock is believed at once.
const FRESH_BEATS: u64 = 3;
/// By how much a member's clock may be ahead for that.
const MAX_AHEAD_MS: u64 = 1000;
/// Between two looks at members whose sign of life is not.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// A member that says nothing for this long is silent, whatever it says of its intervals.
const MAX_WATCH: Duration = Duration::from_secs(15);

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

/// How many members there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) running: u64,
    pub(super) pending: u64,
    pub(super) desired: u64,
    /// Alive, and standing by.
    pub(super) idle: u64,
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
        let count = |which: fn(MemberState) -> bool| {
            self.living.iter().filter(|member| which(member.said.state)).count() as u64
        };
        let running = count(MemberState::is_active);
        let idle = count(|state| matches!(state, MemberState::Idle | MemberState::Paused));
        let desired = match self.desired {
            Some(Desired { state: DesiredState::Pause | DesiredState::Stop, .. }) => 0,
            Some(Desired { state: DesiredState::Run, scale: Some(scale) }) => scale.into(),
            Some(Desired { state: DesiredState::Run, scale: None }) => running + idle,
            None => running,
        };
        Counts { running, pending: desired.saturating_sub(running), desired, idle }
    }

    /// Of all members, in bytes of the snapshot's files.
    pub(super) fn bytes_per_second(&self) -> f64 {
        // Each of them measures the same.
        self.living.iter().map(|member| member.said.all_bytes_per_second).fold(0.0, f64::max)
    }
}

/// Those that live, and those that don't. A clock that agrees is believed, so a member that died a moment ago may still
/// count; where clocks do not agree, it is waited for a new sign of life.
pub(super) async fn split(
    board: &Board,
    members: Vec<Member>,
) -> Result<(Vec<Member>, Vec<Member>), CoordinationError> {
    let now = unix_ms();
    let is_fresh = |member: &Member| {
        let at = member.at_unix_ms;
        at <= now + MAX_AHEAD_MS && now.saturating_sub(at) <= FRESH_BEATS * member.identity.beat_interval_ms
    };
    let (mut living, unsure): (Vec<_>, Vec<_>) = members.into_iter().partition(is_fresh);
    let mut silent = Vec::new();
    let begun = Instant::now();
    let mut watched = unsure;
    while !watched.is_empty() {
        let mut left = Vec::new();
        for seen in watched {
            let Some(member) = board.member(&seen.identity.name).await? else { continue };
            let limit = Duration::from_millis(2 * seen.identity.beat_interval_ms + MAX_AHEAD_MS);
            match member.said.state {
                MemberState::Ended | MemberState::Lost => {}
                _ if member.beat != seen.beat => living.push(member),
                _ if begun.elapsed() >= limit.min(MAX_WATCH) => silent.push(member),
                _ => left.push(seen),
            }
        }
        watched = left;
        if !watched.is_empty() {
            sleep(LOOK_INTERVAL).await;
        }
    }
    living.sort_by_key(|member| member.registered);
    Ok((living, silent))
}
