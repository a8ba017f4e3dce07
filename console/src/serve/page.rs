//! The page. It is whole without its script, which only puts newer versions of it in place: what changed is changed, so
//! that neither the focus nor a screen reader's place is lost.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::latest::Shown;
use crate::overview::view::{self, Row, Table, View};
use crate::overview::{Next, Overview, State};
use crate::readable::{span, time};

/// What is older than this is told to be stale: several looks have not come back.
const STALE_AGE: Duration = Duration::from_secs(60);
/// Rows of a table; the JSON has more.
const MAX_ROWS: usize = 200;

/// Of HTML, whatever is in it.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c if c.is_control() => f.write_str("\u{fffd}")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// All of it.
pub(super) fn whole(shown: &Shown) -> String {
    let mut html = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut html, shown);
    html
}

fn write(html: &mut String, shown: &Shown) -> fmt::Result {
    let word = shown.overview.as_ref().map_or("not seen yet".to_owned(), |overview| overview.state.short());
    write!(
        html,
        r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{word} - migration</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="data:,">
<script src="/page.js" defer></script>
<noscript><meta http-equiv="refresh" content="10"></noscript>
</head>
<body data-age-ms="{}">
<a class="skip" href="#phases">Skip to the phases</a>
"##,
        shown.age.as_millis()
    )?;
    let notice = notice(shown);
    match &shown.overview {
        Some(overview) => {
            header(html, overview, shown.age, &notice)?;
            html.push_str("<main id=\"main\">\n");
            next(html, &overview.next)?;
            let views = view::views(overview);
            contents(html, &views)?;
            for view in &views {
                phase(html, view)?;
            }
        }
        None => {
            write!(
                html,
                "<header>\n<h1>Migration</h1>\n<p id=\"notice\" role=\"status\">{}</p>\n</header>\n",
                Escaped(&notice)
            )?;
            html.push_str("<main id=\"main\">\n<p id=\"phases\">Nothing was seen yet.</p>\n");
        }
    }
    html.push_str(
        "</main>\n<footer><p>The same as <a href=\"/api/v1/status\">JSON</a> and as <a href=\"/metrics\">metrics</a>; in a terminal: <code>switchover status</code></p></footer>\n<p id=\"announcement\" class=\"unseen\" role=\"status\"></p>\n</body>\n</html>\n",
    );
    Ok(())
}

/// Why what is shown may not be so any more.
fn notice(shown: &Shown) -> String {
    match (&shown.overview, &shown.error) {
        (None, None) => "The first look is under way.".to_owned(),
        (_, Some(error)) => format!("Stale: the migration could not be looked at: {error}"),
        (Some(overview), None) if shown.age > STALE_AGE => {
            format!("Stale since {}: the console has learnt nothing new.", time(overview.at_unix_ms))
        }
        (Some(_), None) => String::new(),
    }
}

fn header(html: &mut String, overview: &Overview, age: Duration, notice: &str) -> fmt::Result {
    let at = time(overview.at_unix_ms);
    let address = |address: &Option<String>| {
        address
            .as_deref()
            .map_or("not in the services file".to_owned(), |address| Escaped(address).to_string())
    };
    write!(html, "<header>\n<h1>Migration ")?;
    state(html, &overview.state, "whole-state")?;
    write!(
        html,
        "</h1>\n<dl class=\"route\"><div><dt>from</dt><dd>{}</dd></div><div><dt>to</dt><dd>{}</dd></div><div><dt>seen</dt><dd>{at}, <span id=\"age\">{} ago</span></dd></div></dl>\n",
        address(&overview.source),
        address(&overview.target),
        span(age.as_secs())
    )?;
    if let Some(reason) = overview.state.reason() {
        writeln!(html, "<p class=\"reason\">See: {}</p>", Escaped(reason))?;
    }
    writeln!(html, "<p id=\"notice\" role=\"status\">{}</p>\n</header>", Escaped(notice))
}

/// The word, with a sign that does not need colours.
fn state(html: &mut String, state: &State, id: &str) -> fmt::Result {
    let sign = match state {
        State::NotStarted => "○",
        State::Running => "▶",
        State::Paused => "‖",
        State::Complete => "✓",
        State::CompleteWith(..) => "!",
        State::Blocked(_) => "✕",
        State::Unknown(_) => "?",
    };
    write!(
        html,
        "<span class=\"state\" id=\"{id}\" data-state=\"{}\"><span aria-hidden=\"true\">{sign}</span> {}</span>",
        state.word(),
        Escaped(&state.short())
    )
}

