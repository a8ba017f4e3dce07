//! `--setHeader`: requests reach the node with other headers than the client sent.
//!
//! A line is replaced, or added behind the request line; every other byte of the head stays as it was, and bodies are
//! never looked at. The capture holds what the client sent. What goes to the target is edited the same way, for its
//! credentials and its name.

mod media_type;

use std::collections::HashMap;

/// Headers that say where a message ends or who talks to whom: changing them would break the connection.
const FRAMING_HEADERS: [&str; 5] = ["content-length", "transfer-encoding", "connection", "upgrade", "expect"];

/// Headers by which a client offers to leave HTTP/1.1. The target is not offered it: a connection that has left it can't be
/// moved.
const UPGRADE_HEADERS: [&str; 2] = ["upgrade", "http2-settings"];

/// Headers that requests get.
#[derive(Clone, Default)]
pub struct HeaderEdit {
    /// `name: value\r\n` lines to put behind the request line.
    lines: Vec<u8>,
    /// Of lines that are left out, as they are in `lines` or not wanted.
    names: Vec<Box<str>>,
    /// Media types of Elasticsearch 8 become plain ones, and the answer to `GET /` comes uncompressed.
    for_elasticsearch_clients: bool,
}

/// Without the lines: they may hold credentials.
impl std::fmt::Debug for HeaderEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeaderEdit").field("names", &self.names).finish_non_exhaustive()
    }
}

impl HeaderEdit {
    /// Sets these headers. Of a name that is given twice the last value counts.
    ///
    /// # Errors
    /// When a name or a value can't stand in a head.
    pub fn new(headers: &[(String, String)]) -> Result<Self, String> {
        let last: HashMap<String, usize> =
            headers.iter().enumerate().map(|(i, (name, _))| (name.to_ascii_lowercase(), i)).collect();
        let mut edit = Self::default();
        for (i, (name, value)) in headers.iter().enumerate() {
            let lower = name.to_ascii_lowercase();
            if !is_token(name) {
                return Err(format!("--setHeader {name}: not a header name"));
            }
            if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
                return Err(format!("--setHeader {name}: the value has a control character"));
            }
            if FRAMING_HEADERS.contains(&lower.as_str()) {
                return Err(format!("--setHeader {name}: this header frames the message and can't be set"));
            }
            if last.get(&lower) == Some(&i) {
                edit.lines.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
                edit.names.push(lower.into());
            }
        }
        Ok(edit)
    }

    /// For the target: no offers to leave HTTP/1.1, and with `elasticsearch_clients` what those ask for in terms that
    /// OpenSearch knows.
    #[must_use]
    pub fn for_target(mut self, elasticsearch_clients: bool) -> Self {
        self.names.extend(UPGRADE_HEADERS.map(Into::into));
        self.for_elasticsearch_clients = elasticsearch_clients;
        self
    }

    /// Nothing is to be changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// A complete request head with the headers set.
    #[must_use]
    pub fn apply(&self, raw: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(raw.len() + self.lines.len());
        let mut request_line_seen = false;
        let mut root = false;
        for line in raw.split_inclusive(|&byte| byte == b'\n') {
            if request_line_seen {
                let name = name_of(line);
                let unwanted = root && name.eq_ignore_ascii_case(b"accept-encoding");
                if self.replaces(name) || unwanted {
                    continue;
                }
                match self.for_elasticsearch_clients {
                    true => media_type::plain(name, line, &mut out),
                    false => out.extend_from_slice(line),
                }
                continue;
            }
            root = self.for_elasticsearch_clients && asks_for_root(line);
            out.extend_from_slice(line);
            // Empty lines may stand before the request line.
            if line != b"\r\n" {
                request_line_seen = true;
                out.extend_from_slice(&self.lines);
            }
        }
        out
    }

    fn replaces(&self, name: &[u8]) -> bool {
        self.names.iter().any(|set| set.as_bytes().eq_ignore_ascii_case(name))
    }
}

fn name_of(line: &[u8]) -> &[u8] {
    line.split(|&byte| byte == b':').next().unwrap_or_default()
}

/// Whether a request line is that of `GET /`.
fn asks_for_root(line: &[u8]) -> bool {
    let target = line.strip_prefix(b"GET ").and_then(|rest| rest.split(|&byte| byte == b' ').next());
    target.is_some_and(is_root)
}

/// Whether a request target is `/`, with or without a query.
#[must_use]
pub fn is_root(target: &[u8]) -> bool {
    target.split(|&byte| byte == b'?').next() == Some(b"/")
}

fn is_token(name: &str) -> bool {
    let mark = |byte| b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || mark(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(headers: &[(&str, &str)]) -> Result<HeaderEdit, String> {
        let owned: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        HeaderEdit::new(&owned)
    }

    #[test]
    fn lines_are_replaced_or_added_and_the_rest_stays() {
        let edit = edit(&[("X-Proxy", "old"), ("host", "b"), ("x-proxy", "on")]).unwrap();
        let raw = b"\r\nPOST /x HTTP/1.1\r\nHOST: a\r\nX-Other:  1 \r\nHost2: h\r\nx-PROXY: off\r\nX-Proxy: off\r\n\r\n";
        let expected = "\r\nPOST /x HTTP/1.1\r\nhost: b\r\nx-proxy: on\r\nX-Other:  1 \r\nHost2: h\r\n\r\n";
        assert_eq!(String::from_utf8(edit.apply(raw)).unwrap(), expected);
    }

    #[test]
    fn the_target_is_asked_in_terms_that_it_knows() {
        let edit = edit(&[("host", "b:9200"), ("authorization", "Basic x")]).unwrap();
        let raw = b"GET /?pretty HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nAccept-Encoding: gzip\r\nAccept: application/vnd.elasticsearch+json; compatible-with=8, text/plain\r\nAuthorization: Basic y\r\n\r\n";
        let expected = "GET /?pretty HTTP/1.1\r\nhost: b:9200\r\nauthorization: Basic x\r\nAccept: application/json, text/plain\r\n\r\n";
        assert_eq!(String::from_utf8(edit.clone().for_target(true).apply(raw)).unwrap(), expected);
        let kept = String::from_utf8(edit.clone().for_target(false).apply(raw)).unwrap();
        assert!(
            kept.contains("Accept-Encoding: gzip\r\nAccept: application/vnd.elasticsearch+json"),
            "{kept}"
        );
        let search = b"POST /i/_search HTTP/1.1\r\nAccept-Encoding: gzip\r\nContent-Type: application/vnd.elasticsearch+x-ndjson;compatible-with=8\r\n\r\n";
        let sent = String::from_utf8(edit.clone().for_target(true).apply(search)).unwrap();
        assert!(
            sent.ends_with("Accept-Encoding: gzip\r\nContent-Type: application/x-ndjson\r\n\r\n"),
            "{sent}"
        );
        assert!(!format!("{edit:?}").contains("Basic"));
    }

    #[test]
    fn what_would_break_a_connection_is_refused() {
        for (name, value) in [
            ("Content-Length", "1"),
            ("transfer-encoding", "chunked"),
            ("a b", "x"),
            ("", "x"),
            ("a", "x\r\nb: c"),
        ] {
            assert!(edit(&[(name, value)]).unwrap_err().contains("--setHeader"), "{name}");
        }
        assert!(edit(&[]).unwrap().is_empty());
    }
}
