//! The body of a bulk, looked at as far as an answer needs it: the verb of each action, and where lines end.

use anyhow::{Result, bail};
use std::io;

/// Longest action that is taken: a few names and an id of at most 512 bytes.
const MAX_ACTION_BYTES: usize = 16 * 1024;
const ANSWER_START: &[u8] = br#"{"took":1,"errors":false,"items":["#;
/// What is left of it when only items are asked for.
const FILTERED_START: &[u8] = br#"{"items":["#;
const ANSWER_END: &[u8] = b"]}";

/// A bulk that comes in pieces of any size.
#[derive(Debug)]
pub(super) struct Bulk {
    answer: Vec<u8>,
    documents: u64,
    source_bytes: u64,
    /// The line that is under way.
    line: Line,
    /// What there is of an action whose end has not come.
    action: Vec<u8>,
    problem: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Action,
    Source,
}

/// A bulk that was taken.
#[derive(Debug)]
pub(super) struct Taken {
    /// One item for each document.
    pub(super) answer: Vec<u8>,
    pub(super) documents: u64,
    pub(super) source_bytes: u64,
}

impl Bulk {
    /// `filtered`: only items are asked for.
    pub(super) fn new(filtered: bool) -> Self {
        Self {
            answer: if filtered { FILTERED_START } else { ANSWER_START }.to_vec(),
            documents: 0,
            source_bytes: 0,
            line: Line::Action,
            action: Vec::new(),
            problem: None,
        }
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.problem.is_none() {
            let end = memchr::memchr(b'\n', bytes);
            let (piece, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            match self.line {
                Line::Source => {
                    self.source_bytes += piece.len() as u64;
                    if end.is_some() {
                        self.line = Line::Action;
                    }
                }
                Line::Action if end.is_some() && self.action.is_empty() => self.begin(piece),
                Line::Action => {
                    self.action.extend_from_slice(piece);
                    if self.action.len() > MAX_ACTION_BYTES {
                        self.problem = Some("an action without end".to_owned());
                    } else if end.is_some() {
                        let action = std::mem::take(&mut self.action);
                        self.begin(&action);
                    }
                }
            }
            bytes = rest.get(1..).unwrap_or_default();
        }
    }

    /// A document begins.
    fn begin(&mut self, action: &[u8]) {
        let item: &[u8] = match verb(action) {
            Some(b"index") => br#"{"index":{"status":201}}"#,
            Some(b"create") => br#"{"create":{"status":201}}"#,
            _ => {
                let start = action.get(..action.len().min(80)).unwrap_or_default();
                self.problem =
                    Some(format!("an action that is neither index nor create: {}", start.escape_ascii()));
                return;
            }
        };
        if self.documents > 0 {
            self.answer.push(b',');
        }
        self.answer.extend_from_slice(item);
        self.documents += 1;
        self.line = Line::Source;
    }

    /// All has come.
    ///
    /// # Errors
    /// When it is not a bulk of at least one document, each line of it ended.
    pub(super) fn finish(mut self) -> Result<Taken> {
        if let Some(problem) = self.problem {
            bail!(problem);
        }
        if self.line == Line::Source || !self.action.is_empty() || self.documents == 0 {
            bail!("it ends within document {}", self.documents);
        }
        self.answer.extend_from_slice(ANSWER_END);
        Ok(Taken { answer: self.answer, documents: self.documents, source_bytes: self.source_bytes })
    }
}

/// So that a decoder can write into it.
impl io::Write for Bulk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.feed(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The first name in an object.
fn verb(action: &[u8]) -> Option<&[u8]> {
    let inside = action.trim_ascii_start().strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"")?;
    inside.split(|byte| *byte == b'"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_are_the_same_bulk() {
        let body = b" { \"index\" : {}}\n{\"a\":1}\n{\"create\":{\"_id\":\"\\n\"}}\n\n{\"index\":{}}\n{}\n";
        for size in 1..=body.len() {
            let mut bulk = Bulk::new(false);
            body.chunks(size).for_each(|piece| bulk.feed(piece));
            let taken = bulk.finish().unwrap();
            let expected = r#"{"took":1,"errors":false,"items":[{"index":{"status":201}},{"create":{"status":201}},{"index":{"status":201}}]}"#;
            assert_eq!(String::from_utf8(taken.answer).unwrap(), expected);
            assert_eq!((taken.documents, taken.source_bytes), (3, 9));
        }
    }

    #[test]
    fn an_action_without_end_is_not_kept() {
        let mut bulk = Bulk::new(false);
        for _ in 0..1000 {
            bulk.feed(&[b'{'; 1000]);
        }
        assert!(bulk.action.len() <= MAX_ACTION_BYTES + 1000);
        assert!(bulk.finish().is_err());
    }
}
