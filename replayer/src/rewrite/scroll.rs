//! Scroll ids: each cluster makes its own, so the source's are exchanged for the target's.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Edits, percent};
use crate::endpoint::RequestTarget;

/// Scrolls remembered; the oldest is forgotten first. Clusters allow 500 open ones by default.
const MAX_SCROLLS: usize = 10_000;

/// The target's scroll id for each of the source's.
#[derive(Debug, Default)]
pub(super) struct ScrollMap {
    ids: HashMap<String, String>,
    oldest_first: VecDeque<String>,
}

impl ScrollMap {
    pub(super) fn insert(&mut self, source: String, target: String) {
        if self.ids.insert(source.clone(), target).is_none() {
            self.oldest_first.push_back(source);
        }
        if self.oldest_first.len() > MAX_SCROLLS
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }

    fn get(&self, source: &str) -> Option<&str> {
        self.ids.get(source).map(String::as_str)
    }
}

/// The `_scroll_id` of a search's answer.
pub(super) fn id_in(answer: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow, rename = "_scroll_id")]
        id: Option<Cow<'a, str>>,
    }
    serde_json::from_slice::<Page<'_>>(answer).ok()?.id.map(Cow::into_owned)
}

/// Exchanges the ids in a `_search/scroll` request: in its path, its query and its body.
pub(super) fn replace(map: &ScrollMap, target: &RequestTarget<'_>, body: &[u8], edits: &mut Edits) {
    let mut found = 0;
    let path = match target.segments().nth(2) {
        Some(ids) => Cow::Owned(format!("/_search/scroll/{}", list(map, ids, &mut found))),
        None => Cow::Borrowed(target.path),
    };
    let query = target.query.map(|query| {
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some(("scroll_id", ids)) => Cow::Owned(format!("scroll_id={}", list(map, ids, &mut found))),
            _ => Cow::Borrowed(pair),
        });
        pairs.collect::<Vec<_>>().join("&")
    });
    if found > 0 {
        edits.target = Some(query.map_or_else(|| path.to_string(), |query| format!("{path}?{query}")));
    }
    let in_url = found;
    if let Some(edited) = in_body(map, body, &mut found).filter(|_| found > in_url) {
        edits.body = Some(edited);
    }
    edits.notes.scroll_ids += found;
}

/// A comma-separated list of percent-encoded ids.
fn list(map: &ScrollMap, ids: &str, found: &mut u64) -> String {
    let exchanged =
        ids.split(',').map(|id| match percent::decode(id).and_then(|id| map.get(&id).map(percent::encode)) {
            Some(target) => {
                *found += 1;
                Cow::Owned(target)
            }
            None => Cow::Borrowed(id),
        });
    exchanged.collect::<Vec<_>>().join(",")
}

fn in_body(map: &ScrollMap, body: &[u8], found: &mut u64) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Request<'a> {
        #[serde(borrow)]
        scroll_id: &'a RawValue,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Ids {
        One(String),
        Many(Vec<String>),
    }
    let text = std::str::from_utf8(body).ok()?;
    let Ok(request) = serde_json::from_str::<Request<'_>>(text) else {
        // Elasticsearch up to 5 takes the bare id as the body.
        let target = map.get(text.trim())?;
        *found += 1;
        return Some(target.as_bytes().to_vec());
    };
    let value = request.scroll_id.get();
    let mut exchange = |id: String| match map.get(&id) {
        Some(target) => {
            *found += 1;
            target.to_owned()
        }
        None => id,
    };
    let exchanged = match serde_json::from_str(value).ok()? {
        Ids::One(id) => serde_json::to_string(&exchange(id)),
        Ids::Many(ids) => serde_json::to_string(&ids.into_iter().map(exchange).collect::<Vec<_>>()),
    };
    let start = (value.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    let (before, after) = (body.get(..start)?, body.get(start + value.len()..)?);
    Some([before, exchanged.ok()?.as_bytes(), after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_scroll_is_forgotten() {
        let mut map = ScrollMap::default();
        for id in 0..=MAX_SCROLLS {
            map.insert(id.to_string(), format!("t{id}"));
            map.insert(id.to_string(), format!("t{id}"));
        }
        assert_eq!(map.get("0"), None);
        assert_eq!(map.get("1"), Some("t1"));
        assert_eq!((map.ids.len(), map.oldest_first.len()), (MAX_SCROLLS, MAX_SCROLLS));
    }
}
