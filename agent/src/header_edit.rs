//! `--setHeader`: requests reach the node with other headers than the client sent.
//!
//! A line is replaced, or added behind the request line; every other byte of the head stays as it was, and bodies are
//! never looked at. The capture holds what the client sent.

use std::collections::HashMap;

/// Headers that say where a message ends or who talks to whom: changing them would break the connection.
const FRAMING_HEADERS: [&str; 5] = ["content-length", "transfer-encoding", "connection", "upgrade", "expect"];

/// Headers that requests get.
#[derive(Debug, Clone, Default)]
pub struct HeaderEdit {
    /// `name: value\r\n` lines to put behind the request line.
    lines: Vec<u8>,
    names: Vec<Box<str>>,
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
        for line in raw.split_inclusive(|&byte| byte == b'\n') {
            if request_line_seen {
                if !self.replaces(line) {
                    out.extend_from_slice(line);
                }
                continue;
            }
            out.extend_from_slice(line);
            // Empty lines may stand before the request line.
            if line != b"\r\n" {
                request_line_seen = true;
                out.extend_from_slice(&self.lines);
            }
        }
        out
    }

    fn replaces(&self, line: &[u8]) -> bool {
        let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
        self.names.iter().any(|set| set.as_bytes().eq_ignore_ascii_case(name))
    }
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
