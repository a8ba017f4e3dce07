//! Whatever byte of a file is damaged or missing, there are no wrong documents: an error tells of it, or the byte was
//! in a part that reading documents does not need.

use crate::index::{self, Copied, Index};

/// Bytes that are tried in each file; all would take minutes.
const TRIES_PER_FILE: usize = 25;

/// Tells whether there was an error. (Before Lucene 4.8 files had no checksums; none of those here is that old.)
fn must_not_lie(index: &Index, right: &[Copied], what: &str) -> bool {
    match index::read(index, u64::MAX) {
        Ok(found) => {
            assert_eq!(found, right, "{what}");
            false
        }
        Err(error) => {
            assert!(!error.file.is_empty() && !error.to_string().is_empty(), "{what}: {error:?}");
            true
        }
    }
}

#[test]
fn a_flipped_bit_is_told_or_does_not_matter() {
    for path in index::all() {
        let mut index = index::load(&path);
        let right = index::read(&index, u64::MAX).expect("documents");
        let names: Vec<_> = index.keys().cloned().collect();
        let mut told = 0;
        for name in names {
            let length = index[&name].len();
            for at in (0..length).step_by(length.div_ceil(TRIES_PER_FILE)) {
                let bit = 1 << (at % 8);
                index.get_mut(&name).expect("the file")[at] ^= bit;
                told += usize::from(must_not_lie(&index, &right, &format!("{path:?} {name} {at}")));
                index.get_mut(&name).expect("the file")[at] ^= bit;
            }
        }
        assert!(told > 100, "{path:?}: {told}");
    }
}

#[test]
fn a_file_that_is_cut_or_missing_is_told_or_does_not_matter() {
    for path in index::all() {
        let whole = index::load(&path);
        let right = index::read(&whole, u64::MAX).expect("documents");
        for name in whole.keys().filter(|name| !name.starts_with("segments_")) {
            for part in [0, 1, 15, 16, 17, 100, whole[name].len() / 2, whole[name].len() - 1] {
                let mut index = whole.clone();
                index.get_mut(name).expect("the file").truncate(part);
                must_not_lie(&index, &right, &format!("{path:?} {name} cut to {part}"));
            }
            let mut index = whole.clone();
            index.remove(name);
            must_not_lie(&index, &right, &format!("{path:?} without {name}"));
        }
    }
}

#[test]
fn a_file_of_another_segment_is_told() {
    for path in index::all() {
        let whole = index::load(&path);
        let segments = index::open(&whole).expect("segments");
        let (first, second) = (segments[0].name(), segments[1].name());
        for end in [".si", ".cfe", ".fnm", ".fdm", ".fdx"] {
            let Some(other) = whole.get(&format!("{second}{end}")) else {
                continue;
            };
            let mut index = whole.clone();
            index.insert(format!("{first}{end}"), other.clone());
            // Segments of Lucene 4 have no ids to tell them by; numbers and offsets that don't fit do.
            let has_ids = segments[0].version().major >= 5;
            assert!(index::read(&index, u64::MAX).is_err() || !has_ids, "{path:?} {end}");
        }
    }
}

#[test]
fn a_file_that_claims_to_be_huge_is_never_asked_for() {
    let index = index::load(&index::folder().join("elasticsearch-7.10.2/default"));
    let commit = &index::commit(&index).expect("a commit").segments[0];
    let lengths = index.keys().map(|name| (name.clone(), 1 << 40));
    let files = switchover_lucene::Files::new(lengths);
    let error = switchover_lucene::Segment::open(commit, &files, switchover_lucene::Options::default());
    assert!(error.expect_err("too large").to_string().contains("at most 512 MiB"));
}
