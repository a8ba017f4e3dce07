//! Document ids that the source generated: taken from its answers, so that both clusters hold the same `_id`.
//!
//! Bodies are edited byte by byte: only the id is inserted into an action line; numbers, spaces and the documents
//! themselves stay as they were.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Edits, percent};
use crate::endpoint::{Endpoint, RequestTarget};

const CREATED: u16 = 201;

#[derive(Deserialize)]
struct Indexed<'a> {
    #[serde(borrow, rename = "_id")]
    id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct BulkAnswer<'a> {
    #[serde(borrow)]
    items: Vec<HashMap<Cow<'a, str>, Indexed<'a>>>,
}

/// `POST /{index}/_doc` becomes `PUT /{index}/_doc/{id}?op_type=create`.
pub(super) fn index(target: &RequestTarget<'_>, status: Option<u16>, answer: &[u8], edits: &mut Edits) {
    if target.segments().count() != 2 || target.endpoint("POST") != Endpoint::Index {
        return;
    }
    let created = match status {
        Some(CREATED) => serde_json::from_slice::<Indexed<'_>>(answer).ok().and_then(|answer| answer.id),
        // The source made no document.
        Some(_) => return,
        None => None,
    };
    let Some(id) = created else {
        edits.notes.ids_unknown += 1;
        return;
    };
    let path = target.path.trim_end_matches('/');
    let mut rewritten = format!("{path}/{}", percent::encode(&id));
    let op_type = target.parameter("op_type").is_none().then_some("op_type=create");
    let parameters = op_type.into_iter().chain(target.query.filter(|query| !query.is_empty()));
    for (at, parameter) in parameters.enumerate() {
        rewritten.push(if at == 0 { '?' } else { '&' });
        rewritten.push_str(parameter);
    }
    edits.method = Some("PUT");
    edits.target = Some(rewritten);
    edits.notes.ids_taken += 1;
}

/// One line of a bulk body.
struct Action<'a> {
    line: &'a [u8],
    /// Where the id goes, when the line is an `index` or `create` without one.
    wants_id: Option<Insertion>,
}

/// Bytes `start..end` of the line are replaced by the id between `before` and `after`.
struct Insertion {
    start: usize,
    end: usize,
    before: &'static str,
    after: &'static str,
}

/// Inserts the ids of the captured items into the action lines that have none.
pub(super) fn bulk(body: &[u8], answer: &[u8], edits: &mut Edits) {
    let Some(actions) = actions(body) else { return };
    let wanting = actions.iter().filter(|action| action.wants_id.is_some()).count();
    if wanting == 0 {
        return;
    }
    let items =
        serde_json::from_slice::<BulkAnswer<'_>>(answer).map(|answer| answer.items).unwrap_or_default();
    if items.len() != actions.len() {
        edits.notes.ids_unknown += wanting as u64;
        return;
    }
    let mut out = Vec::with_capacity(body.len() + wanting * 32);
    let mut copied = 0;
    for (action, item) in actions.iter().zip(&items) {
        let Some(insertion) = &action.wants_id else { continue };
        let id = item.values().next().and_then(|item| item.id.as_deref());
        let Some(quoted) = id.and_then(|id| serde_json::to_string(id).ok()) else {
            edits.notes.ids_unknown += 1;
            continue;
        };
        let line = offset(body, action.line);
        out.extend_from_slice(body.get(copied..line + insertion.start).unwrap_or_default());
        for part in [insertion.before, &quoted, insertion.after] {
            out.extend_from_slice(part.as_bytes());
        }
        copied = line + insertion.end;
        edits.notes.ids_taken += 1;
    }
    if copied > 0 {
        out.extend_from_slice(body.get(copied..).unwrap_or_default());
        edits.body = Some(out);
    }
}

/// The action lines of a bulk body. `None` when it is not one: the target will refuse it as the source did.
fn actions(body: &[u8]) -> Option<Vec<Action<'_>>> {
    let mut actions = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let line = next_line(&mut rest);
        if line.trim_ascii().is_empty() {
            continue;
        }
        let text = std::str::from_utf8(line).ok()?;
        let action: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(text).ok()?;
        let (name, metadata) = action.iter().next().filter(|_| action.len() == 1)?;
        let wants_id = match name.as_ref() {
            "index" | "create" => insertion(text, metadata),
            _ => None,
        };
        if name != "delete" {
            next_line(&mut rest);
        }
        actions.push(Action { line, wants_id });
    }
    Some(actions)
}

fn insertion(line: &str, metadata: &RawValue) -> Option<Insertion> {
    let text = metadata.get();
    let fields: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(text).ok()?;
    match fields.get("_id") {
        Some(id) if id.get() != "null" => None,
        Some(null) => {
            let start = offset(line.as_bytes(), null.get().as_bytes());
            Some(Insertion { start, end: start + null.get().len(), before: "", after: "" })
        }
        None => {
            let start = offset(line.as_bytes(), text.as_bytes()) + 1;
            let after = if fields.is_empty() { "" } else { "," };
            Some(Insertion { start, end: start, before: "\"_id\":", after })
        }
    }
}

fn next_line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let line = rest.get(..end).unwrap_or_default();
    *rest = rest.get(end + 1..).unwrap_or_default();
    line
}

/// Where `part` lies in `whole`, which it is a slice of.
fn offset(whole: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
}
