//! Mappings wrapped in types: unwrapped where an index holds one, united where it holds several.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::{Map, Value};

use super::Versions;
use super::paths::Call;
use crate::json::{self, JsonError, Kind, Member, Splices};
use crate::outcome::Stop;

/// The type whose settings the others of an index start from.
const DEFAULT: &str = "_default_";

/// What a mapping without a type may begin with (Elasticsearch 7 and OpenSearch).
const ROOT_PARAMETERS: [&str; 13] = [
    "properties",
    "dynamic",
    "dynamic_templates",
    "dynamic_date_formats",
    "date_detection",
    "numeric_detection",
    "runtime",
    "derived",
    "subobjects",
    "enabled",
    "context_aware_grouping",
    "composite_index",
    "data_stream_timestamp",
];

/// `PUT /{index}`: `mappings` loses its types. (The index of the path is the source's: one request can't make several.)
pub(super) fn create(versions: &Versions, body: &[u8], call: &Call) -> Result<Option<Vec<u8>>, Stop> {
    edited(body, |document, splices| {
        let members = json::members(body, document)?;
        let Some(mappings) = json::value_of(body, &members, "mappings") else { return Ok(Ok(())) };
        let types = types(body, &mappings)?.filter(|_| may_be_wrapped(versions, call));
        if let Some(types) = &types
            && let Some(index) = &call.source_index
            && let Err(stop) = one_target(versions, body, index, types)
        {
            return Ok(Err(stop));
        }
        unwrap(body, &mappings, types, splices)
    })
}

/// `PUT /_template/{name}`: as for an index; and `template` was the name of `index_patterns` until Elasticsearch 5.
pub(super) fn template(versions: &Versions, body: &[u8], call: &Call) -> Result<Option<Vec<u8>>, Stop> {
    edited(body, |document, splices| {
        let members = json::members(body, document)?;
        let pattern =
            json::value_of(body, &members, "template").filter(|it| json::kind(body, it) == Kind::String);
        if let Some(pattern) = pattern
            && json::value_of(body, &members, "index_patterns").is_none()
        {
            for member in members.iter().filter(|member| json::is(body, &member.key, "template")) {
                splices.replace(member.key.clone(), "\"index_patterns\"");
            }
            let patterns = [b"[", body.get(pattern.clone()).unwrap_or_default(), b"]"].concat();
            splices.replace(pattern, patterns);
        }
        match json::value_of(body, &members, "mappings") {
            Some(mappings) => {
                let types = types(body, &mappings)?.filter(|_| may_be_wrapped(versions, call));
                unwrap(body, &mappings, types, splices)
            }
            None => Ok(Ok(())),
        }
    })
}

/// `PUT /{index}/_mapping`: the body may be wrapped in the type that the path named.
pub(super) fn put(_: &Versions, body: &[u8], call: &Call) -> Result<Option<Vec<u8>>, Stop> {
    edited(body, |document, splices| {
        let types = types(body, document)?.filter(|types| {
            let named = call.source_type.as_deref();
            named.is_some_and(|named| types.iter().all(|member| json::is(body, &member.key, named)))
        });
        unwrap(body, document, types, splices)
    })
}

/// From Elasticsearch 7 on, types must be asked for: what was refused without that the target shall refuse too.
fn may_be_wrapped(versions: &Versions, call: &Call) -> bool {
    versions.may_be_before(7) || call.includes_type_name
}

/// What an edit comes back with: the text may not be JSON, or not to be said without types.
type Edit = Result<Result<(), Stop>, JsonError>;

