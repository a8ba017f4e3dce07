//! The files of one segment, wherever they lie: by themselves or inside the compound file.
//!
//! Reading code is written as if everything were there. A range that is not held ends it early, after all ranges
//! that are known to be needed were noted, and it runs again when they have been fetched: metadata is small, so
//! reading it twice costs less than a state machine that can go on in the middle.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

use bytes::Bytes;

use crate::codec;
use crate::compound::Compound;
use crate::error::{Error, ErrorKind};
use crate::files::{FileRange, Files};

/// A file that is held whole is not larger: an index of the largest segment that Lucene can write takes less.
const MAX_WHOLE_BYTES: u64 = 512 << 20;

/// Why a segment can't be opened now.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Ranges are needed; the directory has noted which.
    Needs,
    Damaged(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Damaged(error)
    }
}

/// A file, where its bytes lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Located {
    /// For errors: `_0.fdt`, or `_0.fdt in _0.cfs`.
    pub(crate) name: String,
    /// What is to be fetched for it: in a compound file a part of that.
    pub(crate) place: FileRange,
}

impl Located {
    pub(crate) fn length(&self) -> u64 {
        self.place.range.end - self.place.range.start
    }

    /// A range of this file as a range of what is to be fetched.
    pub(crate) fn range(&self, range: Range<u64>) -> Result<FileRange, Error> {
        let (start, end) = (self.place.range.start, self.place.range.end);
        let inside = |at: u64| start.checked_add(at).filter(|at| *at <= end);
        match (inside(range.start), inside(range.end)) {
            (Some(from), Some(to)) if from <= to => {
                Ok(FileRange { file: self.place.file.clone(), range: from..to })
            }
            _ => {
                let needed = range.end.saturating_sub(self.length());
                Err(ErrorKind::Truncated { needed }.at(&self.name, self.length()))
            }
        }
    }
}

/// Finds files of one segment and reads what is held of them.
#[derive(Debug)]
pub(crate) struct Directory<'a> {
    files: &'a Files,
    pub(crate) compound: Option<Compound>,
    needs: RefCell<Vec<FileRange>>,
    unverified: RefCell<Vec<FileRange>>,
    /// Files whose checksum was found right, without their footers: many fields lie in one.
    verified: RefCell<HashMap<String, Bytes>>,
}

impl<'a> Directory<'a> {
    pub(crate) fn new(files: &'a Files) -> Self {
        Self {
            files,
            compound: None,
            needs: RefCell::default(),
            unverified: RefCell::default(),
            verified: RefCell::default(),
        }
    }

    pub(crate) fn into_needs(self) -> Vec<FileRange> {
        self.needs.into_inner()
    }

    /// A file of the index itself, never looked for in the compound file.
    pub(crate) fn outer(&self, name: &str) -> Result<Located, Error> {
        let place = self.files.whole(name).ok_or_else(|| ErrorKind::Missing.at(name, 0))?;
        Ok(Located { name: name.to_owned(), place })
    }

    /// A file that the segment was written with; `suffix` is what follows the segment's name.
    pub(crate) fn inner(&self, segment: &str, suffix: &str) -> Result<Located, Error> {
        let name = format!("{segment}{suffix}");
        let Some(compound) = &self.compound else {
            return self.outer(&name);
        };
        let file = format!("{segment}.cfs");
        let shown = format!("{name} in {file}");
        let range = compound.range(suffix).ok_or_else(|| ErrorKind::Missing.at(&shown, 0))?;
        let length = self.outer(&file)?.length();
        if range.end > length {
            let needed = range.end - length;
            return Err(ErrorKind::Truncated { needed }.at(&file, length));
        }
        Ok(Located { name: shown, place: FileRange { file, range } })
    }

    /// Notes that a file will be needed whole, so that it is fetched together with others.
    pub(crate) fn want(&self, file: &Located) {
        if file.length() <= MAX_WHOLE_BYTES {
            self.held(&file.place);
        }
    }

    pub(crate) fn want_range(&self, file: &Located, range: Range<u64>) {
        if let Ok(range) = file.range(range) {
            self.held(&range);
        }
    }

    fn held(&self, range: &FileRange) -> Option<Bytes> {
        let held = self.files.get(&range.file, &range.range);
        if held.is_none() && !self.needs.borrow().contains(range) {
            self.needs.borrow_mut().push(range.clone());
        }
        held
    }

