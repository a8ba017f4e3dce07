//! A terminal that is drawn again in place. What is there is written over and nothing is switched, so that a process that
//! is killed leaves a sound terminal with the last picture on it.

use std::fmt::Write as _;

use crate::failure::Failure;
use crate::output::Output;

/// Where the terminal does not say how large it is.
const DEFAULT_SIZE: (usize, usize) = (80, 24);
/// To the top left (ECMA-48: CUP).
const HOME: &str = "\x1b[H";
/// To the line's end, and to the screen's, nothing is left (EL, ED).
const CLEAR_LINE: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";

pub(super) fn draw(lines: &[String]) -> Result<(), Failure> {
    let size = terminal_size::terminal_size_of(std::io::stdout());
    let size = size.map_or(DEFAULT_SIZE, |(width, height)| (width.0.into(), height.0.into()));
    let mut out = Output::stdout();
    out.bytes(picture(lines, size).as_bytes())?;
    out.flush()
}

/// As much as fits; what does not is told.
fn picture(lines: &[String], (width, height): (usize, usize)) -> String {
    let room = height.saturating_sub(1).max(1);
    let mut picture = String::from(HOME);
    let hidden = if lines.len() > room { lines.len() - (room - 1) } else { 0 };
    let note = (hidden > 0).then(|| format!("... {hidden} lines more: switchover status"));
    for line in lines.iter().take(lines.len() - hidden).chain(note.as_ref()) {
        let fits = line.chars().count() <= width;
        let shown: String = line.chars().take(if fits { width } else { width.saturating_sub(1) }).collect();
        // Writing to a string does not fail.
        let _ = writeln!(picture, "{shown}{}{CLEAR_LINE}\r", if fits { "" } else { "…" });
    }
    picture.push_str(CLEAR_BELOW);
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_too_long_and_no_picture_too_high() {
        let lines: Vec<_> = (0..50).map(|number| format!("{number} {}", "x".repeat(number))).collect();
        let drawn = picture(&lines, (20, 10));
        let rows: Vec<_> = drawn.lines().collect();
        assert_eq!(rows.len(), 10, "9 lines, and nothing behind the last line's end");
        assert!(rows[8].contains("... 42 lines mo"), "{drawn}");
        for row in &rows[..9] {
            let shown = row.trim_start_matches(HOME).trim_end_matches('\r').trim_end_matches(CLEAR_LINE);
            assert!(shown.chars().count() <= 20, "{shown}");
        }
        let all = picture(&lines[..3], (200, 10));
        assert_eq!(all.matches(CLEAR_LINE).count(), 3);
    }
}
