//! Whole messages in memory.

use std::borrow::Cow;

use switchover_http1::{
    FramingError, RequestKind, TunnelReason,
    message::{MessageError, parse_request, parse_response},
};

#[test]
fn a_chunked_body_comes_without_its_chunks() {
    let bytes = b"POST /_bulk HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\n{}\n\r\n2\r\n\r\n\r\n0\r\nT: 1\r\n\r\n";
    let (head, body) = parse_request(bytes).unwrap();
    assert_eq!((head.method, &*body), ("POST", &b"{}\n\r\n"[..]));
}

#[test]
fn a_body_with_a_length_is_not_copied() {
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let (_, body) = parse_response(bytes, RequestKind::Other).unwrap();
    assert!(matches!(body, Cow::Borrowed(b"hi")));
}

#[test]
fn interim_responses_are_skipped() {
    let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 x\r\n\r\nHTTP/1.1 201 Created\r\n\r\nuntil close";
    let (head, body) = parse_response(bytes, RequestKind::Other).unwrap();
    assert_eq!((head.status, &*body), (201, &b"until close"[..]));
    let only = parse_response(b"HTTP/1.1 100 Continue\r\n\r\n", RequestKind::Other);
    assert_eq!(only.err(), Some(MessageError::Incomplete));
}

#[test]
fn the_answer_to_head_has_no_body() {
    let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 77\r\n\r\n";
    let (head, body) = parse_response(bytes, RequestKind::Head).unwrap();
    assert_eq!((head.header("Content-Length"), body.len()), (Some(&b"77"[..]), 0));
    assert_eq!(parse_response(bytes, RequestKind::Other).err(), Some(MessageError::Incomplete));
}

#[test]
fn what_is_not_one_whole_message_is_refused() {
    use MessageError::{Framing, Incomplete, TrailingBytes};
    for (bytes, error) in [
        ("", Incomplete),
        ("\r\n", Incomplete),
        ("GET / HTTP/1.1\r\n", Incomplete),
        ("GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nhi", Incomplete),
        ("GET / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\nhi", Incomplete),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", Incomplete),
        ("GET / HTTP/1.1\r\n\r\nhi", TrailingBytes(2)),
        ("GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\nhi", TrailingBytes(1)),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\n", TrailingBytes(2)),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi!", Framing(FramingError::BadChunkEnd)),
        ("GET / HTTP/1.1\n\n", Framing(FramingError::BareLf)),
        (
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
            Framing(FramingError::LengthWithChunked),
        ),
    ] {
        assert_eq!(parse_request(bytes.as_bytes()).err(), Some(error), "{bytes:?}");
    }
}

#[test]
fn a_response_that_opens_a_tunnel_is_no_answer() {
    let switch = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
    let asked = parse_response(switch, RequestKind::Upgrade).err();
    assert_eq!(asked, Some(MessageError::Tunnel(TunnelReason::Upgrade)));
    let unasked = parse_response(switch, RequestKind::Other).err();
    assert_eq!(unasked, Some(MessageError::Framing(FramingError::UnaskedUpgrade)));
    let granted = parse_response(b"HTTP/1.1 200 OK\r\n\r\n", RequestKind::Connect).err();
    assert_eq!(granted, Some(MessageError::Tunnel(TunnelReason::Connect)));
}
