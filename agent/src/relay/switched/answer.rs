//! One answer on its way to the client: what it says of itself, and what of it is changed.
//!
//! The tap has framed and recorded these bytes already; here they are framed once more behind its gates, so that the tap
//! need not know of what is changed for clients.

use crate::product_check::ProductCheck;
use std::borrow::Cow;
use switchover_http1::{BodyKind, RequestKind, ResponseEvent, ResponseFramer, ResponseHead, Version};

/// The longest answer to `GET /` that is held back to be changed.
const MAX_ROOT_BYTES: usize = 64 * 1024;

/// The answers to the requests of one lane, one after the other.
#[derive(Debug, Default)]
pub(super) struct Answer {
    framer: ResponseFramer,
    /// Its status, once its head is there.
    pub(super) status: Option<u16>,
    /// The connection is to be closed behind it.
    pub(super) closes: bool,
    /// Bytes of it are on their way to the client.
    pub(super) begun: bool,
    /// The answer to `GET /` as far as it has come, and how long its head is.
    held: Option<(Vec<u8>, usize)>,
}

/// How an answer is to be read and changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) kind: RequestKind,
    pub(super) check: Option<&'a ProductCheck>,
    /// It answers `GET /`.
    pub(super) root: bool,
}

impl Answer {
    /// Before the next request.
    pub(super) fn next(&mut self) {
        (self.status, self.closes, self.begun, self.held) = (None, false, false, None);
    }

    /// What the client gets for these bytes.
    pub(super) fn pass<'b>(&mut self, bytes: &'b [u8], reading: Reading<'_>) -> Cow<'b, [u8]> {
        let mut out = Vec::new();
        let mut at = 0;
        loop {
            let in_body = self.framer.in_body();
            let rest = bytes.get(at..).unwrap_or_default();
            let (consumed, event) = self.framer.step(rest, Some(reading.kind));
            let part = rest.get(..consumed).unwrap_or_default();
            at += consumed;
            if in_body {
                add_body(&mut self.held, part, &mut out);
            }
            match event {
                None => break,
                Some(ResponseEvent::Interim(head)) => out.extend_from_slice(head.raw),
                Some(ResponseEvent::Head(head)) => {
                    self.status = Some(head.status);
                    self.closes =
                        closes(head.version, head.header("connection")) || head.body == BodyKind::UntilClose;
                    let hold = reading.root && fits(&head);
                    match reading.check {
                        Some(_) if hold => self.held = Some((head.raw.to_vec(), head.raw.len())),
                        Some(_) => ProductCheck::head(head.raw, &mut out),
                        None => {}
                    }
                }
                Some(ResponseEvent::End) => {
                    if let (Some((answer, head)), Some(check)) = (self.held.take(), reading.check) {
                        check.root(answer.get(..head).unwrap_or_default(), &answer, &mut out);
                    }
                    break;
                }
                Some(ResponseEvent::Tunnel(_)) => break,
            }
        }
        if reading.check.is_none() {
            self.begun |= !bytes.is_empty();
            return Cow::Borrowed(bytes);
        }
        self.begun |= !out.is_empty();
        Cow::Owned(out)
    }
}

/// Holds a part of a body back, if the answer is held and has not become too long.
fn add_body(answer: &mut Option<(Vec<u8>, usize)>, part: &[u8], out: &mut Vec<u8>) {
    let Some((held, head)) = answer else { return out.extend_from_slice(part) };
    held.extend_from_slice(part);
    if held.len() > MAX_ROOT_BYTES {
        ProductCheck::head(held.get(..*head).unwrap_or_default(), out);
        out.extend_from_slice(held.get(*head..).unwrap_or_default());
        *answer = None;
    }
}

/// An answer whose body can be changed as a whole.
fn fits(head: &ResponseHead<'_>) -> bool {
    match head.body {
        BodyKind::Length(length) => length <= MAX_ROOT_BYTES as u64,
        BodyKind::Chunked => true,
        BodyKind::None | BodyKind::UntilClose => false,
    }
}

/// Whether a message with this version and `Connection` header is the last of its connection.
pub(super) fn closes(version: Version, connection: Option<&[u8]>) -> bool {
    let says = |word: &str| {
        connection.is_some_and(|value| {
            value
                .split(|&byte| byte == b',')
                .any(|part| part.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
        })
    };
    match version {
        Version::Http11 => says("close"),
        Version::Http10 => !says("keep-alive"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(answers: &[u8], piece: usize, reading: Reading<'_>) -> (Vec<u8>, Answer) {
        let mut answer = Answer::default();
        let mut out = Vec::new();
        for piece in answers.chunks(piece) {
            out.extend_from_slice(&answer.pass(piece, reading));
        }
        (out, answer)
    }

    #[test]
    fn any_split_gives_the_same() {
        let check: ProductCheck = "7.10.2".parse().unwrap();
        let body = r#"{"version":{"number":"2.19.1"},"tagline":"x"}"#;
        let plain = format!(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: Keep-Alive, Close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        for (check, root) in [(None, false), (Some(&check), false), (Some(&check), true)] {
            let reading = Reading { kind: RequestKind::Other, check, root };
            let (whole, answer) = passed(plain.as_bytes(), 1 << 20, reading);
            assert!(answer.closes && answer.begun && answer.status == Some(200));
            for piece in 1..plain.len() {
                assert_eq!(passed(plain.as_bytes(), piece, reading).0, whole, "{piece}");
            }
            let text = String::from_utf8(whole).unwrap();
            assert_eq!(check.is_none(), text == plain);
            assert_eq!(root, text.contains(r#""number":"7.10.2""#), "{text}");
            assert_eq!(text.matches("X-Elastic-Product").count(), usize::from(check.is_some()));
        }
    }

    #[test]
    fn a_long_answer_to_root_passes_with_the_header_only() {
        let check: ProductCheck = "7.10.2".parse().unwrap();
        let reading = Reading { kind: RequestKind::Other, check: Some(&check), root: true };
        let pad = "x".repeat(2 * MAX_ROOT_BYTES);
        let chunked = format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{pad}\r\n0\r\n\r\n",
            pad.len()
        );
        let (out, answer) = passed(chunked.as_bytes(), 1000, reading);
        assert_eq!(out.len(), chunked.len() + "X-Elastic-Product: Elasticsearch\r\n".len());
        assert!(!answer.closes);
    }

    #[test]
    fn last_messages() {
        assert!(closes(Version::Http10, None) && !closes(Version::Http10, Some(b"Keep-Alive")));
        assert!(!closes(Version::Http11, None) && closes(Version::Http11, Some(b"x, close")));
    }
}
