//! `backfill start`, `pause` and `scale`: what is wanted is written into the coordination index, and workers follow. Each
//! may be said twice.

use std::time::Duration;

use anyhow::anyhow;
use serde_json::json;
use switchover_coordinate::{Board, CoordinationError, Desired, DesiredState};
use tokio::time::{Instant, sleep};

use super::picture::Picture;
use super::settings::Settings;
use super::status::Status;
use super::stopped::Stopped;
use super::worker_config;
use crate::failure::Failure;
use crate::fleet::files;
use crate::fleet::launch::Started;
use crate::fleet::living::split;
use crate::output::Output;

/// Of the JSON of all commands that change something.
pub(super) const SCHEMA: &str = "switchover.backfill.action/1";
/// A worker that was started is waited for so long; what comes later is seen in the status.
const START_WAIT: Duration = Duration::from_secs(30);
/// Workers that finish what is under way are waited for so long.
const PAUSE_WAIT: Duration = Duration::from_secs(20);
const LOOK_INTERVAL: Duration = Duration::from_millis(300);

/// `scale`: `None` keeps what was said before.
pub(super) async fn start(settings: &Settings, scale: Option<u32>, as_json: bool) -> Result<(), Failure> {
    if let Some(stopped) = Stopped::read(settings)? {
        let advice = "a stopped migration can't be started again: documents that were changed since would be overwritten. To begin anew all the same, run `switchover backfill reset --yes` first";
        return Err(anyhow!("the backfill was stopped ({stopped}); {advice}").into());
    }
    let board = settings.board()?;
    let launcher = settings.launcher()?;
    let _lock = files::lock(&settings.session_dir())?;
    board.make().await.map_err(failed)?;
    let before = board.desired().await.map_err(failed)?;
    let scale = scale.or(before.and_then(|desired| desired.scale)).unwrap_or_else(|| settings.scale());
    board.want(Desired { state: DesiredState::Run, scale: Some(scale) }).await.map_err(failed)?;
    board.refresh().await.map_err(failed)?;
    let members = board.members().await.map_err(failed)?;
    let (living, silent) = split(&board, members).await.map_err(failed)?;
    for member in silent {
        board.note_lost(&member).await.map_err(failed)?;
    }
    let mut started = launcher
        .start(scale, &living, |_| Ok(vec!["--config".into(), worker_config::write(settings)?.into()]))?;
    let picture = wait_for(&board, &mut started).await?;
    let message = "Backfill started successfully.";
    report("start", message, started.names, Ok(Some(picture)), as_json)
}

/// Until those that were started work, or the reason is known why they don't.
async fn wait_for(board: &Board, started: &mut Started) -> Result<Picture, Failure> {
    let begun = Instant::now();
    loop {
        for process in &mut started.processes {
            if let Some(ended) = process.ended() {
                return Err(anyhow!("{ended}").into());
            }
        }
        let picture = Picture::take(board, true).await.map_err(failed)?.unwrap_or_default();
        let lives = |pid: u32| picture.living.iter().any(|member| member.identity.pid == pid);
        let all_live = started.processes.iter().all(|process| lives(process.pid));
        let planned = picture.overview.all.items > 0 && picture.overview.open_phase != Some(0);
        if (all_live && (planned || started.processes.is_empty())) || begun.elapsed() >= START_WAIT {
            return Ok(picture);
        }
        sleep(LOOK_INTERVAL).await;
    }
}

pub(super) async fn pause(settings: &Settings, as_json: bool) -> Result<(), Failure> {
    let board = settings.board()?;
    let scale = match wanted(&board).await? {
        Desired { state: DesiredState::Stop, .. } => {
            return Err(anyhow!("the backfill is being stopped, and can't be paused").into());
        }
        Desired { scale, .. } => scale,
    };
    board.want(Desired { state: DesiredState::Pause, scale }).await.map_err(failed)?;
    let begun = Instant::now();
    let picture = loop {
        let picture = Picture::take(&board, false).await.map_err(failed)?;
        let running = picture.as_ref().map_or(0, |picture| picture.counts().running);
        if running == 0 || begun.elapsed() >= PAUSE_WAIT {
            break picture;
        }
        sleep(LOOK_INTERVAL).await;
    };
    report("pause", "Backfill paused successfully.", Vec::new(), Ok(picture), as_json)
}

/// What is wanted of a backfill that was begun, by whomever.
pub(super) async fn wanted(board: &Board) -> Result<Desired, Failure> {
    if !board.exists().await.map_err(failed)? {
        return Err(anyhow!("the backfill was not started: there is no index {}", board.index()).into());
    }
    Ok(board.desired().await.map_err(failed)?.unwrap_or_default())
}

pub(super) fn failed(error: CoordinationError) -> Failure {
    Failure::Failed(error.into())
}

fn report(
    action: &str,
    message: &str,
    started: Vec<String>,
    taken: Result<Option<Picture>, CoordinationError>,
    as_json: bool,
) -> Result<(), Failure> {
    let status = Status::of(taken, None);
    let mut out = Output::stdout();
    if as_json {
        out.json(&json!({"schema": SCHEMA, "action": action, "started": started, "status": status.json()}))?;
    } else {
        out.line(message)?;
        status.print(action == "start", &mut out)?;
    }
    out.flush()
}
