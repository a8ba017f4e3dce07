//! A section of CRLF-ended lines (a head, the trailers), put together from any split.
//!
//! Each line is judged when its LF arrives and each control character when it is seen, not when the section
//! ends: a peer that does not speak HTTP/1 may wait for an answer long before it would have sent an empty line.
//! A section that lies whole in one input is never copied, and no byte is searched twice.

use std::ops::ControlFlow;

use memchr::memchr;

use crate::FramingError;

/// How far something that may be split over inputs has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// All of the input was consumed and more is needed.
    Partial,
    /// The end was reached.
    Complete,
    /// What was consumed last cannot be framed.
    Refused(FramingError),
}

/// How many bytes a section may have, and what it is refused for when it does not end within them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) bytes: usize,
    pub(crate) error: FramingError,
}

/// The part of a section seen so far.
#[derive(Debug, Default)]
pub(crate) struct Section {
    /// Bytes of earlier inputs; stays empty while the section lies in one input.
    earlier: Vec<u8>,
    line_start: usize,
    after_cr: bool,
    ended: bool,
}

impl Section {
    /// Reads on, calling `on_line` with each line (without its CRLF) until it breaks. Starts a new section if
    /// the last one has ended. Returns how much of `input` was consumed.
    pub(crate) fn feed(
        &mut self,
        input: &[u8],
        limit: Limit,
        mut on_line: impl FnMut(&[u8]) -> Result<ControlFlow<()>, FramingError>,
    ) -> (usize, Progress) {
        if self.ended {
            // Not cleared: one large head must not keep its memory for as long as the connection lives.
            *self = Section::default();
        }
        let before = self.earlier.len();
        let room = input.get(..limit.bytes.saturating_sub(before)).unwrap_or(input);
        let mut consumed = 0;
        loop {
            let rest = room.get(consumed..).unwrap_or_default();
            let line_end = memchr(b'\n', rest).map(|at| at + 1);
            let piece = rest.get(..line_end.unwrap_or(rest.len())).unwrap_or_default();
            if let Some((at, error)) = first_fault(piece, self.after_cr) {
                self.ended = true;
                return (consumed + at + 1, Progress::Refused(error));
            }
            consumed += piece.len();
            if before > 0 {
                self.earlier.extend_from_slice(piece);
            }
            if line_end.is_none() {
                if let Some(&last) = piece.last() {
                    self.after_cr = last == b'\r';
                }
                break;
            }
            self.after_cr = false;
            let section = if before > 0 { &self.earlier } else { room };
            let end = before + consumed;
            let line = section.get(self.line_start..end.saturating_sub(2)).unwrap_or_default();
            self.line_start = end;
            match on_line(line) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => {
                    self.ended = true;
                    return (consumed, Progress::Complete);
                }
                Err(error) => {
                    self.ended = true;
                    return (consumed, Progress::Refused(error));
                }
            }
        }
        if before + consumed >= limit.bytes {
            self.ended = true;
            return (consumed, Progress::Refused(limit.error));
        }
        if before == 0 {
            self.earlier.extend_from_slice(room);
        }
        (consumed, Progress::Partial)
    }

    /// Whether bytes of a section that has not ended were consumed.
    pub(crate) fn is_open(&self) -> bool {
        !self.ended && !self.earlier.is_empty()
    }

    /// The bytes of the section that just ended, given what [`Section::feed`] consumed last.
    pub(crate) fn bytes<'a>(&'a self, consumed: &'a [u8]) -> &'a [u8] {
        if self.earlier.is_empty() { consumed } else { &self.earlier }
    }
}

/// The first byte of `piece` that no line may hold there, and why. `piece` reaches to its only LF or, without
/// one, to the end of the input; `after_cr` tells that the byte before it was a CR.
fn first_fault(piece: &[u8], after_cr: bool) -> Option<(usize, FramingError)> {
    if after_cr && piece.first().is_some_and(|&byte| byte != b'\n') {
        return Some((0, FramingError::BareCr));
    }
    let (text, bare_lf) = match piece {
        [text @ .., b'\r', b'\n'] | [text @ .., b'\r'] => (text, false),
        [b'\n'] if after_cr => (&[][..], false),
        [text @ .., b'\n'] => (text, true),
        text => (text, false),
    };
    // A fold without early exit, because the compiler can vectorise that.
    if text.iter().fold(false, |found, &byte| found | is_control(byte)) {
        let at = text.iter().position(|&byte| is_control(byte))?;
        // A CR is bare only once the byte behind it is known, which here it is: `text` never ends the piece
        // when it holds a CR.
        return Some(match text.get(at) {
            Some(b'\r') => (at + 1, FramingError::BareCr),
            _ => (at, FramingError::ControlByte),
        });
    }
    bare_lf.then_some((text.len(), FramingError::BareLf))
}

/// Whether a byte may not stand in a line: control characters other than the tab.
pub(crate) fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7f
}
