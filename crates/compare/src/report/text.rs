//! The report for a terminal.

use std::io::{self, Write};

use super::document::{Document, Latency};
use super::{Percentiles, Requests};

/// Writes the report. Control characters of what was answered never reach the terminal.
///
/// # Errors
/// Of `out`.
pub fn write(out: &mut impl Write, report: &Document) -> io::Result<()> {
    writeln!(out, "Replay report")?;
    for fact in &report.facts {
        writeln!(out, "  {:<13}{}", fact.label, printable(&fact.text))?;
        for example in &fact.examples {
            writeln!(out, "    {}", printable(example))?;
        }
    }
    let Requests { same, expected_difference, different, not_comparable, .. } = report.requests;
    writeln!(
        out,
        "  answers      {same} same, {expected_difference} expected differences, {different} different, {not_comparable} not comparable"
    )?;
    latency(out, "source", report.latency_ms.source)?;
    latency(out, "target", report.latency_ms.target)?;
    for finding in &report.findings {
        writeln!(out, "  SLOWER       {finding}")?;
    }
    endpoints(out, report)?;
    writeln!(out, "\nStatus source -> target")?;
    let status = |status: Option<u16>| status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    for pair in &report.statuses {
        let marked = if pair.source == pair.target { "" } else { "  <- different" };
        writeln!(
            out,
            "  {:>4} -> {:<4} {:>10}{marked}",
            status(pair.source),
            status(pair.target),
            pair.count
        )?;
    }
    differences(out, report)?;
    for (title, counts) in
        [("Not comparable", &report.not_comparable), ("Expected differences", &report.expected_differences)]
    {
        if Document::counts(counts).next().is_some() {
            writeln!(out, "\n{title}")?;
        }
        for (reason, count) in Document::counts(counts) {
            writeln!(out, "  {count:>10}  {reason}")?;
        }
    }
    writeln!(out, "\n{}", printable(&report.verdict))
}

fn latency(out: &mut impl Write, name: &str, percentiles: Percentiles) -> io::Result<()> {
    let Percentiles { p50, p90, p99, p999, max, .. } = percentiles;
    writeln!(
        out,
        "  {name:<12} p50 {p50:.2} ms, p90 {p90:.2} ms, p99 {p99:.2} ms, p99.9 {p999:.2} ms, max {max:.2} ms"
    )
}

fn endpoints(out: &mut impl Write, report: &Document) -> io::Result<()> {
    writeln!(
        out,
        "\nBy endpoint   replayed       same   expected  different  not comparable   p50 / p99 ms source, target"
    )?;
    for row in &report.by_endpoint {
        let Requests { replayed, same, expected_difference, different, not_comparable, .. } = row.requests;
        let Latency { source, target } = &row.latency_ms;
        writeln!(
            out,
            "  {:<9} {replayed:>10} {same:>10} {expected_difference:>10} {different:>10} {not_comparable:>15}   {:.2} / {:.2}, {:.2} / {:.2}",
            row.endpoint, source.p50, source.p99, target.p50, target.p99
        )?;
    }
    Ok(())
}

fn differences(out: &mut impl Write, report: &Document) -> io::Result<()> {
    if !report.differences.is_empty() {
        writeln!(out, "\nDifferences (the id is \"connectionId\" in the tuples)")?;
    }
    for group in &report.differences {
        let path = if group.path.is_empty() { "answer" } else { &group.path };
        writeln!(out, "  {:>8} x {} {} {}", group.count, group.endpoint, group.kind, printable(path))?;
        for example in &group.examples {
            writeln!(out, "             {} [{}]", printable(&example.request), printable(&example.id))?;
            writeln!(out, "               source {}", printable(&example.source))?;
            writeln!(out, "               target {}", printable(&example.target))?;
        }
    }
    if report.differences_not_grouped > 0 {
        writeln!(out, "  {:>8} x others, of further kinds", report.differences_not_grouped)?;
    }
    Ok(())
}

fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}
