//! What can be wrong with a file, told so that a person can find the place: the file, the byte in it, what was
//! expected there.

use std::fmt;

/// Something that can't be read as what it should be.
///
/// Offsets count from the beginning of the named file; a file inside a compound one is named `_0.fdt in _0.cfs`, and
/// its offsets count from its own beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, byte {offset}: {kind}")]
pub struct Error {
    /// The Lucene file, by its name in the index.
    pub file: String,
    /// Where in the file, in bytes.
    pub offset: u64,
    /// What is wrong there.
    pub kind: ErrorKind,
}

/// The kinds of [`Error`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// The segment or commit names a file that the index does not have.
    #[error("the file is missing")]
    Missing,
    /// The file ends before what must be there.
    #[error("the file ends here, {needed} more bytes were expected")]
    Truncated {
        /// Bytes that the next item takes.
        needed: u64,
    },
    /// The bytes that were given are not those that were asked for.
    #[error("{found} bytes were given where {expected} were asked for")]
    WrongLength {
        /// Bytes that were asked for.
        expected: u64,
        /// Bytes that were given.
        found: u64,
    },
    /// The bytes of a file don't have the CRC-32 of its footer.
    #[error("the checksum is {found:08x}, the footer says {expected:08x}: the file is damaged")]
    Checksum {
        /// As the file's footer says.
        expected: u32,
        /// Of the bytes that were read.
        found: u32,
    },
    /// Another thing is here than the format asks for: the file is damaged, or not the one that belongs here.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What the format asks for.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// Compressed bytes that can't be decompressed.
    #[error("compressed bytes are damaged: {0}")]
    Compression(String),
    /// What is asked for takes more memory than there may be used.
    #[error("{needed} bytes are needed in memory, at most {limit} are allowed")]
    TooLarge {
        /// Bytes that it takes.
        needed: u64,
        /// Bytes that it may take.
        limit: u64,
    },
    /// A format, or a version of one, that this reader does not know.
    #[error("{what} {found} is not supported")]
    Unsupported {
        /// What is unknown.
        what: &'static str,
        /// Its name or version.
        found: String,
    },
}

impl ErrorKind {
    pub(crate) fn unexpected(expected: &'static str, found: impl fmt::Display) -> Self {
        Self::Unexpected { expected, found: found.to_string() }
    }

    pub(crate) fn unsupported(what: &'static str, found: impl fmt::Display) -> Self {
        Self::Unsupported { what, found: found.to_string() }
    }

    pub(crate) fn at(self, file: &str, offset: u64) -> Error {
        Error { file: file.to_owned(), offset, kind: self }
    }
}
