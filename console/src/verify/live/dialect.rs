//! How the versions of a source want to be read, shard by shard: by scrolling, which all of them know.

use serde_json::{Value, json};
use switchover_cluster::{Body, Distribution, Version};

/// How long the source keeps the place between two pages.
const KEEP: &str = "5m";

/// What a version does otherwise than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Elasticsearch 1 and 2: scrolling without sorting is a kind of search, whose first page is empty.
    pub(super) scan: bool,
    /// Elasticsearch 1: the place is the body itself.
    plain_scroll_id: bool,
    /// Until Elasticsearch 6 documents have types.
    pub(super) typed: bool,
    /// Every document has a number, so that a shard can be read in ranges. Elasticsearch 6 may hold documents of 5.
    pub(super) numbered: bool,
    /// Counts are cut off unless asked for.
    tracks_hits: bool,
}

impl Dialect {
    pub(super) fn of(version: &Version) -> Self {
        let at_least =
            |major: u32| version.distribution == Distribution::OpenSearch || version.major >= major;
        Self {
            scan: !at_least(5),
            plain_scroll_id: !at_least(2),
            typed: !at_least(7),
            numbered: at_least(7),
            tracks_hits: at_least(7),
        }
    }

    /// Path and body of the first page of a shard, or of those of its documents whose numbers are within `range`.
    pub(super) fn first(
        self,
        index: &str,
        shard: u32,
        range: Option<(i64, i64)>,
        size: usize,
    ) -> (String, Body) {
        let mut path = format!("/{index}/_search?scroll={KEEP}&preference=_shards:{shard}");
        let query = match range {
            Some((from, to)) => json!({"range": {"_seq_no": {"gte": from, "lte": to}}}),
            None => json!({"match_all": {}}),
        };
        let mut body = json!({"size": size, "version": true, "query": query});
        if self.scan {
            path.push_str("&search_type=scan");
            body["fields"] = json!(["_source", "_routing", "_parent"]);
        } else {
            body["sort"] = json!(["_doc"]);
        }
        if self.tracks_hits {
            body["track_total_hits"] = Value::Bool(true);
        }
        (path, Body::json(body.to_string()))
    }

    /// The next page.
    pub(super) fn next(self, scroll_id: &str) -> (String, Body) {
        match self.plain_scroll_id {
            true => (format!("/_search/scroll?scroll={KEEP}"), Body::json(scroll_id.to_owned())),
            false => {
                let body = json!({"scroll": KEEP, "scroll_id": scroll_id}).to_string();
                ("/_search/scroll".to_owned(), Body::json(body))
            }
        }
    }

    /// The end.
    pub(super) fn end(self, scroll_id: &str) -> Body {
        match self.plain_scroll_id {
            true => Body::json(scroll_id.to_owned()),
            false => Body::json(json!({"scroll_id": [scroll_id]}).to_string()),
        }
    }
}
