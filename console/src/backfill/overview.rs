//! The backfill as a phase of the migration.

use std::cmp::Reverse;

use switchover_coordinate::GroupOverview;

use super::phase::Phase as Word;
use super::picture::Picture;
use super::settings::Settings;
use super::stopped::Stopped;
use crate::overview::{Backfill, IndexRow, Lack, Phase, Progress, State, Summary};
use crate::services::{Services, Side};

/// Indices that are told one by one.
const MAX_INDICES: usize = 1_000;
/// Percent of what has all its bytes and is not ended: there is work without bytes.
const ALMOST_ALL: f64 = 99.9;
/// The group of what belongs to no index.
const NO_INDEX: &str = "*";

/// What the coordination index says, and what `backfill stop` left on this host.
pub(crate) async fn ask(services: &Services) -> Phase<Backfill> {
    if services.backfill_or_default().is_none() {
        return Phase::not_in_use("add a block backfill to the services file");
    }
    if services.endpoint(Side::Target).is_none() {
        return Phase::unknown("the services file has no target_cluster");
    }
    let settings = match Settings::of(services).await {
        Ok(settings) => settings,
        Err(failure) => return Phase::unknown(failure.to_string()),
    };
    let board = match settings.board() {
        Ok(board) => board,
        Err(failure) => return Phase::unknown(failure.to_string()),
    };
    match (Picture::take(&board, false).await, Stopped::read(&settings)) {
        (Err(error), _) => Phase::unknown(error.to_string()),
        (_, Err(failure)) => Phase::unknown(failure.to_string()),
        (Ok(Some(picture)), _) => {
            let mut phase = of_picture(&picture);
            if let Some(details) = &mut phase.details {
                details.failed_document_dir = Some(settings.failed_documents().display().to_string());
            }
            phase
        }
        (Ok(None), Ok(Some(stopped))) => of_stopped(&stopped),
        (Ok(None), Ok(None)) => Phase::default(),
    }
}

fn of_picture(picture: &Picture) -> Phase<Backfill> {
    let all = &picture.overview.all;
    let word = Word::of(picture);
    let state = match &word {
        Word::NotStarted => State::NotStarted,
        Word::Running => State::Running,
        Word::Paused => State::Paused,
        Word::Complete | Word::CompleteWithout { failed_documents: 0, .. } => State::Complete,
        Word::CompleteWithout { failed_documents, .. } => {
            State::CompleteWith(*failed_documents, Lack::FailedDocuments)
        }
        Word::Blocked(reason) => State::Blocked(reason.clone()),
        Word::Unknown(reason) => State::Unknown(reason.clone()),
    };
    let counts = picture.counts();
    let (indices, indices_not_listed) = rows(picture);
    let mut summary = Summary::new(state);
    if all.items > 0 {
        summary.progress = Some(progress(picture, &summary.state));
    }
    if all.skipped > 0 {
        summary.fact("left out", format!("{} parts of the snapshot, by choice", all.skipped));
    }
    if !picture.silent.is_empty() {
        let names: Vec<_> = picture.silent.iter().map(|member| member.identity.name.as_str()).collect();
        summary.fact("silent workers", names.join(", "));
    }
    let details = Backfill {
        workers_running: counts.running,
        workers_desired: counts.desired,
        silent_workers: picture.silent.iter().map(|member| member.identity.name.clone()).collect(),
        bytes: all.size,
        bytes_done: all.bytes,
        documents: all.documents,
        failed_documents: all.failed_documents,
        dropped_documents: all.dropped_documents,
        failed_parts: all.failed,
        skipped_parts: all.skipped,
        documents_per_second: picture.living.iter().map(|member| member.said.documents_per_second).sum(),
        began_unix_ms: picture.began_unix_ms,
        ended_unix_ms: picture.ended_unix_ms,
        archive: None,
        failed_document_dir: None,
        indices,
        indices_not_listed,
    };
    Phase { summary, details: Some(details) }
}

fn progress(picture: &Picture, state: &State) -> Progress {
    let all = &picture.overview.all;
    let rate = picture.bytes_per_second();
    let is_moving = *state == State::Running && rate > 0.0;
    let stands_still = match state {
        State::Running if picture.overview.open_phase == Some(0) => {
            Some("the snapshot's files are listed before documents are loaded".to_owned())
        }
        State::Running if !is_moving => {
            let reason = picture.living.iter().find_map(|member| member.said.reason.as_deref());
            Some(reason.unwrap_or("no bytes in the last seconds").to_owned())
        }
        State::Paused => Some("paused by a person".to_owned()),
        _ => None,
    };
    let percent = if *state == State::Running { all.percent().min(ALMOST_ALL) } else { all.percent() };
    Progress {
        percent: Some(percent),
        bytes_per_second: (*state == State::Running).then_some(rate),
        eta_seconds: is_moving.then(|| all.eta_seconds(rate)).flatten(),
        stands_still,
    }
}

