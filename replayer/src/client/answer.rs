//! An answer as it is being read.

use std::io;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use switchover_http1::{RequestKind, ResponseEof, ResponseEvent, ResponseFramer, Version};
use tokio::time::Instant;

use super::{ExchangeError, Sent};

/// A larger answer than this is not kept; the request counts as failed.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024 * 1024;

/// A whole answer of the target.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The final response as it came, without interim ones.
    pub bytes: Bytes,
    /// Its status code.
    pub status: u16,
    /// `Retry-After` from now on, when it has one.
    pub retry_after: Option<Duration>,
    /// When the first byte of the request went out.
    pub sent_at: SystemTime,
    /// First byte out to last byte in; making the connection not counted.
    pub latency: Duration,
}

/// Collects one answer.
#[derive(Debug)]
pub(super) struct Reading {
    framer: ResponseFramer,
    kind: RequestKind,
    bytes: Vec<u8>,
    fed: usize,
    any_byte: bool,
    status: u16,
    retry_after: Option<Duration>,
    reusable: bool,
    sent: Sent,
    done: Option<Instant>,
}

impl Reading {
    pub(super) fn new(kind: RequestKind, sent: Sent) -> Self {
        Self {
            framer: ResponseFramer::new(),
            kind,
            bytes: Vec::new(),
            fed: 0,
            any_byte: false,
            status: 0,
            retry_after: None,
            reusable: true,
            sent,
            done: None,
        }
    }

    /// Takes the result of a read. True when the answer is whole.
    pub(super) fn take(&mut self, read: io::Result<&[u8]>) -> Result<bool, ExchangeError> {
        let read = read.map_err(ExchangeError::Lost)?;
        if read.is_empty() {
            self.reusable = false;
            return match self.framer.eof() {
                ResponseEof::MessageEnd => Ok(self.end()),
                _ => Err(ExchangeError::Lost(io::ErrorKind::UnexpectedEof.into())),
            };
        }
        self.any_byte = true;
        if self.bytes.len() + read.len() > MAX_ANSWER_BYTES {
            return Err(ExchangeError::TooLarge);
        }
        self.bytes.extend_from_slice(read);
        self.advance()
    }

    fn advance(&mut self) -> Result<bool, ExchangeError> {
        loop {
            let rest = self.bytes.get(self.fed..).unwrap_or_default();
            let (consumed, event) = self.framer.step(rest, Some(self.kind));
            self.fed += consumed;
            match event {
                None => return Ok(false),
                Some(ResponseEvent::Interim(_)) => {
                    self.bytes.drain(..self.fed);
                    self.fed = 0;
                }
                Some(ResponseEvent::Head(head)) => {
                    self.status = head.status;
                    self.retry_after = head.header("retry-after").and_then(retry_after);
                    let closes =
                        |value: &[u8]| value.to_ascii_lowercase().windows(5).any(|word| word == b"close");
                    self.reusable =
                        head.version == Version::Http11 && !head.header("connection").is_some_and(closes);
                }
                Some(ResponseEvent::End) => {
                    // Bytes behind the answer belong to nothing that was asked.
                    self.reusable &= self.fed == self.bytes.len();
                    self.bytes.truncate(self.fed);
                    return Ok(self.end());
                }
                Some(ResponseEvent::Tunnel(reason)) => return Err(ExchangeError::Unframable(reason)),
            }
        }
    }

    fn end(&mut self) -> bool {
        self.done = Some(Instant::now());
        true
    }

    pub(super) fn any_byte(&self) -> bool {
        self.any_byte
    }

    /// The connection must not be used again.
    pub(super) fn close(&mut self) {
        self.reusable = false;
    }

    /// The answer, and whether the connection may be used again.
    pub(super) fn finish(self) -> (Answer, bool) {
        let latency = self.done.unwrap_or_else(Instant::now).duration_since(self.sent.instant);
        let answer = Answer {
            bytes: self.bytes.into(),
            status: self.status,
            retry_after: self.retry_after,
            sent_at: self.sent.at,
            latency,
        };
        (answer, self.reusable)
    }
}

/// Seconds, or a date.
fn retry_after(value: &[u8]) -> Option<Duration> {
    let value = std::str::from_utf8(value).ok()?.trim();
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::now()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after(b" 7 "), Some(Duration::from_secs(7)));
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        let wait = retry_after(date.as_bytes()).unwrap();
        assert!(wait > Duration::from_secs(90) && wait <= Duration::from_secs(100), "{wait:?}");
        for nothing in [&b"Thu, 01 Jan 1970 00:00:00 GMT"[..], b"soon", b"-1", b"\xff", b""] {
            assert_eq!(retry_after(nothing), None);
        }
    }
}
