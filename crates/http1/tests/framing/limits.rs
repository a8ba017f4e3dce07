//! The limits: the last size that passes, and the byte at which the next one is refused.

use switchover_http1::{
    FramingError, MAX_CHUNK_LINE_BYTES, MAX_HEAD_BYTES, MAX_TRAILERS_BYTES, RequestFramer, RequestKind,
    TunnelReason,
};

use crate::driver::{self, Seen, Trace};

/// `start`, filled up with `fill` and ended by `end` to `size` bytes.
fn sized(start: &str, fill: &str, end: &str, size: usize) -> Vec<u8> {
    let room = size - start.len() - end.len();
    [
        start.as_bytes(),
        &fill.as_bytes().repeat(room / fill.len()),
        &b"y".repeat(room % fill.len()),
        end.as_bytes(),
    ]
    .concat()
}

/// Asserts that `fits` passes and that one byte more is refused at the limit's last byte.
fn assert_limit(
    before: &str,
    fits: &[u8],
    too_large: &[u8],
    error: FramingError,
    run: impl Fn(&[&[u8]]) -> Trace,
) {
    for size in [1, 7, 4096, usize::MAX] {
        let stream = [before.as_bytes(), fits].concat();
        let trace = run(&in_pieces_of(&stream, size));
        assert!(
            !trace.is_empty() && !trace.iter().any(|(_, seen)| matches!(seen, Seen::Tunnel(_))),
            "{error}"
        );
        let stream = [before.as_bytes(), too_large].concat();
        let trace = run(&in_pieces_of(&stream, size));
        let expected = (before.len() + fits.len(), Seen::Tunnel(TunnelReason::Unframable(error)));
        assert_eq!(trace.last(), Some(&expected));
    }
}

fn in_pieces_of(stream: &[u8], size: usize) -> Vec<&[u8]> {
    stream.chunks(size.min(stream.len())).collect()
}

#[test]
fn heads_of_64_kib_pass() {
    let head = |size| sized("GET / HTTP/1.1\r\nX: ", "x", "\r\n\r\n", size);
    let (fits, not) = (head(MAX_HEAD_BYTES), head(MAX_HEAD_BYTES + 1));
    assert_limit("", &fits, &not, FramingError::HeadTooLarge, driver::requests);
    assert_limit("GET / HTTP/1.1\r\n\r\n", &fits, &not, FramingError::HeadTooLarge, driver::requests);

    let head = |size| sized("HTTP/1.1 204 No Content\r\nX: ", "x", "\r\n\r\n", size);
    let run = |pieces: &[&[u8]]| driver::responses(pieces, &[RequestKind::Other]).0;
    assert_limit("", &head(MAX_HEAD_BYTES), &head(MAX_HEAD_BYTES + 1), FramingError::HeadTooLarge, run);
}

#[test]
fn heads_of_very_many_headers_and_of_one_long_line_are_held_to_the_same_limit() {
    let many = |size| sized("GET / HTTP/1.1\r\nX:", "\r\nX:", "\r\n\r\n", size);
    let (fits, not) = (many(MAX_HEAD_BYTES), many(MAX_HEAD_BYTES + 1));
    assert_limit("", &fits, &not, FramingError::HeadTooLarge, driver::requests);
    let line = |size| sized("GET /", "x", " HTTP/1.1\r\n\r\n", size);
    let (fits, not) = (line(MAX_HEAD_BYTES), line(MAX_HEAD_BYTES + 1));
    assert_limit("", &fits, &not, FramingError::HeadTooLarge, driver::requests);
}

#[test]
fn empty_lines_before_a_request_count() {
    let head = |size| sized("", "\r\n", "GET /y HTTP/1.1\r\n\r\n", size + size % 2);
    let trace = driver::requests(&[&head(MAX_HEAD_BYTES - 2)]);
    assert!(matches!(trace.first(), Some((_, Seen::Head(_)))), "{trace:?}");
    let endless = b"\r\n".repeat(MAX_HEAD_BYTES);
    let refused = Seen::Tunnel(TunnelReason::Unframable(FramingError::HeadTooLarge));
    assert_eq!(driver::requests(&[&endless]), [(MAX_HEAD_BYTES, refused)]);
}

#[test]
fn chunk_size_lines_of_8_kib_pass() {
    let before = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let line = |size| sized("5;x=", "y", "\r\n", size);
    let (fits, not) = (line(MAX_CHUNK_LINE_BYTES), line(MAX_CHUNK_LINE_BYTES + 1));
    assert_limit(before, &fits, &not, FramingError::ChunkLineTooLong, driver::requests);
}

#[test]
fn trailers_of_64_kib_pass() {
    let before = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    let trailers = |size| sized("X: ", "y", "\r\n\r\n", size);
    let (fits, not) = (trailers(MAX_TRAILERS_BYTES), trailers(MAX_TRAILERS_BYTES + 1));
    assert_limit(before, &fits, &not, FramingError::TrailersTooLarge, driver::requests);
}

#[test]
fn the_largest_length_and_chunk_size_are_skipped_by_arithmetic() {
    for head in [
        "POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
    ] {
        let mut framer = RequestFramer::new();
        let (consumed, event) = framer.step(head.as_bytes());
        assert!(event.is_some());
        framer.step(&head.as_bytes()[consumed..]);
        let body = vec![b'\n'; 1 << 20];
        for _ in 0..3 {
            assert_eq!(framer.step(&body), (body.len(), None));
        }
        assert!(framer.in_message());
    }
}
