//! Edits of JSON text that leave everything else byte for byte.
//!
//! Going through a tree of values would round numbers (`1.10`, 25 digits), drop duplicate keys and reformat: the target
//! would not hold what the source holds. So a scanner finds where a value lies in the text, and only that range is
//! replaced.

mod edit;
mod merge;
mod pointer;
mod scan;
mod splice;

pub use edit::{get, remove, rename, set};
pub use merge::{Numbers, merge};
pub use pointer::{Pointer, PointerError};
pub use scan::{
    Kind, MAX_DEPTH, MAX_DOCUMENT_BYTES, Member, check, elements, first_value, is, kind, members, nested,
    plain, string,
};
pub use splice::{Splices, removed, value_of};

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// It ends inside a value.
    Truncated,
    /// Not what RFC 8259 allows here.
    Unexpected,
    /// Not UTF-8, or an escape that stands for nothing.
    Encoding,
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// Longer than [`MAX_DOCUMENT_BYTES`].
    TooLong,
    /// The pointer leads through something that is neither object nor array, or to an element that can't be.
    NoSuchPlace,
}

impl std::fmt::Display for JsonErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the text ends inside a value",
            Self::Unexpected => "not JSON",
            Self::Encoding => "a string is not valid",
            Self::TooDeep => "nested too deep",
            Self::TooLong => "too long",
            Self::NoSuchPlace => "the pointer leads nowhere",
        })
    }
}

/// A text that can't be edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (at byte {offset})")]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Where, in bytes from the start of the text.
    pub offset: usize,
}

#[cfg(test)]
mod tests;