fn rows(picture: &Picture) -> (Vec<IndexRow>, u64) {
    let groups = picture.overview.groups.iter().filter(|(name, _)| *name != NO_INDEX);
    let mut rows: Vec<(u8, IndexRow)> = groups.map(|(name, group)| row(name, group)).collect();
    rows.sort_by(|(one, a), (other, b)| {
        (one, Reverse(a.bytes), &a.name).cmp(&(other, Reverse(b.bytes), &b.name))
    });
    let not_listed = rows.len().saturating_sub(MAX_INDICES) as u64;
    (rows.into_iter().take(MAX_INDICES).map(|(_, row)| row).collect(), not_listed)
}

/// With its place among the others.
fn row(name: &str, group: &GroupOverview) -> (u8, IndexRow) {
    let (place, state) = match group {
        group if group.failed > 0 => {
            (0, State::Blocked(format!("{} parts could not be loaded", group.failed)))
        }
        group if group.open == 0 && group.failed_documents > 0 => {
            (1, State::CompleteWith(group.failed_documents, Lack::FailedDocuments))
        }
        group if group.open == 0 => (4, State::Complete),
        group if group.held > 0 || group.bytes > 0 => (2, State::Running),
        _ => (3, State::NotStarted),
    };
    let row = IndexRow {
        name: name.to_owned(),
        state,
        percent: if group.open > 0 { group.percent().min(ALMOST_ALL) } else { group.percent() },
        bytes: group.size,
        bytes_done: group.bytes,
        documents: group.documents,
        failed_documents: group.failed_documents,
    };
    (place, row)
}

fn of_stopped(stopped: &Stopped) -> Phase<Backfill> {
    let failed = stopped
        .phase
        .strip_prefix("complete with ")
        .and_then(|rest| rest.split(' ').next().and_then(|number| number.parse().ok()));
    let state = match (stopped.phase.as_str(), failed) {
        ("complete", _) | (_, Some(0)) => State::Complete,
        (_, Some(failed)) => State::CompleteWith(failed, Lack::FailedDocuments),
        ("not started", _) => State::NotStarted,
        (phase, None) => State::Blocked(format!(
            "stopped before the end ({phase}); `switchover backfill reset` lets it begin anew"
        )),
    };
    let mut summary = Summary::new(state);
    let archive = stopped.archive.display().to_string();
    summary.fact("stopped", format!("its working state is in {archive}"));
    let details =
        Backfill { archive: Some(archive), ended_unix_ms: Some(stopped.at_unix_ms), ..Backfill::default() };
    Phase { summary, details: Some(details) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stopped_keeps_its_last_word() {
        for (phase, expected) in [
            ("complete", "complete"),
            ("complete with 7 failed documents", "complete with 7 failed documents"),
            ("complete with 7 failed documents, 2 parts left out", "complete with 7 failed documents"),
            ("complete with 0 failed documents, 2 parts left out", "complete"),
            ("not started", "not started"),
            ("running", "blocked: stopped before the end (running)"),
            ("blocked: complete with 3", "blocked: stopped before the end (blocked: complete with 3)"),
        ] {
            let stopped = Stopped { phase: phase.into(), archive: "/a".into(), at_unix_ms: 1 };
            let shown = of_stopped(&stopped).summary.state.to_string();
            assert!(shown.starts_with(expected), "{phase}: {shown}");
        }
    }

    #[test]
    fn indices_that_need_somebody_come_first() {
        let group = |open, failed, failed_documents, bytes| GroupOverview {
            items: 2,
            open,
            failed,
            failed_documents,
            bytes,
            held: 0,
            size: 100,
            ..GroupOverview::default()
        };
        let mut picture = Picture::default();
        for (name, figures) in [
            ("*", group(1, 0, 0, 0)),
            ("done", group(0, 0, 0, 100)),
            ("waits", group(2, 0, 0, 0)),
            ("runs", group(1, 0, 0, 50)),
            ("refused", group(0, 0, 3, 100)),
            ("broken", group(0, 1, 0, 100)),
        ] {
            picture.overview.groups.insert(name.to_owned(), figures);
        }
        let (rows, not_listed) = rows(&picture);
        let shown: Vec<_> = rows.iter().map(|row| format!("{} {}", row.name, row.state.short())).collect();
        let expected = [
            "broken blocked",
            "refused complete with 3 failed documents",
            "runs running",
            "waits not started",
            "done complete",
        ];
        assert_eq!((shown, not_listed), (expected.map(String::from).to_vec(), 0));
    }
}
