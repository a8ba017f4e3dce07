//! Requests: pipelining, tunnels, and the state between events.

use switchover_http1::{FramingError, RequestEvent, RequestFramer, TunnelReason};

use crate::driver::{self, Seen};

fn shape(stream: &[u8]) -> Vec<(usize, &'static str)> {
    let name = |seen: &Seen| match seen {
        Seen::Head(_) | Seen::Interim(_) => "head",
        Seen::End => "end",
        Seen::Tunnel(_) => "tunnel",
    };
    driver::requests(&[stream]).iter().map(|(at, seen)| (*at, name(seen))).collect()
}

#[test]
fn pipelined_requests_are_told_one_by_one() {
    let get = "GET / HTTP/1.1\r\n\r\n";
    let post = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
    let stream = [get, post, get].concat();
    assert_eq!(
        shape(stream.as_bytes()),
        [(18, "head"), (18, "end"), (56, "head"), (59, "end"), (77, "head"), (77, "end")]
    );
}

#[test]
fn a_body_that_looks_like_a_request_is_a_body() {
    let stream = "POST / HTTP/1.1\r\nContent-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    assert_eq!(shape(stream.as_bytes()), [(39, "head"), (57, "end")]);
}

#[test]
fn connect_is_a_head_and_then_a_tunnel() {
    let stream = b"CONNECT a:443 HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET / HTTP/1.1\n\n";
    let trace = driver::requests(&[stream]);
    assert!(matches!(&trace[0], (45, Seen::Head(head)) if head.start.0 == "CONNECT"));
    assert_eq!(trace[1..], [(45, Seen::Tunnel(TunnelReason::Connect))]);
}

#[test]
fn asking_for_an_upgrade_changes_nothing_by_itself() {
    let stream = b"GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    assert_eq!(shape(stream), [(69, "head"), (69, "end"), (87, "head"), (87, "end")]);
}

#[test]
fn in_message_tells_whether_a_request_is_cut_short() {
    let mut framer = RequestFramer::new();
    assert!(!framer.in_message());
    assert_eq!(framer.step(b""), (0, None));
    assert!(!framer.in_message(), "nothing came");
    assert_eq!(framer.step(b"GET / HTTP/1.1\r\nContent-"), (24, None));
    assert!(framer.in_message(), "part of a head");
    let (_, event) = framer.step(b"Length: 2\r\n\r\n");
    assert!(matches!(event, Some(RequestEvent::Head(_))));
    assert!(framer.in_message(), "no body yet");
    assert_eq!(framer.step(b"a"), (1, None));
    assert!(framer.in_message(), "part of the body");
    assert_eq!(framer.step(b"bGET"), (1, Some(RequestEvent::End)));
    assert!(!framer.in_message(), "between two requests");
}

#[test]
fn a_tunnel_entered_from_outside_is_silent_and_keeps_its_first_reason() {
    let mut framer = RequestFramer::new();
    framer.step(b"GET / HT");
    framer.enter_tunnel(TunnelReason::Upgrade);
    assert_eq!(framer.tunnel(), Some(TunnelReason::Upgrade));
    assert!(!framer.in_message());
    assert_eq!(framer.step(b"\n\n\0"), (3, None));
    framer.enter_tunnel(TunnelReason::Unframable(FramingError::BareLf));
    assert_eq!(framer.tunnel(), Some(TunnelReason::Upgrade));
}

#[test]
fn another_protocol_is_seen_at_once() {
    // A TLS client waits for an answer to its hello, which need not hold a line feed.
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    let refused = Seen::Tunnel(TunnelReason::Unframable(FramingError::ControlByte));
    assert_eq!(driver::requests(&[hello]), [(1, refused)]);
}
