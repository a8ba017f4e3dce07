//! What a request asks for: its class decides how its answers are compared and what they are counted under.

use serde::Serialize;

use crate::is_mutating;
use crate::secrets::{Bodies, bodies};

/// Method, path and query of a request.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// As it stands in the request line.
    pub method: &'a str,
    /// Without the query.
    pub path: &'a str,
    /// Behind the `?`.
    pub query: Option<&'a str>,
}

/// Classes of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// `_bulk`.
    Bulk,
    /// `_search`, `_msearch`, their templates, scroll pages.
    Search,
    /// A document or its source by id.
    Get,
    /// `_mget`.
    Mget,
    /// `_count`.
    Count,
    /// A document written by id or with a generated one.
    Index,
    /// `_update`.
    Update,
    /// A document deleted by id.
    Delete,
    /// `_update_by_query`, `_delete_by_query`, `_reindex`.
    ByQuery,
    /// Tables.
    Cat,
    /// The cluster and its nodes.
    Cluster,
    /// Indices and what they are made with.
    Admin,
    /// Users, roles and keys.
    Security,
    /// Anything else.
    Other,
}

/// Calls whose answers tell of the cluster itself, which has other nodes, shards and counters than the source.
const ABOUT_THE_CLUSTER: [&str; 9] = [
    "_search_shards",
    "_stats",
    "_segments",
    "_recovery",
    "_shard_stores",
    "_nodes",
    "_tasks",
    "_cluster",
    "_remote",
];

impl<'a> Call<'a> {
    /// Splits a request target; of an absolute one only what follows the host counts. `None` when it is not UTF-8.
    #[must_use]
    pub fn parse(method: &'a str, target: &'a [u8]) -> Option<Self> {
        let mut target = std::str::from_utf8(target).ok()?;
        if let Some((_, rest)) = target.split_once("://").filter(|(scheme, _)| !scheme.contains(['/', '?'])) {
            target = rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/");
        }
        Some(match target.split_once('?') {
            Some((path, query)) => Self { method, path, query: Some(query) },
            None => Self { method, path: target, query: None },
        })
    }

    /// The path's parts, empty ones left out.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &'a str> + use<'a> {
        self.path.split('/').filter(|segment| !segment.is_empty())
    }

    /// The raw value of a query parameter; empty when it has none.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'a str> {
        self.query?.split('&').find_map(|pair| match pair.split_once('=') {
            Some((key, value)) if key == name => Some(value),
            None if pair == name => Some(""),
            _ => None,
        })
    }

    /// `GET /`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.segments().next().is_none()
    }

    /// Opens or continues a scroll, whose pages come in each index's own order.
    #[must_use]
    pub fn is_scroll(&self) -> bool {
        self.continues_scroll()
            || (self.segments().next_back() == Some("_search") && self.parameter("scroll").is_some())
    }

    /// `/_search/scroll`, with or without an id behind it.
    #[must_use]
    pub fn continues_scroll(&self) -> bool {
        let mut segments = self.segments();
        segments.next() == Some("_search") && segments.next() == Some("scroll")
    }

    /// `/_bulk`, `/{index}/_bulk` or `/{index}/{type}/_bulk`.
    #[must_use]
    pub fn is_bulk(&self) -> bool {
        self.segments().next_back() == Some("_bulk") && self.segments().count() <= 3
    }

    /// Whether the answer describes the cluster rather than its data.
    #[must_use]
    pub fn is_about_the_cluster(&self) -> bool {
        self.segments().any(|segment| ABOUT_THE_CLUSTER.contains(&segment))
    }

    /// What its bodies and those of its answer may hold.
    #[must_use]
    pub fn bodies(&self) -> Bodies {
        bodies(self.path.as_bytes())
    }

    /// Whether passwords or keys may stand anywhere in the bodies: they are shown nowhere.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self.bodies(), Bodies::Secret | Bodies::Mixed { within: None })
    }

    /// Whether the request can change nothing, not even a cursor.
    #[must_use]
    pub fn is_read(&self) -> bool {
        matches!(self.method, "GET" | "HEAD" | "POST") && !self.is_scroll() && !self.is_mutating()
    }

    /// Whether the request may change the cluster; see [`is_mutating`].
    #[must_use]
    pub fn is_mutating(&self) -> bool {
        is_mutating(self.method, self.path.as_bytes())
    }

    /// The class of the call.
    #[must_use]
    pub fn class(&self) -> Class {
        if self.bodies() == Bodies::Secret {
            return Class::Security;
        }
        let segments: Vec<&str> = self.segments().take(5).collect();
        let document = |index: &str| match self.method {
            _ if index.starts_with('_') => Class::Admin,
            "GET" | "HEAD" => Class::Get,
            "DELETE" => Class::Delete,
            _ => Class::Index,
        };
        match segments.as_slice() {
            [] | ["_cluster" | "_nodes" | "_tasks" | "_remote", ..] => Class::Cluster,
            ["_cat", ..] => Class::Cat,
            ["_search", "scroll", ..] => Class::Search,
            [.., "_bulk"] => Class::Bulk,
            [.., "_search" | "_msearch" | "_async_search"] | [.., "_search" | "_msearch", "template"] => {
                Class::Search
            }
            [.., "_count"] => Class::Count,
            [.., "_mget"] => Class::Mget,
            [.., "_update_by_query" | "_delete_by_query" | "_reindex"] => Class::ByQuery,
            [_, "_update", _] | [_, _, _, "_update"] => Class::Update,
            [index, "_doc"] if self.method == "POST" => document(index),
            [index, kind] if self.method == "POST" && !kind.starts_with('_') => document(index),
            [_, "_create", _] | [_, _, _, "_create"] => Class::Index,
            [_, "_source", _] | [_, _, _, "_source"] => Class::Get,
            [index, kind, _] if *kind == "_doc" || !kind.starts_with('_') => document(index),
            [name, ..] if name.starts_with('_') => match *name {
                "_mapping"
                | "_settings"
                | "_alias"
                | "_aliases"
                | "_template"
                | "_index_template"
                | "_component_template"
                | "_refresh"
                | "_flush"
                | "_forcemerge"
                | "_ingest"
                | "_snapshot"
                | "_scripts"
                | "_analyze"
                | "_field_caps"
                | "_data_stream"
                | "_resolve"
                | "_all" => Class::Admin,
                _ if self.is_about_the_cluster() => Class::Cluster,
                _ => Class::Other,
            },
            [_] => Class::Admin,
            [_, name, ..] if name.starts_with('_') => match *name {
                "_explain" | "_termvectors" | "_validate" | "_rank_eval" => Class::Other,
                _ => Class::Admin,
            },
            _ => Class::Other,
        }
    }
}

