//! Secrets in bytes that are no HTTP message: what looks like a secret header is masked, line by line.
//!
//! A head that a connection's end cut off, or that can't be framed, is recorded too. What stands in it can't be told
//! with certainty, so this is rougher than the rest: values become stars, as many as they had bytes, whatever the split.

use super::Redaction;

/// Longer names of headers are no secret ones.
const MAX_NAME_BYTES: usize = 64;

/// Where in a line the bytes of one direction are.
#[derive(Debug, Default)]
pub struct LineMask {
    state: State,
    name: Vec<u8>,
    /// The line before was secret: a line that begins with a space goes on with it.
    was_secret: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    LineStart,
    Name,
    Secret,
    Other,
}

impl LineMask {
    /// Masks the next bytes.
    #[must_use]
    pub fn masked(&mut self, redaction: &Redaction, bytes: &[u8]) -> Vec<u8> {
        bytes.iter().map(|byte| self.next(redaction, *byte)).collect()
    }

    fn next(&mut self, redaction: &Redaction, byte: u8) -> u8 {
        if matches!(byte, b'\r' | b'\n') {
            if byte == b'\n' || self.state != State::LineStart {
                self.was_secret =
                    self.state == State::Secret || (self.state == State::LineStart && self.was_secret);
                self.state = State::LineStart;
                self.name.clear();
            }
            return byte;
        }
        match self.state {
            State::LineStart if matches!(byte, b' ' | b'\t') && self.was_secret => self.state = State::Secret,
            State::LineStart | State::Name if byte == b':' => {
                let name = std::str::from_utf8(&self.name).unwrap_or_default().trim();
                self.state = if redaction.is_secret(name) { State::Secret } else { State::Other };
                return byte;
            }
            State::LineStart | State::Name if self.name.len() < MAX_NAME_BYTES => {
                self.name.push(byte);
                self.state = State::Name;
            }
            State::LineStart | State::Name => self.state = State::Other,
            State::Secret | State::Other => {}
        }
        if self.state == State::Secret && !matches!(byte, b' ' | b'\t') { b'*' } else { byte }
    }
}

impl Redaction {
    /// A head that is not whole or not well formed, as it may be captured; `mask` goes on behind it.
    #[must_use]
    pub fn torn_head(&self, head: &[u8], mask: &mut LineMask) -> Vec<u8> {
        // Empty lines may stand before the request line.
        let start = head.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(head.len());
        let line = head.get(start..).unwrap_or_default();
        let line = line.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let mut plain = mask.masked(self, head.get(..start).unwrap_or_default());
        if self.urls {
            let mut copied = 0;
            for span in switchover_rest::secrets::secret_spans(line) {
                plain.extend_from_slice(line.get(copied..span.start).unwrap_or_default());
                plain.extend(span.clone().map(|_| b'*'));
                copied = span.end;
            }
            plain.extend(mask.masked(self, line.get(copied..).unwrap_or_default()));
        } else {
            plain.extend(mask.masked(self, line));
        }
        plain.extend(mask.masked(self, head.get(start + line.len()..).unwrap_or_default()));
        plain
    }
}
