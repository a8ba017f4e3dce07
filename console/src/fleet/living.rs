//! Which members live, as somebody sees it who looks only for a moment.

use std::time::Duration;

use anyhow::anyhow;
use switchover_coordinate::{Board, CoordinationError, Member, MemberState, unix_ms};
use tokio::time::{Instant, sleep};

use crate::failure::Failure;

/// A sign of life that is younger than this many intervals by the member's clock is believed at once.
const FRESH_BEATS: u64 = 3;
/// By how much a member's clock may be ahead for that.
const MAX_AHEAD_MS: u64 = 1000;
/// Between two looks at members whose sign of life is not.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// Members that were told to end finish what is under way and give back what they hold; one that can't is silent before that.
const STOP_DEADLINE: Duration = Duration::from_secs(600);
/// Between two looks at them.
const STOP_LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// A member that says nothing for this long is silent, whatever it says of its intervals.
const MAX_WATCH: Duration = Duration::from_secs(15);

/// Those that live, and those that don't. A clock that agrees is believed, so a member that died a moment ago may still
/// count; where clocks do not agree, it is waited for a new sign of life.
pub(crate) async fn split(
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

/// Waits until no member lives. `running` is called once when some do.
pub(crate) async fn ended(
    board: &Board,
    job: &str,
    mut running: impl FnMut() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |error: CoordinationError| Failure::Failed(error.into());
    let begun = Instant::now();
    let mut told = false;
    loop {
        board.refresh().await.map_err(failed)?;
        let members = board.members().await.map_err(failed)?;
        let (living, silent) = split(board, members).await.map_err(failed)?;
        for member in silent {
            board.note_lost(&member).await.map_err(failed)?;
        }
        if living.is_empty() {
            return Ok(());
        }
        if !told {
            running()?;
            told = true;
        }
        if begun.elapsed() >= STOP_DEADLINE {
            let names: Vec<_> = living.iter().map(|member| member.identity.name.as_str()).collect();
            return Err(anyhow!("they do not end: {}; end them, and run `switchover {job} stop` again. The working state was left as it is", names.join(", ")).into());
        }
        sleep(STOP_LOOK_INTERVAL).await;
    }
}
