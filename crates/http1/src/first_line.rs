//! Request lines and status lines (RFC 9112 sections 3 and 4), with exactly one space where one is due.

use crate::{FramingError, field::is_token};

/// The versions of HTTP/1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// `HTTP/1.0`
    Http10,
    /// `HTTP/1.1`
    Http11,
}

fn parse_version(text: &[u8], otherwise: FramingError) -> Result<Version, FramingError> {
    match text {
        b"HTTP/1.1" => Ok(Version::Http11),
        b"HTTP/1.0" => Ok(Version::Http10),
        text if text.starts_with(b"HTTP/") => Err(FramingError::UnsupportedVersion),
        _ => Err(otherwise),
    }
}

/// A request line taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestLine<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) target: &'a [u8],
    pub(crate) version: Version,
}

impl<'a> RequestLine<'a> {
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, FramingError> {
        let mut parts = line.split(|&byte| byte == b' ');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(method), Some(target), Some(version), None)
                if is_token(method) && !target.is_empty() && !target.contains(&b'\t') =>
            {
                let version = parse_version(version, FramingError::BadRequestLine)?;
                Ok(RequestLine { method, target, version })
            }
            _ => Err(FramingError::BadRequestLine),
        }
    }
}

/// A status line taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatusLine<'a> {
    pub(crate) version: Version,
    pub(crate) status: u16,
    pub(crate) reason: &'a [u8],
}

impl<'a> StatusLine<'a> {
    /// The space before an empty reason may be missing, as many servers leave it out and nothing hangs on it.
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, FramingError> {
        let bad = FramingError::BadStatusLine;
        let mut parts = line.splitn(3, |&byte| byte == b' ');
        let version = parse_version(parts.next().unwrap_or_default(), bad)?;
        let status = match parts.next() {
            Some(&[hundreds @ b'1'..=b'9', tens @ b'0'..=b'9', ones @ b'0'..=b'9']) => {
                [hundreds, tens, ones].iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'))
            }
            _ => return Err(bad),
        };
        Ok(StatusLine { version, status, reason: parts.next().unwrap_or_default() })
    }
}
