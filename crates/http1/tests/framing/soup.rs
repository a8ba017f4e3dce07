//! Damaged conversations and soups of HTTP's own words: no panic, and the same events whatever the split.

use proptest::{collection::vec, prelude::*, sample::Index, sample::select};
use switchover_http1::{RequestKind, message};

use crate::{
    driver::{self, Seen},
    generated::{sizes, streams},
};

const WORDS: &[&[u8]] = &[
    b"\r\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b":",
    b";",
    b"\0",
    b"\x7f",
    b"\xff",
    b"0",
    b"5",
    b"a",
    b"GET / HTTP/1.1\r\n",
    b"HEAD /x HTTP/1.0\r\n",
    b"CONNECT a:1 HTTP/1.1\r\n",
    b"POST /_bulk HTTP/1.1\r\n",
    b"PRI * HTTP/2.0\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 204\r\n",
    b"HTTP/1.0 404 \r\n",
    b"HTTP/1.1 100 \r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n",
    b"Host: h\r\n",
    b"Upgrade: h2c\r\n",
    b"Expect: 100-continue\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"content-length:",
    b"hello",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"0\r\n",
    b"5;x=y\r\n",
    b"T: v\r\n",
];

fn soup() -> impl Strategy<Value = Vec<u8>> {
    vec(select(WORDS), 0..24).prop_map(|words| words.concat())
}

/// Bytes flipped, put in or taken out of a stream.
fn damaged(stream: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let damage = vec((any::<Index>(), 0u8..3, any::<u8>()), 0..4);
    (stream, damage).prop_map(|(mut stream, damage)| {
        for (at, kind, byte) in damage {
            let at = at.index(stream.len() + 1);
            match kind {
                0 => stream.insert(at, byte),
                1 if at < stream.len() => drop(stream.remove(at)),
                _ if at < stream.len() => stream[at] = byte,
                _ => {}
            }
        }
        stream
    })
}

fn any_requests() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![soup(), damaged(streams().prop_map(|(requests, _)| requests)), vec(any::<u8>(), 0..200)]
}

fn any_responses() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![soup(), damaged(streams().prop_map(|(_, responses)| responses)), vec(any::<u8>(), 0..200)]
}

fn kinds() -> impl Strategy<Value = Vec<RequestKind>> {
    use RequestKind::{Connect, Head, HeadUpgrade, Other, Upgrade};
    vec(select(vec![Other, Other, Head, Upgrade, HeadUpgrade, Connect]), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_split_of_any_requests_gives_the_same_events(stream in any_requests(), sizes in sizes()) {
        prop_assert_eq!(driver::requests(&driver::pieces(&stream, &sizes)), driver::requests(&[&stream]));
    }

    #[test]
    fn any_split_of_any_responses_gives_the_same_events(stream in any_responses(), kinds in kinds(), sizes in sizes()) {
        let whole = driver::responses(&[&stream], &kinds);
        prop_assert_eq!(driver::responses(&driver::pieces(&stream, &sizes), &kinds), whole);
    }

    /// A framed stretch of the stream is a message on its own, and nothing else is.
    #[test]
    fn what_was_framed_is_a_whole_message(stream in any_requests()) {
        let mut start = 0;
        for (at, seen) in driver::requests(&[&stream]) {
            if seen == Seen::End {
                prop_assert!(message::parse_request(&stream[start..at]).is_ok());
                prop_assert!(message::parse_request(&stream[start..at - 1]).is_err());
                start = at;
            }
        }
    }

    /// Nothing passes here that a parser known to be too lenient refuses, and both see the same head.
    #[test]
    fn heads_are_what_httparse_sees(stream in any_requests(), kinds in kinds(), replies in any_responses()) {
        for (_, seen) in driver::requests(&[&stream]) {
            let Seen::Head(head) = seen else { continue };
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut other = httparse::Request::new(&mut headers);
            match other.parse(&head.raw) {
                Ok(status) => prop_assert_eq!(status, httparse::Status::Complete(head.raw.len())),
                // It wants targets to be UTF-8, which they need not be.
                Err(_) => {
                    prop_assert!(str::from_utf8(&head.start.1).is_err());
                    continue;
                }
            }
            prop_assert_eq!(other.method, Some(head.start.0.as_str()));
            prop_assert_eq!(other.path.map(str::as_bytes), Some(&*head.start.1));
            prop_assert_eq!(named(other.headers), head.headers);
        }
        for (_, seen) in driver::responses(&[&replies], &kinds).0 {
            let (Seen::Head(head) | Seen::Interim(head)) = seen else { continue };
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut other = httparse::Response::new(&mut headers);
            prop_assert_eq!(other.parse(&head.raw), Ok(httparse::Status::Complete(head.raw.len())));
            prop_assert_eq!(other.code.map(|code| code.to_string()), Some(head.start.0));
            prop_assert_eq!(named(other.headers), head.headers);
        }
    }
}

fn named(headers: &[httparse::Header<'_>]) -> Vec<(String, Vec<u8>)> {
    headers.iter().map(|header| (header.name.to_owned(), header.value.to_vec())).collect()
}

/// The soup has to reach the depths, or the properties above hold for nothing.
#[test]
fn the_soup_makes_heads_bodies_and_refusals() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut heads, mut ends, mut tunnels) = (0, 0, 0);
    for _ in 0..300 {
        let stream = any_requests().new_tree(&mut runner).unwrap().current();
        for (_, seen) in driver::requests(&[&stream]) {
            match seen {
                Seen::Head(_) | Seen::Interim(_) => heads += 1,
                Seen::End => ends += 1,
                Seen::Tunnel(_) => tunnels += 1,
            }
        }
    }
    assert!(heads > 50 && ends > 50 && tunnels > 50, "{heads} heads, {ends} ends, {tunnels} tunnels");
}
