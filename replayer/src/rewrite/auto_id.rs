//! Document ids that the source generated: taken from its answers, so that both clusters hold the same `_id`.
//!
//! Only the id is inserted into an action line; numbers, spaces and the documents themselves stay as they were.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use switchover_rest::percent;
use switchover_rewrite::bulk::{self, Action};
use switchover_rewrite::json::{self, Splices};
use switchover_rewrite::request::Request;

use super::Notes;
use switchover_rest::{Call, Class};

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
pub(super) fn index(
    target: &Call<'_>,
    status: Option<u16>,
    answer: &[u8],
    request: &mut Request<'_>,
    notes: &mut Notes,
) {
    if target.segments().count() != 2 || target.class() != Class::Index {
        return;
    }
    let created = match status {
        Some(CREATED) => serde_json::from_slice::<Indexed<'_>>(answer).ok().and_then(|answer| answer.id),
        // The source made no document.
        Some(_) => return,
        None => None,
    };
    let Some(id) = created else {
        notes.ids_unknown += 1;
        return;
    };
    request.set_method("PUT");
    request.set_path(format!("{}/{}", target.path.trim_end_matches('/'), percent::encode(&id)));
    let op_type = target.parameter("op_type").is_none().then_some("op_type=create");
    let parameters = op_type.into_iter().chain(target.query.filter(|query| !query.is_empty()));
    request.set_query(Some(parameters.collect::<Vec<_>>().join("&")));
    notes.ids_taken += 1;
}

/// Inserts the ids of the captured items into the action lines that have none.
pub(super) fn bulk(answer: &[u8], request: &mut Request<'_>, notes: &mut Notes) {
    // What can't be read the target will refuse as the source did.
    let Ok(body) = request.body() else { return };
    // Not kept: a bulk may have a million of them, and most have their ids.
    let (mut count, mut wanting) = (0, 0);
    for action in bulk::actions(body) {
        let Ok(action) = action else { return };
        count += 1;
        wanting += u64::from(wants_id(body, &action));
    }
    if wanting == 0 {
        return;
    }
    let items =
        serde_json::from_slice::<BulkAnswer<'_>>(answer).map(|answer| answer.items).unwrap_or_default();
    if items.len() != count {
        notes.ids_unknown += wanting;
        return;
    }
    let mut splices = Splices::new(body);
    let actions = bulk::actions(body).flatten().zip(&items);
    for (action, item) in actions.filter(|(action, _)| wants_id(body, action)) {
        let id = item.values().next().and_then(|item| item.id.as_deref());
        let quoted = id.and_then(|id| serde_json::to_vec(id).ok());
        match quoted {
            Some(quoted) => {
                insert(body, &action, quoted, &mut splices);
                notes.ids_taken += 1;
            }
            None => notes.ids_unknown += 1,
        }
    }
    if let Some(edited) = splices.finish() {
        request.set_body(edited);
    }
}

/// An `index` or `create` without an id.
fn wants_id(body: &[u8], action: &Action<'_>) -> bool {
    matches!(action.name.as_ref(), "index" | "create")
        && json::value_of(body, &action.members, "_id").is_none_or(|id| body.get(id) == Some(b"null"))
}

fn insert(body: &[u8], action: &Action<'_>, id: Vec<u8>, splices: &mut Splices<'_>) {
    match json::value_of(body, &action.members, "_id") {
        Some(null) => splices.replace(null, id),
        None => splices.prepend(&action.metadata, action.members.is_empty(), "_id", &id),
    }
}
