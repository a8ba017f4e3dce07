//! A value on a tape.

use std::borrow::Cow;

use super::Node;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true`
    True,
    /// `false`
    False,
    /// A number, as text.
    Number,
    /// A string.
    Text,
    /// `[...]`
    Array,
    /// `{...}`
    Object,
}

/// A value of a body.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    body: &'a [u8],
    nodes: &'a [Node],
    node: Node,
    at: usize,
}

impl<'a> Value<'a> {
    pub(super) fn root(body: &'a [u8], nodes: &'a [Node]) -> Self {
        Self::at(body, nodes, 0).unwrap_or(Self {
            body,
            nodes,
            node: Node { kind: Kind::Null, start: 0, end: 0, next: 0 },
            at: 0,
        })
    }

    fn at(body: &'a [u8], nodes: &'a [Node], at: usize) -> Option<Self> {
        Some(Self { body, nodes, node: *nodes.get(at)?, at })
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.node.kind
    }

    /// Its bytes in the body; of a string what is between the quotes, with its escapes.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.body.get(self.node.start as usize..self.node.end as usize).unwrap_or_default()
    }

    /// Its bytes as they are shown to people: a string with its quotes, `limit` bytes at most and cut at a character.
    #[must_use]
    pub fn shown(&self, limit: usize) -> String {
        let raw = self.raw();
        let text = String::from_utf8_lossy(raw.get(..limit).unwrap_or(raw));
        let text = if raw.len() > limit {
            Cow::Owned(format!("{}...", text.trim_end_matches('\u{fffd}')))
        } else {
            text
        };
        if self.kind() == Kind::Text { format!("\"{text}\"") } else { text.into_owned() }
    }

    /// A string's text.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        if self.kind() != Kind::Text {
            return None;
        }
        let raw = self.raw();
        if memchr::memchr(b'\\', raw).is_none() {
            return Some(String::from_utf8_lossy(raw));
        }
        let quoted = self.body.get(self.node.start as usize - 1..self.node.end as usize + 1)?;
        match serde_json::from_slice::<String>(quoted) {
            Ok(text) => Some(Cow::Owned(text)),
            // Half a surrogate pair has no text: its spelling stands for it.
            Err(_) => Some(String::from_utf8_lossy(raw)),
        }
    }

    /// A number, rounded. Only for what a cluster computed, never for documents.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        if self.kind() != Kind::Number {
            return None;
        }
        std::str::from_utf8(self.raw()).ok()?.parse().ok()
    }

    /// A number without fraction or exponent.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        self.kind() == Kind::Number && memchr::memchr3(b'.', b'e', b'E', self.raw()).is_none()
    }

    /// The items of an array; of anything else none.
    #[must_use]
    pub fn items(&self) -> Items<'a> {
        let inside = self.kind() == Kind::Array;
        Items {
            body: self.body,
            nodes: self.nodes,
            at: self.at + 1,
            end: if inside { self.node.next as usize } else { 0 },
        }
    }

    /// The fields of an object; of anything else none.
    #[must_use]
    pub fn fields(&self) -> Fields<'a> {
        let inside = self.kind() == Kind::Object;
        let end = if inside { self.node.next as usize } else { 0 };
        Fields(Items { body: self.body, nodes: self.nodes, at: self.at + 1, end })
    }

    /// A field of an object, by the name as it is spelled. Of several the last, as clusters have it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        self.fields().filter(|(other, _)| *other == name.as_bytes()).last().map(|(_, value)| value)
    }
}

/// The items of an array.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    body: &'a [u8],
    nodes: &'a [Node],
    at: usize,
    end: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        if self.at >= self.end {
            return None;
        }
        let value = Value::at(self.body, self.nodes, self.at)?;
        self.at = value.node.next as usize;
        Some(value)
    }
}

/// The fields of an object: names as they are spelled, and values.
#[derive(Debug, Clone)]
pub struct Fields<'a>(Items<'a>);

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.0.next()?;
        Some((name.raw(), self.0.next()?))
    }
}
