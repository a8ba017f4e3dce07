//! Doc values that servers wrote, beside the sources that they were made from.

use serde_json::Value;
use switchover_lucene::Reader;

use crate::index;

/// Versions whose Lucene is older than 7.0.
const OLD: [&str; 3] = ["elasticsearch-1.", "elasticsearch-2.", "elasticsearch-5."];

#[test]
fn numbers_and_keywords_of_every_version_since_lucene_7() {
    for path in index::all() {
        let files = index::load(&path);
        let commits = index::commit(&files).expect("a commit").segments;
        let old = OLD.iter().any(|version| path.to_string_lossy().contains(version));
        let mut compared = 0;
        for (commit, segment) in commits.iter().zip(index::open(&files).expect("segments")) {
            let values = index::values(&files, commit, &segment);
            let values = values.unwrap_or_else(|error| panic!("{path:?}: {error}"));
            assert_eq!(values.is_none(), old, "{path:?}");
            let Some(values) = values else { continue };
            let mut reader = Reader::new(&segment);
            for read in segment.reads(0..segment.chunks(), u64::MAX) {
                let read = read.expect("a range");
                let mut chunks = reader.read(&read, index::fetch(&files, &read.place)).expect("chunks");
                while let Some(documents) = chunks.next_chunk().expect("a chunk") {
                    for document in documents {
                        let document = document.expect("a document");
                        let source: Value =
                            serde_json::from_slice(document.source.expect("a source")).expect("JSON");
                        let of = |field: &str| values.get(&(field.to_owned(), document.number));
                        assert_eq!(of("number"), Some(&vec![source["number"].to_string()]), "{path:?}");
                        // Longer ones are not in the index (ignore_above).
                        let text = source["text"].as_str().expect("a text").to_owned();
                        let expected = Some(vec![text]).filter(|text| text[0].len() <= 256);
                        assert_eq!(of("text.keyword"), expected.as_ref(), "{path:?}");
                        compared += 1;
                    }
                }
            }
        }
        assert_eq!(compared > 0, !old, "{path:?}: {compared}");
    }
}
