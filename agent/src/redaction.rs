//! Secrets that must not be captured: values of headers such as `Authorization`, replaced by a keyed hash.
//!
//! Only the capture changes; the node gets what the client sent. The hash is the same for the same value, so that
//! "the same caller" can still be told, and without the key it tells nothing.

use aws_lc_rs::hmac;
use std::fmt::Write as _;
use switchover_capture::REDACTED_PREFIX;
use switchover_http1::Headers;

/// Bytes of the hash that are kept: too many to collide, few enough to read.
const KEPT_HASH_BYTES: usize = 16;

/// Replaces the values of some headers.
#[derive(Debug, Clone)]
pub struct Redaction {
    names: Vec<Box<str>>,
    key: hmac::Key,
}

impl Redaction {
    /// Redacts headers of these names, in any case.
    #[must_use]
    pub fn new(names: &[String], key: &[u8]) -> Self {
        let names = names.iter().map(|name| name.to_ascii_lowercase().into()).collect();
        Self { names, key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// The head as it may be captured; `None` when nothing in it has to change.
    #[must_use]
    pub fn redacted(&self, raw: &[u8], headers: Headers<'_>) -> Option<Vec<u8>> {
        let mut out: Option<Vec<u8>> = None;
        let mut copied = 0;
        for (_, value) in headers.filter(|(name, value)| !value.is_empty() && self.is_secret(name)) {
            // A value is a part of the head's own bytes.
            let Some(start) = (value.as_ptr() as usize).checked_sub(raw.as_ptr() as usize) else { continue };
            let Some(before) = raw.get(copied..start) else { continue };
            let out = out.get_or_insert_with(|| Vec::with_capacity(raw.len() + 64));
            out.extend_from_slice(before);
            out.extend_from_slice(self.replacement(value).as_bytes());
            copied = start + value.len();
        }
        let mut out = out?;
        out.extend_from_slice(raw.get(copied..).unwrap_or_default());
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

#[cfg(test)]
mod tests {
    use super::*;
    use switchover_http1::{RequestEvent, RequestFramer};
    use switchover_rest::secrets::SECRET_HEADERS;

    fn redacted(redaction: &Redaction, request: &str) -> Option<String> {
        let mut framer = RequestFramer::new();
        let (_, Some(RequestEvent::Head(head))) = framer.step(request.as_bytes()) else {
            panic!("{request}")
        };
        redaction.redacted(head.raw, head.headers()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    fn default_names() -> Vec<String> {
        SECRET_HEADERS.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn values_change_and_nothing_else_does() {
        let redaction = Redaction::new(&default_names(), b"key");
        let request = |value: &str, cookie: &str| {
            format!(
                "GET /x HTTP/1.1\r\nHost: a\r\nAUTHORIZATION:  {value} \r\nCookie:\r\nX: 1\r\ncookie: {cookie}\r\n\r\n"
            )
        };
        let out = redacted(&redaction, &request("Basic abc", "s=1")).unwrap();
        assert!(!out.contains("abc") && !out.contains("s=1"), "{out}");
        let values: Vec<&str> = out
            .lines()
            .filter_map(|line| line.split_once(REDACTED_PREFIX))
            .map(|(_, hash)| hash.trim_end())
            .collect();
        assert_eq!(values.len(), 2);
        assert!(values.iter().all(|hash| hash.len() == 2 * KEPT_HASH_BYTES) && values[0] != values[1]);
        let around =
            request(&format!("{REDACTED_PREFIX}{}", values[0]), &format!("{REDACTED_PREFIX}{}", values[1]));
        assert_eq!(out, around);
        // the same secret is the same hash, under the same key only
        assert_eq!(redacted(&redaction, &request("Basic abc", "s=1")).unwrap(), out);
        assert_ne!(
            redacted(&Redaction::new(&default_names(), b"other"), &request("Basic abc", "s=1")).unwrap(),
            out
        );
    }

    #[test]
    fn a_head_without_secrets_is_left_as_it_is() {
        let redaction = Redaction::new(&default_names(), b"key");
        assert_eq!(
            redacted(&redaction, "GET /?authorization=x HTTP/1.1\r\nHost: a\r\nauthorization2: b\r\n\r\n"),
            None
        );
        assert_eq!(
            redacted(&Redaction::new(&[], b"key"), "GET / HTTP/1.1\r\nauthorization: b\r\n\r\n"),
            None
        );
    }
}
