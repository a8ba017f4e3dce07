//! Requests and responses in a tuple: headers and first-line fields in one object, as the existing replayer has them.

use std::borrow::Cow;
use std::ops::Range;

use switchover_http1::RequestKind;
use switchover_http1::message::{parse_request, parse_response};

use switchover_compare::tuple::{payload, redact, write_text as text};
use switchover_rest::secrets::Bodies;

use super::{Line, put};
use crate::content;
use crate::rewrite::{HeadLines, Outgoing};

/// Writes a captured request. Returns where in `out` its payload lies.
pub(super) fn request(out: &mut Line<'_>, bytes: &[u8], secrecy: Bodies) -> Range<usize> {
    match parse_request(bytes) {
        Ok((head, body)) => {
            request_head(out, head.raw);
            let start = out.len();
            decoded(out, head.header("content-encoding"), body, secrecy);
            let end = out.len();
            out.push(b'}');
            start..end
        }
        Err(error) => {
            exception(out, &error.to_string());
            0..0
        }
    }
}

/// Writes a request as sent; its body is often that of the captured one, whose payload lies at `source_body` in `out`.
pub(super) fn outgoing(
    out: &mut Line<'_>,
    request: &Outgoing,
    captured: &[u8],
    source_body: Range<usize>,
    secrecy: Bodies,
) {
    request_head(out, &request.head);
    if request.body_edited {
        shown(out, &request.body, secrecy);
    } else if !out.repeat(source_body)
        && let Ok((head, body)) = parse_request(captured)
    {
        decoded(out, head.header("content-encoding"), body, secrecy);
    }
    out.push(b'}');
}

/// Everything of a request up to the value of `payload`.
fn request_head(out: &mut Line<'_>, head: &[u8]) {
    let first_line = HeadLines::new(head).next().unwrap_or_default();
    let mut words = first_line.splitn(3, |byte| *byte == b' ').map(String::from_utf8_lossy);
    headers(out, HeadLines::new(head).skip(1));
    let (method, target, version) = (words.next(), words.next().map(redact::url), words.next());
    for (name, value) in [("Request-URI", target), ("Method", method), ("HTTP-Version", version)] {
        text(out, name);
        out.push(b':');
        text(out, &value.unwrap_or_default());
        out.push(b',');
    }
    out.extend_from_slice(b"\"payload\":");
}

/// Writes a response.
pub(super) fn response(
    out: &mut Line<'_>,
    bytes: &[u8],
    kind: RequestKind,
    latency_ms: Option<u64>,
    secrecy: Bodies,
) {
    let (head, body) = match parse_response(bytes, kind) {
        Ok(parsed) => parsed,
        Err(error) => return exception(out, &error.to_string()),
    };
    headers(out, HeadLines::new(head.raw).skip(1));
    let version = HeadLines::new(head.raw).next().and_then(|line| line.get(..8)).unwrap_or_default();
    out.extend_from_slice(b"\"HTTP-Version\":");
    text(out, &String::from_utf8_lossy(version));
    put(out, format_args!(",\"Status-Code\":{},\"Reason-Phrase\":", head.status));
    text(out, &String::from_utf8_lossy(head.reason));
    if let Some(latency_ms) = latency_ms {
        put(out, format_args!(",\"response_time_ms\":{latency_ms}"));
    }
    out.extend_from_slice(b",\"payload\":");
    decoded(out, head.header("content-encoding"), body, secrecy);
    out.push(b'}');
}

/// Writes what stands for a message that there isn't.
pub(super) fn exception(out: &mut Line<'_>, reason: &str) {
    out.extend_from_slice(b"{\"Exception\":");
    text(out, reason);
    out.push(b'}');
}

/// A body that can't be decompressed is shown as it is; one that holds secrets not at all, or without them.
fn decoded(out: &mut Line<'_>, coding: Option<&[u8]>, body: Cow<'_, [u8]>, secrecy: Bodies) {
    let plain = content::decode(coding, Cow::Borrowed(body.as_ref())).unwrap_or(Cow::Borrowed(body.as_ref()));
    shown(out, &plain, secrecy);
}

fn shown(out: &mut Line<'_>, plain: &[u8], secrecy: Bodies) {
    match redact::body(secrecy, Cow::Borrowed(plain)) {
        Some(shown) => payload::write(out, &shown),
        None => redact::write_payload(out),
    }
}

/// Writes `{"name":["value",...],` for every header; values of one name stand together, where the name first stood.
fn headers<'a>(out: &mut Line<'_>, lines: impl Iterator<Item = &'a [u8]>) {
    let mut named: Vec<(&[u8], Vec<&[u8]>)> = Vec::new();
    for line in lines {
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or_default().trim_ascii();
        match named.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
            Some((_, values)) => values.push(value),
            None => named.push((name, vec![value])),
        }
    }
    out.push(b'{');
    for (name, values) in named {
        let name = String::from_utf8_lossy(name);
        text(out, &name);
        out.extend_from_slice(b":[");
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            text(out, &redact::header(&name, String::from_utf8_lossy(value)));
        }
        out.extend_from_slice(b"],");
    }
}
