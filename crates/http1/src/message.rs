//! Whole messages in memory, their bodies de-chunked: for comparing and rewriting what was recorded.
//!
//! The rules are the framers' own, so that what one of them called a message is one here.

use std::borrow::Cow;

use thiserror::Error;

use crate::{
    BodyKind, FramingError, RequestHead, RequestKind, ResponseHead, TunnelReason,
    chunked::{Chunk, Chunked},
    head::{HEAD_LIMIT, HeadLines},
    outcome::Outcome,
    section::{Progress, Section},
};

/// Why bytes are not one whole message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum MessageError {
    /// They cannot be framed with certainty.
    #[error("the message cannot be framed: {0}")]
    Framing(#[from] FramingError),
    /// They end before the message does.
    #[error("the bytes end before the message does")]
    Incomplete,
    /// They go on behind the end of the message.
    #[error("{0} bytes follow the end of the message")]
    TrailingBytes(usize),
    /// The response opens a tunnel instead of answering the request.
    #[error("the response opens a tunnel: {0}")]
    Tunnel(TunnelReason),
}

/// Reads a request and its body. `bytes` must be the request and nothing else.
pub fn parse_request(bytes: &[u8]) -> Result<(RequestHead<'_>, Cow<'_, [u8]>), MessageError> {
    let mut lines = HeadLines::default();
    let (raw, rest) =
        read_head(bytes, |section| section.feed(bytes, HEAD_LIMIT, |line| lines.request_line(line)))?;
    let head = lines.request(raw)?;
    Ok((head, read_body(head.body, rest)?))
}

/// Reads the final response to a request of this kind, and its body. `bytes` must be the response and nothing
/// else but interim (1xx) responses before it, which are skipped.
pub fn parse_response(
    bytes: &[u8],
    request: RequestKind,
) -> Result<(ResponseHead<'_>, Cow<'_, [u8]>), MessageError> {
    let mut bytes = bytes;
    loop {
        let mut lines = HeadLines::default();
        let (raw, rest) =
            read_head(bytes, |section| section.feed(bytes, HEAD_LIMIT, |line| lines.status_line(line)))?;
        match Outcome::of(lines.response(raw)?, request) {
            Outcome::Interim(_) => bytes = rest,
            Outcome::Final(head) => return Ok((head, read_body(head.body, rest)?)),
            Outcome::Tunnel(TunnelReason::Unframable(error)) => return Err(error.into()),
            Outcome::Tunnel(reason) => return Err(MessageError::Tunnel(reason)),
        }
    }
}

/// Headers that say how a body is framed and coded.
pub const BODY_HEADERS: [&str; 4] = ["content-length", "transfer-encoding", "content-encoding", "trailer"];

/// A head that is known to be well formed, for another body: plain, of this length. Empty lines before it are left out.
pub fn with_body(head: &[u8], length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(head.len() + 32);
    let lines = head.split_inclusive(|byte| *byte == b'\n').filter(|line| *line != b"\r\n");
    for line in lines {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        if !BODY_HEADERS.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes())) {
            out.extend_from_slice(line);
        }
    }
    out.extend_from_slice(format!("Content-Length: {length}\r\n\r\n").as_bytes());
    out
}

/// Splits `bytes` behind the head that `feed` reads from them.
fn read_head(
    bytes: &[u8],
    feed: impl FnOnce(&mut Section) -> (usize, Progress),
) -> Result<(&[u8], &[u8]), MessageError> {
    match feed(&mut Section::default()) {
        (length, Progress::Complete) => bytes.split_at_checked(length).ok_or(MessageError::Incomplete),
        (_, Progress::Partial) => Err(MessageError::Incomplete),
        (_, Progress::Refused(error)) => Err(error.into()),
    }
}

fn read_body(kind: BodyKind, bytes: &[u8]) -> Result<Cow<'_, [u8]>, MessageError> {
    let length = match kind {
        BodyKind::None => 0,
        BodyKind::Length(length) => length,
        BodyKind::Chunked => return read_chunked(bytes).map(Cow::Owned),
        BodyKind::UntilClose => return Ok(Cow::Borrowed(bytes)),
    };
    let (body, rest) = usize::try_from(length)
        .ok()
        .and_then(|length| bytes.split_at_checked(length))
        .ok_or(MessageError::Incomplete)?;
    nothing_follows(rest)?;
    Ok(Cow::Borrowed(body))
}

fn read_chunked(mut bytes: &[u8]) -> Result<Vec<u8>, MessageError> {
    let (mut chunked, mut trailers) = (Chunked::default(), Section::default());
    let mut body = Vec::new();
    loop {
        let (consumed, chunk) = chunked.step(&mut trailers, bytes);
        bytes = bytes.get(consumed..).unwrap_or_default();
        match chunk {
            Chunk::Data(data) => body.extend_from_slice(data),
            Chunk::End(Progress::Complete) => break,
            Chunk::End(Progress::Partial) => return Err(MessageError::Incomplete),
            Chunk::End(Progress::Refused(error)) => return Err(error.into()),
        }
    }
    nothing_follows(bytes)?;
    Ok(body)
}

fn nothing_follows(rest: &[u8]) -> Result<(), MessageError> {
    if rest.is_empty() { Ok(()) } else { Err(MessageError::TrailingBytes(rest.len())) }
}
