//! However the stored fields are cut into ranges, the documents are the same.

use switchover_lucene::{Checksum, Reader};

use crate::index;

#[test]
fn ranges_of_any_size_are_the_same_documents_and_the_whole_file() {
    for path in index::all() {
        let index = index::load(&path);
        let whole = index::read(&index, u64::MAX).expect("documents");
        for max_bytes in [1, 100, 1000, 10_000] {
            assert_eq!(index::read(&index, max_bytes).expect("documents"), whole, "{path:?} {max_bytes}");
        }
        for segment in index::open(&index).expect("segments") {
            let Some(file) = segment.stored_fields() else {
                continue;
            };
            let reads = segment.reads(0..segment.chunks(), 1).map(|read| read.expect("a read").place.range);
            let end = reads.fold(file.range.start, |end, range| {
                assert_eq!(range.start, end, "{path:?}");
                range.end
            });
            assert_eq!(end, file.range.end, "{path:?}");
        }
    }
}

#[test]
fn chunks_can_be_read_in_any_order_by_several_readers() {
    for path in index::all() {
        let index = index::load(&path);
        for segment in index::open(&index).expect("segments") {
            let whole = index::documents(&index, &segment, u64::MAX).expect("documents");
            let mut parts = Vec::new();
            for chunk in (0..segment.chunks()).rev() {
                let mut reader = Reader::new(&segment);
                for read in segment.reads(chunk..chunk + 1, 1) {
                    let read = read.expect("a read");
                    let mut chunks = reader.read(&read, index::fetch(&index, &read.place)).expect("bytes");
                    while let Some(documents) = chunks.next_chunk().expect("a chunk") {
                        for document in documents {
                            let document = document.expect("a document");
                            assert_eq!(segment.chunk_of(document.number).expect("a chunk"), chunk);
                            parts.push(document.id.to_string());
                        }
                    }
                }
            }
            let mut ids: Vec<_> = whole.into_iter().map(|document| document.id).collect();
            ids.sort();
            parts.sort();
            assert_eq!(parts, ids, "{path:?}");
        }
    }
}

#[test]
fn sums_of_parts_are_the_sum_of_the_file() {
    for path in index::all() {
        let index = index::load(&path);
        for segment in index::open(&index).expect("segments") {
            let Some(file) = segment.stored_fields() else {
                continue;
            };
            let bytes = index::fetch(&index, file);
            let (body, footer) = bytes.split_at(bytes.len() - 16);
            for part in [1, 7, 100, body.len()] {
                let sum = body.chunks(part).map(Checksum::of).fold(Checksum::default(), Checksum::then);
                sum.verify(&file.file, footer).expect("the sum in the footer");
            }
            let part = Checksum::of(&body[1..]);
            assert!(part.verify(&file.file, footer).is_err());
        }
    }
}
