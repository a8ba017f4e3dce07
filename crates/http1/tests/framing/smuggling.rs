//! The shapes that real servers disagree on. Each entry ends with the byte that gives it away: there and not
//! later, in any split, the connection becomes a tunnel, whatever follows.

use switchover_http1::{
    FramingError::{self, *},
    RequestKind, ResponseEof, TunnelReason,
};

use crate::driver::{self, Seen, Trace};

const REQUESTS: &[(&str, FramingError)] = &[
    ("POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n", TwoLengths),
    ("POST / HTTP/1.1\r\nContent-Length: 5\r\ncontent-length: 5\r\n", TwoLengths),
    ("POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n", BadLength),
    ("POST / HTTP/1.1\r\nContent-Length:\r\n", BadLength),
    ("POST / HTTP/1.1\r\nContent-Length: +5\r\n", BadLength),
    ("POST / HTTP/1.1\r\nContent-Length: -5\r\n", BadLength),
    ("POST / HTTP/1.1\r\nContent-Length: 0x5\r\n", BadLength),
    ("POST / HTTP/1.1\r\nContent-Length: 5 5\r\n", BadLength),
    ("POST / HTTP/1.1\r\nContent-Length: 5.0\r\n", BadLength),
    ("POST / HTTP/1.1\r\nContent-Length: \u{665}\r\n", BadLength),
    ("POST / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n", BadLength),
    ("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n", BadLength),
    ("POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", LengthWithChunked),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", LengthWithChunked),
    ("CONNECT a:1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", LengthWithChunked),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n", UnknownTransferCoding),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n", UnknownTransferCoding),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n", UnknownTransferCoding),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n", UnknownTransferCoding),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: \"chunked\"\r\n", UnknownTransferCoding),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked;q=1\r\n", UnknownTransferCoding),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: \u{a0}chunked\r\n", UnknownTransferCoding),
    ("POST / HTTP/1.1\r\nTransfer-Encoding:\r\n", UnknownTransferCoding),
    (
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        UnknownTransferCoding,
    ),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n", UnknownTransferCoding),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", ChunkedInHttp10),
    ("POST / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n", BadHeaderName),
    ("POST / HTTP/1.1\r\nTransfer-Encoding\t: chunked\r\n", BadHeaderName),
    ("POST / HTTP/1.1\r\nTransfer-Encoding\r\n", BadHeaderName),
    ("POST / HTTP/1.1\r\n: chunked\r\n", BadHeaderName),
    ("POST / HTTP/1.1\r\nTränsfer: x\r\n", BadHeaderName),
    ("POST / HTTP/1.1\r\n(x): y\r\n", BadHeaderName),
    ("POST / HTTP/1.1\r\nX: y\r\n Content-Length: 5\r\n", FoldedHeader),
    ("POST / HTTP/1.1\r\nTransfer-Encoding:\tx\r\n", UnknownTransferCoding),
    ("POST / HTTP/1.1\r\nX: y\r\n\tchunked\r\n", FoldedHeader),
    ("POST / HTTP/1.1\r\n Host: x\r\n", FoldedHeader),
    ("POST / HTTP/1.1\n", BareLf),
    ("\n", BareLf),
    ("\r\n\n", BareLf),
    ("POST / HTTP/1.1\r\nX: y\n", BareLf),
    ("POST / HTTP/1.1\r\nX: y\r\n\n", BareLf),
    ("POST / HTTP/1.1\r\nX: y\rZ", BareCr),
    ("POST / HTTP/1.1\r\nX: y\r\r", BareCr),
    ("POST / HTTP/1.1\r\nX: y\r\n\rZ", BareCr),
    ("\rG", BareCr),
    ("POST / HTTP/1.1\r\nX: y\0", ControlByte),
    ("POST / HTTP/1.1\r\nX\0", ControlByte),
    ("POST / HTTP/1.1\r\nContent-Length: \u{b}", ControlByte),
    ("POST / HTTP/1.1\r\nX: y\u{7f}", ControlByte),
    ("POST /\u{1}", ControlByte),
    ("\u{16}", ControlByte),
    ("POST  / HTTP/1.1\r\n", BadRequestLine),
    ("POST / HTTP/1.1 \r\n", BadRequestLine),
    ("POST /\tHTTP/1.1\r\n", BadRequestLine),
    ("POST /a\tb HTTP/1.1\r\n", BadRequestLine),
    ("POST /a b HTTP/1.1\r\n", BadRequestLine),
    (" POST / HTTP/1.1\r\n", BadRequestLine),
    ("PO(ST / HTTP/1.1\r\n", BadRequestLine),
    ("POST /\r\n", BadRequestLine),
    ("POST / http/1.1\r\n", BadRequestLine),
    ("SSH-2.0-OpenSSH_9.2\r\n", BadRequestLine),
    ("PRI * HTTP/2.0\r\n", UnsupportedVersion),
    ("POST / HTTP/1.10\r\n", UnsupportedVersion),
    ("POST / HTTP/1.2\r\n", UnsupportedVersion),
    ("POST / HTTP/0.9\r\n", UnsupportedVersion),
    ("POST / HTTP/1.1\r\nX: y\r\n\r\n\u{1}", ControlByte),
];

