//! The report as a page of its own: one file, nothing loaded from anywhere, no script.
//!
//! Everything that came from outside is escaped, whatever it is.

use std::fmt::{self, Display};
use std::io::{self, Write};

use super::document::{Differences, Document, Row};
use super::{Percentiles, Requests};

const STYLE: &str = include_str!("html/style.css");

/// Groups of differences that are unfolded.
const OPEN_GROUPS: usize = 10;

/// Writes the page.
///
/// # Errors
/// Of `out`.
pub fn write(out: &mut impl Write, report: &Document) -> io::Result<()> {
    let Requests { replayed, same, expected_difference, different, not_comparable, .. } = report.requests;
    let alarm = if report.exit_code == 0 { "good" } else { "bad" };
    write!(
        out,
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>Replay report</title><style>{STYLE}</style>\
         <h1>Replay report</h1><p class=\"verdict {alarm}\">{}</p>\
         <ul class=tiles><li><b>{replayed}</b> replayed<li><b>{same}</b> same<li><b>{expected_difference}</b> expected \
         differences<li class=\"{}\"><b>{different}</b> different<li><b>{not_comparable}</b> not comparable</ul>",
        Text(&report.verdict),
        if different > 0 { "bad" } else { "" },
    )?;
    if !report.findings.is_empty() {
        write!(out, "<h2>Slower on the target</h2><ul>")?;
        for finding in &report.findings {
            write!(out, "<li class=bad>{}", Text(finding))?;
        }
        write!(out, "</ul>")?;
    }
    differences(out, report)?;
    statuses(out, report)?;
    endpoints(out, report)?;
    for (title, counts, note) in [
        (
            "Expected differences",
            &report.expected_differences,
            "They come with the products; docs/comparison.md explains each.",
        ),
        ("Not comparable", &report.not_comparable, "Nothing is known about these answers but their status."),
    ] {
        let mut counts = Document::counts(counts).peekable();
        if counts.peek().is_some() {
            write!(out, "<h2>{title}</h2><p>{note}</p><table>")?;
            for (reason, count) in counts {
                write!(out, "<tr><td class=number>{count}<td>{}", Text(reason))?;
            }
            write!(out, "</table>")?;
        }
    }
    if !report.learnt_noise.is_empty() {
        write!(out, "<h2>Learnt noise</h2><p>These differed between two answers of the source.</p><table>")?;
        for noise in &report.learnt_noise {
            let part = |name: &str| noise.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
            write!(out, "<tr><td>{}<td><code>{}</code>", Text(part("endpoint")), Text(part("path")))?;
        }
        write!(out, "</table>")?;
    }
    facts(out, report)?;
    writeln!(out, "</html>")
}

fn differences(out: &mut impl Write, report: &Document) -> io::Result<()> {
    write!(out, "<h2>Differences</h2>")?;
    if report.differences.is_empty() {
        return write!(out, "<p>None.</p>");
    }
    write!(
        out,
        "<p>By cause, the most frequent first. The id is <code>connectionId</code> in the tuples.</p>"
    )?;
    for (at, Differences { endpoint, kind, path, count, examples }) in report.differences.iter().enumerate() {
        let open = if at < OPEN_GROUPS { " open" } else { "" };
        let path = if path.is_empty() { "answer" } else { path };
        write!(
            out,
            "<details{open}><summary><b>{count}</b> &times; {} {} <code>{}</code></summary><table class=examples>\
             <tr><th>Request<th>Source<th>Target",
            Text(endpoint),
            Text(kind),
            Text(path)
        )?;
        for example in examples {
            write!(
                out,
                "<tr><td><code>{}</code><br><small>{}</small><td><pre>{}</pre><td><pre>{}</pre>",
                Text(&example.request),
                Text(&example.id),
                Text(&example.source),
                Text(&example.target)
            )?;
        }
        write!(out, "</table></details>")?;
    }
    if report.differences_not_grouped > 0 {
        write!(out, "<p>And {} others, of further kinds.</p>", report.differences_not_grouped)?;
    }
    Ok(())
}

/// Statuses of the source down, of the target across.
fn statuses(out: &mut impl Write, report: &Document) -> io::Result<()> {
    let mut columns: Vec<_> = report.statuses.iter().map(|status| status.target).collect();
    let mut rows: Vec<_> = report.statuses.iter().map(|status| status.source).collect();
    for list in [&mut columns, &mut rows] {
        list.sort_unstable();
        list.dedup();
    }
    let name = |status: Option<u16>| status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    write!(out, "<h2>Status</h2><table class=matrix><tr><th>source \\ target")?;
    for column in &columns {
        write!(out, "<th>{}", name(*column))?;
    }
    for row in rows {
        write!(out, "<tr><th>{}", name(row))?;
        for column in &columns {
            let found =
                report.statuses.iter().find(|status| status.source == row && status.target == *column);
            match found {
                Some(status) => {
                    let class = if row == *column { "good" } else { "bad" };
                    write!(out, "<td class=\"number {class}\">{}", status.count)?;
                }
                None => write!(out, "<td>")?,
            }
        }
    }
    write!(out, "</table>")
}

fn endpoints(out: &mut impl Write, report: &Document) -> io::Result<()> {
    write!(
        out,
        "<h2>By endpoint</h2><p>Latencies in milliseconds, from the first byte of a request to the last of its answer, \
         of answers that both sides have.</p><div class=wide><table><tr><th rowspan=2>endpoint<th rowspan=2>replayed\
         <th rowspan=2>same<th rowspan=2>expected<th rowspan=2>different<th rowspan=2>not comparable\
         <th colspan=4>source<th colspan=4>target<tr>"
    )?;
    for _ in 0..2 {
        write!(out, "<th>p50<th>p90<th>p99<th>p99.9")?;
    }
    for Row { endpoint, requests, latency_ms } in &report.by_endpoint {
        let Requests { replayed, same, expected_difference, different, not_comparable, .. } = requests;
        let class = if *different > 0 { "number bad" } else { "number" };
        write!(
            out,
            "<tr><th>{}<td class=number>{replayed}<td class=number>{same}<td class=number>{expected_difference}\
             <td class=\"{class}\">{different}<td class=number>{not_comparable}",
            Text(endpoint)
        )?;
        percentiles(out, latency_ms.source)?;
        percentiles(out, latency_ms.target)?;
    }
    write!(out, "<tr><th>all<td colspan=5>")?;
    percentiles(out, report.latency_ms.source)?;
    percentiles(out, report.latency_ms.target)?;
    write!(out, "</table></div>")
}

fn percentiles(out: &mut impl Write, percentiles: Percentiles) -> io::Result<()> {
    let Percentiles { p50, p90, p99, p999, .. } = percentiles;
    [p50, p90, p99, p999].into_iter().try_for_each(|value| write!(out, "<td class=number>{value:.2}"))
}

fn facts(out: &mut impl Write, report: &Document) -> io::Result<()> {
    if report.facts.is_empty() {
        return Ok(());
    }
    write!(out, "<h2>The run</h2><table>")?;
    for fact in &report.facts {
        let class = if fact.alarming { " class=bad" } else { "" };
        write!(out, "<tr><th>{}<td{class}>{}", Text(fact.label), Text(&fact.text))?;
        for example in &fact.examples {
            write!(out, "<br><small>{}</small>", Text(example))?;
        }
    }
    write!(out, "</table>")
}

/// Text for a page. Control characters are no text.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            '\n' | '\t' => f.write_str(" "),
            control if control.is_control() => f.write_str("\u{fffd}"),
            character => write!(f, "{character}"),
        })
    }
}
