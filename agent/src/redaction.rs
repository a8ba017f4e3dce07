//! Secrets that must not be captured: values of headers such as `Authorization`, of query parameters such as `token`, and
//! passwords and keys in bodies, replaced by a keyed hash.
//!
//! Only the capture changes; the node gets what the client sent. The hash is the same for the same value, so that
//! "the same caller" can still be told, and without the key it tells nothing.

mod lines;
mod message;

pub use lines::LineMask;
pub use message::Held;

use aws_lc_rs::hmac;
use std::fmt::Write as _;
use switchover_capture::REDACTED_PREFIX;
use switchover_http1::{Headers, RequestHead, ResponseHead};
use switchover_rest::secrets::{self, Bodies, is_url_header, secret_spans};

/// Bytes of the hash that are kept: too many to collide, few enough to read.
const KEPT_HASH_BYTES: usize = 16;

/// What is replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redacted {
    /// The values of these headers.
    pub headers: Vec<String>,
    /// Secret values of queries, and users in URLs.
    pub urls: bool,
    /// What bodies say of passwords and keys.
    pub bodies: bool,
}

/// Replaces secrets.
#[derive(Debug, Clone)]
pub struct Redaction {
    names: Vec<Box<str>>,
    urls: bool,
    bodies: bool,
    key: hmac::Key,
}

impl Redaction {
    /// Replaces these, headers' names in any case.
    #[must_use]
    pub fn new(redacted: &Redacted, key: &[u8]) -> Self {
        Self {
            names: redacted.headers.iter().map(|name| name.to_ascii_lowercase().into()).collect(),
            urls: redacted.urls,
            bodies: redacted.bodies,
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
        }
    }

    /// Whether bodies are captured without their secrets.
    #[must_use]
    pub fn hides_bodies(&self) -> bool {
        self.bodies
    }

    /// What of the bodies of this request and its answer may be captured.
    #[must_use]
    pub fn bodies(&self, target: &[u8]) -> Bodies {
        let bodies = if self.bodies { secrets::bodies(target) } else { Bodies::Open };
        match bodies {
            // The body may stand in the query.
            Bodies::Mixed { .. } if target.windows(7).any(|part| part == b"source=") => Bodies::Secret,
            bodies => bodies,
        }
    }

    /// A request's head as it may be captured; `None` when nothing in it has to change.
    #[must_use]
    pub fn request(&self, head: &RequestHead<'_>) -> Option<Vec<u8>> {
        self.head(head.raw, head.target, head.headers())
    }

    /// An answer's head as it may be captured; `None` when nothing in it has to change.
    #[must_use]
    pub fn response(&self, head: &ResponseHead<'_>) -> Option<Vec<u8>> {
        self.head(head.raw, b"", head.headers())
    }

    fn head(&self, raw: &[u8], target: &[u8], headers: Headers<'_>) -> Option<Vec<u8>> {
        let mut head = Rewriting { redaction: self, raw, out: None, copied: 0 };
        head.url(target);
        for (name, value) in headers.filter(|(_, value)| !value.is_empty()) {
            if self.is_secret(name) {
                head.replace(value);
            } else if is_url_header(name) {
                head.url(value);
            }
        }
        let mut out = head.out?;
        out.extend_from_slice(raw.get(head.copied..).unwrap_or_default());
        Some(out)
    }

    fn is_secret(&self, name: &str) -> bool {
        self.names.iter().any(|secret| secret.eq_ignore_ascii_case(name))
    }

    fn replacement(&self, value: &[u8]) -> String {
        let hash = hmac::sign(&self.key, value);
        let mut text = REDACTED_PREFIX.to_owned();
        for byte in hash.as_ref().iter().take(KEPT_HASH_BYTES) {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// A head that is copied from its first secret on.
struct Rewriting<'h> {
    redaction: &'h Redaction,
    raw: &'h [u8],
    out: Option<Vec<u8>>,
    copied: usize,
}

impl Rewriting<'_> {
    /// `value` is a part of the head's own bytes, behind all that were replaced.
    fn replace(&mut self, value: &[u8]) {
        let Some(start) = (value.as_ptr() as usize).checked_sub(self.raw.as_ptr() as usize) else { return };
        let Some(before) = self.raw.get(self.copied..start) else { return };
        let out = self.out.get_or_insert_with(|| Vec::with_capacity(self.raw.len() + 64));
        out.extend_from_slice(before);
        out.extend_from_slice(self.redaction.replacement(value).as_bytes());
        self.copied = start + value.len();
    }

    fn url(&mut self, url: &[u8]) {
        if self.redaction.urls {
            for span in secret_spans(url) {
                self.replace(url.get(span).unwrap_or_default());
            }
        }
    }
}

#[cfg(test)]
mod tests;
