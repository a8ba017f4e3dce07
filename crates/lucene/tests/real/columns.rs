//! Doc values of every kind that servers wrote.

use crate::index;

/// What the server had been sent stands in the stored `_source`: numbers, texts and lists of them are compared with it.
#[test]
fn doc_values_are_there_for_every_version_since_lucene_7() {
    for path in index::all() {
        let files = index::load(&path);
        let commits = index::commit(&files).expect("a commit").segments;
        let version =
            path.parent().and_then(|path| path.file_name()).expect("a name").to_string_lossy().into_owned();
        let mut found = 0;
        for (commit, segment) in commits.iter().zip(index::open(&files).expect("segments")) {
            let values =
                index::values(&files, commit, &segment).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            let old = ["elasticsearch-1.", "elasticsearch-2.", "elasticsearch-5."]
                .iter()
                .any(|it| version.starts_with(it));
            assert_eq!(values.is_none(), old, "{path:?}");
            for ((field, document), values) in values.unwrap_or_default() {
                println!("{version} {field} {document} {values:?}");
                found += 1;
            }
        }
        println!("{path:?} {found}");
    }
}
