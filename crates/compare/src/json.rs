//! JSON as a list of places in the body, made in one pass: no tree, no copies, and equal parts are found by comparing
//! bytes. Numbers stay the text they were, so that 25 digits are compared as 25 digits.

mod parse;
mod value;

pub use value::{Fields, Items, Kind, Value};

/// Deeper nesting is not parsed.
pub const MAX_DEPTH: usize = 128;

/// Longer bodies are not parsed: with every value two bytes long, the tape takes eight times the body.
pub const MAX_BODY_BYTES: usize = 128 * 1024 * 1024;
/// The tape of a longer body is given back before the next one.
const MAX_KEPT_NODES: usize = 1024 * 1024;

/// Where the values of a body lie. May be used again for the next body.
#[derive(Debug, Default)]
pub struct Tape {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    kind: Kind,
    /// Of the first byte; for text without the quotes.
    start: u32,
    /// Behind the last byte; for text without the quotes.
    end: u32,
    /// The node behind this one and everything in it.
    next: u32,
}

impl Tape {
    /// Parses a body and gives its value; `None` when it is not exactly one JSON value, is nested deeper than
    /// [`MAX_DEPTH`] or longer than [`MAX_BODY_BYTES`].
    pub fn parse<'a>(&'a mut self, body: &'a [u8]) -> Option<Value<'a>> {
        if body.len() > MAX_BODY_BYTES {
            return None;
        }
        self.nodes.clear();
        self.nodes.shrink_to(MAX_KEPT_NODES);
        parse::parse(body, &mut self.nodes)?;
        Some(Value::root(body, &self.nodes))
    }
}

#[cfg(test)]
mod tests;