fn edited(
    body: &[u8],
    edit: impl FnOnce(&Range<usize>, &mut Splices<'_>) -> Edit,
) -> Result<Option<Vec<u8>>, Stop> {
    let mut splices = Splices::new(body);
    let done = json::check(body).and_then(|document| match json::kind(body, &document) {
        Kind::Object => edit(&document, &mut splices),
        _ => Ok(Ok(())),
    });
    match done {
        Ok(Ok(())) => Ok(splices.finish()),
        Ok(Err(stop)) => Err(stop),
        // Not JSON: the target refuses it as the source did.
        Err(_) => Ok(None),
    }
}

/// The types in a mapping; `None` when it has none.
fn types(body: &[u8], mappings: &Range<usize>) -> Result<Option<Vec<Member>>, JsonError> {
    if json::kind(body, mappings) != Kind::Object {
        return Ok(None);
    }
    let members = json::members(body, mappings)?;
    let is_type = |member: &Member| {
        let name = json::string(body, &member.key).unwrap_or_default();
        let may_be = !name.starts_with('_') || name == "_doc" || name == DEFAULT;
        may_be && !ROOT_PARAMETERS.contains(&name.as_ref()) && json::kind(body, &member.value) == Kind::Object
    };
    Ok((!members.is_empty() && members.iter().all(is_type)).then_some(members))
}

/// Refuses an index whose types go to several.
fn one_target(versions: &Versions, body: &[u8], index: &str, types: &[Member]) -> Result<(), Stop> {
    let mut targets: Vec<Option<Cow<'_, str>>> = Vec::new();
    for member in types.iter().filter(|member| !json::is(body, &member.key, DEFAULT)) {
        let name = json::string(body, &member.key).unwrap_or_default();
        let target = versions.types.target(index, &name).map(|target| Cow::Owned(target.into_owned()));
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    if targets.iter().all(|target| target.as_deref() == Some(index)) {
        return Ok(());
    }
    Err(Stop::failed(format!(
        "the types of index '{index}' go to other indices by the type mapping, and one request can't create several: \
         create them on the target before the replay"
    )))
}

fn unwrap(
    body: &[u8],
    mappings: &Range<usize>,
    types: Option<Vec<Member>>,
    splices: &mut Splices<'_>,
) -> Edit {
    let Some(types) = types else { return Ok(Ok(())) };
    if let [only] = &*types {
        let mapping = body.get(only.value.clone()).unwrap_or_default();
        splices.replace(mappings.clone(), mapping);
        return Ok(Ok(()));
    }
    let mut united = Map::new();
    let mut defaults = Map::new();
    for member in &types {
        let name = json::string(body, &member.key).unwrap_or_default();
        let text = body.get(member.value.clone()).unwrap_or_default();
        let Ok(Value::Object(mapping)) = serde_json::from_slice(text) else {
            return Err(JsonError { kind: json::JsonErrorKind::Unexpected, offset: member.value.start });
        };
        if name == DEFAULT {
            defaults = mapping;
        } else if let Err(field) = unite(&mut united, mapping) {
            return Ok(Err(Stop::failed(format!(
                "the mapping has several types, and type '{name}' defines '{field}' unlike another: they can't be one index. \
                 Create the index on the target before the replay, or give the types indices of their own (staticMappings)"
            ))));
        }
    }
    // What a type says itself goes before what it starts from.
    for (name, value) in defaults {
        match (united.get_mut(&name), value) {
            (Some(Value::Object(known)), Value::Object(fields)) if name == "properties" => {
                for (field, value) in fields {
                    known.entry(field).or_insert(value);
                }
            }
            (Some(_), _) => {}
            (None, value) => {
                united.insert(name, value);
            }
        }
    }
    splices.replace(mappings.clone(), serde_json::to_vec(&united).unwrap_or_default());
    Ok(Ok(()))
}

/// Adds a mapping to another; the name of what both define differently.
fn unite(into: &mut Map<String, Value>, mapping: Map<String, Value>) -> Result<(), String> {
    for (name, value) in mapping {
        match (into.get_mut(&name), value) {
            (None, value) => {
                into.insert(name, value);
            }
            (Some(Value::Object(known)), Value::Object(new))
                if name == "properties" || known.contains_key("properties") =>
            {
                unite(known, new).map_err(|inner| format!("{name}.{inner}"))?;
            }
            (Some(known), value) if *known == value => {}
            (Some(_), _) => return Err(name),
        }
    }
    Ok(())
}
