//! The table of bodies, by the path that came out. A body that is not JSON stays: the target refuses it as the source did.

use std::ops::Range;

use super::paths::Call;
use super::{Versions, bulk, mapping};
use crate::json::{self, JsonError, Kind, Member, Splices};
use crate::outcome::Stop;
use crate::request::Request;

/// What is done to a body.
type Edit = fn(&Versions, &[u8], &Call) -> Result<Option<Vec<u8>>, Stop>;

const WRITE: &[&str] = &["PUT", "POST"];
const READ: &[&str] = &["GET", "POST"];

/// Methods, path (`*` is any index or name), edit.
const ROWS: &[(&[&str], &[&str], Edit)] = &[
    (READ, &["_msearch"], searches),
    (READ, &["*", "_msearch"], searches),
    (READ, &["_msearch", "template"], searches),
    (READ, &["*", "_msearch", "template"], searches),
    (READ, &["_mget"], documents),
    (READ, &["*", "_mget"], documents),
    (READ, &["_mtermvectors"], documents),
    (READ, &["*", "_mtermvectors"], documents),
    (READ, &["_search"], lookups),
    (READ, &["*", "_search"], lookups),
    (READ, &["_count"], lookups),
    (READ, &["*", "_count"], lookups),
    (&["POST"], &["_reindex"], reindex),
    (&["POST"], &["*", "_update", "*"], update),
    (&["PUT"], &["*"], mapping::create),
    (&["POST"], &["*", "_rollover"], mapping::create),
    (&["POST"], &["*", "_rollover", "*"], mapping::create),
    (WRITE, &["_template", "*"], mapping::template),
    (&["PUT"], &["*", "_mapping"], mapping::put),
    (READ, &["_search", "scroll"], scroll),
    (&["DELETE"], &["_search", "scroll"], scroll),
    (&["DELETE"], &["_search", "point_in_time"], close_point_in_time),
];

pub(super) fn rewrite(versions: &Versions, request: &mut Request<'_>, call: &Call) -> Result<(), Stop> {
    let method = request.method().to_owned();
    if WRITE.contains(&method.as_str()) && (call.is(&["_bulk"]) || call.is(&["*", "_bulk"])) {
        return items(versions, request, call);
    }
    let row = ROWS.iter().find(|(methods, path, _)| methods.contains(&method.as_str()) && fits(call, path));
    let Some((.., edit)) = row else { return Ok(()) };
    // Not decoded: nobody could say what it means, so the target gets it as the source did.
    let Ok(body) = request.body() else { return Ok(()) };
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    if let Some(edited) = edit(versions, body, call)? {
        request.set_body(edited);
    }
    Ok(())
}

/// A bulk, of which lines may be left out.
fn items(versions: &Versions, request: &mut Request<'_>, call: &Call) -> Result<(), Stop> {
    let Ok(body) = request.body() else { return Ok(()) };
    if let Some(bulk::Edited { body, left_out, of }) = bulk::rewrite(versions, body, call)? {
        request.set_body(body);
        request.leave_out(&left_out, of);
    }
    Ok(())
}

fn fits(call: &Call, path: &[&str]) -> bool {
    match (call.segments.as_slice(), path) {
        // An id may begin with anything.
        ([_, call, _], ["*", "_update", "*"]) => call == "_update",
        _ => call.is(path),
    }
}

fn searches(versions: &Versions, body: &[u8], call: &Call) -> Result<Option<Vec<u8>>, Stop> {
    Ok(bulk::searches(versions, body, call))
}

/// `docs` of a multi-get.
fn documents(versions: &Versions, body: &[u8], call: &Call) -> Result<Option<Vec<u8>>, Stop> {
    let edit = || -> Result<Option<Vec<u8>>, JsonError> {
        let mut splices = Splices::new(body);
        let Some(docs) = member(body, &json::check(body)?, "docs")? else { return Ok(None) };
        if json::kind(body, &docs) == Kind::Array {
            for document in json::elements(body, &docs)? {
                if json::kind(body, &document) == Kind::Object {
                    // A document that is nowhere is asked for all the same, so that the answer keeps its places.
                    let members = json::members(body, &document)?;
                    bulk::metadata(versions, body, &document, &members, call, &mut splices);
                }
            }
        }
        Ok(splices.finish())
    };
    Ok(edit().unwrap_or_default())
}

/// Types in what queries look up elsewhere: `terms` lookups, indexed shapes, documents to be like.
fn lookups(_: &Versions, body: &[u8], _: &Call) -> Result<Option<Vec<u8>>, Stop> {
    let named = |name: &[u8]| memchr::memmem::find(body, name).is_some();
    if !named(b"\"type\"") && !named(b"\"_type\"") {
        return Ok(None);
    }
    let mut splices = Splices::new(body);
    let walked = json::check(body).and_then(|document| lookup(body, &document, &mut splices));
    Ok(walked.ok().and_then(|()| splices.finish()))
}

