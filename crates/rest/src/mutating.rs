//! Which requests change the cluster, by method and path.
//!
//! Only these are gated. The table lists what is known to be read-only; whatever is not in it counts as mutating,
//! because gating a read costs a little time and not gating a write can cost the write.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Methods that never change documents, settings or metadata on Elasticsearch and OpenSearch. (`GET /_refresh` and its
/// like, up to Elasticsearch 7, change when documents are seen, not what they are.)
const READ_METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// What only reads though its method is one that writes: Elasticsearch 1 to 9, OpenSearch 1 to 3 and their bundled
/// plugins. `~` is an optional index (or list of them) and, up to Elasticsearch 7, type; `*` is any one segment.
const READS: [(&str, &str); 75] = [
    ("POST", "~/_search"),
    ("POST", "~/_search/template"),
    ("POST", "~/_msearch"),
    ("POST", "~/_msearch/template"),
    ("POST", "~/_count"),
    ("POST", "~/_mget"),
    ("POST", "~/_explain/*"),
    ("POST", "*/*/*/_explain"),
    ("POST", "~/_validate/query"),
    ("POST", "~/_field_caps"),
    ("POST", "~/_field_stats"),
    ("POST", "~/_analyze"),
    ("POST", "~/_rank_eval"),
    ("POST", "~/_search_shards"),
    ("POST", "~/_terms_enum"),
    ("POST", "~/_knn_search"),
    ("POST", "~/_mvt/*/*/*/*"),
    ("POST", "~/_graph/explore"),
    ("POST", "~/_xpack/graph/_explore"),
    ("POST", "~/_eql/search"),
    ("POST", "~/_fleet/_fleet_search"),
    ("POST", "~/_fleet/_fleet_msearch"),
    ("POST", "~/_rollup_search"),
    // one document's terms, each form that a version had
    ("POST", "~/_termvectors"),
    ("POST", "~/_termvectors/*"),
    ("POST", "~/_termvector/*"),
    ("POST", "*/*/*/_termvectors"),
    ("POST", "*/*/*/_termvector"),
    ("POST", "~/_mtermvectors"),
    // until Elasticsearch 5
    ("POST", "~/_suggest"),
    ("POST", "~/_percolate"),
    ("POST", "~/_percolate/count"),
    ("POST", "*/*/*/_percolate"),
    ("POST", "*/*/*/_percolate/count"),
    ("POST", "~/_mpercolate"),
    ("POST", "~/_search/exists"),
    ("POST", "*/*/*/_mlt"),
    // what a search holds open: scrolls, points in time, asynchronous searches
    ("POST", "_search/scroll"),
    ("POST", "_search/scroll/*"),
    ("DELETE", "_search/scroll"),
    ("DELETE", "_search/scroll/*"),
    ("POST", "~/_pit"),
    ("DELETE", "_pit"),
    ("POST", "~/_search/point_in_time"),
    ("DELETE", "_search/point_in_time"),
    ("DELETE", "_search/point_in_time/_all"),
    ("POST", "~/_async_search"),
    ("DELETE", "_async_search/*"),
    ("POST", "_plugins/_asynchronous_search"),
    ("DELETE", "_plugins/_asynchronous_search/*"),
    ("POST", "_opendistro/_asynchronous_search"),
    ("DELETE", "_opendistro/_asynchronous_search/*"),
    // query languages
    ("POST", "_sql"),
    ("POST", "_sql/translate"),
    ("POST", "_sql/close"),
    ("POST", "_xpack/sql"),
    ("POST", "_xpack/sql/translate"),
    ("POST", "_xpack/sql/close"),
    ("POST", "_query"),
    ("POST", "_plugins/_sql"),
    ("POST", "_plugins/_sql/_explain"),
    ("POST", "_plugins/_sql/close"),
    ("POST", "_plugins/_ppl"),
    ("POST", "_plugins/_ppl/_explain"),
    ("POST", "_opendistro/_sql"),
    ("POST", "_opendistro/_ppl"),
    // trials that store nothing
    ("POST", "_render/template"),
    ("POST", "_render/template/*"),
    ("POST", "_scripts/painless/_execute"),
    ("POST", "_ingest/pipeline/_simulate"),
    ("POST", "_ingest/pipeline/*/_simulate"),
    ("POST", "_index_template/_simulate"),
    ("POST", "_index_template/_simulate_index/*"),
    ("POST", "_cluster/allocation/explain"),
    ("POST", "_security/user/_has_privileges"),
];

