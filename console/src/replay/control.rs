//! `replay start`, `scale` and `stop`: what is wanted is written into the coordination index, and replayers follow. Each may
//! be said twice.

use std::time::Duration;

use anyhow::anyhow;
use serde_json::json;
use switchover_coordinate::{Board, CoordinationError, Desired, DesiredState, MemberState};
use tokio::time::{Instant, sleep};

use super::picture::Picture;
use super::settings::Settings;
use super::status::Status;
use super::worker_config;
use crate::failure::Failure;
use crate::fleet::launch::Started;
use crate::fleet::living::split;
use crate::fleet::{files, living};
use crate::output::Output;

/// Of the JSON of all commands that change something.
const SCHEMA: &str = "switchover.replay.action/1";
/// A replayer that was started is waited for so long; what comes later is seen in the status.
const START_WAIT: Duration = Duration::from_secs(30);
const LOOK_INTERVAL: Duration = Duration::from_millis(300);
/// Exit codes of a replayer that came to the end of its input.
const EXITS_AT_THE_END: [i32; 3] = [0, 3, 4];

/// `scale`: `None` keeps what was said before.
pub(super) async fn start(settings: &Settings, scale: Option<u32>, as_json: bool) -> Result<(), Failure> {
    scale.map(|scale| settings.checked_scale(scale)).transpose()?;
    let board = settings.board()?;
    let launcher = settings.launcher()?;
    let _lock = files::lock(&settings.session_dir())?;
    board.make().await.map_err(failed)?;
    let before = board.desired().await.map_err(failed)?;
    let action = if scale.is_some() { "scale" } else { "start" };
    let scale = scale.or(before.and_then(|desired| desired.scale)).unwrap_or_else(|| settings.scale());
    let scale = settings.checked_scale(scale)?;
    board.refresh().await.map_err(failed)?;
    let (living, silent) = split(&board, board.members().await.map_err(failed)?).await.map_err(failed)?;
    for member in silent {
        board.note_lost(&member).await.map_err(failed)?;
    }
    if living.is_empty() {
        if before.is_some() && settings.is_from_start() {
            eprintln!(
                "warning: the capture log is replayed from its beginning: what was replayed before is sent again, in the same order"
            );
        }
        board.refresh().await.map_err(failed)?;
        board.note_start().await.map_err(failed)?;
    }
    board.want(Desired { state: DesiredState::Run, scale: Some(scale) }).await.map_err(failed)?;
    let mut started = launcher.start(scale, &living, |number| worker_config::arguments(settings, number))?;
    let picture = wait_for(&board, &mut started).await?;
    let message = match action {
        "scale" => "Replayer scaled successfully.",
        _ => "Replayer started successfully.",
    };
    report(action, message, started.names, Some(picture), as_json)
}

/// Until those that were started work, or the reason is known why they don't.
async fn wait_for(board: &Board, started: &mut Started) -> Result<Picture, Failure> {
    let begun = Instant::now();
    loop {
        let mut ended = Vec::new();
        for process in &mut started.processes {
            match process.ended() {
                Some(end) if end.code.is_some_and(|code| EXITS_AT_THE_END.contains(&code)) => {
                    ended.push(process.pid)
                }
                Some(end) => return Err(anyhow!("{end}").into()),
                None => {}
            }
        }
        let picture = Picture::take(board).await.map_err(failed)?.unwrap_or_default();
        let works = |pid: u32| {
            let mut members = picture.living.iter().filter(|member| member.identity.pid == pid);
            members.any(|member| member.said.state != MemberState::Starting)
        };
        let all_work =
            started.processes.iter().all(|process| ended.contains(&process.pid) || works(process.pid));
        if all_work || begun.elapsed() >= START_WAIT {
            return Ok(picture);
        }
        sleep(LOOK_INTERVAL).await;
    }
}

/// Lets replayers end, and waits until they have.
pub(super) async fn stop(settings: &Settings, as_json: bool) -> Result<(), Failure> {
    let board = settings.board()?;
    let launcher = settings.launcher()?;
    let _lock = files::lock(&settings.session_dir())?;
    if !board.exists().await.map_err(failed)? {
        launcher.end()?;
        return report("stop", "Replayer stopped successfully.", Vec::new(), None, as_json);
    }
    let scale = board.desired().await.map_err(failed)?.and_then(|desired| desired.scale);
    board.want(Desired { state: DesiredState::Stop, scale }).await.map_err(failed)?;
    let counts = Picture::take(&board).await.map_err(failed)?.unwrap_or_default().counts();
    let running = || {
        eprintln!("{} replayers finish what is under way", counts.running + counts.idle);
        Ok(())
    };
    living::ended(&board, "replay", running).await?;
    launcher.end()?;
    let picture = Picture::take(&board).await.map_err(failed)?;
    let message = format!(
        "Replayer stopped successfully.\nFleet set to 0 desired count. Currently {} running and {} pending.",
        counts.running, counts.pending
    );
    report("stop", &message, Vec::new(), picture, as_json)
}

fn failed(error: CoordinationError) -> Failure {
    Failure::Failed(error.into())
}

fn report(
    action: &str,
    message: &str,
    started: Vec<String>,
    picture: Option<Picture>,
    as_json: bool,
) -> Result<(), Failure> {
    let status = Status::of(Ok(picture));
    let mut out = Output::stdout();
    if as_json {
        out.json(&json!({"schema": SCHEMA, "action": action, "started": started, "status": status.json()}))?;
    } else {
        out.line(message)?;
        status.print(&mut out)?;
    }
    out.flush()
}