fn lookup(body: &[u8], value: &Range<usize>, splices: &mut Splices<'_>) -> Result<(), JsonError> {
    match json::kind(body, value) {
        Kind::Array => {
            json::elements(body, value)?.iter().try_for_each(|element| lookup(body, element, splices))
        }
        Kind::Object => {
            let members = json::members(body, value)?;
            let text = |name: &str| {
                json::value_of(body, &members, name)
                    .is_some_and(|value| json::kind(body, &value) == Kind::String)
            };
            for (index, kind) in [("index", "type"), ("_index", "_type")] {
                let id = if index == "index" { "id" } else { "_id" };
                if text(index) && text(kind) && json::value_of(body, &members, id).is_some() {
                    splices.remove(json::removed(&members, |member| json::is(body, &member.key, kind)));
                }
            }
            members.iter().try_for_each(|member| lookup(body, &member.value, splices))
        }
        Kind::String | Kind::Scalar => Ok(()),
    }
}

/// `source.type` copies only documents of that type: without types it would copy all.
fn reindex(versions: &Versions, body: &[u8], _: &Call) -> Result<Option<Vec<u8>>, Stop> {
    let (Ok(source), Ok(dest)) = (typed_side(body, "source"), typed_side(body, "dest")) else {
        return Ok(None);
    };
    if let Some(source) = &source
        && versions.has_several_types()
        && !source.index.as_ref().is_some_and(|index| versions.types.is_told(index))
    {
        return Err(Stop::failed(
            "_reindex with source.type means the documents of that type only; without types it would copy the whole index. \
             If the index holds no other type, say so in staticMappings",
        ));
    }
    let mut splices = Splices::new(body);
    for side in [source, dest].into_iter().flatten() {
        splices.remove(json::removed(&side.members, |member| json::is(body, &member.key, "type")));
    }
    Ok(splices.finish())
}

/// A side of a reindex that names a type.
struct TypedSide {
    members: Vec<Member>,
    index: Option<String>,
}

fn typed_side(body: &[u8], side: &str) -> Result<Option<TypedSide>, JsonError> {
    let Some(object) = member(body, &json::check(body)?, side)? else { return Ok(None) };
    if member(body, &object, "type")?.is_none() {
        return Ok(None);
    }
    let members = json::members(body, &object)?;
    let index = json::value_of(body, &members, "index").and_then(|index| json::string(body, &index));
    let index = index.map(|index| index.into_owned());
    Ok(Some(TypedSide { members, index }))
}

fn update(_: &Versions, body: &[u8], _: &Call) -> Result<Option<Vec<u8>>, Stop> {
    let mut splices = Splices::new(body);
    if let Ok(Some(key)) = bulk::inline_script(body) {
        splices.replace(key, "\"source\"");
    }
    Ok(splices.finish())
}

/// Elasticsearch until 5 took the bare id.
fn scroll(_: &Versions, body: &[u8], _: &Call) -> Result<Option<Vec<u8>>, Stop> {
    let text = body.trim_ascii();
    let is_id = text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_,".contains(byte));
    let Some(ids) = std::str::from_utf8(text).ok().filter(|_| is_id) else { return Ok(None) };
    let ids: Vec<&str> = ids.split(',').collect();
    let scroll_id = if let [one] = *ids { serde_json::json!(one) } else { serde_json::json!(ids) };
    Ok(serde_json::to_vec(&serde_json::json!({ "scroll_id": scroll_id })).ok())
}

/// `{"id": ...}` of Elasticsearch is `{"pit_id": [...]}`.
fn close_point_in_time(_: &Versions, body: &[u8], _: &Call) -> Result<Option<Vec<u8>>, Stop> {
    let edit = || -> Result<Option<Vec<u8>>, JsonError> {
        let document = json::check(body)?;
        let members = json::members(body, &document)?;
        let Some(id) = json::value_of(body, &members, "id") else { return Ok(None) };
        let mut splices = Splices::new(body);
        let ids = [b"[", body.get(id.clone()).unwrap_or_default(), b"]"].concat();
        for member in members.iter().filter(|member| json::is(body, &member.key, "id")) {
            splices.replace(member.key.clone(), "\"pit_id\"");
        }
        if json::kind(body, &id) == Kind::String {
            splices.replace(id, ids);
        }
        Ok(splices.finish())
    };
    Ok(edit().unwrap_or_default())
}

/// A member of the object at `object`; `None` when there is none or it is no object.
fn member(body: &[u8], object: &Range<usize>, name: &str) -> Result<Option<Range<usize>>, JsonError> {
    if json::kind(body, object) != Kind::Object {
        return Ok(None);
    }
    Ok(json::value_of(body, &json::members(body, object)?, name))
}
