use super::*;
use crate::clock::Clock;
use proptest::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use switchover_capture::Timestamp;
use switchover_telemetry::otlp::MAX_WAITING_SPANS;
use tokio::sync::mpsc::Receiver;

const WRITE: &[u8] = b"PUT /i/_doc/1?refresh=true HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}";
const READ: &[u8] = b"GET /i HTTP/1.1\r\nHost: h\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";

/// A trail on a clock that stands until it is moved.
struct Bench {
    trail: Trail,
    ended: Receiver<Span>,
    nanos: &'static AtomicU64,
}

impl Bench {
    fn new() -> Self {
        let nanos: &'static AtomicU64 = Box::leak(Box::default());
        let (spans, ended) = Spans::new(Clock::counted(nanos, Timestamp { seconds: 0, nanos: 0 }));
        Self { trail: Trail::new(spans, "connection"), ended, nanos }
    }

    /// Moves the clock and gives the trail.
    fn after(&mut self, seconds: u64) -> &mut Trail {
        self.nanos.fetch_add(seconds * 1_000_000_000, Ordering::Relaxed);
        &mut self.trail
    }

    fn span(&mut self) -> Option<Span> {
        self.ended.try_recv().ok()
    }
}

fn value<'a>(span: &'a Span, name: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[test]
fn each_wait_is_told_apart() {
    let mut bench = Bench::new();
    let (first, rest) = WRITE.split_at(50);
    bench.after(1).client_sent(first);
    bench.after(1).node_got();
    bench.after(1).client_sent(rest);
    bench.after(2).node_got();
    bench.after(4).node_sent();
    bench.after(1).node_sent();
    bench.after(8).client_got(ANSWER);
    let span = bench.span().unwrap();
    assert_eq!((span.name.as_str(), span.failed, span.parent), ("PUT", None, None));
    assert_eq!(span.ended_unix_ns, 18_000_000_000);
    // The head was complete with the second chunk.
    assert_eq!(span.began_unix_ns, 3_000_000_000);
    assert_eq!(value(&span, "url.path"), Some(&Value::Text("/i/_doc/1".to_owned())));
    assert_eq!(value(&span, "http.response.status_code"), Some(&Value::Whole(201)));
    assert_eq!(value(&span, "switchover.connection_id"), Some(&Value::Text("connection".to_owned())));
    assert_eq!(value(&span, "switchover.request_wait"), Some(&Value::Seconds(2.0)));
    assert_eq!(value(&span, "switchover.node_wait"), Some(&Value::Seconds(4.0)));
    assert_eq!(value(&span, "switchover.answer_wait"), Some(&Value::Seconds(8.0)));
}

#[test]
fn reads_and_pipelined_requests_have_none_and_later_ones_do() {
    let mut bench = Bench::new();
    bench.trail.client_sent(READ);
    bench.trail.client_got(ANSWER);
    assert_eq!(bench.span(), None);
    bench.trail.client_sent(&[WRITE, WRITE, READ].concat());
    bench.trail.client_got(&[ANSWER, ANSWER, ANSWER].concat());
    bench.trail.client_sent(WRITE);
    bench.trail.client_got(ANSWER);
    let numbers: Vec<_> = std::iter::from_fn(|| bench.span())
        .map(|span| value(&span, "switchover.request_number").cloned())
        .collect();
    assert_eq!(numbers, [Some(Value::Whole(1)), Some(Value::Whole(4))]);
}

#[test]
fn a_clients_trace_goes_on_and_what_it_does_not_record_is_left_out() {
    let mut bench = Bench::new();
    for flags in ["01", "00"] {
        let request = format!(
            "POST /_bulk HTTP/1.1\r\nTraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}\r\nContent-Length: 0\r\n\r\n"
        );
        bench.trail.client_sent(request.as_bytes());
        bench.trail.client_got(ANSWER);
    }
    let span = bench.span().unwrap();
    assert_eq!((span.trace[..2].to_vec(), span.parent.unwrap()[0]), (vec![0x0a, 0xf7], 0xb7));
    assert_eq!(bench.span(), None);
}

#[test]
fn an_answer_that_never_came_and_one_that_the_close_ends() {
    let mut bench = Bench::new();
    bench.trail.client_sent(WRITE);
    bench.trail.client_got(b"HTTP/1.1 200 OK\r\n\r\nuntil the end");
    assert_eq!(bench.span(), None);
    bench.trail.client_told_end();
    assert_eq!(bench.span().unwrap().failed, None);
    bench.trail.client_sent(WRITE);
    let Bench { trail, mut ended, .. } = bench;
    drop(trail);
    assert!(ended.try_recv().unwrap().failed.is_some());
}

#[test]
fn what_is_no_http_has_none_and_costs_nothing_more() {
    let mut bench = Bench::new();
    bench.trail.client_sent(b"\x16\x03\x01 hello");
    bench.trail.client_got(b"anything");
    bench.trail.client_sent(WRITE);
    bench.trail.client_got(ANSWER);
    drop(bench.trail);
    assert!(bench.ended.try_recv().is_err());
}

#[test]
fn a_full_queue_ends_the_making_and_room_in_it_begins_it_again() {
    let mut bench = Bench::new();
    for _ in 0..MAX_WAITING_SPANS + 10 {
        bench.trail.client_sent(WRITE);
        bench.trail.client_got(ANSWER);
    }
    bench.trail.client_sent(WRITE);
    assert!(bench.trail.current.is_none());
    bench.trail.client_got(ANSWER);
    assert_eq!(std::iter::from_fn(|| bench.span()).count(), MAX_WAITING_SPANS);
    bench.trail.client_sent(WRITE);
    bench.trail.client_got(ANSWER);
    assert!(bench.span().is_some());
}

proptest! {
    #[test]
    fn however_the_bytes_are_cut_the_spans_are_the_same(
        cuts in prop::collection::vec(1usize..40, 0..30), requests in 1usize..4,
    ) {
        let mut bench = Bench::new();
        for _ in 0..requests {
            in_pieces(WRITE, &cuts, |piece| bench.trail.client_sent(piece));
            bench.trail.node_got();
            bench.trail.node_sent();
            in_pieces(ANSWER, &cuts, |piece| bench.trail.client_got(piece));
        }
        let spans: Vec<_> = std::iter::from_fn(|| bench.span()).collect();
        prop_assert_eq!(spans.len(), requests);
        prop_assert!(spans.iter().all(|span| span.attributes.len() == 8 && span.failed.is_none()));
    }

    #[test]
    fn any_bytes_are_borne(chunks in prop::collection::vec((0u8..4, prop::collection::vec(any::<u8>(), 0..60)), 0..20)) {
        let mut bench = Bench::new();
        for (direction, bytes) in chunks {
            match direction {
                0 => bench.trail.client_sent(&bytes),
                1 => bench.trail.node_got(),
                2 => bench.trail.node_sent(),
                _ => bench.trail.client_got(&bytes),
            }
        }
        bench.trail.client_told_end();
    }
}

fn in_pieces(mut bytes: &[u8], cuts: &[usize], mut take: impl FnMut(&[u8])) {
    for cut in cuts {
        let (piece, rest) = bytes.split_at((*cut).min(bytes.len()));
        if piece.is_empty() {
            return;
        }
        take(piece);
        bytes = rest;
    }
    take(bytes);
}
