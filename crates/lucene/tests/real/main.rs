//! Files that real servers wrote (see `tests/files/README.md`), read and compared with what was sent to the servers.

#[path = "../shared/index.rs"]
mod index;

mod columns;
mod damage;
mod ranges;

use std::path::Path;

use index::Copied;
use serde_json::Value;

/// What the server was sent, sorted by id.
fn expected(path: &Path) -> Vec<Copied> {
    let lines = std::fs::read_to_string(path.with_extension("ndjson")).expect("what is expected");
    let mut documents: Vec<_> = lines
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let text = |name: &str| line[name].as_str().map(str::to_owned);
            Copied {
                id: text("id").expect("an id"),
                doc_type: text("type"),
                routing: text("routing"),
                source: text("source").map(String::into_bytes),
                version: line["version"].as_i64(),
            }
        })
        .collect();
    documents.sort();
    documents
}

#[test]
fn every_document_of_every_version_is_what_was_sent() {
    for path in index::all() {
        let index = index::load(&path);
        let mut found = index::read(&index, u64::MAX).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        found.sort();
        assert_eq!(found, expected(&path), "{path:?}");
    }
}

#[test]
fn nested_and_replaced_documents_are_there_and_left_out() {
    for path in index::all() {
        let segments = index::open(&index::load(&path)).expect("segments");
        let stored: u32 = segments.iter().map(switchover_lucene::Segment::max_doc).sum();
        let live: u32 = segments.iter().map(switchover_lucene::Segment::live_documents).sum();
        assert!(segments.len() >= 2 && stored > 50 && live < stored, "{path:?}: {live} of {stored}");
    }
}

#[test]
fn segments_and_readers_can_be_shared_and_sent_to_other_threads() {
    fn sent<T: Send>() {}
    fn shared<T: Send + Sync>() {}
    shared::<switchover_lucene::Segment>();
    shared::<switchover_lucene::Files>();
    sent::<switchover_lucene::Reader<'_>>();
}
