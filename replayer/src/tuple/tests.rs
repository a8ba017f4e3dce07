use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::Value;
use switchover_capture::{End, Message};

use switchover_compare::tuple::payload;

use super::*;
use crate::budget::Budget;
use crate::captured::Captured;
use crate::client::{Answer, Attempt, Attempts, ExchangeError};
use crate::commit::Hold;
use crate::rewrite::{Rewriter, TargetAuth};

const SECOND_NS: i128 = 1_000_000_000;

fn message(bytes: &[u8], first: i128, last: i128) -> Message {
    Message {
        bytes: Bytes::copy_from_slice(bytes),
        first: Timestamp::from_unix_nanos(first),
        last: Timestamp::from_unix_nanos(last),
    }
}

fn captured(request: &[u8], response: Option<&[u8]>) -> Captured {
    Captured {
        connection: 1,
        node_id: "node".into(),
        connection_id: "abc".into(),
        index: 2,
        lane: 0,
        request: message(request, SECOND_NS, SECOND_NS + 1_000_000),
        response: response.map(|response| message(response, SECOND_NS, SECOND_NS + 59_000_000)),
        end: End::Complete,
        first: 0,
        source_end: 0,
        footprint: Default::default(),
        lease: Arc::new(Budget::new(usize::MAX)).lease(0),
        hold: Hold::default(),
    }
}

fn attempt(outcome: Result<&[u8], ExchangeError>) -> Attempt {
    let at = UNIX_EPOCH + Duration::from_secs(2);
    let outcome = outcome.map(|bytes| Answer {
        bytes: Bytes::copy_from_slice(bytes),
        status: 200,
        retry_after: None,
        sent_at: at,
        latency: Duration::from_millis(7),
    });
    Attempt { outcome, at }
}

fn line(request: &[u8], response: Option<&[u8]>, attempts: Vec<Attempt>, comparison: &Comparison) -> String {
    let captured = captured(request, response);
    let sent = Rewriter::new("t:1".to_owned(), TargetAuth::Keep).rewrite(&captured).unwrap();
    let count = attempts.len() as u64;
    let sending = Sending::Answered {
        request: sent,
        attempts: Attempts { kept: attempts, count, ..Attempts::default() },
    };
    String::from_utf8(written(&Finished { captured, sending, lag: None, overtaken: false }, comparison))
        .unwrap()
}

fn written(finished: &Finished, comparison: &Comparison) -> Vec<u8> {
    let (mut kept, mut file) = (Vec::new(), Vec::new());
    let mut line = Line::new(&mut kept, &mut file);
    write_line(&mut line, finished, comparison);
    line.finish().unwrap();
    file
}

#[test]
fn golden_line() {
    let request = b"PUT /a/_doc/1 HTTP/1.1\r\nHost: s\r\nX-A: 1\r\nx-a: 2\r\nAuthorization: Basic secret\r\nContent-Length: 27\r\n\r\n{\r\n \"n\": 1.10,\n \"b\":\"\\n\" }";
    let length = request.len() - request.windows(4).position(|at| at == b"\r\n\r\n").unwrap() - 4;
    let request = String::from_utf8_lossy(request).replace(": 27", &format!(": {length}"));
    let response = b"HTTP/1.1 201 Created\r\nSet-Cookie: id=secret\r\ncontent-length: 7\r\n\r\n{\"a\":1}";
    let line = line(request.as_bytes(), Some(response), vec![attempt(Ok(response))], &Comparison::same());
    let wanted = concat!(
        r#"{"sourceRequest":{"Host":["s"],"X-A":["1","2"],"Authorization":["REDACTED"],"Content-Length":["LEN"],"Request-URI":"/a/_doc/1","Method":"PUT","HTTP-Version":"HTTP/1.1","payload":{"inlinedJsonBody":{ "n": 1.10, "b":"\n" }}},"#,
        r#""sourceResponse":{"Set-Cookie":["REDACTED"],"content-length":["7"],"HTTP-Version":"HTTP/1.1","Status-Code":201,"Reason-Phrase":"Created","response_time_ms":59,"payload":{"inlinedJsonBody":{"a":1}}},"#,
        r#""targetRequest":{"Host":["t:1"],"X-A":["1","2"],"Authorization":["REDACTED"],"Content-Length":["LEN"],"Request-URI":"/a/_doc/1","Method":"PUT","HTTP-Version":"HTTP/1.1","payload":{"inlinedJsonBody":{ "n": 1.10, "b":"\n" }}},"#,
        r#""targetResponses":[{"Set-Cookie":["REDACTED"],"content-length":["7"],"HTTP-Version":"HTTP/1.1","Status-Code":201,"Reason-Phrase":"Created","response_time_ms":7,"payload":{"inlinedJsonBody":{"a":1}}}],"#,
        r#""connectionId":"abc.2","numRequests":1,"numErrors":0,"comparison":{"verdict":"same","differences":[]},"#,
        r#""nodeId":"node","sourceTimestamp":"1970-01-01T00:00:01.000000000Z","targetTimestamp":"1970-01-01T00:00:02.000000000Z"}"#,
        "\n"
    )
    .replace("LEN", &length.to_string());
    assert_eq!(line, wanted);
}

