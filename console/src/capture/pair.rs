//! How one request and its answer are shown: a JSON line with the bytes as they were on the wire, or a readable one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use switchover_capture::{End, Message, ServedBy, Transaction};

/// How much of a connection's id a readable line shows: connection ids are long, and these many differ.
const SHORT_ID_CHARS: usize = 8;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PairJson<'a> {
    node_id: &'a str,
    connection_id: &'a str,
    request_index: u32,
    request: RequestJson,
    response: Option<ResponseJson>,
    end: &'static str,
    served_by: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestJson {
    method: String,
    path: String,
    ts: String,
    raw_base64: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseJson {
    /// Null when the answer broke off before its status.
    status: Option<u16>,
    ts: String,
    raw_base64: String,
}

pub(super) fn json<O>(pair: &Transaction<O>) -> PairJson<'_> {
    let (method, path) = request_line(&pair.request.bytes);
    PairJson {
        node_id: &pair.node_id,
        connection_id: &pair.connection_id,
        request_index: pair.index,
        request: RequestJson {
            method,
            path,
            ts: pair.request.first.to_string(),
            raw_base64: BASE64.encode(&pair.request.bytes),
        },
        response: pair.response.as_ref().map(|response| ResponseJson {
            status: status(&response.bytes),
            ts: response.first.to_string(),
            raw_base64: BASE64.encode(&response.bytes),
        }),
        end: end_word(pair.end),
        served_by: match pair.served_by {
            ServedBy::Source => "source",
            ServedBy::Target => "target",
        },
    }
}

/// `TIME CONNECTION#INDEX METHOD PATH BYTES -> STATUS BYTES LATENCY`; the latency is from the last byte of the
/// request to the last of the answer. ` target` at the end says that the target answered.
pub(super) fn text<O>(pair: &Transaction<O>) -> String {
    let (method, path) = request_line(&pair.request.bytes);
    let request = format!(
        "{} {}#{} {} {} {} B",
        pair.request.first,
        short(&pair.connection_id),
        pair.index,
        printable(&method),
        printable(&path),
        pair.request.bytes.len(),
    );
    let by = if pair.served_by == ServedBy::Target { " target" } else { "" };
    match &pair.response {
        None => format!("{request} -> no answer ({}){by}", end_word(pair.end)),
        Some(response) => {
            let status = status(&response.bytes).map_or("?".to_owned(), |status| status.to_string());
            let length = response.bytes.len();
            let latency = latency_ms(&pair.request, response);
            let cut = match pair.end {
                End::Complete => String::new(),
                end => format!(" ({})", end_word(end)),
            };
            format!("{request} -> {status} {length} B {latency:.3} ms{cut}{by}")
        }
    }
}

fn short(connection_id: &str) -> String {
    printable(&connection_id.chars().take(SHORT_ID_CHARS).collect::<String>())
}

fn latency_ms(request: &Message, response: &Message) -> f64 {
    (response.last.unix_nanos() - request.last.unix_nanos()) as f64 / 1e6
}

/// How an answer ended, as one word.
pub(super) fn end_word(end: End) -> &'static str {
    match end {
        End::Complete => "complete",
        End::Closed => "closed",
        End::Reset => "reset",
        End::Expired => "expired",
        End::StillOpen => "stillOpen",
        End::Lost => "lost",
    }
}

/// Method and request target. Bytes that are not UTF-8 are replaced: the raw bytes stand beside them.
fn request_line(message: &[u8]) -> (String, String) {
    let mut words = words_of_first_line(message);
    let mut word = || String::from_utf8_lossy(words.next().unwrap_or_default()).into_owned();
    (word(), word())
}

fn status(message: &[u8]) -> Option<u16> {
    let status = words_of_first_line(message).nth(1)?;
    std::str::from_utf8(status).ok()?.parse().ok()
}

fn words_of_first_line(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    // Empty lines before a request are allowed (RFC 9112, 2.2).
    let line = message.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
    line.unwrap_or_default().split(|&byte| byte == b' ').filter(|word| !word.is_empty())
}

/// Captured text must not drive the terminal it is shown on.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use switchover_capture::Timestamp;

    use super::*;

    fn message(bytes: &'static [u8], at_ms: i64) -> Message {
        let at = Timestamp::from_unix_nanos(i128::from(at_ms) * 1_000_000);
        Message { bytes: bytes.to_vec().into(), first: at, last: at }
    }

    fn pair(request: &'static [u8], response: Option<&'static [u8]>, end: End) -> Transaction<()> {
        Transaction {
            node_id: "node".into(),
            connection_id: "0123456789abcdef".into(),
            served_by: ServedBy::Source,
            index: 4,
            request: message(request, 1000),
            response: response.map(|bytes| message(bytes, 1012)),
            interim: Vec::new(),
            end,
            origins: Vec::new(),
        }
    }

    #[test]
    fn a_readable_line() {
        let answered =
            pair(b"GET /_search HTTP/1.1\r\n\r\n", Some(b"HTTP/1.1 200 OK\r\n\r\n"), End::Complete);
        let line = "1970-01-01T00:00:01.000000000Z 01234567#4 GET /_search 25 B -> 200 19 B 12.000 ms";
        assert_eq!(text(&answered), line);
        let cut = pair(b"GET / HTTP/1.1\r\n\r\n", Some(b"HTT"), End::Reset);
        assert!(text(&cut).ends_with("-> ? 3 B 12.000 ms (reset)"), "{}", text(&cut));
        let silent = pair(b"GET / HTTP/1.1\r\n\r\n", None, End::StillOpen);
        assert!(text(&silent).ends_with("-> no answer (stillOpen)"), "{}", text(&silent));
    }

    #[test]
    fn a_json_line_keeps_the_bytes() {
        let silent = pair(b"\r\nPUT /caf\xe9 HTTP/1.1\r\n\r\n\0\xff", None, End::Closed);
        let value = serde_json::to_value(json(&silent)).unwrap();
        assert_eq!(value["request"]["method"], "PUT");
        assert_eq!(value["request"]["path"], "/caf\u{fffd}");
        let raw = BASE64.decode(value["request"]["rawBase64"].as_str().unwrap()).unwrap();
        assert_eq!(raw, b"\r\nPUT /caf\xe9 HTTP/1.1\r\n\r\n\0\xff");
        assert_eq!(value["response"], serde_json::Value::Null);
        assert_eq!((&value["end"], &value["requestIndex"]), (&"closed".into(), &4.into()));
        let keys: Vec<_> = value.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            ["nodeId", "connectionId", "requestIndex", "request", "response", "end", "servedBy"]
        );
    }

    #[test]
    fn a_path_can_not_drive_the_terminal() {
        let hostile = pair(b"GET /\x1b[2J\x07\xc2\x9b HTTP/1.1\r\n\r\n", None, End::Closed);
        assert!(!text(&hostile).chars().any(char::is_control), "{:?}", text(&hostile));
        assert!(text(&hostile).contains("/\\u{1b}[2J\\u{7}"), "{}", text(&hostile));
    }

    #[test]
    fn messages_without_a_proper_first_line() {
        for bytes in [&b""[..], b"\r\n\r\n", b" ", b"GET", b"HTTP/1.1", b"HTTP/1.1 abc", b"HTTP/1.1 99999"] {
            assert_eq!(status(bytes), None, "{bytes:?}");
            request_line(bytes);
        }
        assert_eq!(status(b"HTTP/1.1 204\r\n"), Some(204));
    }
}
