//! The items of a bulk's body.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

/// One action with its document.
#[derive(Debug)]
pub(crate) struct Item {
    /// Its lines in the body.
    pub(super) range: Range<usize>,
    /// Index (as far as the item names it) and id.
    pub(super) document: Option<String>,
    /// The document is the same afterwards, whatever it was before.
    pub(super) is_absolute: bool,
    /// Doing it twice is the same as doing it once.
    pub(crate) is_repeatable: bool,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, rename = "_index")]
    index: Option<Cow<'a, str>>,
    // Old clients send numbers.
    #[serde(borrow, rename = "_id")]
    id: Option<&'a RawValue>,
}

/// Reads the items. `None` when it is not a bulk: the target refuses it as a whole.
pub(crate) fn items(body: &[u8]) -> Option<Vec<Item>> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < body.len() {
        let start = at;
        let line = next_line(body, &mut at);
        if line.trim_ascii().is_empty() {
            continue;
        }
        let action: HashMap<Cow<'_, str>, Metadata<'_>> = serde_json::from_slice(line).ok()?;
        let (name, metadata) = action.into_iter().next()?;
        let document = if name == "delete" { &[][..] } else { next_line(body, &mut at) };
        let has_id = metadata.id.is_some_and(|id| id.get() != "null");
        items.push(Item {
            range: start..at,
            document: metadata
                .id
                .filter(|_| has_id)
                .map(|id| format!("{}/{}", metadata.index.as_deref().unwrap_or_default(), id.get())),
            is_absolute: matches!(name.as_ref(), "index" | "delete"),
            is_repeatable: match name.as_ref() {
                "update" => memchr::memmem::find(document, b"\"script\"").is_none(),
                "delete" => true,
                _ => has_id,
            },
        });
    }
    Some(items)
}

fn next_line<'a>(body: &'a [u8], at: &mut usize) -> &'a [u8] {
    let rest = body.get(*at..).unwrap_or_default();
    let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
    *at += end;
    rest.get(..end).unwrap_or_default()
}
