//! A tuple while it is written: a long one goes to its file piece by piece, as a request of 99 MiB stands in it twice.

use std::io::{self, Write};
use std::ops::Range;

/// What is kept of a line before it goes to the file.
const MAX_KEPT_BYTES: usize = 1024 * 1024;

/// The line of one tuple.
pub struct Line<'a> {
    kept: &'a mut Vec<u8>,
    /// Bytes of the line that went to the file already.
    gone: usize,
    file: &'a mut dyn Write,
    failure: Option<io::Error>,
}

impl std::fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("bytes", &self.len()).finish_non_exhaustive()
    }
}

impl<'a> Line<'a> {
    /// An empty line. `kept` is room that is used again from line to line.
    pub fn new(kept: &'a mut Vec<u8>, file: &'a mut dyn Write) -> Self {
        kept.clear();
        Self { kept, gone: 0, file, failure: None }
    }

    /// Its length so far, in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.gone + self.kept.len()
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends bytes.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        if self.kept.len() + bytes.len() > MAX_KEPT_BYTES {
            self.hand_on();
            if bytes.len() > MAX_KEPT_BYTES {
                self.gone += bytes.len();
                return self.pass_on(|file| file.write_all(bytes));
            }
        }
        self.kept.extend_from_slice(bytes);
    }

    /// Appends a byte.
    pub fn push(&mut self, byte: u8) {
        self.extend_from_slice(&[byte]);
    }

    /// Appends a part of the line once more. False when it is not at hand any more.
    #[must_use]
    pub fn repeat(&mut self, part: Range<usize>) -> bool {
        let Some(start) = part.start.checked_sub(self.gone) else { return false };
        let range = start..part.end - self.gone;
        if self.kept.len() + range.len() > MAX_KEPT_BYTES || range.end > self.kept.len() {
            return false;
        }
        self.kept.extend_from_within(range);
        true
    }

    /// Hands the rest to the file.
    ///
    /// # Errors
    /// Of the file, now or before.
    pub fn finish(mut self) -> io::Result<()> {
        self.hand_on();
        self.failure.map_or(Ok(()), Err)
    }

    fn hand_on(&mut self) {
        let kept = std::mem::take(self.kept);
        self.gone += kept.len();
        self.pass_on(|file| file.write_all(&kept));
        *self.kept = kept;
        self.kept.clear();
    }

    fn pass_on(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if self.failure.is_none() {
            self.failure = write(self.file).err();
        }
    }
}

// Failures are told at the end: who writes a tuple goes on as if there were none.
impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_file_has_all_of_it_in_order(pieces in proptest::collection::vec(0_usize..3 * MAX_KEPT_BYTES / 2, 1..8)) {
            let (mut kept, mut file, mut wanted) = (Vec::new(), Vec::new(), Vec::new());
            let mut line = Line::new(&mut kept, &mut file);
            for (at, length) in pieces.into_iter().enumerate() {
                let start = wanted.len();
                line.extend_from_slice(&vec![at as u8; length]);
                wanted.resize(start + length, at as u8);
                proptest::prop_assert_eq!(line.len(), wanted.len());
                if line.repeat(start..start + length) {
                    wanted.extend_from_within(start..);
                }
            }
            line.finish().unwrap();
            proptest::prop_assert!(kept.capacity() <= 4 * MAX_KEPT_BYTES);
            proptest::prop_assert!(file == wanted);
        }
    }

    #[test]
    fn a_failure_is_told_at_the_end() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (mut kept, mut full) = (Vec::new(), Full);
        let mut line = Line::new(&mut kept, &mut full);
        line.extend_from_slice(&vec![0; 2 * MAX_KEPT_BYTES]);
        line.push(1);
        assert_eq!(line.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