    pub(crate) fn range(&self, file: &Located, range: Range<u64>) -> Result<Bytes, Stop> {
        self.held(&file.range(range)?).ok_or(Stop::Needs)
    }

    /// A range of a file that is too large to be read whole for its checksum: it is noted, so that others can.
    pub(crate) fn unverified_range(&self, file: &Located, range: Range<u64>) -> Result<Bytes, Stop> {
        let bytes = self.range(file, range)?;
        if !self.unverified.borrow().contains(&file.place) {
            self.unverified.borrow_mut().push(file.place.clone());
        }
        Ok(bytes)
    }

    pub(crate) fn unverified(&self) -> Vec<FileRange> {
        self.unverified.borrow().clone()
    }

    /// All bytes of a file, unchecked: formats before 4.8 have no footer.
    pub(crate) fn whole(&self, file: &Located) -> Result<Bytes, Stop> {
        if file.length() > MAX_WHOLE_BYTES {
            return Err(ErrorKind::unexpected("a file of at most 512 MiB", file.length())
                .at(&file.name, 0)
                .into());
        }
        self.held(&file.place).ok_or(Stop::Needs)
    }

    /// All bytes of a file but its footer, whose checksum was found right.
    pub(crate) fn verified(&self, file: &Located) -> Result<Bytes, Stop> {
        if let Some(bytes) = self.verified.borrow().get(&file.name) {
            return Ok(bytes.clone());
        }
        let bytes = self.whole(file)?;
        let length = codec::verified(&file.name, &bytes)?.len();
        let bytes = bytes.slice(..length);
        self.verified.borrow_mut().insert(file.name.clone(), bytes.clone());
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        Files::new([("_0.si".to_owned(), 100), ("_0.fdt".to_owned(), 1000)])
    }

    #[test]
    fn what_is_needed_is_noted_once_and_found_when_it_is_held() {
        let mut files = files();
        let directory = Directory::new(&files);
        let (info, data) =
            (directory.outer("_0.si").expect("a file"), directory.inner("_0", ".fdt").expect("a file"));
        directory.want(&info);
        directory.want_range(&data, 10..20);
        assert!(matches!(directory.whole(&info), Err(Stop::Needs)));
        assert!(matches!(directory.range(&data, 10..20), Err(Stop::Needs)));
        let needs = directory.into_needs();
        assert_eq!(needs.iter().map(|need| need.range.clone()).collect::<Vec<_>>(), [0..100, 10..20]);
        for need in &needs {
            let length = (need.range.end - need.range.start) as usize;
            assert!(files.put(need, vec![7; length + 1].into()).is_err(), "too many bytes");
            files.put(need, vec![7; length].into()).expect("as many as were asked for");
        }
        let directory = Directory::new(&files);
        assert_eq!(directory.whole(&info).expect("bytes").len(), 100);
        // A part of what is held is held.
        assert_eq!(directory.range(&data, 12..15).expect("bytes"), [7; 3][..]);
        assert!(matches!(directory.range(&data, 12..21), Err(Stop::Needs)));
        files.forget("_0");
        assert!(matches!(Directory::new(&files).whole(&info), Err(Stop::Needs)));
    }

    #[test]
    fn ranges_beyond_a_file_and_missing_files_are_errors() {
        let files = files();
        let directory = Directory::new(&files);
        let data = directory.outer("_0.fdt").expect("a file");
        for range in [0..1001, 1001..1002, u64::MAX - 1..u64::MAX] {
            assert!(matches!(directory.range(&data, range), Err(Stop::Damaged(_))));
        }
        let error = directory.outer("_0.fnm").expect_err("no such file");
        assert_eq!(error.to_string(), "_0.fnm, byte 0: the file is missing");
        assert!(directory.into_needs().is_empty());
    }

    #[test]
    fn a_file_that_is_read_without_its_checksum_is_named_once() {
        let mut files = files();
        let data = Directory::new(&files).outer("_0.fdt").expect("a file");
        files.put(&data.place, vec![7; 1000].into()).expect("bytes");
        let directory = Directory::new(&files);
        for _ in 0..2 {
            assert_eq!(directory.unverified_range(&data, 5..9).expect("bytes").len(), 4);
        }
        assert_eq!(directory.unverified(), [data.place]);
    }
}
