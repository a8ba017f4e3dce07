//! The overview as figures for Prometheus.

use switchover_telemetry::figures::{self, Figure, FigureValue};

use super::latest::Shown;
use crate::overview::Overview;

/// Before each name.
pub(super) const PREFIX: &str = "switchover_migration";
/// Indices that have figures of their own, by size.
const MAX_INDICES: usize = 200;

pub(super) fn text(shown: &Shown) -> String {
    figures::text(PREFIX, all(shown))
}

fn all(shown: &Shown) -> Vec<Figure> {
    let level = |name, help, value: u64| Figure { name, help, value: FigureValue::Level(value) };
    let mut all =
        vec![level("look_failed", "1 while the migration can't be looked at", shown.error.is_some().into())];
    let Some(overview) = &shown.overview else { return all };
    all.push(level("age_seconds", "Age of these figures", shown.age.as_secs()));
    all.push(level(
        "state",
        "The whole: 0 complete, 1 unknown, 3 goes on, 4 a person must do something",
        overview.exit_code.into(),
    ));
    let phases = overview.phases();
    let in_use = || phases.iter().filter(|(_, summary)| summary.in_use);
    all.push(levels(
        "phase_state",
        "By phase: 0 complete, 1 unknown, 3 goes on, 4 a person must do something",
        "phase",
        in_use().map(|(name, summary)| (name.key().to_owned(), summary.state.exit_code().into())),
    ));
    let percent = |percent: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
        let whole = percent.clamp(0.0, 100.0) as u64;
        whole
    };
    let known = in_use().filter_map(|(name, summary)| {
        Some((name.key().to_owned(), percent(summary.progress.as_ref()?.percent?)))
    });
    all.push(levels("phase_percent", "How far a phase is, rounded down", "phase", known));
    agents(overview, &mut all);
    if let Some(details) = &overview.backfill.details {
        all.push(level("backfill_documents", "Documents that are loaded", details.documents));
        all.push(level(
            "backfill_failed_documents",
            "Documents that the target refused",
            details.failed_documents,
        ));
        let mut indices: Vec<_> = details.indices.iter().collect();
        indices.sort_by_key(|index| std::cmp::Reverse(index.bytes));
        indices.truncate(MAX_INDICES);
        let size = indices.iter().map(|index| (index.name.clone(), index.bytes));
        all.push(levels("index_bytes_size", "Bytes to be loaded", "index", size));
        let done = indices.iter().map(|index| (index.name.clone(), index.bytes_done));
        all.push(levels("index_bytes_done", "Bytes that are loaded", "index", done));
    }
    if let Some(details) = &overview.replay.details {
        all.push(level("replay_dead_letters", "Requests that were given up", details.dead_letters));
        if let Some(behind) = details.behind_ms {
            all.push(level(
                "replay_lag_milliseconds",
                "Age of the oldest request that is not replayed",
                behind,
            ));
        }
    }
    if let Some(details) = &overview.differences.details {
        all.push(level("different_answers", "Answers that differ", details.different));
    }
    all
}

fn agents(overview: &Overview, all: &mut Vec<Figure>) {
    let Some(details) = &overview.agents.details else { return };
    let by = |figure: fn(&crate::overview::Agent) -> Option<u64>| {
        let agents = details.agents.iter();
        agents.filter_map(move |agent| Some((agent.address.clone(), figure(agent)?))).collect::<Vec<_>>()
    };
    let capturing = by(|agent| Some((agent.state == "capturing").into()));
    all.push(levels("agent_capturing", "1 while all that clients write is captured", "agent", capturing));
    let held = by(|agent| agent.held_requests);
    all.push(levels("agent_held_requests", "Requests that Kafka does not have yet", "agent", held));
    all.push(levels(
        "agent_gaps",
        "Times when traffic passed uncaptured",
        "agent",
        by(|agent| agent.gap_count),
    ));
}

fn levels(
    name: &'static str,
    help: &'static str,
    label: &'static str,
    levels: impl IntoIterator<Item = (String, u64)>,
) -> Figure {
    Figure { name, help, value: FigureValue::Levels { label, levels: levels.into_iter().collect() } }
}
