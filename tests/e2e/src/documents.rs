//! Every document of a cluster, read over its own API.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use switchover_testkit::http::ask;

/// Documents asked for at once.
const PAGE: usize = 1000;

/// All documents of an index by id, each with its source and routing.
///
/// # Panics
/// When the cluster refuses.
#[must_use]
pub fn all(url: &str, index: &str) -> BTreeMap<String, Value> {
    let refreshed = ask(url, "POST", &format!("/{index}/_refresh"), "");
    assert_eq!(refreshed.status, 200, "{}", String::from_utf8_lossy(&refreshed.raw));
    let query = json!({ "size": PAGE, "sort": ["_doc"], "query": { "match_all": {} } }).to_string();
    let mut page = ask(url, "POST", &format!("/{index}/_search?scroll=1m"), &query).json();
    let mut documents = BTreeMap::new();
    loop {
        let hits = page["hits"]["hits"].as_array().unwrap_or_else(|| panic!("no hits in {page}"));
        if hits.is_empty() {
            return documents;
        }
        for hit in hits {
            let id = hit["_id"].as_str().expect("an id").to_owned();
            let seen = documents.insert(id, json!({ "source": hit["_source"], "routing": hit["_routing"] }));
            assert!(seen.is_none(), "a document came twice");
        }
        let next = json!({ "scroll": "1m", "scroll_id": page["_scroll_id"] }).to_string();
        page = ask(url, "POST", "/_search/scroll", &next).json();
    }
}

/// Fails with examples when an index differs between two clusters. Returns how many documents it holds.
///
/// # Panics
/// When they differ.
#[must_use]
pub fn assert_same(source: &str, target: &str, index: &str) -> usize {
    let (here, there) = (all(source, index), all(target, index));
    let missing: Vec<_> = here.keys().filter(|id| !there.contains_key(*id)).take(5).collect();
    let extra: Vec<_> = there.keys().filter(|id| !here.contains_key(*id)).take(5).collect();
    let different: Vec<_> = here
        .iter()
        .filter_map(|(id, document)| Some((id, document, there.get(id)?)))
        .filter(|(_, a, b)| a != b)
        .take(5)
        .collect();
    assert!(
        missing.is_empty() && extra.is_empty() && different.is_empty(),
        "{index}: {} documents at the source, {} at the target; missing {missing:?}, extra {extra:?}, different {different:#?}",
        here.len(),
        there.len()
    );
    here.len()
}
