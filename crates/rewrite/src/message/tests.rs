use std::borrow::Cow;

use super::*;

const NDJSON: &str = "{\"index\":{}}\n{ \"n\": 1.10 }\r\n{\"delete\":{\"_id\":\"1\"}}\n";

fn request<'a>(content_type: &'a str, body: &'a [u8]) -> Request<'a> {
    let headers = [content_type.as_bytes(), b"Content-Length: 1"].into_iter().collect();
    Request::new("POST", "/a", Some("q=1"), headers, Cow::Borrowed(body), |_, _| Err("damaged".to_owned()))
}

fn payload(body: &[u8]) -> String {
    Message::new(&mut request("Content-Type: application/json", body)).unwrap().payload
}

#[test]
fn shapes() {
    let mut form =
        request("content-type: application/x-www-form-urlencoded; charset=UTF-8", b"a=1&b=x+y&a=%C3%BC");
    let message = Message::new(&mut form).unwrap();
    assert_eq!(
        message.text(),
        concat!(
            r#"{"transformerMessageVersion":2,"method":"POST","URI":"/a?q=1","protocol":"HTTP/1.1","headers":"#,
            r#"{"content-type":["application/x-www-form-urlencoded; charset=UTF-8"],"Content-Length":["1"]},"#,
            r#""payload":{"inlinedFormEncodedBody":{"a":["1","ü"],"b":["x y"]}}}"#
        )
    );
    for (body, wanted) in [
        ("", "{}"),
        (" {\"a\": 1.10}\n", r#"{"inlinedJsonBody":{"a": 1.10}}"#),
        (NDJSON, r#"{"inlinedJsonSequenceBodies":[{"index":{}},{ "n": 1.10 },{"delete":{"_id":"1"}}]}"#),
        ("{}\n{}\n{\"a\":", r#"{"inlinedJsonSequenceBodies":[{},{}],"inlinedTextBody":"\n{\"a\":"}"#),
        ("plain \"text\"", r#"{"inlinedTextBody":"plain \"text\""}"#),
    ] {
        assert_eq!(payload(body.as_bytes()), wanted);
    }
    assert_eq!(payload(b"{}\xff"), r#"{"inlinedBase64Body":"e33/"}"#);
}

fn edited(body: &[u8], payload: &str) -> Option<String> {
    let mut request = request("Content-Type: application/json", body);
    let message = Message::new(&mut request).unwrap();
    message.write_back(&mut request, &message.envelope, Some(payload), Numbers::Double).unwrap();
    request.into_edited_body().map(|body| String::from_utf8_lossy(&body).into_owned())
}

#[test]
fn only_what_differs_is_written() {
    for body in ["", " {\"a\": 1.10}\n", NDJSON, "{}\n{}\n{\"a\":", "plain"] {
        assert_eq!(edited(body.as_bytes(), &payload(body.as_bytes())), None, "{body}");
    }
    assert_eq!(edited(b"{}\xff", &payload(b"{}\xff")), None);
    for (payload, wanted) in [
        (
            r#"{"inlinedJsonSequenceBodies":[{"index":{"_id":"7"}},{"n":1.1},{"delete":{"_id":"1"}}]}"#,
            NDJSON.replace("{}", "{\"_id\":\"7\"}"),
        ),
        (
            r#"{"inlinedJsonSequenceBodies":[{"index":{}},{"n":1.1}]}"#,
            "{\"index\":{}}\n{ \"n\": 1.10 }\n".to_owned(),
        ),
        (r#"{"inlinedTextBody":"x"}"#, "x".to_owned()),
        (r#"{"inlinedBase64Body":"AQ=="}"#, "\u{1}".to_owned()),
        (r#"{"inlinedFormEncodedBody":{"a b":["1","2"],"c":"ü"}}"#, "a%20b=1&a%20b=2&c=%C3%BC".to_owned()),
        ("{}", String::new()),
    ] {
        assert_eq!(edited(NDJSON.as_bytes(), payload).as_deref(), Some(wanted.as_str()), "{payload}");
    }
}

#[test]
fn line_and_headers() {
    let mut request = request("Content-Type:  application/json", b"");
    let message = Message::new(&mut request).unwrap();
    message.write_back(&mut request, &message.envelope, None, Numbers::Double).unwrap();
    assert!(!request.edited().any());
    let envelope =
        r#"{"method":"PUT","URI":"/b/_doc/1","headers":{"X":["1","2"],"content-length":["99"],"Y":3}}"#;
    message.write_back(&mut request, envelope, None, Numbers::Double).unwrap();
    assert_eq!((request.method(), request.target().as_str()), ("PUT", "/b/_doc/1"));
    let lines: Vec<_> =
        request.headers().lines().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    assert_eq!(lines, ["Content-Length: 1", "X: 1", "X: 2", "Y: 3"]);
    for wrong in [
        "[]",
        "{}",
        r#"{"method":"GET","URI":"/a b","headers":{}}"#,
        r#"{"method":"GET","URI":"http://x/","headers":{}}"#,
        r#"{"method":"","URI":"/","headers":{}}"#,
        r#"{"method":"GET","URI":"/","headers":[]}"#,
        r#"{"method":"GET\r\n","URI":"/","headers":{}}"#,
    ] {
        let error = message.write_back(&mut request, wrong, None, Numbers::Double);
        assert!(matches!(error, Err(Stop::Failed { .. })), "{wrong}");
    }
}