fn next(html: &mut String, next: &Next) -> fmt::Result {
    write!(
        html,
        "<section class=\"next\" aria-labelledby=\"next\">\n<h2 id=\"next\">Next</h2>\n<p>{}</p>\n",
        Escaped(&next.text)
    )?;
    if let Some(command) = &next.command {
        writeln!(html, "<pre tabindex=\"0\" aria-label=\"command\"><code>{}</code></pre>", Escaped(command))?;
    }
    html.push_str("</section>\n");
    Ok(())
}

fn contents(html: &mut String, views: &[View<'_>]) -> fmt::Result {
    html.push_str("<nav id=\"phases\" aria-label=\"Phases\">\n<ol>\n");
    for view in views {
        let key = view.name.key();
        let class = if view.summary.in_use { "" } else { " class=\"unused\"" };
        write!(html, "<li{class}><a href=\"#{key}\">{}</a> ", view.name.title())?;
        state(html, &view.summary.state, &format!("{key}-short"))?;
        html.push_str("</li>\n");
    }
    html.push_str("</ol>\n</nav>\n");
    Ok(())
}

fn phase(html: &mut String, view: &View<'_>) -> fmt::Result {
    let (key, title, summary) = (view.name.key(), view.name.title(), view.summary);
    let class = if summary.in_use { "phase" } else { "phase unused" };
    write!(
        html,
        "<section class=\"{class}\" id=\"{key}\" aria-labelledby=\"{key}-title\" tabindex=\"-1\">\n<h2 id=\"{key}-title\">{title}</h2>\n<p>"
    )?;
    state(html, &summary.state, &format!("{key}-state"))?;
    if !summary.in_use {
        html.push_str(" <span class=\"note\">no part of this migration</span>");
    }
    html.push_str("</p>\n");
    if let Some(reason) = summary.state.reason() {
        writeln!(html, "<p class=\"reason\">{}</p>", Escaped(reason))?;
    }
    if let Some(progress) = &summary.progress {
        let text = view::progress(progress);
        if let Some(percent) = progress.percent {
            writeln!(
                html,
                "<p class=\"progress\"><progress max=\"100\" value=\"{percent:.1}\" aria-label=\"{title}\">{text}</progress> <span>{text}</span></p>"
            )?;
        } else if !text.is_empty() {
            writeln!(html, "<p>{text}</p>")?;
        }
    }
    if !view.facts.is_empty() {
        html.push_str("<dl>\n");
        for fact in &view.facts {
            writeln!(html, "<div><dt>{}</dt><dd>{}</dd></div>", fact.label, Escaped(&fact.text))?;
        }
        html.push_str("</dl>\n");
    }
    if let Some(rows) = &view.table {
        table(html, key, rows)?;
    }
    html.push_str("</section>\n");
    Ok(())
}

/// In a region of its own that can be scrolled by keys.
fn table(html: &mut String, key: &str, table: &Table) -> fmt::Result {
    write!(
        html,
        "<div class=\"table\" role=\"region\" aria-labelledby=\"{key}-caption\" tabindex=\"0\">\n<table>\n<caption id=\"{key}-caption\">{}</caption>\n<thead><tr>",
        table.caption
    )?;
    for column in &table.columns {
        let class = if column.is_number { " class=\"number\"" } else { "" };
        write!(html, "<th scope=\"col\"{class}>{}</th>", column.label)?;
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in table.rows.iter().take(MAX_ROWS) {
        self::row(html, table, row)?;
    }
    html.push_str("</tbody>\n</table>\n</div>\n");
    match table.rows.len().saturating_sub(MAX_ROWS) as u64 + table.more {
        0 => Ok(()),
        more => writeln!(html, "<p class=\"note\">{more} more are in the JSON</p>"),
    }
}

fn row(html: &mut String, table: &Table, row: &Row) -> fmt::Result {
    html.push_str(if row.needs_attention { "<tr class=\"attention\">" } else { "<tr>" });
    for (at, (cell, column)) in row.cells.iter().zip(&table.columns).enumerate() {
        let cell = Escaped(cell);
        match (at, column.is_number) {
            (0, _) => write!(html, "<th scope=\"row\">{cell}</th>")?,
            (_, true) => write!(html, "<td class=\"number\">{cell}</td>")?,
            (_, false) => write!(html, "<td>{cell}</td>")?,
        }
    }
    html.push_str("</tr>\n");
    Ok(())
}

#[cfg(test)]
mod tests;
