//! What the headers of a head declare about the message's body, and the strict reading of it.

use crate::{BodyKind, FramingError, Version};

/// The headers that framing depends on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Declared {
    length: Option<u64>,
    chunked: bool,
    /// An `Upgrade` header is there.
    pub(crate) upgrade: bool,
    /// `Expect: 100-continue`
    pub(crate) expects_continue: bool,
}

impl Declared {
    /// Notes a header.
    pub(crate) fn note(&mut self, name: &[u8], value: &[u8]) -> Result<(), FramingError> {
        // Most headers differ from all of these in length, so they cost one comparison.
        match name.len() {
            6 if name.eq_ignore_ascii_case(b"expect") => {
                self.expects_continue |= value.eq_ignore_ascii_case(b"100-continue");
            }
            7 if name.eq_ignore_ascii_case(b"upgrade") => self.upgrade = true,
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                if self.length.is_some() {
                    return Err(FramingError::TwoLengths);
                }
                self.length = Some(parse_length(value).ok_or(FramingError::BadLength)?);
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(FramingError::UnknownTransferCoding);
                }
                self.chunked = true;
            }
            _ => {}
        }
        Ok(())
    }

    /// The kind of body, `otherwise` if no header declares one.
    pub(crate) fn body(&self, version: Version, otherwise: BodyKind) -> Result<BodyKind, FramingError> {
        match (self.chunked, self.length) {
            (true, Some(_)) => Err(FramingError::LengthWithChunked),
            (true, None) if version == Version::Http10 => Err(FramingError::ChunkedInHttp10),
            (true, None) => Ok(BodyKind::Chunked),
            (false, Some(length)) => Ok(BodyKind::Length(length)),
            (false, None) => Ok(otherwise),
        }
    }
}

fn parse_length(value: &[u8]) -> Option<u64> {
    let (first, rest) = value.split_first()?;
    rest.iter()
        .try_fold(digit(*first)?, |length: u64, &byte| length.checked_mul(10)?.checked_add(digit(byte)?))
}

fn digit(byte: u8) -> Option<u64> {
    byte.is_ascii_digit().then(|| u64::from(byte - b'0'))
}
