//! The report for people.

use std::io::{self, Write};

use super::{Outcome, Percentiles, Requests};

/// Writes the report.
///
/// # Errors
/// Of `out`.
pub fn write(out: &mut impl Write, outcome: &Outcome) -> io::Result<()> {
    let report = &outcome.report;
    let Requests { replayed, unreplayable, same, different, not_comparable } = report.requests;
    writeln!(out, "Replay report")?;
    writeln!(
        out,
        "  requests     {replayed} replayed in {:.1} s ({:.0}/s), {unreplayable} unreplayable, {} read and not replayed",
        outcome.duration.as_secs_f64(),
        outcome.rate(),
        outcome.not_replayed
    )?;
    writeln!(out, "  answers      {same} same, {different} different, {not_comparable} not comparable")?;
    let [source, target, lag] = outcome.percentiles();
    latency(out, "source", source)?;
    latency(out, "target", target)?;
    latency(out, "pacing lag", lag)?;
    writeln!(out, "  retries      {}", report.retries)?;
    let notes = &report.notes;
    writeln!(
        out,
        "  ids          {} generated ids taken from the source, {} unknown; {} scroll ids replaced",
        notes.ids_taken, notes.ids_unknown, notes.scroll_ids
    )?;
    input(out, outcome)?;
    writeln!(out, "\nBy endpoint        replayed       same  different  not comparable")?;
    for (endpoint, requests) in &report.by_endpoint {
        let name = endpoint.name();
        let Requests { replayed, same, different, not_comparable, .. } = requests;
        writeln!(out, "  {name:<14} {replayed:>10} {same:>10} {different:>10} {not_comparable:>15}")?;
    }
    writeln!(out, "\nStatus source -> target")?;
    let status = |status: &Option<u16>| status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    for ((source, target), count) in &report.statuses {
        writeln!(out, "  {:>4} -> {:<4} {count:>10}", status(source), status(target))?;
    }
    differences(out, outcome)?;
    for (title, counts) in
        [("Not comparable", &report.not_comparable), ("Expected differences", &report.expected)]
    {
        if !counts.is_empty() {
            writeln!(out, "\n{title}")?;
        }
        for (reason, count) in counts {
            writeln!(out, "  {count:>10}  {reason}")?;
        }
    }
    writeln!(out, "\n{}", outcome.verdict())
}

fn latency(out: &mut impl Write, name: &str, percentiles: Percentiles) -> io::Result<()> {
    let Percentiles { p50, p90, p99, max } = percentiles;
    writeln!(out, "  {name:<12} p50 {p50:.2} ms, p90 {p90:.2} ms, p99 {p99:.2} ms, max {max:.2} ms")
}

fn input(out: &mut impl Write, outcome: &Outcome) -> io::Result<()> {
    let input = &outcome.input;
    writeln!(
        out,
        "  input        {} records, {} bytes, {} requests; {} duplicates ignored, {} incomplete requests, {} connections resumed",
        input.records,
        input.bytes,
        input.requests,
        input.duplicates,
        input.incomplete_requests,
        input.resumed_connections
    )?;
    writeln!(out, "  gaps         {} ({} requests known to be missing)", input.gaps, input.gap_requests)?;
    examples(out, &input.gap_examples)?;
    if input.unframed > 0 {
        writeln!(out, "  unframed     {} ({} bytes)", input.unframed, input.unframed_bytes)?;
        examples(out, &input.unframed_examples)?;
    }
    if input.bad_records > 0 {
        writeln!(out, "  bad records  {}", input.bad_records)?;
        examples(out, &input.bad_record_examples)?;
    }
    Ok(())
}

fn examples(out: &mut impl Write, examples: &[String]) -> io::Result<()> {
    examples.iter().try_for_each(|example| writeln!(out, "    {example}"))
}

fn differences(out: &mut impl Write, outcome: &Outcome) -> io::Result<()> {
    let report = &outcome.report;
    if !report.groups.is_empty() {
        writeln!(out, "\nDifferences (the id is \"connectionId\" in tuples.log)")?;
    }
    let mut groups: Vec<_> = report.groups.iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.count));
    for (key, group) in groups {
        let endpoint = key.endpoint.name();
        let path = if key.path.is_empty() { "answer" } else { &key.path };
        writeln!(out, "  {:>8} x {endpoint} {} {path}", group.count, key.kind)?;
        for example in &group.examples {
            writeln!(out, "             {} [{}]", example.request, example.id)?;
            writeln!(out, "               source {}", example.source)?;
            writeln!(out, "               target {}", example.target)?;
        }
    }
    if report.ungrouped > 0 {
        writeln!(out, "  {:>8} x of further kinds", report.ungrouped)?;
    }
    Ok(())
}
