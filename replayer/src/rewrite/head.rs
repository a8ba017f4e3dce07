//! The head of a request, line by line: what is not named here is passed on byte for byte.

use std::borrow::Cow;
use std::io::Write;

use switchover_http1::RequestHead;
use switchover_http1::message::BODY_HEADERS;

use super::Edits;

/// What becomes of the captured `Authorization` header.
#[derive(Clone, PartialEq, Eq)]
pub enum TargetAuth {
    /// Sent as captured.
    Keep,
    /// Not sent.
    Remove,
    /// Replaced by this value. Secret.
    Replace(String),
    /// Replaced by an AWS signature of each request as it leaves.
    Sign {
        /// `es`, or `aoss` for serverless.
        service: String,
        /// Such as `eu-central-1`.
        region: String,
    },
}

impl std::fmt::Debug for TargetAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keep => "Keep",
            Self::Remove => "Remove",
            Self::Replace(_) => "Replace(..)",
            Self::Sign { service, region } => return write!(f, "Sign({service},{region})"),
        })
    }
}

/// The lines of a head that is known to be well formed.
#[derive(Debug, Clone)]
pub struct HeadLines<'a> {
    rest: &'a [u8],
}

impl<'a> HeadLines<'a> {
    /// Splits a head; empty lines before the first are skipped.
    #[must_use]
    pub fn new(mut head: &'a [u8]) -> Self {
        while let Some(rest) = head.strip_prefix(b"\r\n") {
            head = rest;
        }
        Self { rest: head }
    }
}

impl<'a> Iterator for HeadLines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memchr(b'\n', self.rest)?;
        let (line, rest) = self.rest.split_at_checked(end + 1)?;
        self.rest = rest;
        line.strip_suffix(b"\r\n").filter(|line| !line.is_empty())
    }
}

/// The value of a header in a head that is known to be well formed.
#[must_use]
pub fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    HeadLines::new(head).skip(1).find_map(|line| {
        let (other, value) = line.split_at_checked(memchr::memchr(b':', line)?)?;
        let value = value.strip_prefix(b":").unwrap_or_default().trim_ascii();
        other.eq_ignore_ascii_case(name.as_bytes()).then_some(value)
    })
}

/// Writes the head for the target.
pub(super) fn rewrite(head: &RequestHead<'_>, edits: &Edits, authority: &str, auth: &TargetAuth) -> Vec<u8> {
    let mut out = Vec::with_capacity(head.raw.len() + authority.len() + 64);
    let mut lines = HeadLines::new(head.raw);
    let first_line = lines.next().unwrap_or_default();
    request_line(&mut out, first_line, head, edits);
    let mut host_written = false;
    for line in lines {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        if name.eq_ignore_ascii_case(b"host") {
            // A second Host line would be refused by the target, as it should have been by the source.
            if !std::mem::replace(&mut host_written, true) {
                field(&mut out, name, authority.as_bytes());
            }
        } else if !is_dropped(name, head.upgrade, edits.body.is_some(), auth) && !is_redacted(line) {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
    }
    if !host_written {
        field(&mut out, b"Host", authority.as_bytes());
    }
    if let TargetAuth::Replace(value) = auth {
        field(&mut out, b"Authorization", value.as_bytes());
    }
    if let Some(body) = &edits.body {
        field(&mut out, b"Content-Length", body.len().to_string().as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out
}

fn is_dropped(name: &[u8], upgrade: bool, body_edited: bool, auth: &TargetAuth) -> bool {
    let is_in = |names: &[&str]| names.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()));
    // The body follows at once: it is here already.
    is_in(&["expect"])
        || (*auth != TargetAuth::Keep && is_in(&["authorization"]))
        // Of a signature for the source.
        || (matches!(auth, TargetAuth::Sign { .. }) && is_in(&["x-amz-date", "x-amz-security-token", "x-amz-content-sha256"]))
        // The source answered in HTTP/1.1; the target must not take the offer either.
        || (upgrade && is_in(&["upgrade", "http2-settings", "connection"]))
        || (body_edited && is_in(&BODY_HEADERS))
}

/// A header whose value the agent did not capture: the target has no use for its hash.
fn is_redacted(line: &[u8]) -> bool {
    let value = line.splitn(2, |byte| *byte == b':').nth(1).unwrap_or_default();
    value.trim_ascii().starts_with(switchover_capture::REDACTED_PREFIX.as_bytes())
}

fn request_line(out: &mut Vec<u8>, line: &[u8], head: &RequestHead<'_>, edits: &Edits) {
    let absolute = !head.target.starts_with(b"/") && head.target != b"*";
    let target = edits.target.as_deref().map_or_else(|| origin_form(head.target), str::as_bytes);
    let target = without_hashes(target);
    let unchanged = matches!(target, Cow::Borrowed(_));
    if unchanged
        && edits.method.is_none_or(|method| method == head.method)
        && edits.target.is_none()
        && !absolute
    {
        out.extend_from_slice(line);
    } else {
        let version = line.rsplit(|byte| *byte == b' ').next().unwrap_or(b"HTTP/1.1");
        let method = edits.method.unwrap_or(head.method);
        // Writing to a vector can't fail.
        let _ = write!(out, "{method} ");
        out.extend_from_slice(&target);
        out.push(b' ');
        out.extend_from_slice(version);
    }
    out.extend_from_slice(b"\r\n");
}

/// Without the query parameters whose values the agent did not capture.
fn without_hashes(target: &[u8]) -> Cow<'_, [u8]> {
    let prefix = switchover_capture::REDACTED_PREFIX.as_bytes();
    let holds = |part: &[u8]| memchr::memmem::find(part, prefix).is_some();
    let Some(question) = memchr::memchr(b'?', target).filter(|_| holds(target)) else {
        return Cow::Borrowed(target);
    };
    let (path, query) = target.split_at(question);
    let kept: Vec<&[u8]> =
        query.get(1..).unwrap_or_default().split(|byte| *byte == b'&').filter(|part| !holds(part)).collect();
    let mut out = path.to_vec();
    if !kept.is_empty() {
        out.push(b'?');
        out.extend_from_slice(&kept.join(&b'&'));
    }
    Cow::Owned(out)
}

/// `/path` of `http://host/path`: the target is no proxy.
fn origin_form(target: &[u8]) -> &[u8] {
    let Some(authority) = memchr::memmem::find(target, b"://").and_then(|at| target.get(at + 3..)) else {
        return target;
    };
    memchr::memchr(b'/', authority).and_then(|slash| authority.get(slash..)).unwrap_or(b"/")
}

fn field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    for part in [name, b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
}
