//! The bytes of an index that the caller has fetched so far.
//!
//! This crate does no IO: opening a segment either succeeds with what is held here, or says which ranges it needs,
//! the caller fetches them however it likes, and opens again. What is read this way is metadata, which is small; the
//! stored fields themselves never come here.

use std::collections::HashMap;
use std::ops::Range;

use bytes::Bytes;

use crate::error::{Error, ErrorKind};

/// A range of bytes of a file, as the index's files are named and whole: parts are the caller's concern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileRange {
    /// Name in the index: `_0.cfs`.
    pub file: String,
    /// Bytes from the file's beginning.
    pub range: Range<u64>,
}

#[derive(Debug, Default)]
struct Held {
    length: u64,
    ranges: Vec<(u64, Bytes)>,
}

/// The files of an index with their lengths, and the ranges of them that were fetched.
#[derive(Debug, Default)]
pub struct Files {
    files: HashMap<String, Held>,
}

impl Files {
    /// All files of the index (a snapshot's shard metadata or a folder's listing has them) with their lengths in bytes.
    pub fn new(lengths: impl IntoIterator<Item = (String, u64)>) -> Self {
        let held = |(name, length)| (name, Held { length, ranges: Vec::new() });
        Self { files: lengths.into_iter().map(held).collect() }
    }

    /// Length of a file in bytes; `None`: there is no such file.
    pub fn length(&self, file: &str) -> Option<u64> {
        Some(self.files.get(file)?.length)
    }

    /// The whole of a file, as a range.
    pub fn whole(&self, file: &str) -> Option<FileRange> {
        Some(FileRange { file: file.to_owned(), range: 0..self.length(file)? })
    }

    /// Holds bytes that were fetched. Fails when they are not as many as were asked for.
    pub fn put(&mut self, range: &FileRange, bytes: Bytes) -> Result<(), Error> {
        let found = bytes.len() as u64;
        let expected = range.range.end.saturating_sub(range.range.start);
        if found != expected {
            return Err(ErrorKind::WrongLength { expected, found }.at(&range.file, range.range.start));
        }
        let held = self.files.get_mut(&range.file);
        let held = held.ok_or_else(|| ErrorKind::Missing.at(&range.file, 0))?;
        held.ranges.push((range.range.start, bytes));
        Ok(())
    }

    /// Forgets the bytes (not the lengths) of the files whose names begin with a segment's name and `.` or `_`.
    pub fn forget(&mut self, segment: &str) {
        for (name, held) in &mut self.files {
            let rest = name.strip_prefix(segment);
            if rest.is_some_and(|rest| rest.starts_with(['.', '_'])) {
                held.ranges = Vec::new();
            }
        }
    }

    pub(crate) fn get(&self, file: &str, range: &Range<u64>) -> Option<Bytes> {
        if range.is_empty() {
            return Some(Bytes::new());
        }
        self.files.get(file)?.ranges.iter().find_map(|(start, bytes)| {
            let from = usize::try_from(range.start.checked_sub(*start)?).ok()?;
            let to = usize::try_from(range.end.checked_sub(*start)?).ok()?;
            (to <= bytes.len()).then(|| bytes.slice(from..to))
        })
    }
}