#[test]
fn attempts_without_an_answer_tell_why() {
    let comparison = Comparison::different("status", "200".to_owned(), "404".to_owned());
    let not_found = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
    let line = line(
        b"HEAD /a HTTP/1.1\r\nHost: s\r\n\r\n",
        None,
        vec![attempt(Err(ExchangeError::Silent(Duration::from_secs(1)))), attempt(Ok(not_found))],
        &comparison,
    );
    let tuple: Value = serde_json::from_str(&line).unwrap();
    assert!(tuple.get("sourceResponse").is_none());
    assert_eq!(tuple["targetResponses"][0]["Exception"], "no answer within 1s");
    assert_eq!(tuple["targetResponses"][1]["Status-Code"], 404);
    assert_eq!(tuple["targetResponses"][1]["payload"]["inlinedTextBody"], "");
    assert_eq!((&tuple["numRequests"], &tuple["numErrors"]), (&2.into(), &1.into()));
    assert_eq!(tuple["comparison"]["differences"][0]["kind"], "status");
}

#[test]
fn unreplayable_requests_have_a_tuple_too() {
    let captured = captured(b"GET / HTTP/1.1\r\nbroken", None);
    let error = switchover_http1::message::MessageError::Incomplete.into();
    let out = written(
        &Finished { captured, sending: Sending::Unreplayable(error), lag: None, overtaken: false },
        &Comparison::same(),
    );
    let tuple: Value = serde_json::from_slice(&out).unwrap();
    assert!(tuple["sourceRequest"]["Exception"].is_string() && tuple["error"].is_string());
    assert_eq!(tuple["targetResponses"], Value::Array(Vec::new()));
}

#[test]
fn payloads() {
    for (body, wanted) in [
        (&b""[..], r#"{"inlinedTextBody":""}"#),
        (
            b"{\"a\":123456789012345678901234567890}",
            r#"{"inlinedJsonBody":{"a":123456789012345678901234567890}}"#,
        ),
        (b"{\"a\":1}\n{\"b\":2}\n", r#"{"inlinedJsonSequenceBodies":[{"a":1},{"b":2}]}"#),
        (b"{\"delete\":{}}\n", r#"{"inlinedJsonBody":{"delete":{}}}"#),
        (b"{\"a\":1} junk", r#"{"inlinedTextBody":"{\"a\":1} junk"}"#),
        (b"1637 12:00 green\n", r#"{"inlinedTextBody":"1637 12:00 green\n"}"#),
        (b"\xff\x00", r#"{"inlinedBase64Body":"/wA="}"#),
    ] {
        let mut out = Vec::new();
        payload::write(&mut out, body);
        assert_eq!(String::from_utf8(out).unwrap(), wanted);
    }
}

#[test]
fn compressed_bodies_are_shown_plain_and_edited_ones_as_sent() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"{\"index\":{}}\n{}\n").unwrap();
    let body = encoder.finish().unwrap();
    let head = format!(
        "POST /_bulk HTTP/1.1\r\nHost: s\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let items = r#"{"items":[{"index":{"_id":"x"}}]}"#;
    let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{items}", items.len());
    let line = line(
        &[head.as_bytes(), &body].concat(),
        Some(response.as_bytes()),
        vec![attempt(Ok(response.as_bytes()))],
        &Comparison::not_comparable("text"),
    );
    let tuple: Value = serde_json::from_str(&line).unwrap();
    let bodies = |request: &str| tuple[request]["payload"]["inlinedJsonSequenceBodies"][0].to_string();
    assert_eq!(bodies("sourceRequest"), r#"{"index":{}}"#);
    assert_eq!(bodies("targetRequest"), r#"{"index":{"_id":"x"}}"#);
    assert_eq!(tuple["comparison"]["reason"], "text");
    assert_eq!(tuple["sourceRequest"]["Content-Encoding"][0], "gzip");
    assert_eq!(tuple["targetRequest"].get("Content-Encoding"), None);
    assert_eq!(tuple["targetRequest"]["Request-URI"], "/_bulk");
}

#[test]
fn bodies_with_secrets_are_not_written() {
    let request = b"PUT /_security/user/bob HTTP/1.1\r\nHost: s\r\nx-api-key: hidden\r\nContent-Length: 21\r\n\r\n{\"password\":\"hidden\"}";
    let response = b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"key\":\"hidden\"}";
    let line = line(request, Some(response), vec![attempt(Ok(response))], &Comparison::same());
    let tuple: Value = serde_json::from_str(&line).unwrap();
    assert!(!line.contains("hidden"), "{line}");
    assert_eq!(tuple["targetRequest"]["payload"]["inlinedTextBody"], "REDACTED");
    let body = r#"{"source":{"remote":{"host":"http://h","password":"hidden"},"index":"a"}}"#;
    let request =
        format!("POST /_reindex HTTP/1.1\r\nHost: s\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let response = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"total\":3}";
    let line =
        self::line(request.as_bytes(), Some(response), vec![attempt(Ok(response))], &Comparison::same());
    let tuple: Value = serde_json::from_str(&line).unwrap();
    assert!(!line.contains("hidden"), "{line}");
    assert_eq!(tuple["sourceRequest"]["payload"]["inlinedJsonBody"]["source"]["index"], "a");
    assert_eq!(tuple["sourceResponse"]["payload"]["inlinedJsonBody"]["total"], 3);
}
