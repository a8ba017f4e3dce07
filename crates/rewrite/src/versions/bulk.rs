//! Action lines of bulks and header lines of multi-searches.

use std::borrow::Cow;
use std::ops::Range;

use super::Versions;
use super::paths::Call;
use crate::bulk::{self, Action};
use crate::json::{self, JsonError, Member, Splices};
use crate::outcome::Stop;

/// What an action line may not say any more, and its name today. Elasticsearch took both spellings until 6.
const RENAMED: [(&str, &str); 6] = [
    ("_routing", "routing"),
    ("_version", "version"),
    ("_version_type", "version_type"),
    ("_retry_on_conflict", "retry_on_conflict"),
    ("_parent", "routing"),
    ("parent", "routing"),
];

/// Names that stay as they are: where there are no others, nothing is to be done.
const KEPT: [&[u8]; 10] = [
    b"_index",
    b"_id",
    b"routing",
    b"version",
    b"version_type",
    b"retry_on_conflict",
    b"pipeline",
    b"if_seq_no",
    b"if_primary_term",
    b"require_alias",
];

const GONE: [&str; 7] = ["_type", "type", "types", "_timestamp", "timestamp", "_ttl", "ttl"];

/// A bulk as it was edited.
pub(super) struct Edited {
    pub(super) body: Vec<u8>,
    /// Places of the actions that were left out, in order.
    pub(super) left_out: Vec<usize>,
    /// How many actions there were.
    pub(super) of: usize,
}

/// The body without types; `None` when it has none, or is no bulk.
pub(super) fn rewrite(versions: &Versions, body: &[u8], call: &Call) -> Result<Option<Edited>, Stop> {
    let mut splices = Splices::new(body);
    let (mut all, mut left_out) = (0, Vec::new());
    for action in bulk::actions(body) {
        // The source refused it too.
        let Ok(action) = action else { return Ok(None) };
        if !metadata(versions, body, &action.metadata, &action.members, call, &mut splices) {
            left_out.push(all);
            splices.remove([action.whole.clone()]);
        }
        script(body, &action, &mut splices);
        all += 1;
    }
    if all > 0 && all == left_out.len() {
        return Err(Stop::Rejected { filter: "type mapping: no action has a target index".to_owned() });
    }
    Ok(splices.finish().map(|body| Edited { body, left_out, of: all }))
}

/// The header lines without types.
pub(super) fn searches(versions: &Versions, body: &[u8], call: &Call) -> Option<Vec<u8>> {
    let mut splices = Splices::new(body);
    let mut at = 0;
    while let Some((line, next)) = bulk::line(body, at) {
        at = bulk::line(body, next).map_or(body.len(), |(_, after)| after);
        let text = body.get(line.clone())?;
        if text.trim_ascii().is_empty() {
            continue;
        }
        let object = json::check(text).ok()?;
        let object = line.start + object.start..line.start + object.end;
        header(versions, body, &object, call, &mut splices).ok()?;
    }
    splices.finish()
}

/// Edits an object that names a document: of an action line, or of a multi-get. `false`: its type has no target.
pub(super) fn metadata(
    versions: &Versions,
    body: &[u8],
    object: &Range<usize>,
    members: &[Member],
    call: &Call,
    splices: &mut Splices<'_>,
) -> bool {
    let stays = |member: &Member| json::plain(body, &member.key).is_some_and(|name| KEPT.contains(&name));
    if call.source_type.is_none() && members.iter().all(stays) {
        return true;
    }
    let value = |name: &str| json::value_of(body, members, name);
    let text = |name: &str| value(name).and_then(|value| json::string(body, &value));
    let index = text("_index").or_else(|| call.source_index.as_deref().map(Cow::Borrowed));
    let kind = text("_type").or_else(|| call.source_type.as_deref().map(Cow::Borrowed));
    // Of several names for one thing today's counts, then the first of the table.
    let taken = |new: &str| {
        let old = RENAMED.iter().find(|(old, to)| *to == new && value(old).is_some());
        old.filter(|_| value(new).is_none()).map(|(old, _)| *old)
    };
    let renamed = |member: &Member| {
        RENAMED.iter().find(|(old, _)| json::is(body, &member.key, old)).map(|(old, new)| (*old, *new))
    };
    let goes = |member: &Member| {
        GONE.iter().any(|name| json::is(body, &member.key, name))
            || renamed(member).is_some_and(|(old, new)| taken(new) != Some(old))
    };
    if let (Some(index), Some(kind)) = (&index, &kind) {
        let Some(target) = versions.types.target(index, kind) else { return false };
        let written = value("_index");
        let now = written.as_ref().map_or_else(|| call.segments.first().map(String::as_str), |_| Some(index));
        if now != Some(target.as_ref()) {
            let quoted = serde_json::to_vec(&target).unwrap_or_default();
            match written {
                Some(value) => splices.replace(value, quoted),
                None => splices.prepend(object, members.iter().all(goes), "_index", &quoted),
            }
        }
    }
    for member in members.iter().filter(|member| !goes(member)) {
        if let Some((_, new)) = renamed(member) {
            splices.replace(member.key.clone(), format!("\"{new}\""));
        }
    }
    splices.remove(json::removed(members, goes));
    true
}

fn header(
    versions: &Versions,
    body: &[u8],
    object: &Range<usize>,
    call: &Call,
    splices: &mut Splices<'_>,
) -> Result<(), JsonError> {
    let members = json::members(body, object)?;
    let value = |name: &str| json::value_of(body, &members, name);
    let text =
        |name: &str| value(name).and_then(|value| json::string(body, &value)).map(|text| text.into_owned());
    let kind =
        text("type").or_else(|| text("types")).or_else(|| text("_type")).or_else(|| call.source_type.clone());
    if let (Some(index), Some(kind), Some(written)) = (text("index"), kind, value("index"))
        && let Some(target) = versions.types.targets(&index, &kind).filter(|target| *target != index)
    {
        splices.replace(written, serde_json::to_vec(&target).unwrap_or_default());
    }
    let kinds = ["type", "types", "_type"];
    splices
        .remove(json::removed(&members, |member| kinds.iter().any(|name| json::is(body, &member.key, name))));
    Ok(())
}

/// `script.inline` of an update.
fn script(body: &[u8], action: &Action<'_>, splices: &mut Splices<'_>) {
    let Some(document) = action.document.clone().filter(|_| action.name == "update") else { return };
    let text = body.get(document.clone()).unwrap_or_default();
    // Errors: the target will refuse the document as the source did.
    if let Ok(Some(key)) = inline_script(text) {
        splices.replace(document.start + key.start..document.start + key.end, "\"source\"");
    }
}

/// Where `"inline"` stands in the `script` of an update; Elasticsearch until 5 called the source so.
pub(super) fn inline_script(text: &[u8]) -> Result<Option<Range<usize>>, JsonError> {
    if memchr::memmem::find(text, b"\"inline\"").is_none() {
        return Ok(None);
    }
    let document = json::check(text)?;
    if json::kind(text, &document) != json::Kind::Object {
        return Ok(None);
    }
    let members = json::members(text, &document)?;
    let Some(script) = json::value_of(text, &members, "script") else { return Ok(None) };
    if json::kind(text, &script) != json::Kind::Object {
        return Ok(None);
    }
    let inner = json::members(text, &script)?;
    let inline = inner.iter().find(|member| json::is(text, &member.key, "inline"));
    Ok(inline.map(|member| member.key.clone()))
}
