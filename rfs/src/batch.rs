//! The body of a bulk request, made as documents come.

use std::ops::Range;

use bytes::Bytes;
use memchr::{memchr2, memchr2_iter};
use serde_json::value::to_raw_value;

/// Documents that are gathered.
#[derive(Debug, Default)]
pub struct Batch {
    body: Vec<u8>,
    items: Vec<Place>,
}

/// Documents on their way to the target.
#[derive(Debug, Default)]
pub struct Sealed {
    body: Bytes,
    items: Vec<Place>,
}

/// Where an item's two lines are in the body.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    action: Range<usize>,
    source: Range<usize>,
}

/// What becomes of a document on the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// It replaces what is there.
    Index,
    /// It is there then; what was there before stays. For data streams.
    Create,
    /// It replaces what is there if that has a lower version.
    External(u64),
}

/// Where a document goes.
#[derive(Debug, Clone, Copy)]
pub struct Address<'a> {
    /// The index, as it stands in JSON: quoted and escaped.
    pub index_json: &'a str,
    /// The id.
    pub id: &'a str,
    /// Its routing, where one was given.
    pub routing: Option<&'a str>,
    /// How it is written.
    pub operation: Operation,
}

impl Batch {
    /// Adds a document. `source`: one JSON text.
    pub fn push(&mut self, address: Address<'_>, source: &[u8]) {
        let start = self.body.len();
        let verb: &[u8] = match address.operation {
            Operation::Index | Operation::External(_) => br#"{"index":{"_index":"#,
            Operation::Create => br#"{"create":{"_index":"#,
        };
        self.body.extend_from_slice(verb);
        self.body.extend_from_slice(address.index_json.as_bytes());
        self.body.extend_from_slice(br#","_id":"#);
        string(&mut self.body, address.id);
        if let Some(routing) = address.routing {
            self.body.extend_from_slice(br#","routing":"#);
            string(&mut self.body, routing);
        }
        if let Operation::External(version) = address.operation {
            self.body.extend_from_slice(br#","version_type":"external","version":"#);
            self.body.extend_from_slice(version.to_string().as_bytes());
        }
        self.body.extend_from_slice(b"}}");
        self.finish(start, source);
    }

    /// Adds a document with an action line that is made already.
    pub fn push_line(&mut self, action: &str, source: &[u8]) {
        let start = self.body.len();
        self.body.extend_from_slice(action.as_bytes());
        self.finish(start, source);
    }

    /// Adds the source behind an action line that began at `start`.
    fn finish(&mut self, start: usize, source: &[u8]) {
        let action = start..self.body.len();
        self.body.push(b'\n');
        let start = self.body.len();
        self.body.extend_from_slice(source);
        if memchr2(b'\n', b'\r', source).is_some() {
            // Line breaks stand between the tokens of a JSON text, never inside of its strings.
            let breaks: Vec<usize> = memchr2_iter(b'\n', b'\r', source).collect();
            for at in breaks {
                if let Some(byte) = self.body.get_mut(start + at) {
                    *byte = b' ';
                }
            }
        }
        let source = start..self.body.len();
        self.body.push(b'\n');
        self.items.push(Place { action, source });
    }

    /// Bytes of the body.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.body.len()
    }

    /// Whether there are no documents.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Bytes of memory that its body has, whatever it holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.body.capacity()
    }

    /// Nothing more comes.
    #[must_use]
    pub fn seal(self) -> Sealed {
        Sealed { body: self.body.into(), items: self.items }
    }
}

impl Sealed {
    /// The whole body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// An empty batch with this one's memory, unless somebody still holds the body.
    #[must_use]
    pub fn emptied(mut self) -> Batch {
        // First, so that no bytes are moved.
        self.body.clear();
        self.items.clear();
        let body = if self.body.is_unique() { self.body.into() } else { Vec::new() };
        Batch { body, items: self.items }
    }

    /// Documents.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The two lines of an item, without their line breaks.
    #[must_use]
    pub fn item(&self, at: usize) -> Option<(&[u8], &[u8])> {
        let place = self.items.get(at)?;
        Some((self.body.get(place.action.clone())?, self.body.get(place.source.clone())?))
    }

    /// The lines of some items, in their order.
    #[must_use]
    pub fn lines(&self, items: &[usize]) -> Vec<u8> {
        let mut lines = Vec::new();
        for (action, source) in items.iter().filter_map(|at| self.item(*at)) {
            for line in [action, source] {
                lines.extend_from_slice(line);
                lines.push(b'\n');
            }
        }
        lines
    }
}

/// A JSON string. Ids seldom need escapes, so these are looked for first.
fn string(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else if let Ok(quoted) = to_raw_value(text) {
        // A text can always be written.
        out.extend_from_slice(quoted.get().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn address<'a>(id: &'a str, routing: Option<&'a str>, operation: Operation) -> Address<'a> {
        Address { index_json: "\"logs-é\"", id, routing, operation }
    }

    #[test]
    fn each_document_is_two_lines_whatever_is_in_it() {
        let mut batch = Batch::default();
        assert!(batch.is_empty());
        batch.push(address("1", None, Operation::Index), br#"{"a": 1.10}"#);
        batch.push(
            address("a\"b\n\\", Some("r/1"), Operation::Create),
            b"{\r\n  \"text\":\"line\\nline\"\n}\n",
        );
        batch.push(address("v", None, Operation::External(u64::MAX)), b"{}");
        let batch = batch.seal();
        let text = String::from_utf8(batch.body().to_vec()).unwrap();
        let lines: Vec<&str> = text.split_terminator('\n').collect();
        assert_eq!(lines.len(), 6, "{text}");
        assert_eq!(lines[0], r#"{"index":{"_index":"logs-é","_id":"1"}}"#);
        assert_eq!(lines[1], r#"{"a": 1.10}"#);
        let action: Value = serde_json::from_str(lines[2]).unwrap();
        assert_eq!(action, json!({"create": {"_index": "logs-é", "_id": "a\"b\n\\", "routing": "r/1"}}));
        assert_eq!(lines[3], "{    \"text\":\"line\\nline\" } ");
        assert!(
            lines[4].ends_with(r#""version_type":"external","version":18446744073709551615}}"#),
            "{text}"
        );
        assert_eq!(
            batch.lines(&[2, 0]),
            [lines[4], "\n{}\n", lines[0], "\n{\"a\": 1.10}\n"].concat().as_bytes()
        );
        assert_eq!((batch.len(), batch.item(3)), (3, None));
    }

    proptest::proptest! {
        #[test]
        fn any_id_and_routing_come_back(id in "\\PC*|.{0,40}", routing in "(?s).{0,20}") {
            let mut batch = Batch::default();
            batch.push(address(&id, Some(&routing), Operation::Index), b"{}");
            let batch = batch.seal();
            let action: Value = serde_json::from_slice(batch.item(0).unwrap().0).unwrap();
            assert_eq!(action["index"]["_id"], id);
            assert_eq!(action["index"]["routing"], routing);
            assert_eq!(batch.body().iter().filter(|byte| **byte == b'\n').count(), 2);
        }
    }
}
