//! Parsing of heads line by line, as the lines end.

use std::ops::ControlFlow;

use super::{RequestHead, ResponseHead};
use crate::{
    BodyKind, FramingError, Headers,
    declared::Declared,
    field::parse_field,
    first_line::{RequestLine, StatusLine},
};

/// What is known of a head whose lines are still arriving.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HeadLines {
    /// Bytes of the empty lines before the first line.
    leading_len: usize,
    /// Bytes of the first line; 0 until it came.
    first_line_len: usize,
    headers_len: usize,
    declared: Declared,
}

impl HeadLines {
    /// Takes the next line of a request's head.
    pub(crate) fn request_line(&mut self, line: &[u8]) -> Result<ControlFlow<()>, FramingError> {
        if self.first_line_len > 0 {
            return self.header_line(line);
        }
        if line.is_empty() {
            // RFC 9112 section 2.2: some clients send a CRLF of their own behind a body.
            self.leading_len += 2;
        } else {
            RequestLine::parse(line)?;
            self.first_line_len = line.len();
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Takes the next line of a response's head.
    pub(crate) fn status_line(&mut self, line: &[u8]) -> Result<ControlFlow<()>, FramingError> {
        if self.first_line_len > 0 {
            return self.header_line(line);
        }
        StatusLine::parse(line)?;
        self.first_line_len = line.len();
        Ok(ControlFlow::Continue(()))
    }

    fn header_line(&mut self, line: &[u8]) -> Result<ControlFlow<()>, FramingError> {
        if line.is_empty() {
            return Ok(ControlFlow::Break(()));
        }
        let (name, value) = parse_field(line)?;
        self.headers_len += line.len();
        self.declared.note(name, value)?;
        Ok(ControlFlow::Continue(()))
    }

    fn first_line<'a>(&self, raw: &'a [u8]) -> &'a [u8] {
        raw.get(self.leading_len..self.leading_len + self.first_line_len).unwrap_or_default()
    }

    fn headers<'a>(&self, raw: &'a [u8]) -> Headers<'a> {
        let start = self.leading_len + self.first_line_len + 2;
        Headers::new(raw.get(start..raw.len().saturating_sub(2)).unwrap_or_default())
    }

    /// The head of the request whose lines were taken.
    pub(crate) fn request<'a>(&self, raw: &'a [u8]) -> Result<RequestHead<'a>, FramingError> {
        let first_line = self.first_line(raw);
        let RequestLine { method, target, version } = RequestLine::parse(first_line)?;
        let method = str::from_utf8(method).map_err(|_| FramingError::BadRequestLine)?;
        let body = self.declared.body(version, BodyKind::None)?;
        Ok(RequestHead {
            raw,
            method,
            target,
            version,
            body: if method == "CONNECT" { BodyKind::None } else { body },
            first_line_len: self.first_line_len,
            headers_len: self.headers_len,
            expects_continue: self.declared.expects_continue,
            upgrade: self.declared.upgrade,
            first_line,
            headers: self.headers(raw),
        })
    }

    /// The head of the response whose lines were taken. Its body is what the headers declare: the caller has to
    /// set [`BodyKind::None`] where the status or the request rules a body out.
    pub(crate) fn response<'a>(&self, raw: &'a [u8]) -> Result<ResponseHead<'a>, FramingError> {
        let StatusLine { version, status, reason } = StatusLine::parse(self.first_line(raw))?;
        Ok(ResponseHead {
            raw,
            status,
            reason,
            version,
            body: self.declared.body(version, BodyKind::UntilClose)?,
            first_line_len: self.first_line_len,
            headers_len: self.headers_len,
            headers: self.headers(raw),
        })
    }
}
