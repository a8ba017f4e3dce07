//! Tables of `_cat`, as text or as JSON: rows by their key columns, and the columns that tell of data.

use std::collections::BTreeMap;

use crate::json::{Kind, Tape};
use crate::verdict::{Comparison, Difference, MAX_DIFFERENCES_PER_PAIR, Verdict};
use switchover_rest::Call;

const NOT_A_TABLE: &str = "a _cat table with rows that can't be told apart";
pub(crate) const ABOUT_THE_CLUSTER: &str = "describes the cluster itself";

/// A table that tells of data.
struct Table {
    name: &'static str,
    /// As they are without `h`.
    columns: &'static [&'static str],
    key: &'static [&'static str],
    compared: &'static [&'static str],
}

const TABLES: [Table; 4] = [
    Table {
        name: "indices",
        columns: &[
            "health",
            "status",
            "index",
            "uuid",
            "pri",
            "rep",
            "docs.count",
            "docs.deleted",
            "store.size",
            "pri.store.size",
        ],
        key: &["index"],
        compared: &["status", "docs.count"],
    },
    Table { name: "count", columns: &["epoch", "timestamp", "count"], key: &[], compared: &["count"] },
    Table {
        name: "aliases",
        columns: &["alias", "index", "filter", "routing.index", "routing.search", "is_write_index"],
        key: &["alias", "index"],
        compared: &["filter", "routing.index", "routing.search", "is_write_index"],
    },
    Table {
        name: "templates",
        columns: &["name", "index_patterns", "order", "version", "composed_of"],
        key: &["name"],
        compared: &["index_patterns", "order"],
    },
];
/// Short names of columns, as they may stand in `h`.
const SHORT: [(&str, &str); 8] = [
    ("i", "index"),
    ("idx", "index"),
    ("s", "status"),
    ("dc", "docs.count"),
    ("docsCount", "docs.count"),
    ("c", "count"),
    ("dc", "count"),
    ("a", "alias"),
];

type Row = BTreeMap<String, String>;

/// Compares two tables.
pub(crate) fn compare(call: Call<'_>, source: &[u8], target: &[u8]) -> Comparison {
    let name = call.segments().nth(1).unwrap_or_default();
    let Some(table) = TABLES.iter().find(|table| table.name == name) else {
        return Comparison::not_comparable(ABOUT_THE_CLUSTER);
    };
    let (Some(source), Some(target)) = (rows(call, table, source), rows(call, table, target)) else {
        return Comparison::not_comparable(NOT_A_TABLE);
    };
    let mut differences = Vec::new();
    let mut differ = |kind, column: &str, source: Option<&String>, target: Option<&String>| {
        let shown = |cell: Option<&String>| cell.cloned().unwrap_or_else(|| "absent".to_owned());
        let path = format!("{name}.*.{column}");
        let known = differences.iter().any(|other: &Difference| other.kind == kind && other.path == path);
        if !known && differences.len() < MAX_DIFFERENCES_PER_PAIR {
            differences.push(Difference { kind, path, source: shown(source), target: shown(target) });
        }
    };
    let key_column = table.key.first().copied().unwrap_or("row");
    for (key, row) in &source {
        let Some(other) = target.get(key) else {
            differ("missing", key_column, Some(key), None);
            continue;
        };
        for column in table.compared {
            let (cell, other) = (row.get(*column), other.get(*column));
            if cell != other {
                differ("value", column, cell, other);
            }
        }
    }
    for key in target.keys().filter(|key| !source.contains_key(*key)) {
        differ("extra", key_column, None, Some(key));
    }
    let verdict = if differences.is_empty() { Verdict::Same } else { Verdict::Different };
    Comparison { verdict, differences, ..Comparison::same() }
}

/// The rows by key. `None` when the text is not such a table.
fn rows(call: Call<'_>, table: &Table, body: &[u8]) -> Option<BTreeMap<String, Row>> {
    let rows = if body.trim_ascii_start().starts_with(b"[") {
        from_json(body)?
    } else {
        from_text(call, table, body)?
    };
    let mut keyed = BTreeMap::new();
    for row in rows {
        let key: Option<Vec<&str>> =
            table.key.iter().map(|column| row.get(*column).map(String::as_str)).collect();
        let key = key?.join(" ");
        if keyed.insert(key, row).is_some() {
            return None;
        }
    }
    Some(keyed)
}

fn from_json(body: &[u8]) -> Option<Vec<Row>> {
    let mut tape = Tape::default();
    let value = tape.parse(body)?;
    let text = |value: crate::json::Value<'_>| match value.kind() {
        Kind::Text => value.text().unwrap_or_default().into_owned(),
        _ => String::from_utf8_lossy(value.raw()).into_owned(),
    };
    let row = |row: crate::json::Value<'_>| {
        row.fields().map(|(name, cell)| (long(&String::from_utf8_lossy(name)), text(cell))).collect()
    };
    (value.kind() == Kind::Array).then(|| value.items().map(row).collect())
}

fn from_text(call: Call<'_>, table: &Table, body: &[u8]) -> Option<Vec<Row>> {
    let text = std::str::from_utf8(body).ok()?;
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let named = call.parameter("h").map(|columns| columns.replace("%2C", ","));
    let columns: Vec<String> = match (call.parameter("v"), named) {
        (Some("" | "true"), _) => lines.next().unwrap_or_default().split_whitespace().map(long).collect(),
        (_, Some(named)) => named.split(',').map(long).collect(),
        _ => table.columns.iter().map(|column| (*column).to_owned()).collect(),
    };
    let mut rows = Vec::new();
    for line in lines {
        let cells: Vec<&str> = line.split_whitespace().collect();
        // A cell that is empty can't be seen between blanks. At the end of a row it can.
        let optional_end = if table.name == "templates" { 2 } else { 0 };
        if cells.len() > columns.len() || cells.len() + optional_end < columns.len() {
            return None;
        }
        rows.push(columns.iter().cloned().zip(cells.into_iter().map(str::to_owned)).collect());
    }
    Some(rows)
}

fn long(column: &str) -> String {
    SHORT.iter().find(|(short, _)| *short == column).map_or(column, |(_, long)| long).to_owned()
}
