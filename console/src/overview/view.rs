//! A phase as it is shown, on a screen or a page: a few facts and at most one table. Both show the same words.

use super::phase::{Fact, Name, Progress, Summary};
use super::{Agent, Overview};
use crate::readable::{self, byte_rate, bytes, count, percent, span, time};

/// A phase.
#[derive(Debug, Clone)]
pub(crate) struct View<'a> {
    pub(crate) name: Name,
    pub(crate) summary: &'a Summary,
    pub(crate) facts: Vec<Fact>,
    pub(crate) table: Option<Table>,
}

/// Rows that are told one by one.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) caption: &'static str,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// Rows beyond those.
    pub(crate) more: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) label: &'static str,
    /// Numbers are lined up at their end.
    pub(crate) is_number: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// A person must look at it.
    pub(crate) needs_attention: bool,
    pub(crate) cells: Vec<String>,
}

fn columns<const N: usize>(columns: [(&'static str, bool); N]) -> Vec<Column> {
    columns.map(|(label, is_number)| Column { label, is_number }).to_vec()
}

/// All phases, in the order of a migration.
pub(crate) fn views(overview: &Overview) -> Vec<View<'_>> {
    let view = |(name, summary)| {
        let (mut facts, table) = match name {
            Name::Agents => (Vec::new(), agents(overview)),
            Name::Snapshot => (snapshot(overview), None),
            Name::Metadata => (metadata(overview), None),
            Name::Backfill => (backfill(overview), indices(overview)),
            Name::Replay => (replay(overview), None),
            Name::Differences => (verdicts(overview), differences(overview)),
            Name::Verification => (verification(overview), None),
            Name::Cutover => (Vec::new(), None),
        };
        facts.extend(summary_facts(summary));
        View { name, summary, facts, table }
    };
    overview.phases().into_iter().map(view).collect()
}

fn summary_facts(summary: &Summary) -> Vec<Fact> {
    let mut facts = summary.facts.clone();
    if let Some(reason) = summary.progress.as_ref().and_then(|progress| progress.stands_still.clone()) {
        facts.insert(0, fact("stands still", reason));
    }
    facts
}

/// `42.0%, 12.0 MiB/s, 12 min left`.
pub(crate) fn progress(progress: &Progress) -> String {
    let parts = [
        progress.percent.map(percent),
        progress.bytes_per_second.map(byte_rate),
        progress.eta_seconds.filter(|seconds| *seconds > 0).map(|seconds| format!("{} left", span(seconds))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn fact(label: &'static str, text: impl Into<String>) -> Fact {
    Fact { label, text: text.into() }
}

fn agents(overview: &Overview) -> Option<Table> {
    let details = overview.agents.details.as_ref()?;
    let shown = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), count);
    let row = |agent: &Agent| Row {
        needs_attention: agent.state != "capturing",
        cells: vec![
            agent.node.clone().unwrap_or_else(|| agent.address.clone()),
            match (agent.state.as_str(), &agent.reason) {
                (super::agents::NO_ANSWER, _) => "no answer".to_owned(),
                (state, Some(reason)) => format!("{state}: {reason}"),
                (state, None) => state.to_owned(),
            },
            agent.requests_per_second.map_or_else(|| "-".to_owned(), readable::rate),
            shown(agent.held_requests),
            shown(agent.gap_count),
            shown(agent.open_connections),
        ],
    };
    Some(Table {
        caption: "Each agent",
        columns: columns([
            ("agent", false),
            ("state", false),
            ("requests/s", true),
            ("held", true),
            ("gaps", true),
            ("connections", true),
        ]),
        rows: details.agents.iter().map(row).collect(),
        more: 0,
    })
}

fn snapshot(overview: &Overview) -> Vec<Fact> {
    let Some(details) = &overview.snapshot.details else { return Vec::new() };
    let mut facts = vec![fact("snapshot", format!("{} in {}", details.name, details.repository))];
    if let (Some(done), Some(all)) = (details.shards_done, details.shards) {
        facts.push(fact("shards", format!("{} of {}", count(done), count(all))));
    }
    if let (Some(done), Some(all)) = (details.bytes_done, details.bytes) {
        facts.push(fact("bytes", format!("{} of {}", bytes(done), bytes(all))));
    }
    facts.extend(details.began_unix_ms.map(|at| fact("began", time(at))));
    facts.extend(details.ended_unix_ms.map(|at| fact("ended", time(at))));
    facts
}

fn metadata(overview: &Overview) -> Vec<Fact> {
    let Some(details) = &overview.metadata.details else { return Vec::new() };
    let counted = [
        (details.created, "created"),
        (details.updated, "updated"),
        (details.unchanged, "unchanged"),
        (details.differs, "otherwise on the target"),
        (details.left_out, "left out"),
        (details.failed, "failed"),
    ];
    let told = counted.iter().filter(|(number, _)| *number > 0);
    let told: Vec<_> = told.map(|(number, what)| format!("{} {what}", count(*number))).collect();
    vec![fact("items", told.join(", ")), fact("last run", time(details.last_run_unix_ms))]
}

fn backfill(overview: &Overview) -> Vec<Fact> {
    let Some(details) = &overview.backfill.details else { return Vec::new() };
    let mut facts = Vec::new();
    if details.bytes > 0 {
        facts.push(fact("bytes", format!("{} of {}", bytes(details.bytes_done), bytes(details.bytes))));
        let rate = match details.documents_per_second > 0.0 {
            true => format!(", {} a second", readable::rate(details.documents_per_second)),
            false => String::new(),
        };
        let failed = count(details.failed_documents);
        facts.push(fact("documents", format!("{}{rate}, {failed} failed", count(details.documents))));
    }
    if details.dropped_documents > 0 {
        facts.push(fact("left out by rules", format!("{} documents", count(details.dropped_documents))));
    }
    if details.workers_desired > 0 || details.workers_running > 0 {
        facts
            .push(fact("workers", format!("{} of {} run", details.workers_running, details.workers_desired)));
    }
    facts.extend(details.began_unix_ms.map(|at| fact("began", time(at))));
    facts.extend(details.ended_unix_ms.map(|at| fact("ended", time(at))));
    facts
}

fn indices(overview: &Overview) -> Option<Table> {
    let details = overview.backfill.details.as_ref().filter(|details| !details.indices.is_empty())?;
    let row = |index: &super::IndexRow| Row {
        needs_attention: index.state.exit_code() == 4,
        cells: vec![
            index.name.clone(),
            index.state.to_string(),
            percent(index.percent),
            bytes(index.bytes),
            count(index.documents),
            count(index.failed_documents),
        ],
    };
    Some(Table {
        caption: "Each index",
        columns: columns([
            ("index", false),
            ("state", false),
            ("done", true),
            ("size", true),
            ("documents", true),
            ("failed", true),
        ]),
        rows: details.indices.iter().map(row).collect(),
        more: details.indices_not_listed,
    })
}

fn replay(overview: &Overview) -> Vec<Fact> {
    let Some(details) = &overview.replay.details else { return Vec::new() };
    let mut facts = Vec::new();
    let behind = match details.behind_ms {
        Some(millis) => format!("{} behind the source", span(millis / 1_000)),
        None => "not known".to_owned(),
    };
    let until = details.live_in_ms.filter(|millis| *millis >= 1_000);
    let until = until.map(|millis| format!(", caught up in {}", span(millis / 1_000))).unwrap_or_default();
    facts.push(fact("lag", behind + &until));
    facts.extend(details.lag_records.map(|records| fact("waiting", format!("{} records", count(records)))));
    let rate = readable::rate(details.requests_per_second);
    facts.push(fact("requests", format!("{}, {rate} a second", count(details.replayed))));
    if let Some(oldest) = &details.oldest {
        let since = span(oldest.seconds);
        facts.push(fact("oldest pending", format!("{} since {since}: {}", oldest.request, oldest.reason)));
    }
    if details.dead_letters > 0 {
        facts.push(fact(
            "dead letters",
            format!("{} requests given up, and kept", count(details.dead_letters)),
        ));
    }
    if details.losses > 0 {
        facts.push(fact(
            "gaps",
            format!("{} places where captured traffic is missing", count(details.losses)),
        ));
    }
    if details.replayers_desired > 0 || details.replayers_running > 0 {
        let running = details.replayers_running;
        facts.push(fact("replayers", format!("{running} of {} run", details.replayers_desired)));
    }
    facts
}

fn verdicts(overview: &Overview) -> Vec<Fact> {
    let Some(details) = &overview.differences.details else { return Vec::new() };
    let text = format!(
        "{} same, {} expected differences, {} different, {} not comparable",
        count(details.same),
        count(details.expected_difference),
        count(details.different),
        count(details.not_comparable)
    );
    vec![fact("answers", text)]
}

fn differences(overview: &Overview) -> Option<Table> {
    let details = overview.differences.details.as_ref().filter(|details| !details.groups.is_empty())?;
    let row = |group: &super::differences::Group| Row {
        needs_attention: false,
        cells: vec![group.endpoint.clone(), group.kind.clone(), group.path.clone(), count(group.count)],
    };
    Some(Table {
        caption: "Kinds of differences",
        columns: columns([("endpoint", false), ("kind", false), ("place", false), ("count", true)]),
        rows: details.groups.iter().map(row).collect(),
        more: 0,
    })
}

fn verification(overview: &Overview) -> Vec<Fact> {
    let Some(details) = &overview.verification.details else { return Vec::new() };
    let writes = |writes: Option<u64>| writes.map_or_else(|| "unknown".to_owned(), count);
    vec![
        fact("compared", format!("{} documents, {}", count(details.documents), time(details.at_unix_ms))),
        fact(
            "writes since",
            format!(
                "{} on the source, {} on the target",
                writes(details.source_writes),
                writes(details.target_writes)
            ),
        ),
    ]
}
