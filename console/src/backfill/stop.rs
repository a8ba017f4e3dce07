//! `backfill stop` and `reset`: workers end, the working state becomes an archive, and the coordination index is gone.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use serde_json::json;
use switchover_coordinate::{Desired, DesiredState, unix_ms};

use super::archive;
use super::control::{SCHEMA, failed};
use super::phase::Phase;
use super::picture::Picture;
use super::settings::Settings;
use super::stopped::Stopped;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::fleet::launch::process;
use crate::fleet::{files, living};
use crate::output::Output;

const NOTHING_THERE: &str = "Working state index doesn't exist, skipping archive operation.";

pub(super) async fn stop(settings: &Settings, as_json: bool) -> Result<(), Failure> {
    let board = settings.board()?;
    let launcher = settings.launcher()?;
    let _lock = files::lock(&settings.session_dir())?;
    let mut out = Output::stdout();
    let mut say = |text: String| if as_json { Ok(()) } else { out.line(text).and_then(|()| out.flush()) };
    let mut archived = None;
    let mut phase = Phase::NotStarted;
    if board.exists().await.map_err(failed)? {
        let scale = board.desired().await.map_err(failed)?.and_then(|desired| desired.scale);
        board.want(Desired { state: DesiredState::Stop, scale }).await.map_err(failed)?;
        let counts = Picture::take(&board, false).await.map_err(failed)?.unwrap_or_default().counts();
        say("Backfill stopped successfully.".to_owned())?;
        say(format!(
            "Fleet set to 0 desired count. Currently {} running and {} pending.",
            counts.running, counts.pending
        ))?;
        say("Archiving the working state of the backfill operation...".to_owned())?;
        let running = || say("RFS Workers are still running, waiting for them to complete...".to_owned());
        living::ended(&board, "backfill", running).await?;
        launcher.end()?;
        let picture = Picture::take(&board, false).await.map_err(failed)?.unwrap_or_default();
        phase = Phase::of(&picture);
        if !phase.is_complete() {
            let all = &picture.overview.all;
            eprintln!("warning: stopped before the end: {} of {} bytes were loaded", all.bytes, all.size);
        }
        let path = archive::write(settings, &board).await?;
        let note = Stopped { phase: phase.to_string(), archive: path.clone(), at_unix_ms: unix_ms() };
        note.write(settings)?;
        board.remove().await.map_err(failed)?;
        say(format!("Backfill working state archived to: {}", path.display()))?;
        archived = Some(path);
    } else {
        launcher.end()?;
        say("Backfill stopped successfully.".to_owned())?;
        say(NOTHING_THERE.to_owned())?;
    }
    if as_json {
        out.json(&json!({"schema": SCHEMA, "action": "stop", "archive": archived, "phase": phase.word()}))?;
    }
    out.flush()
}

pub(super) async fn reset(
    settings: &Settings,
    failed_documents: bool,
    yes: bool,
    as_json: bool,
) -> Result<(), Failure> {
    let warning = "Resetting forgets how far the backfill is: the next start loads everything again, over what was written since.";
    confirm(warning, yes)?;
    let board = settings.board()?;
    let _lock = files::lock(&settings.session_dir())?;
    let mut archived: Option<PathBuf> = None;
    if board.exists().await.map_err(failed)? {
        board.refresh().await.map_err(failed)?;
        let members = board.members().await.map_err(failed)?;
        let (living, _) = living::split(&board, members).await.map_err(failed)?;
        if !living.is_empty() || !process::running(&settings.session_dir())?.is_empty() {
            return Err(anyhow!("workers are running; run `switchover backfill stop` first").into());
        }
        let path = archive::write(settings, &board).await?;
        board.remove().await.map_err(failed)?;
        archived = Some(path);
    }
    Stopped::forget(settings)?;
    let folder = settings.failed_documents();
    let mut deleted = false;
    if failed_documents && folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot delete {}", folder.display()))?;
        deleted = true;
    }
    let mut out = Output::stdout();
    if as_json {
        out.json(&json!({"schema": SCHEMA, "action": "reset", "archive": archived, "failedDocumentsDeleted": deleted}))?;
        return out.flush();
    }
    match archived {
        Some(path) => out.line(format_args!("Backfill working state archived to: {}", path.display()))?,
        None => out.line(NOTHING_THERE)?,
    }
    if deleted {
        out.line(format_args!("Deleted the failed documents in {}", folder.display()))?;
    }
    out.flush()
}
