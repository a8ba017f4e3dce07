//! Which requests change the cluster, by method and path.
//!
//! Only these are gated. The table lists what is known to be read-only; whatever is not in it counts as mutating,
//! because gating a read costs a little time and not gating a write can cost the write.

/// Methods that never change documents, settings or metadata on Elasticsearch and OpenSearch.
const READ_METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// Ends of the path (after an optional index and type) of a `POST` that only reads.
const READ_POSTS: [&[&str]; 19] = [
    &["_search"],
    &["_search", "scroll"],
    &["_search", "template"],
    &["_msearch"],
    &["_msearch", "template"],
    &["_count"],
    &["_mget"],
    &["_validate", "query"],
    &["_termvectors"],
    &["_mtermvectors"],
    &["_field_caps"],
    &["_analyze"],
    &["_render", "template"],
    &["_rank_eval"],
    &["_search_shards"],
    &["_sql"],
    &["_sql", "translate"],
    &["_eql", "search"],
    &["_cluster", "allocation", "explain"],
];

/// `DELETE`s that only free what a search held.
const READ_DELETES: [&[&str]; 3] = [&["_search", "scroll"], &["_pit"], &["_search", "point_in_time"]];

/// Segments that say that the next one is a document's id, even one that looks like an endpoint.
const BEFORE_AN_ID: [&str; 3] = ["_doc", "_create", "_update"];

/// An index (or list of indices) and, up to Elasticsearch 7, a type may precede an endpoint.
const MAX_SCOPE_SEGMENTS: usize = 2;

/// Whether a request with this method and raw request target may change the cluster.
#[must_use]
pub fn is_mutating(method: &str, target: &[u8]) -> bool {
    if READ_METHODS.contains(&method) {
        return false;
    }
    let Some(segments) = path_segments(target) else { return true };
    match method {
        "POST" => !matches_any(&segments, &READ_POSTS),
        "DELETE" => !READ_DELETES.iter().any(|known| segments.starts_with(known)),
        _ => true,
    }
}

fn matches_any(segments: &[&str], known: &[&[&str]]) -> bool {
    known.iter().any(|end| {
        segments.strip_suffix(*end).is_some_and(|scope| {
            scope.len() <= MAX_SCOPE_SEGMENTS
                && !scope.last().is_some_and(|last| BEFORE_AN_ID.contains(last))
                && !scope.first().is_some_and(|first| first.starts_with('_') && *first != "_all")
        })
    })
}

/// The path's segments; `None` when the target is not a plain path.
fn path_segments(target: &[u8]) -> Option<Vec<&str>> {
    let target = std::str::from_utf8(target).ok()?;
    let path = target.split(['?', '#']).next()?.strip_prefix('/')?;
    Some(path.split('/').filter(|segment| !segment.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads() {
        for (method, target) in [
            ("GET", "/"),
            ("HEAD", "/i"),
            ("OPTIONS", "/_bulk"),
            ("POST", "/_search"),
            ("POST", "/i/_search?scroll=1m"),
            ("POST", "/i,j*/_search"),
            ("POST", "/_all/_search"),
            ("POST", "/i/type/_search"),
            ("POST", "/_search/scroll"),
            ("DELETE", "/_search/scroll"),
            ("DELETE", "/_search/scroll/abc"),
            ("POST", "/i/_msearch"),
            ("POST", "/_mget"),
            ("POST", "/i/_count"),
            ("POST", "//i//_count"),
            ("POST", "/_sql?format=json"),
        ] {
            assert!(!is_mutating(method, target.as_bytes()), "{method} {target}");
        }
    }

    #[test]
    fn writes_and_whatever_is_not_known() {
        for (method, target) in [
            ("POST", "/_bulk"),
            ("POST", "/i/_doc"),
            ("POST", "/i/_doc/_search"),
            ("POST", "/i/_update/_count"),
            ("PUT", "/i/_search"),
            ("PUT", "/i"),
            ("DELETE", "/i"),
            ("DELETE", "/i/_search"),
            ("POST", "/i/_delete_by_query"),
            ("POST", "/i/_update_by_query"),
            ("POST", "/_reindex"),
            ("POST", "/i/_refresh"),
            ("POST", "/_scripts/_search"),
            ("POST", "/i/t/1/_search"),
            ("POST", "/i/%5Fsearch"),
            ("POST", "http://host/_search"),
            ("PATCH", "/_search"),
            ("BREW", "/_search"),
            ("POST", "*"),
            ("POST", ""),
        ] {
            assert!(is_mutating(method, target.as_bytes()), "{method} {target}");
        }
        assert!(is_mutating("POST", b"/\xff/_search"));
    }
}
