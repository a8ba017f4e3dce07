//! What declared rules do to requests.

use std::ops::Range;
use switchover_rest::percent;

use serde_json::Value;

use super::{Remove, Rename, Set};
use crate::bulk;
use crate::json::{self, JsonError, Splices};
use crate::outcome::Stop;
use crate::request::Request;

/// An edit of a JSON text; `None`: nothing to do.
type Edit<'e> = &'e dyn Fn(&[u8]) -> Result<Option<Vec<u8>>, JsonError>;

/// Headers that follow from the body or the connection: `host` is always the target's.
const NOT_SETTABLE: [&str; 4] = ["content-length", "transfer-encoding", "trailer", "host"];

pub(super) fn rename(rename: &Rename, request: &mut Request<'_>) -> Result<(), Stop> {
    for (from, to) in &rename.headers {
        request.edit_headers(|headers| headers.rename(from, to));
    }
    query(request, |name| match rename.query.get(name) {
        Some(new) => Pair::Named(percent::encode(new)),
        None => Pair::Kept,
    });
    let edit = |pointer: &json::Pointer, name: &String| {
        let (pointer, name) = (pointer.clone(), name.clone());
        move |text: &[u8]| json::rename(text, &pointer, &name)
    };
    for (pointer, name) in &rename.body {
        body(request, &edit(pointer, name))?;
    }
    for (pointer, name) in &rename.actions {
        lines(request, Lines::Actions, &edit(pointer, name))?;
    }
    for (pointer, name) in &rename.documents {
        lines(request, Lines::Documents, &edit(pointer, name))?;
    }
    Ok(())
}

pub(super) fn remove(remove: &Remove, request: &mut Request<'_>) -> Result<(), Stop> {
    for name in remove.headers.iter().filter(|name| is_settable(name)) {
        request.edit_headers(|headers| headers.remove(name));
    }
    query(request, |name| if remove.query.iter().any(|gone| gone == name) { Pair::Gone } else { Pair::Kept });
    for pointer in &remove.body {
        body(request, &|text| json::remove(text, pointer))?;
    }
    for pointer in &remove.actions {
        lines(request, Lines::Actions, &|text| json::remove(text, pointer))?;
    }
    for pointer in &remove.documents {
        lines(request, Lines::Documents, &|text| json::remove(text, pointer))?;
    }
    Ok(())
}

pub(super) fn set(set: &Set, path: Option<String>, request: &mut Request<'_>) -> Result<(), Stop> {
    if let Some(method) = &set.method {
        request.set_method(method.clone());
    }
    if let Some(path) = path {
        request.set_path(path);
    }
    for (name, value) in set.headers.iter().filter(|(name, _)| is_settable(name)) {
        request.edit_headers(|headers| headers.set(name, &[&text(value)]));
    }
    for (name, value) in &set.query {
        let pair = format!("{}={}", percent::encode(name), percent::encode(&text(value)));
        query(request, |known| if known == name { Pair::Gone } else { Pair::Kept });
        let others = request.query().map(|query| format!("{query}&"));
        request.set_query(Some(others.unwrap_or_default() + &pair));
    }
    let edit = |pointer: &json::Pointer, value: &Value| {
        let (pointer, value) = (pointer.clone(), value.to_string());
        move |text: &[u8]| json::set(text, &pointer, value.as_bytes()).map(Some)
    };
    for (pointer, value) in &set.body {
        body(request, &edit(pointer, value))?;
    }
    for (pointer, value) in &set.actions {
        lines(request, Lines::Actions, &edit(pointer, value))?;
    }
    for (pointer, value) in &set.documents {
        lines(request, Lines::Documents, &edit(pointer, value))?;
    }
    Ok(())
}

fn is_settable(name: &str) -> bool {
    !NOT_SETTABLE.iter().any(|other| name.eq_ignore_ascii_case(other))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What becomes of a query parameter.
enum Pair {
    Kept,
    Gone,
    Named(String),
}

fn query(request: &mut Request<'_>, becomes: impl Fn(&str) -> Pair) {
    let Some(query) = request.query() else { return };
    let edited = query.split('&').filter_map(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        match becomes(&percent::decode(name).unwrap_or_else(|| name.to_owned())) {
            Pair::Kept => Some(pair.to_owned()),
            Pair::Gone => None,
            Pair::Named(new) => Some(new + pair.get(name.len()..).unwrap_or_default()),
        }
    });
    let edited = edited.collect::<Vec<_>>().join("&");
    request.set_query(Some(edited));
}

/// Edits a body of one JSON value; without a body there is nothing to edit.
fn body(request: &mut Request<'_>, edit: Edit<'_>) -> Result<(), Stop> {
    let body = request.body().map_err(Stop::failed)?;
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    let edited = edit(body).map_err(|error| Stop::failed(format!("the body: {error}")))?;
    if let Some(edited) = edited {
        request.set_body(edited);
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// What stands behind `index`, `create`, ... of a bulk, and the header lines of a multi-search.
    Actions,
    /// The lines after these.
    Documents,
}

fn lines(request: &mut Request<'_>, which: Lines, edit: Edit<'_>) -> Result<(), Stop> {
    let call = request.path().split('/').rfind(|segment| !segment.is_empty()).unwrap_or_default().to_owned();
    let body = request.body().map_err(Stop::failed)?;
    let ranges = match call.as_str() {
        "_bulk" => bulk_lines(body, which),
        "_msearch" => search_lines(body, which),
        _ => return Ok(()),
    };
    let wrong = |error: JsonError, at: usize| Stop::failed(format!("the body, from byte {at} on: {error}"));
    let mut splices = Splices::new(body);
    for range in ranges.map_err(|error| wrong(error, 0))? {
        let text = body.get(range.clone()).unwrap_or_default();
        if let Some(edited) = edit(text).map_err(|error| wrong(error, range.start))? {
            splices.replace(range, edited);
        }
    }
    if let Some(edited) = splices.finish() {
        request.set_body(edited);
    }
    Ok(())
}

fn bulk_lines(body: &[u8], which: Lines) -> Result<Vec<Range<usize>>, JsonError> {
    let range = |action: bulk::Action<'_>| match which {
        Lines::Actions => Some(action.metadata),
        Lines::Documents => action.document,
    };
    bulk::actions(body).filter_map(|action| action.map(range).transpose()).collect()
}

fn search_lines(body: &[u8], which: Lines) -> Result<Vec<Range<usize>>, JsonError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((header, next)) = bulk::line(body, at) {
        let Some((search, after)) = bulk::line(body, next) else { break };
        found.push(if which == Lines::Actions { header } else { search });
        at = after;
    }
    found.retain(|range| !body.get(range.clone()).unwrap_or_default().trim_ascii().is_empty());
    Ok(found)
}
