//! Messages whose bodies say secrets among other things (settings, repositories, copying from another cluster): kept
//! until they are complete, and captured without their secrets.
//!
//! The bytes themselves pass as they come; only the record waits. What can't be looked into (too long, no JSON, a
//! coding that is not known) is captured with a hash in the place of the body: that there was such a request is never
//! lost.

use super::Redaction;
use std::borrow::Cow;
use switchover_capture::Timestamp;
use switchover_http1::RequestKind;
use switchover_http1::content::decode_within;
use switchover_http1::message::{parse_request, parse_response, with_body};
use switchover_rest::secrets::without_secret_values;

/// Longer messages are not looked into: settings and repositories have a few KiB.
const MAX_HELD_BYTES: usize = 256 * 1024;
/// Compressed bodies that decode to more are not looked into.
const MAX_DECODED_BYTES: u64 = 1024 * 1024;

/// A message that is arriving.
#[derive(Debug)]
pub struct Held {
    since: Timestamp,
    /// The head, without its secrets, and the body as framed.
    bytes: Vec<u8>,
    head_len: usize,
    /// The secrets stand in objects of this name only.
    within: Option<&'static str>,
    /// The body was too long and is not here.
    too_long: bool,
}

impl Held {
    /// A message that began at `since`; the head is without its secrets.
    #[must_use]
    pub fn new(since: Timestamp, head: &[u8], within: Option<&'static str>) -> Self {
        Self { since, bytes: head.to_vec(), head_len: head.len(), within, too_long: false }
    }

    /// When it began.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// More of the body.
    pub fn add(&mut self, bytes: &[u8]) {
        if !self.too_long && self.bytes.len() + bytes.len() > self.head_len + MAX_HELD_BYTES {
            self.too_long = true;
            self.bytes.truncate(self.head_len);
            self.bytes.shrink_to_fit();
        }
        if !self.too_long {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// The complete request as it may be captured.
    #[must_use]
    pub fn request(self, redaction: &Redaction) -> Vec<u8> {
        let shown = match parse_request(&self.bytes) {
            Ok((head, body)) if !self.too_long => {
                self.shown(redaction, head.header("content-encoding"), body)
            }
            _ => Shown::Nothing,
        };
        self.finish(redaction, shown)
    }

    /// The complete answer to a request of this kind as it may be captured.
    #[must_use]
    pub fn response(self, redaction: &Redaction, kind: RequestKind) -> Vec<u8> {
        let shown = match parse_response(&self.bytes, kind) {
            Ok((head, body)) if !self.too_long => {
                self.shown(redaction, head.header("content-encoding"), body)
            }
            _ => Shown::Nothing,
        };
        self.finish(redaction, shown)
    }

    fn shown(&self, redaction: &Redaction, coding: Option<&[u8]>, body: Cow<'_, [u8]>) -> Shown {
        if body.is_empty() {
            return Shown::All;
        }
        let Ok(plain) = decode_within(coding, body, MAX_DECODED_BYTES) else { return Shown::Nothing };
        match without_secret_values(&plain, self.within, &mut |value| redaction.replacement(value)) {
            Ok(None) => Shown::All,
            Ok(Some(body)) => Shown::Body(body),
            Err(_) => Shown::Nothing,
        }
    }

    fn finish(self, redaction: &Redaction, shown: Shown) -> Vec<u8> {
        let (head, body) = self.bytes.split_at(self.head_len.min(self.bytes.len()));
        let body = match shown {
            Shown::All => return self.bytes,
            Shown::Body(body) => body,
            Shown::Nothing => format!("{{\"redacted\":\"{}\"}}", redaction.replacement(body)).into_bytes(),
        };
        let mut message = with_body(head, body.len());
        message.extend_from_slice(&body);
        message
    }
}

/// What of a body may be captured.
enum Shown {
    /// It as it is.
    All,
    /// This in its place.
    Body(Vec<u8>),
    Nothing,
}
