//! The overview as lines of text.

use crate::output::harmless;
use crate::overview::Overview;
use crate::overview::view::{self, Row, Table, View};
use crate::readable::time;

/// Columns of what a phase is called.
const NAME_WIDTH: usize = 14;
/// Rows of a table; the page and the JSON have more.
const MAX_ROWS: usize = 20;
/// Characters of a cell; a reason in one is told in full in the phase's word.
const MAX_CELL_CHARS: usize = 48;

/// The screen.
pub(super) fn whole(overview: &Overview) -> Vec<String> {
    let mut lines = vec![
        head("migration", &overview.state.to_string()),
        head("at", &time(overview.at_unix_ms)),
        head("source", overview.source.as_deref().unwrap_or("not in the services file")),
        head("target", overview.target.as_deref().unwrap_or("not in the services file")),
        head("next", &overview.next.text),
    ];
    lines.extend(overview.next.command.as_ref().map(|command| head("", command)));
    for view in view::views(overview) {
        lines.push(String::new());
        phase(&view, &mut lines);
    }
    lines.iter().map(|line| harmless(line.trim_end())).collect()
}

/// One look on one line.
pub(super) fn one_line(overview: &Overview) -> String {
    let parts = overview.phases().into_iter().filter(|(_, summary)| summary.in_use).map(|(name, summary)| {
        let progress = summary.progress.as_ref().map(view::progress).filter(|progress| !progress.is_empty());
        let progress = progress.map(|progress| format!(" ({progress})")).unwrap_or_default();
        format!("{} {}{progress}", name.title(), summary.state)
    });
    let parts = parts.collect::<Vec<_>>().join("; ");
    harmless(&format!("{} {}; {parts}", time(overview.at_unix_ms), overview.state))
}

fn head(name: &str, text: &str) -> String {
    format!("{name:<NAME_WIDTH$}{text}")
}

fn phase(view: &View<'_>, lines: &mut Vec<String>) {
    let state = &view.summary.state;
    let note = if view.summary.in_use { "" } else { " (no part of this migration)" };
    lines.push(head(view.name.title(), &format!("{state}{note}")));
    let progress = view.summary.progress.as_ref().map(view::progress).filter(|progress| !progress.is_empty());
    lines.extend(progress.map(|progress| head("  progress", &progress)));
    for fact in &view.facts {
        match fact.label.len() + 2 < NAME_WIDTH {
            true => lines.push(head(&format!("  {}", fact.label), &fact.text)),
            false => lines.push(format!("  {}: {}", fact.label, fact.text)),
        }
    }
    lines.extend(view.table.as_ref().into_iter().flat_map(table));
}

fn table(table: &Table) -> Vec<String> {
    let headings: Vec<_> = table.columns.iter().map(|column| column.label.to_owned()).collect();
    let rows: Vec<_> = table.rows.iter().take(MAX_ROWS).map(|row: &Row| shortened(&row.cells)).collect();
    let all = || std::iter::once(&headings).chain(&rows);
    let width =
        |at: usize| all().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..headings.len()).map(width).collect();
    let mut lines: Vec<_> = all()
        .map(|row| {
            let cells = row.iter().zip(&widths).zip(&table.columns).map(|((cell, width), column)| {
                if column.is_number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            format!("  {}", cells.collect::<Vec<_>>().join("  "))
        })
        .collect();
    let more = table.rows.len().saturating_sub(MAX_ROWS) as u64 + table.more;
    if more > 0 {
        lines.push(format!("  ... {more} more (--json, or switchover serve)"));
    }
    lines
}

fn shortened(cells: &[String]) -> Vec<String> {
    let short = |cell: &String| match cell.chars().count() > MAX_CELL_CHARS {
        true => cell.chars().take(MAX_CELL_CHARS - 1).chain(['…']).collect(),
        false => cell.clone(),
    };
    cells.iter().map(short).collect()
}

#[cfg(test)]
mod tests;
