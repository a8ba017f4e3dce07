//! The fuzz targets on random inputs; `make fuzz` runs them longer, and with cargo-fuzz where it is installed.

mod columns;
mod damaged;
mod doc_values;
#[path = "../shared/index.rs"]
mod index;
mod live_docs;
mod metadata;
#[path = "../../../../tests/fuzz/random.rs"]
mod random;
mod stored_fields;

/// A file, and three bytes of it that are changed; the random changes make others of them.
fn samples() -> Vec<Vec<u8>> {
    let sample = |file: u16| [&file.to_be_bytes()[..], &[0, 40, 0xff, 0, 70, 0x80, 1, 0, 0]].concat();
    (0..200).map(|number| sample(number * 327)).chain([vec![0, 0]]).collect()
}

const WORDS: [&[u8]; 4] = [b"\x00\x30\xff", b"\x00\x40\x7f", b"\x00\x50\x80", b"\x00\x60\x00"];

#[test]
fn damaged_commits_segment_infos_field_infos_and_compound_entries() {
    random::run(metadata::run, &samples(), &WORDS);
}

#[test]
fn damaged_stored_fields() {
    random::run(stored_fields::run, &samples(), &WORDS);
}

#[test]
fn damaged_live_documents() {
    random::run(live_docs::run, &samples(), &WORDS);
}

#[test]
fn damaged_doc_values() {
    random::run(doc_values::run, &samples(), &WORDS);
}

#[test]
fn damaged_columns() {
    random::run(columns::run, &samples(), &WORDS);
}