const CHUNKS: &[(&str, FramingError)] = &[
    ("\r", BadChunkSize),
    (" ", BadChunkSize),
    (";", BadChunkSize),
    ("-", BadChunkSize),
    ("0x", BadChunkSize),
    ("5 ", BadChunkSize),
    ("g", BadChunkSize),
    ("5_", BadChunkSize),
    ("00000000000000005", BadChunkSize),
    ("10000000000000000", BadChunkSize),
    ("5\n", BareLf),
    ("5;a\n", BareLf),
    ("5\rh", BareCr),
    ("5;a\rh", BareCr),
    ("5;a\0", ControlByte),
    ("5\r\nhello\n", BadChunkEnd),
    ("5\r\nhello0", BadChunkEnd),
    ("5\r\nhello\r\r", BadChunkEnd),
    ("5\r\nhello\r\n\r", BadChunkSize),
    ("0\r\n\n", BareLf),
    ("0\r\nA: b\n", BareLf),
    ("0\r\nA: b\r\n\n", BareLf),
    ("0\r\nA: b\rc", BareCr),
    ("0\r\n\rc", BareCr),
    ("0\r\nA: b\0", ControlByte),
    ("0\r\nA b\r\n", BadHeaderName),
    ("0\r\nA : b\r\n", BadHeaderName),
    ("0\r\nA: b\r\n c\r\n", FoldedHeader),
    ("0\r\nGET / HTTP/1.1\r\n", BadHeaderName),
];

const RESPONSES: &[(&str, FramingError)] = &[
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n", TwoLengths),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5,5\r\n", BadLength),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", LengthWithChunked),
    ("HTTP/1.1 304 \r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", LengthWithChunked),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n", UnknownTransferCoding),
    ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ChunkedInHttp10),
    ("HTTP/1.1 200 OK\r\nX : y\r\n", BadHeaderName),
    ("HTTP/1.1 200 OK\r\nX: y\r\n z\r\n", FoldedHeader),
    ("HTTP/1.1 200 OK\n", BareLf),
    ("HTTP/1.1 200 OK\r\nX: y\n", BareLf),
    ("HTTP/1.1 200 O\rK", BareCr),
    ("HTTP/1.1 200 OK\0", ControlByte),
    ("\r\n", BadStatusLine),
    ("HTTP/1.1  200 OK\r\n", BadStatusLine),
    ("HTTP/1.1 20 OK\r\n", BadStatusLine),
    ("HTTP/1.1 2000 OK\r\n", BadStatusLine),
    ("HTTP/1.1 099 OK\r\n", BadStatusLine),
    ("HTTP/1.1 +20 OK\r\n", BadStatusLine),
    ("HTTP/1.1\r\n", BadStatusLine),
    ("ICY 200 OK\r\n", BadStatusLine),
    ("<html>\r\n", BadStatusLine),
    ("HTTP/2 200 OK\r\n", UnsupportedVersion),
    ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", UnaskedUpgrade),
];

const FOLLOW_UPS: [&str; 3] = ["", "\n\r\n", "GET / HTTP/1.1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"];

/// Asserts that all bytes of `shape` are needed to see the fault and that nothing changes it.
fn assert_refused(shape: &[u8], error: FramingError, run: impl Fn(&[&[u8]]) -> Trace) {
    let name = shape.escape_ascii();
    let before = run(&[&shape[..shape.len() - 1]]);
    assert!(!before.iter().any(|(_, seen)| matches!(seen, Seen::Tunnel(_))), "{name}: {before:?}");
    let mut expected = before;
    expected.push((shape.len(), Seen::Tunnel(TunnelReason::Unframable(error))));
    for follow_up in FOLLOW_UPS {
        let stream = [shape, follow_up.as_bytes()].concat();
        assert_eq!(run(&[&stream]), expected, "{name}");
        assert_eq!(run(&driver::pieces(&stream, &vec![1; stream.len()])), expected, "{name}, byte by byte");
        assert_eq!(run(&[shape, follow_up.as_bytes()]), expected, "{name}, cut behind");
    }
}

#[test]
fn requests() {
    for (shape, error) in REQUESTS {
        assert_refused(shape.as_bytes(), *error, driver::requests);
    }
}

#[test]
fn requests_behind_a_good_one() {
    for (shape, error) in REQUESTS {
        let stream = ["POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", shape].concat();
        assert_refused(stream.as_bytes(), *error, driver::requests);
    }
}

#[test]
fn chunks_of_requests() {
    for (shape, error) in CHUNKS {
        let stream = ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", shape].concat();
        assert_refused(stream.as_bytes(), *error, driver::requests);
    }
}

fn answers_to(kind: RequestKind) -> impl Fn(&[&[u8]]) -> Trace {
    move |pieces| {
        let (trace, eof) = driver::responses(pieces, &[kind]);
        assert_eq!(eof == ResponseEof::Tunnel, matches!(trace.last(), Some((_, Seen::Tunnel(_)))));
        trace
    }
}

#[test]
fn responses() {
    for (shape, error) in RESPONSES {
        assert_refused(shape.as_bytes(), *error, answers_to(RequestKind::Other));
        // That there is no body to frame is no excuse.
        assert_refused(shape.as_bytes(), *error, answers_to(RequestKind::Head));
    }
}

#[test]
fn responses_behind_an_interim_one() {
    for (shape, error) in RESPONSES {
        let stream = ["HTTP/1.1 100 Continue\r\n\r\n", shape].concat();
        assert_refused(stream.as_bytes(), *error, answers_to(RequestKind::Other));
    }
}

#[test]
fn chunks_of_responses() {
    for (shape, error) in CHUNKS {
        let stream = ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", shape].concat();
        assert_refused(stream.as_bytes(), *error, answers_to(RequestKind::Other));
    }
}