impl Class {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bulk => "bulk",
            Self::Search => "search",
            Self::Get => "get",
            Self::Mget => "mget",
            Self::Count => "count",
            Self::Index => "index",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::ByQuery => "byquery",
            Self::Cat => "cat",
            Self::Cluster => "cluster",
            Self::Admin => "admin",
            Self::Security => "security",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        for (method, target, class) in [
            ("GET", "/", Class::Cluster),
            ("GET", "/_cluster/health?x=1", Class::Cluster),
            ("GET", "/_stats", Class::Cluster),
            ("GET", "/_cat/indices", Class::Cat),
            ("POST", "/_bulk?refresh=true", Class::Bulk),
            ("PUT", "/a/t/_bulk", Class::Bulk),
            ("POST", "/a/_search?scroll=1m", Class::Search),
            ("DELETE", "/_search/scroll", Class::Search),
            ("POST", "/a,b/_count", Class::Count),
            ("POST", "/_mget", Class::Mget),
            ("POST", "/a/_update/1", Class::Update),
            ("POST", "/a/t/1/_update", Class::Update),
            ("POST", "/a/_doc/", Class::Index),
            ("POST", "/a/t", Class::Index),
            ("PUT", "/a/_create/1", Class::Index),
            ("PUT", "/a/t/1/_create", Class::Index),
            ("HEAD", "/a/_doc/1", Class::Get),
            ("GET", "/a/_source/1", Class::Get),
            ("DELETE", "/a/_doc/1", Class::Delete),
            ("POST", "/a/_delete_by_query", Class::ByQuery),
            ("POST", "/_reindex", Class::ByQuery),
            ("DELETE", "/a", Class::Admin),
            ("POST", "/a/_refresh", Class::Admin),
            ("PUT", "/_ingest/pipeline/p", Class::Admin),
            ("GET", "/a/_mapping/field/x", Class::Admin),
            ("PUT", "/_plugins/_security/api/internalusers/u", Class::Security),
            ("GET", "/a/_explain/1", Class::Other),
            ("GET", "http://host:9200/a/_search?q=x", Class::Search),
        ] {
            let call = Call::parse(method, target.as_bytes()).unwrap();
            assert_eq!(call.class(), class, "{method} {target}");
        }
    }

    #[test]
    fn absolute_targets_and_urls_in_queries() {
        let call = Call::parse("GET", b"http://h:1").unwrap();
        assert_eq!((call.path, call.query), ("/", None));
        let call = Call::parse("GET", b"/a?url=http://x/y").unwrap();
        assert_eq!((call.path, call.parameter("url")), ("/a", Some("http://x/y")));
        assert!(Call::parse("GET", b"/\xff").is_none());
    }

    #[test]
    fn scrolls_and_reads() {
        let call = |target: &'static str| Call::parse("POST", target.as_bytes()).unwrap();
        assert!(call("/a/_search?size=1&scroll=1m").is_scroll() && call("/_search/scroll/x").is_scroll());
        assert!(!call("/a/_search?q=scroll=1m").is_scroll() && !call("/scroll/_search").is_scroll());
        assert!(call("/a/_search").is_read() && !call("/a/_search?scroll=1m").is_read());
        assert!(!call("/a/_doc").is_read() && !call("/_bulk").is_read());
    }

    #[test]
    fn secrets() {
        let secret = |target: &'static str| Call::parse("PUT", target.as_bytes()).unwrap().is_secret();
        assert!(
            secret("/_security/user/bob")
                && secret("/_plugins/_security/api/roles")
                && secret("/_snapshot/s3")
        );
        assert!(!secret("/_security_x/a") && !secret("/a/_security") && !secret("/_snapshot/s3/snap-1"));
    }
}
