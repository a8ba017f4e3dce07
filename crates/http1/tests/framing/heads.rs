//! What a head tells about a message.

use switchover_http1::{BodyKind, RequestEvent, RequestFramer, RequestHead, RequestKind, Version};

fn with_head(head: &str, check: impl FnOnce(RequestHead<'_>)) {
    let mut framer = RequestFramer::new();
    match framer.step(head.as_bytes()) {
        (consumed, Some(RequestEvent::Head(seen))) if consumed == head.len() => check(seen),
        other => panic!("{head:?} gave {other:?}"),
    }
}

#[test]
fn all_parts_of_a_request_head_are_told() {
    let raw = "\r\nPUT /i/_doc/1?x=%20 HTTP/1.1\r\nHost:  es:9200 \t\r\nX-Empty:\r\nx-twice: a\r\nX-Twice: b\r\n\
               Content-Length: 007\r\nExpect: 100-Continue\r\n\r\n";
    with_head(raw, |head| {
        assert_eq!(head.raw, raw.as_bytes());
        assert_eq!(
            (head.method, head.target, head.version),
            ("PUT", &b"/i/_doc/1?x=%20"[..], Version::Http11)
        );
        assert_eq!(head.first_line(), b"PUT /i/_doc/1?x=%20 HTTP/1.1");
        assert_eq!(head.first_line_len, 28);
        assert_eq!(head.headers_len, raw.len() - 28 - 2 * 9);
        assert_eq!(head.body, BodyKind::Length(7));
        assert!(head.expects_continue && !head.upgrade);
        assert_eq!(head.header("host"), Some(&b"es:9200"[..]));
        assert_eq!(head.header("X-EMPTY"), Some(&b""[..]));
        assert_eq!(head.header("x-TWICE"), Some(&b"a"[..]));
        assert_eq!(head.header("absent"), None);
        let names: Vec<&str> = head.headers().map(|(name, _)| name).collect();
        assert_eq!(names, ["Host", "X-Empty", "x-twice", "X-Twice", "Content-Length", "Expect"]);
    });
}

#[test]
fn a_head_without_headers_is_whole() {
    with_head("GET / HTTP/1.0\r\n\r\n", |head| {
        assert_eq!((head.version, head.body), (Version::Http10, BodyKind::None));
        assert_eq!((head.headers_len, head.headers().count()), (0, 0));
    });
}

#[test]
fn a_target_may_hold_bytes_beyond_ascii() {
    let raw = b"GET /\xff\xfe HTTP/1.1\r\n\r\n";
    let mut framer = RequestFramer::new();
    let (_, event) = framer.step(raw);
    assert!(matches!(event, Some(RequestEvent::Head(head)) if head.target == b"/\xff\xfe"));
}

#[test]
fn the_kind_of_a_request_depends_on_method_and_upgrade() {
    for (head, kind) in [
        ("GET / HTTP/1.1\r\n\r\n", RequestKind::Other),
        ("HEAD / HTTP/1.1\r\n\r\n", RequestKind::Head),
        ("head / HTTP/1.1\r\n\r\n", RequestKind::Other),
        ("CONNECT a:1 HTTP/1.1\r\nUpgrade: x\r\n\r\n", RequestKind::Connect),
        ("GET / HTTP/1.1\r\nConnection: Upgrade\r\nupgrade: h2c\r\n\r\n", RequestKind::Upgrade),
        ("HEAD / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n", RequestKind::HeadUpgrade),
    ] {
        with_head(head, |seen| assert_eq!(seen.kind(), kind, "{head:?}"));
    }
}

#[test]
fn a_head_in_one_input_is_not_copied() {
    let first = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut framer = RequestFramer::new();
    framer.step(&first[..5]);
    framer.step(&first[5..]);
    framer.step(b"");
    // Not even behind one that had to be put together.
    let (_, event) = framer.step(first);
    assert!(matches!(event, Some(RequestEvent::Head(head)) if std::ptr::eq(head.raw, &first[..])));
}
