//! `--productCheck`: what Elasticsearch's clients ask of a server before they speak to it, in the target's answers.
//!
//! Clients from 7.14 on look for `X-Elastic-Product` in each answer; those from 7 on ask `GET /` first and look at version,
//! build flavour and tagline. Only the header and the answer to `GET /` are changed, on the way to the client: the
//! capture holds what the target said.

use serde_json::{Value, json};
use switchover_http1::RequestKind;
use switchover_http1::message::parse_response;

/// The header that clients look for.
const PRODUCT_LINE: &[u8] = b"X-Elastic-Product: Elasticsearch\r\n";
const PRODUCT_NAME: &[u8] = b"x-elastic-product";
const TAGLINE: &str = "You Know, for Search";
const FLAVOUR: &str = "default";
/// Headers of the answer to `GET /` that frame its old body.
const FRAMING_NAMES: [&[u8]; 2] = [b"content-length", b"transfer-encoding"];

/// The version that clients are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductCheck {
    version: String,
}

impl std::str::FromStr for ProductCheck {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('.').collect();
        let numbers = parts.iter().all(|part| part.parse::<u16>().is_ok_and(|_| !part.starts_with('+')));
        if parts.len() != 3 || !numbers {
            return Err("expected a version of Elasticsearch, such as 7.10.2".to_owned());
        }
        Ok(Self { version: text.to_owned() })
    }
}

impl ProductCheck {
    /// Adds to `out` the head of an answer, with the header.
    pub fn head(head: &[u8], out: &mut Vec<u8>) {
        for (number, line) in head.split_inclusive(|&byte| byte == b'\n').enumerate() {
            if number == 0 || !is_header(line, PRODUCT_NAME) {
                out.extend_from_slice(line);
            }
            if number == 0 {
                out.extend_from_slice(PRODUCT_LINE);
            }
        }
    }

    /// Adds to `out` a whole answer to `GET /`, with header, version, flavour and tagline. One that is no such
    /// answer only gets the header.
    pub fn root(&self, head: &[u8], answer: &[u8], out: &mut Vec<u8>) {
        let parsed = parse_response(answer, RequestKind::Other).ok();
        match parsed.and_then(|(_, body)| self.body(&body)) {
            None => {
                Self::head(head, out);
                out.extend_from_slice(answer.get(head.len()..).unwrap_or_default());
            }
            Some(body) => {
                let mut kept = Vec::with_capacity(head.len());
                for line in head.split_inclusive(|&byte| byte == b'\n') {
                    if line == b"\r\n" {
                        kept.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
                    }
                    if !FRAMING_NAMES.iter().any(|name| is_header(line, name)) {
                        kept.extend_from_slice(line);
                    }
                }
                Self::head(&kept, out);
                out.extend_from_slice(&body);
            }
        }
    }

    /// With the members that are there; a filtered answer keeps its shape.
    fn body(&self, body: &[u8]) -> Option<Vec<u8>> {
        let mut info: Value = serde_json::from_slice(body).ok()?;
        let members = info.as_object_mut()?;
        if let Some(tagline) = members.get_mut("tagline") {
            *tagline = json!(TAGLINE);
        }
        if let Some(version) = members.get_mut("version").and_then(Value::as_object_mut) {
            version.shift_remove("distribution");
            if let Some(number) = version.get_mut("number") {
                *number = json!(self.version);
                version.insert("build_flavor".to_owned(), json!(FLAVOUR));
            }
        }
        serde_json::to_vec(&info).ok()
    }
}

fn is_header(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
        && line.get(name.len()) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENSEARCH: &str = r#"{"name":"n","version":{"distribution":"opensearch","number":"2.19.1","build_type":"tar","lucene_version":"9.12.1"},"tagline":"The OpenSearch Project: https://opensearch.org/"}"#;

    #[test]
    fn every_head_gets_the_header_once() {
        let mut out = Vec::new();
        ProductCheck::head(b"HTTP/1.1 200 OK\r\na: b\r\nx-elastic-product: other\r\n\r\n", &mut out);
        assert_eq!(out, b"HTTP/1.1 200 OK\r\nX-Elastic-Product: Elasticsearch\r\na: b\r\n\r\n");
    }

    #[test]
    fn the_answer_to_root_shows_the_version_that_was_asked_for() {
        let check: ProductCheck = "7.10.2".parse().unwrap();
        for chunked in [false, true] {
            let (framing, body) = match chunked {
                false => (format!("content-length: {}", OPENSEARCH.len()), OPENSEARCH.to_owned()),
                true => (
                    "Transfer-Encoding: chunked".to_owned(),
                    format!("{:x}\r\n{OPENSEARCH}\r\n0\r\n\r\n", OPENSEARCH.len()),
                ),
            };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{framing}\r\n\r\n");
            let mut out = Vec::new();
            check.root(head.as_bytes(), format!("{head}{body}").as_bytes(), &mut out);
            let (head, body) = parse_response(&out, RequestKind::Other).unwrap();
            assert_eq!(head.header("x-elastic-product"), Some(&b"Elasticsearch"[..]));
            let info: Value = serde_json::from_slice(&body).unwrap();
            let expected = json!({"number": "7.10.2", "build_type": "tar", "lucene_version": "9.12.1", "build_flavor": "default"});
            assert_eq!((&info["version"], &info["tagline"]), (&expected, &json!(TAGLINE)));
        }
    }

    #[test]
    fn what_is_not_the_usual_answer_keeps_its_body() {
        let check: ProductCheck = "7.17.0".parse().unwrap();
        for body in ["[]", "not json", ""] {
            let head = format!("HTTP/1.1 401 Unauthorized\r\ncontent-length: {}\r\n\r\n", body.len());
            let mut out = Vec::new();
            check.root(head.as_bytes(), format!("{head}{body}").as_bytes(), &mut out);
            assert_eq!(parse_response(&out, RequestKind::Other).unwrap().1.as_ref(), body.as_bytes());
        }
        for wrong in ["7", "7.10", "a.b.c", "7.10.2-SNAPSHOT", "+7.1.1", ""] {
            assert!(wrong.parse::<ProductCheck>().is_err(), "{wrong}");
        }
    }
}
