//! Request targets: path segments and query, and what kind of call they make.

use serde::Serialize;

/// The path and query of a request line.
#[derive(Debug, Clone, Copy)]
pub struct RequestTarget<'a> {
    /// Without the query.
    pub path: &'a str,
    /// Behind the `?`.
    pub query: Option<&'a str>,
}

/// Classes of calls, for counting and for what is comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the API's own")]
pub enum Endpoint {
    Bulk,
    Search,
    Get,
    Index,
    Update,
    Delete,
    Count,
    Mget,
    Cat,
    Cluster,
    Admin,
    Other,
}

/// Calls that tell of the cluster itself, which has other nodes, shards and counters than the source.
const ABOUT_THE_CLUSTER: [&str; 8] =
    ["_stats", "_segments", "_recovery", "_shard_stores", "_nodes", "_tasks", "_cluster", "_remote"];

const ADMIN: [&str; 27] = [
    "_mapping",
    "_mappings",
    "_settings",
    "_alias",
    "_aliases",
    "_template",
    "_index_template",
    "_component_template",
    "_open",
    "_close",
    "_refresh",
    "_flush",
    "_forcemerge",
    "_ingest",
    "_snapshot",
    "_scripts",
    "_cache",
    "_shrink",
    "_split",
    "_clone",
    "_rollover",
    "_data_stream",
    "_resolve",
    "_ilm",
    "_analyze",
    "_field_caps",
    "_block",
];

impl<'a> RequestTarget<'a> {
    /// Splits a request target; of an absolute one only what follows the host. `None` when it is not UTF-8.
    #[must_use]
    pub fn parse(target: &'a [u8]) -> Option<Self> {
        let mut target = std::str::from_utf8(target).ok()?;
        if let Some((_, rest)) = target.split_once("://").filter(|(scheme, _)| !scheme.contains(['/', '?'])) {
            target = rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/");
        }
        Some(match target.split_once('?') {
            Some((path, query)) => Self { path, query: Some(query) },
            None => Self { path: target, query: None },
        })
    }

    /// The path's parts, empty ones left out.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &'a str> + use<'a> {
        self.path.split('/').filter(|segment| !segment.is_empty())
    }

    /// The raw value of a query parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'a str> {
        self.query?.split('&').find_map(|pair| match pair.split_once('=') {
            Some((key, value)) if key == name => Some(value),
            None if pair == name => Some(""),
            _ => None,
        })
    }

    /// `/_bulk`, `/{index}/_bulk` or `/{index}/{type}/_bulk`.
    #[must_use]
    pub fn is_bulk(&self) -> bool {
        self.segments().next_back() == Some("_bulk") && self.segments().count() <= 3
    }

    /// `/_search/scroll`, with or without an id behind it.
    #[must_use]
    pub fn is_scroll(&self) -> bool {
        let mut segments = self.segments();
        segments.next() == Some("_search") && segments.next() == Some("scroll")
    }

    /// A search that opens or continues a scroll.
    #[must_use]
    pub fn gives_scroll_id(&self) -> bool {
        self.is_scroll()
            || (self.segments().next_back() == Some("_search") && self.parameter("scroll").is_some())
    }

    /// Whether the answer describes the cluster rather than its data.
    #[must_use]
    pub fn is_about_the_cluster(&self) -> bool {
        self.segments().any(|segment| ABOUT_THE_CLUSTER.contains(&segment))
    }

    /// The class of a call.
    #[must_use]
    pub fn endpoint(&self, method: &str) -> Endpoint {
        let segments: Vec<&str> = self.segments().take(5).collect();
        match segments.as_slice() {
            [] | ["_cluster" | "_nodes" | "_tasks" | "_remote", ..] => Endpoint::Cluster,
            ["_cat", ..] => Endpoint::Cat,
            ["_search", "scroll", ..] => Endpoint::Search,
            [.., "_bulk"] => Endpoint::Bulk,
            [.., "_search" | "_msearch" | "_async_search"] | [.., "_search" | "_msearch", "template"] => {
                Endpoint::Search
            }
            [.., "_count"] => Endpoint::Count,
            [.., "_mget"] => Endpoint::Mget,
            [_, "_update", _] | [_, _, _, "_update"] => Endpoint::Update,
            [_, "_doc"] if method == "POST" => Endpoint::Index,
            [index, kind] if method == "POST" && !index.starts_with('_') && !kind.starts_with('_') => {
                Endpoint::Index
            }
            [_, "_create", _] => Endpoint::Index,
            [_, "_source", _] | [_, _, _, "_source"] => Endpoint::Get,
            [index, kind, _] if !index.starts_with('_') && (*kind == "_doc" || !kind.starts_with('_')) => {
                match method {
                    "GET" | "HEAD" => Endpoint::Get,
                    "DELETE" => Endpoint::Delete,
                    _ => Endpoint::Index,
                }
            }
            [index] if !index.starts_with('_') => Endpoint::Admin,
            segments if segments.iter().any(|segment| ADMIN.contains(segment)) => Endpoint::Admin,
            _ => Endpoint::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        for (method, target, class) in [
            ("GET", "/", Endpoint::Cluster),
            ("GET", "/_cluster/health?x=1", Endpoint::Cluster),
            ("GET", "/_cat/indices", Endpoint::Cat),
            ("POST", "/_bulk?refresh=true", Endpoint::Bulk),
            ("PUT", "/a/t/_bulk", Endpoint::Bulk),
            ("POST", "/a/_search?scroll=1m", Endpoint::Search),
            ("DELETE", "/_search/scroll", Endpoint::Search),
            ("POST", "/a,b/_count", Endpoint::Count),
            ("POST", "/_mget", Endpoint::Mget),
            ("POST", "/a/_update/1", Endpoint::Update),
            ("POST", "/a/t/1/_update", Endpoint::Update),
            ("POST", "/a/_doc/", Endpoint::Index),
            ("POST", "/a/t", Endpoint::Index),
            ("PUT", "/a/_create/1", Endpoint::Index),
            ("HEAD", "/a/_doc/1", Endpoint::Get),
            ("GET", "/a/_source/1", Endpoint::Get),
            ("DELETE", "/a/_doc/1", Endpoint::Delete),
            ("DELETE", "/a", Endpoint::Admin),
            ("POST", "/a/_refresh", Endpoint::Admin),
            ("PUT", "/_ingest/pipeline/p", Endpoint::Admin),
            ("POST", "/_reindex", Endpoint::Other),
            ("GET", "http://host:9200/a/_search?q=x", Endpoint::Search),
        ] {
            let parsed = RequestTarget::parse(target.as_bytes()).unwrap();
            assert_eq!(parsed.endpoint(method), class, "{method} {target}");
        }
    }

    #[test]
    fn absolute_targets_and_urls_in_queries() {
        let target = RequestTarget::parse(b"http://h:1").unwrap();
        assert_eq!((target.path, target.query), ("/", None));
        let target = RequestTarget::parse(b"/a?url=http://x/y").unwrap();
        assert_eq!((target.path, target.parameter("url")), ("/a", Some("http://x/y")));
        assert!(RequestTarget::parse(b"/\xff").is_none());
    }

    #[test]
    fn scrolls() {
        let scroll = |target: &str| RequestTarget::parse(target.as_bytes()).unwrap().gives_scroll_id();
        assert!(
            scroll("/a/_search?size=1&scroll=1m") && scroll("/_search/scroll") && scroll("/_search/scroll/x")
        );
        assert!(!scroll("/a/_search?q=scroll=1m") && !scroll("/scroll/_search"));
    }
}
