//! Responses: what the request rules out, interim ones, tunnels and the close.

use switchover_http1::{
    FramingError, RequestKind, ResponseEof, ResponseEvent, ResponseFramer,
    TunnelReason::{self, Connect, Unframable, Upgrade},
};

use crate::driver::{self, Seen};

/// The events without the heads: their offsets, and `h`, `i`, `e` for head, interim head, end.
fn shape(stream: &str, kinds: &[RequestKind]) -> (Vec<(usize, char)>, Option<TunnelReason>, ResponseEof) {
    let (trace, eof) = driver::responses(&[stream.as_bytes()], kinds);
    let mut tunnel = None;
    let mut events = Vec::new();
    for (at, seen) in trace {
        match seen {
            Seen::Head(_) => events.push((at, 'h')),
            Seen::Interim(_) => events.push((at, 'i')),
            Seen::End => events.push((at, 'e')),
            Seen::Tunnel(reason) => tunnel = Some(reason),
        }
    }
    (events, tunnel, eof)
}

#[test]
fn head_204_and_304_have_no_body_whatever_they_declare() {
    use RequestKind::{Head, HeadUpgrade, Other};
    for (status, kind) in [(200, Head), (404, HeadUpgrade), (204, Other), (304, Other)] {
        for declared in ["Content-Length: 99", "Transfer-Encoding: chunked", "X: y"] {
            let head = format!("HTTP/1.1 {status} x\r\n{declared}\r\n\r\n");
            let end = head.len();
            let stream = [head.as_str(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"].concat();
            let expected = vec![(end, 'h'), (end, 'e'), (end + 38, 'h'), (end + 38, 'e')];
            assert_eq!(shape(&stream, &[kind, Other]), (expected, None, ResponseEof::Clean), "{stream:?}");
        }
    }
}

#[test]
fn interim_responses_do_not_answer() {
    let stream =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nContent-Length: 9\r\n\r\nHTTP/1.1 204 \r\n\r\n";
    let expected = vec![(25, 'i'), (62, 'i'), (79, 'h'), (79, 'e')];
    assert_eq!(shape(stream, &[RequestKind::Other]), (expected, None, ResponseEof::Clean));
}

#[test]
fn without_a_length_a_body_lasts_until_the_close() {
    for version in ["HTTP/1.0", "HTTP/1.1"] {
        let stream = format!("{version} 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
        assert_eq!(
            shape(&stream, &[RequestKind::Other; 2]),
            (vec![(19, 'h')], None, ResponseEof::MessageEnd)
        );
    }
}

#[test]
fn a_switch_of_protocols_opens_a_tunnel_if_asked_for() {
    let stream = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n\0\n\r";
    for (kind, reason) in [
        (RequestKind::Upgrade, Upgrade),
        (RequestKind::HeadUpgrade, Upgrade),
        (RequestKind::Other, Unframable(FramingError::UnaskedUpgrade)),
        (RequestKind::Head, Unframable(FramingError::UnaskedUpgrade)),
        (RequestKind::Connect, Unframable(FramingError::UnaskedUpgrade)),
    ] {
        assert_eq!(shape(stream, &[kind]), (vec![], Some(reason), ResponseEof::Tunnel), "{kind:?}");
    }
}

#[test]
fn a_refused_upgrade_goes_on_as_http() {
    let stream = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let expected = (vec![(38, 'h'), (40, 'e')], None, ResponseEof::Clean);
    assert_eq!(shape(stream, &[RequestKind::Upgrade]), expected);
}

#[test]
fn only_success_opens_the_tunnel_of_a_connect() {
    let granted = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\0\0";
    assert_eq!(shape(granted, &[RequestKind::Connect]), (vec![], Some(Connect), ResponseEof::Tunnel));
    let refused = "HTTP/1.1 405 No\r\nContent-Length: 2\r\n\r\nno";
    let expected = (vec![(38, 'h'), (40, 'e')], None, ResponseEof::Clean);
    assert_eq!(shape(refused, &[RequestKind::Connect]), expected);
}

#[test]
fn bytes_without_a_request_are_not_kept_for_the_next_one() {
    let mut framer = ResponseFramer::new();
    assert_eq!(framer.step(b"", None), (0, None));
    let unsolicited = Unframable(FramingError::UnsolicitedResponse);
    assert_eq!(framer.step(b"H", None), (0, Some(ResponseEvent::Tunnel(unsolicited))));
    let answer = b"TTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(framer.step(answer, Some(RequestKind::Other)), (answer.len(), None));
    assert_eq!(framer.eof(), ResponseEof::Tunnel);
}

#[test]
fn a_second_answer_to_one_request_is_unsolicited() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let (events, tunnel, _) = shape(&answer.repeat(2), &[RequestKind::Other]);
    assert_eq!(events, [(38, 'h'), (40, 'e')]);
    assert_eq!(tunnel, Some(Unframable(FramingError::UnsolicitedResponse)));
}

#[test]
fn the_close_tells_a_whole_answer_from_a_cut_one() {
    for (stream, eof) in [
        ("", ResponseEof::Clean),
        ("H", ResponseEof::Truncated),
        ("HTTP/1.1 200 OK\r\n\r", ResponseEof::Truncated),
        ("HTTP/1.1 100 Continue\r\n\r\n", ResponseEof::Clean),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh", ResponseEof::Truncated),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", ResponseEof::Clean),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r", ResponseEof::Truncated),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ResponseEof::Clean),
        ("HTTP/1.1 200 OK\r\n\r\n", ResponseEof::MessageEnd),
    ] {
        assert_eq!(shape(stream, &[RequestKind::Other]).2, eof, "{stream:?}");
    }
}

#[test]
fn a_tunnel_entered_from_outside_is_silent() {
    let mut framer = ResponseFramer::new();
    framer.step(b"HTTP/1.", Some(RequestKind::Other));
    assert!(framer.in_message());
    framer.enter_tunnel(Connect);
    framer.enter_tunnel(Upgrade);
    assert_eq!((framer.tunnel(), framer.in_message()), (Some(Connect), false));
    assert_eq!(framer.step(b"\n\n", None), (2, None));
}
