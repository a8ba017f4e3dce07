//! Stdout, with a closed pipe told apart from a failure.

use std::fmt;
use std::io::{BufWriter, StdoutLock, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// Of the objects that `--json` prints: raised when a key goes or changes its meaning; keys may be added.
const SCHEMA_VERSION: u32 = 1;
/// Characters of a column that others are lined up after; what is longer pushes them aside.
const MAX_COLUMN_CHARS: usize = 40;

/// Buffered: what must be seen now wants a [`flush`](Output::flush).
pub(crate) struct Output {
    out: BufWriter<StdoutLock<'static>>,
}

impl Output {
    pub(crate) fn stdout() -> Self {
        Self { out: BufWriter::new(std::io::stdout().lock()) }
    }

    pub(crate) fn line(&mut self, text: impl fmt::Display) -> Result<(), Failure> {
        writeln!(self.out, "{text}").map_err(Failure::of_output)
    }

    /// Lines as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.out.write_all(bytes).map_err(Failure::of_output)
    }

    /// One value on one line.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.out, value).map_err(|error| Failure::of_output(error.into()))?;
        self.out.write_all(b"\n").map_err(Failure::of_output)
    }

    /// The answer of a command with `--json`: one object, which says the version of its shape.
    pub(crate) fn document(&mut self, content: Map<String, Value>) -> Result<(), Failure> {
        let mut document = Map::from_iter([("schemaVersion".to_owned(), SCHEMA_VERSION.into())]);
        document.extend(content);
        self.json(&document)
    }

    /// Columns as wide as what is in them.
    pub(crate) fn table<const N: usize>(
        &mut self,
        heading: &[String; N],
        rows: &[[String; N]],
    ) -> Result<(), Failure> {
        let all = || std::iter::once(heading).chain(rows);
        let widths: Vec<_> = (0..N)
            .map(|at| all().map(|row| row[at].chars().count().min(MAX_COLUMN_CHARS)).max().unwrap_or(0))
            .collect();
        for row in all() {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            self.line(harmless(cells.collect::<Vec<_>>().join("  ").trim_end()))?;
        }
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::of_output)
    }
}

/// Names from a repository or a cluster must not steer the terminal.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
