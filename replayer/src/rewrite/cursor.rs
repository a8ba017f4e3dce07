//! Ids of scrolls, points in time and asynchronous searches: each cluster makes its own, so the source's are exchanged
//! for the target's.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use serde::Deserialize;
use switchover_rest::percent;
use switchover_rewrite::json::{self, Pointer};
use switchover_rewrite::request::Request;

use switchover_rest::Call;

/// Ids remembered of each kind; the oldest is forgotten first. Clusters allow 500 open scrolls by default.
const MAX_IDS: usize = 10_000;

/// Where points in time stand in requests: in searches, and in the calls that close them.
const POINT_IN_TIME: [&str; 3] = ["/pit/id", "/id", "/pit_id"];

/// The target's ids for each of the source's.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    scrolls: IdMap,
    points_in_time: IdMap,
    searches: IdMap,
}

#[derive(Debug, Default)]
struct IdMap {
    ids: HashMap<String, String>,
    oldest_first: VecDeque<String>,
}

impl IdMap {
    fn insert(&mut self, source: Option<String>, target: Option<String>) {
        let Some((source, target)) = source.zip(target) else { return };
        if self.ids.insert(source.clone(), target).is_none() {
            self.oldest_first.push_back(source);
        }
        if self.oldest_first.len() > MAX_IDS
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }

    fn get(&self, source: &str) -> Option<&str> {
        self.ids.get(source).map(String::as_str)
    }
}

/// The ids in an answer.
#[derive(Debug, Default, Deserialize)]
struct Answer {
    #[serde(rename = "_scroll_id")]
    scroll: Option<String>,
    pit_id: Option<String>,
    id: Option<String>,
}

impl Answer {
    fn of(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}

/// What kind of id a request has or gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Scroll,
    Search,
    PointInTime,
    Asynchronous,
    Other,
}

fn kind(target: &Call<'_>) -> Kind {
    let segments: Vec<&str> = target.segments().take(5).collect();
    match segments.as_slice() {
        ["_search", "scroll", ..] => Kind::Scroll,
        [.., "_search"] => Kind::Search,
        [.., "_pit"] | [.., "_search", "point_in_time"] => Kind::PointInTime,
        [.., "_async_search"] | ["_async_search", ..] => Kind::Asynchronous,
        ["_plugins" | "_opendistro", "_asynchronous_search", ..] => Kind::Asynchronous,
        _ => Kind::Other,
    }
}

impl Cursors {
    /// Whether the answer to such a request may hold an id.
    pub(super) fn gives_ids(target: &Call<'_>) -> bool {
        kind(target) != Kind::Other
    }

    /// Remembers which of the target's ids stands for which of the source's.
    pub(super) fn learn(&mut self, target: &Call<'_>, source_answer: &[u8], target_answer: &[u8]) {
        let (source, answer) = (Answer::of(source_answer), Answer::of(target_answer));
        match kind(target) {
            Kind::Scroll | Kind::Search => {
                self.scrolls.insert(source.scroll, answer.scroll);
                // A search may give its point in time another id.
                self.points_in_time.insert(source.pit_id, answer.pit_id);
            }
            // Elasticsearch calls it id, OpenSearch pit_id.
            Kind::PointInTime => {
                self.points_in_time.insert(source.pit_id.or(source.id), answer.pit_id.or(answer.id))
            }
            Kind::Asynchronous => self.searches.insert(source.id, answer.id),
            Kind::Other => {}
        }
    }

    /// Exchanges the ids in a request; how many.
    pub(super) fn replace(&self, target: &Call<'_>, request: &mut Request<'_>) -> u64 {
        let mut found = 0;
        match kind(target) {
            Kind::Scroll => self.scroll(target, request, &mut found),
            Kind::Search | Kind::PointInTime if !self.points_in_time.ids.is_empty() => {
                for pointer in POINT_IN_TIME {
                    in_body(&self.points_in_time, pointer, request, &mut found);
                }
            }
            Kind::Asynchronous => {
                let segments = target.segments().map(|segment| one(&self.searches, segment, &mut found));
                let path = segments.collect::<Vec<_>>().join("/");
                if found > 0 {
                    request.set_path(format!("/{path}"));
                }
            }
            Kind::Search | Kind::PointInTime | Kind::Other => {}
        }
        found
    }

    fn scroll(&self, target: &Call<'_>, request: &mut Request<'_>, found: &mut u64) {
        if let Some(ids) = target.segments().nth(2) {
            request.set_path(format!("/_search/scroll/{}", list(&self.scrolls, ids, found)));
        }
        let query = target.query.map(|query| {
            let pairs = query.split('&').map(|pair| match pair.split_once('=') {
                Some(("scroll_id", ids)) => {
                    Cow::Owned(format!("scroll_id={}", list(&self.scrolls, ids, found)))
                }
                _ => Cow::Borrowed(pair),
            });
            pairs.collect::<Vec<_>>().join("&")
        });
        request.set_query(query);
        in_body(&self.scrolls, "/scroll_id", request, found);
        // Elasticsearch up to 5 takes the bare id as the body.
        let bare = request.body().ok().and_then(|body| std::str::from_utf8(body).ok());
        if let Some(target) = bare.and_then(|id| self.scrolls.get(id.trim())) {
            *found += 1;
            request.set_body(target.as_bytes().to_vec());
        }
    }
}

/// A comma-separated list of percent-encoded ids.
fn list(map: &IdMap, ids: &str, found: &mut u64) -> String {
    ids.split(',').map(|id| one(map, id, found)).collect::<Vec<_>>().join(",")
}

fn one<'i>(map: &IdMap, id: &'i str, found: &mut u64) -> Cow<'i, str> {
    match percent::decode(id).and_then(|id| map.get(&id).map(percent::encode)) {
        Some(target) => {
            *found += 1;
            Cow::Owned(target)
        }
        None => Cow::Borrowed(id),
    }
}

/// An id, or a list of them, in the body; everything around it keeps its bytes.
fn in_body(map: &IdMap, pointer: &str, request: &mut Request<'_>, found: &mut u64) {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Ids {
        One(String),
        Many(Vec<String>),
    }
    let Ok(pointer) = Pointer::parse(pointer) else { return };
    let Ok(body) = request.body() else { return };
    let Ok(Some(value)) = json::get(body, &pointer) else { return };
    let before = *found;
    let mut exchange = |id: String| match map.get(&id) {
        Some(target) => {
            *found += 1;
            target.to_owned()
        }
        None => id,
    };
    let exchanged = match serde_json::from_slice(value) {
        Ok(Ids::One(id)) => serde_json::to_vec(&exchange(id)),
        Ok(Ids::Many(ids)) => serde_json::to_vec(&ids.into_iter().map(exchange).collect::<Vec<_>>()),
        Err(_) => return,
    };
    if *found > before
        && let Ok(exchanged) = exchanged
        && let Ok(edited) = json::set(body, &pointer, &exchanged)
    {
        request.set_body(edited);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_id_is_forgotten() {
        let mut map = IdMap::default();
        for id in 0..=MAX_IDS {
            map.insert(Some(id.to_string()), Some(format!("t{id}")));
            map.insert(Some(id.to_string()), Some(format!("t{id}")));
        }
        assert_eq!(map.get("0"), None);
        assert_eq!(map.get("1"), Some("t1"));
        assert_eq!((map.ids.len(), map.oldest_first.len()), (MAX_IDS, MAX_IDS));
    }
}
