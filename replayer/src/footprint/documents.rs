//! Documents that a request names, as far as the source's answer tells their index.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use super::{DocumentKey, Names, Place, each_item};
use crate::captured::Captured;
use crate::rewrite::source_body;
use switchover_rest::Call;
use switchover_rest::percent;

/// Answers from here on are failures: what they call an index may be the alias that was asked for.
const FIRST_FAILURE: u16 = 300;
/// A bulk of more indices than this holds the whole cluster: it is cheaper.
const MAX_INDICES_OF_A_BULK: usize = 64;
/// A bulk of more documents than this holds its indices whole: so it takes no more memory than its bytes.
const MAX_DOCUMENTS_OF_A_BULK: usize = 50_000;

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, rename = "_index")]
    index: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "_id")]
    id: Option<Cow<'a, str>>,
    #[serde(default)]
    status: u16,
    found: Option<bool>,
}

/// What a bulk touches, by its answer. `None` without one.
pub(super) fn bulk_items(captured: &Captured, names: &mut Names) -> Option<Vec<Place>> {
    let answer = source_body(captured);
    let mut by_index: HashMap<Box<str>, Vec<DocumentKey>> = HashMap::new();
    let (mut documents, mut everything) = (0, false);
    let read = each_item(&answer, |item: Item<'_>| {
        let Some(index) = known_index(&item, item.status, names) else {
            everything = true;
            return None;
        };
        if !by_index.contains_key(index) {
            if by_index.len() >= MAX_INDICES_OF_A_BULK {
                everything = true;
                return None;
            }
            by_index.insert(index.into(), Vec::new());
        }
        documents += 1;
        if let (Some(keys), Some(id)) = (by_index.get_mut(index), &item.id)
            && documents <= MAX_DOCUMENTS_OF_A_BULK
        {
            keys.push(DocumentKey::of(id));
        }
        Some(())
    });
    match read {
        _ if everything => Some(vec![Place::Cluster]),
        None => None,
        Some(()) if documents > MAX_DOCUMENTS_OF_A_BULK => {
            Some(by_index.into_keys().map(Place::Index).collect())
        }
        Some(()) => Some(by_index.into_iter().map(|(index, keys)| Place::Documents(index, keys)).collect()),
    }
}

/// The document of a call on a single one.
pub(super) fn document(captured: &Captured, call: &Call<'_>, names: &mut Names) -> Place {
    let segments: Vec<&str> = call.segments().take(4).collect();
    let Some(name) = segments.first() else { return Place::Cluster };
    let answer = source_body(captured);
    let answer: Option<Item<'_>> = serde_json::from_slice(&answer).ok();
    let status = captured.source_status().unwrap_or(FIRST_FAILURE);
    let index = answer.as_ref().and_then(|answer| known_index(answer, status, names));
    let index: Box<str> = match index {
        Some(index) => index.into(),
        None if names.is_index(name) => (*name).into(),
        None => return Place::Cluster,
    };
    // The answer's id is not percent-encoded, and is the one that the source made up.
    let answered = answer.as_ref().and_then(|answer| answer.id.as_deref()).map(DocumentKey::of);
    let named = || segments.get(2).and_then(|id| percent::decode(id)).map(|id| DocumentKey::of(&id));
    // Nobody can name a document that was never made, or whose id nobody knows.
    let keys = answered.or_else(named).into_iter().collect();
    Place::Documents(index, keys)
}

/// The index of an item when it is one for certain, which is remembered.
fn known_index<'a>(item: &'a Item<'_>, status: u16, names: &mut Names) -> Option<&'a str> {
    let index = item.index.as_deref()?;
    if status < FIRST_FAILURE && item.found != Some(false) {
        names.learn(index);
    }
    names.is_index(index).then_some(index)
}