/// Segments that say that the next one is a document's id, even one that looks like an endpoint.
const BEFORE_AN_ID: [&str; 3] = ["_doc", "_create", "_update"];

/// An index (or list of indices) and, up to Elasticsearch 7, a type may precede an endpoint.
const MAX_SCOPE_SEGMENTS: usize = 2;

/// The table by what a path must hold to match: the last segment of a pattern that is not `*`, and how many `*` follow
/// it. A request asks for the few patterns of its own segments instead of trying all.
static BY_ENDPOINT: LazyLock<HashMap<(usize, &str), Vec<Pattern>>> = LazyLock::new(|| {
    let mut by_endpoint = HashMap::<_, Vec<Pattern>>::new();
    for (method, pattern) in READS {
        let scoped = pattern.strip_prefix("~/");
        let pattern = Pattern { method, scoped: scoped.is_some(), end: scoped.unwrap_or(pattern) };
        let any = segments(pattern.end).rev().take_while(|segment| *segment == "*").count();
        let endpoint = segments(pattern.end).rev().nth(any).unwrap_or_default();
        by_endpoint.entry((any, endpoint)).or_default().push(pattern);
    }
    by_endpoint
});
/// The most `*` that a pattern ends with.
const MAX_ANY_SEGMENTS: usize = 4;

/// One line of the table.
#[derive(Debug)]
struct Pattern {
    method: &'static str,
    /// An index and a type may precede it.
    scoped: bool,
    end: &'static str,
}

/// Whether a request with this method and raw request target may change the cluster.
#[must_use]
pub fn is_mutating(method: &str, target: &[u8]) -> bool {
    if READ_METHODS.contains(&method) {
        return false;
    }
    let Some(path) = plain_path(target) else { return true };
    let mut ends = segments(path).rev().take(MAX_ANY_SEGMENTS + 1).enumerate();
    !ends.any(|end| {
        BY_ENDPOINT.get(&end).is_some_and(|patterns| {
            patterns.iter().any(|pattern| pattern.method == method && pattern.matches(path))
        })
    })
}

/// The path without its query; `None` when the target is not a plain path.
fn plain_path(target: &[u8]) -> Option<&str> {
    let target = std::str::from_utf8(target).ok()?;
    target.split(['?', '#']).next()?.strip_prefix('/')
}

/// Segments, leaving out empty ones: a node does not see them either.
fn segments(path: &str) -> impl DoubleEndedIterator<Item = &str> + Clone {
    path.split('/').filter(|segment| !segment.is_empty())
}

impl Pattern {
    fn matches(&self, path: &str) -> bool {
        let mut path = segments(path);
        for wanted in segments(self.end).rev() {
            match path.next_back() {
                // An index's or document's name; what begins with an underscore is an endpoint.
                Some(segment)
                    if wanted == "*" && (!segment.starts_with('_') || self.end.starts_with('_')) => {}
                Some(segment) if segment == wanted => {}
                _ => return false,
            }
        }
        let scope = path;
        let depth = scope.clone().count();
        if !self.scoped {
            return depth == 0;
        }
        depth <= MAX_SCOPE_SEGMENTS
            && scope.clone().next().is_none_or(|index| !index.starts_with('_') || index == "_all")
            && scope.clone().next_back().is_none_or(|last| !BEFORE_AN_ID.contains(&last))
    }
}

#[cfg(test)]
mod tests;
