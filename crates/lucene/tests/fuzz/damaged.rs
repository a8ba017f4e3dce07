//! Files of real servers, damaged in the parts of one kind and with right checksums again, so that the damage gets as
//! far as it can: whatever it is, reading ends with documents or an error.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use switchover_lucene::Error;

use crate::index::{self, Index};

/// A file, or a file inside a compound one.
#[derive(Debug)]
struct Slice {
    index: usize,
    file: String,
    range: Range<usize>,
    /// The name in its header.
    format: String,
}

#[derive(Debug, Default)]
struct Samples {
    indices: Vec<Index>,
    slices: Vec<Slice>,
}

const HEADER: [u8; 4] = [0x3f, 0xd7, 0x6c, 0x17];
const FOOTER: [u8; 8] = [0xc0, 0x28, 0x93, 0xe8, 0, 0, 0, 0];

/// What `.del` has before the header.
const DELETES: [u8; 4] = [0xff, 0xff, 0xff, 0xfe];

/// Where files begin and end, and their formats: from a header's magic to the end of the next footer. A compound file's
/// own header has no footer before the next header.
fn slices(bytes: &[u8]) -> Vec<(Range<usize>, String)> {
    let mut slices = Vec::new();
    let mut start = None;
    for at in 0..bytes.len() {
        if bytes[at..].starts_with(&HEADER) {
            start = Some(at);
        } else if bytes[at..].starts_with(&FOOTER)
            && let Some(header) = start.take()
        {
            let name = &bytes[header + 5..][..usize::from(bytes[header + 4])];
            let start = if bytes[..header] == DELETES { 0 } else { header };
            slices.push((start..(at + 16).min(bytes.len()), String::from_utf8_lossy(name).into_owned()));
        }
    }
    slices
}

fn samples() -> &'static Samples {
    static SAMPLES: OnceLock<Samples> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let mut samples = Samples::default();
        for path in index::all() {
            let files = index::load(&path);
            for (file, bytes) in &files {
                for (range, format) in slices(bytes) {
                    samples.slices.push(Slice {
                        index: samples.indices.len(),
                        file: file.clone(),
                        range,
                        format,
                    });
                }
            }
            samples.indices.push(files);
        }
        samples
    })
}

/// As [`run_with`], reading all documents.
pub(crate) fn run(kinds: &[&str], data: &[u8]) {
    run_with(kinds, data, |files| index::read(files, 1000).map(drop));
}

/// `data` says which file of a kind (2 bytes), then which bytes of it are other ones (2 bytes for where, 1 for what).
pub(crate) fn run_with(kinds: &[&str], data: &[u8], read: impl Fn(&Index) -> Result<(), Error>) {
    let samples = samples();
    let fitting: Vec<_> =
        samples.slices.iter().filter(|slice| kinds.iter().any(|kind| slice.format.contains(kind))).collect();
    let Some((which, edits)) = data.split_first_chunk::<2>() else {
        return;
    };
    let slice = fitting[usize::from(u16::from_be_bytes(*which)) % fitting.len()];
    let mut damaged: BTreeMap<_, _> = samples.indices[slice.index].clone();
    let bytes = &mut damaged.get_mut(&slice.file).expect("the file")[slice.range.clone()];
    let body = bytes.len() - 16;
    for edit in edits.chunks_exact(3) {
        bytes[usize::from(u16::from_be_bytes([edit[0], edit[1]])) % body] = edit[2];
    }
    let crc = crc32fast::hash(&bytes[..body + 8]);
    bytes[body + 12..].copy_from_slice(&crc.to_be_bytes());
    let read = read(&damaged);
    assert!(edits.len() >= 3 || read.is_ok(), "{read:?}");
}
