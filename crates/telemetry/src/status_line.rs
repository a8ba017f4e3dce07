//! A line at the bottom of the terminal that is always new, and that log lines do not break: they go above it.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where the terminal does not say how wide it is.
const DEFAULT_COLUMNS: usize = 80;
/// To the line's begin, and what is there is gone (ECMA-48: CR, EL).
const CLEAR: &[u8] = b"\r\x1b[K";

static LINE: Mutex<String> = Mutex::new(String::new());

/// Shows it in place of the last one. Only for a stderr that is a terminal.
pub fn show(text: &str) {
    let mut line = lock();
    *line = fitting(text, columns());
    draw(&line);
}

/// Takes it away.
pub fn clear() {
    let mut line = lock();
    line.clear();
    draw(&line);
}

/// Stderr for a log on a terminal.
#[derive(Debug)]
pub(crate) struct Above;

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = lock();
        let mut out = io::stderr().lock();
        if !line.is_empty() {
            out.write_all(CLEAR)?;
        }
        out.write_all(bytes)?;
        out.write_all(line.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn draw(line: &str) {
    let mut out = io::stderr().lock();
    // A terminal that is gone is nobody's concern.
    let _ = out.write_all(CLEAR).and_then(|()| out.write_all(line.as_bytes())).and_then(|()| out.flush());
}

/// On one row, without what would steer the terminal.
fn fitting(text: &str, columns: usize) -> String {
    let room = columns.saturating_sub(1);
    let harmless = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    match text.chars().count() <= room {
        true => text.chars().map(harmless).collect(),
        false => text.chars().map(harmless).take(room.saturating_sub(1)).chain(['…']).collect(),
    }
}

fn columns() -> usize {
    terminal_size::terminal_size_of(io::stderr()).map_or(DEFAULT_COLUMNS, |(width, _)| width.0.into())
}

fn lock() -> MutexGuard<'static, String> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_on_one_row() {
        assert_eq!(fitting("5.0 % of 3 MB", 80), "5.0 % of 3 MB");
        assert_eq!(fitting("5.0 % of 3 MB", 8), "5.0 % …");
        assert_eq!(fitting("a\nb\x1b[2J", 80), "a\u{fffd}b\u{fffd}[2J");
        assert_eq!(fitting("abc", 0), "…");
    }
}
