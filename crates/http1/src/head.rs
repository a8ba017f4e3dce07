//! Heads of requests and responses: the first line, the headers and the empty line.
//!
//! A head is a view made from the raw bytes and a few lengths, so that it may have any number of headers without
//! a table for them.

mod lines;

use crate::{BodyKind, FramingError, Headers, RequestKind, Version, section::Limit};

pub(crate) use lines::HeadLines;

/// Most bytes of a request's or response's head: first line, headers, all line ends, and for a request the empty
/// lines before it.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;

pub(crate) const HEAD_LIMIT: Limit = Limit { bytes: MAX_HEAD_BYTES, error: FramingError::HeadTooLarge };

/// The head of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestHead<'a> {
    /// The whole head as received: from the empty lines that may precede the request line to the CRLF of the
    /// empty line that ends the head.
    pub raw: &'a [u8],
    /// The method, a token.
    pub method: &'a str,
    /// The request target as received; any bytes but spaces and control characters.
    pub target: &'a [u8],
    /// The version.
    pub version: Version,
    /// How the body is framed: [`BodyKind::None`], [`BodyKind::Length`] or [`BodyKind::Chunked`].
    pub body: BodyKind,
    /// Bytes of the request line without its CRLF.
    pub first_line_len: usize,
    /// Bytes of all header lines without their CRLFs.
    pub headers_len: usize,
    /// The client waits for a `100 Continue` before it sends the body (`Expect: 100-continue`).
    pub expects_continue: bool,
    /// The client offers to change protocols (an `Upgrade` header); nothing changes until the server agrees.
    pub upgrade: bool,
    first_line: &'a [u8],
    headers: Headers<'a>,
}

impl<'a> RequestHead<'a> {
    /// The request line without its CRLF.
    pub fn first_line(&self) -> &'a [u8] {
        self.first_line
    }

    /// The value of the first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers.first(name)
    }

    /// All headers in their order.
    pub fn headers(&self) -> Headers<'a> {
        self.headers
    }

    /// What the framing of the response will depend on.
    pub fn kind(&self) -> RequestKind {
        RequestKind::new(self.method, self.upgrade)
    }
}

/// The head of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseHead<'a> {
    /// The whole head as received, to the CRLF of the empty line that ends it.
    pub raw: &'a [u8],
    /// The status code, 100 to 999.
    pub status: u16,
    /// The reason phrase, may be empty; any bytes but control characters.
    pub reason: &'a [u8],
    /// The version.
    pub version: Version,
    /// How the body is framed.
    pub body: BodyKind,
    /// Bytes of the status line without its CRLF.
    pub first_line_len: usize,
    /// Bytes of all header lines without their CRLFs.
    pub headers_len: usize,
    headers: Headers<'a>,
}

impl<'a> ResponseHead<'a> {
    /// The value of the first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers.first(name)
    }

    /// All headers in their order.
    pub fn headers(&self) -> Headers<'a> {
        self.headers
    }
}
