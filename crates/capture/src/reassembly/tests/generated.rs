//! Generated sessions: cut anywhere, in records of any length, what comes out is what went in.

use proptest::prelude::*;

use super::*;

/// A request, its answer, and how both are cut into packets.
#[derive(Debug, Clone)]
struct Exchange {
    request: String,
    answer: String,
    packet: usize,
    pipelined: bool,
}

fn body(chunked: bool, length: usize) -> String {
    let data = "x".repeat(length);
    match (chunked, length) {
        (false, _) => format!("Content-Length: {length}\r\n\r\n{data}"),
        (true, 0) => "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n".into(),
        (true, _) => format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{data}\r\n0\r\n\r\n"),
    }
}

fn exchange() -> impl Strategy<Value = Exchange> {
    (0..3000usize, any::<bool>(), 0..3000usize, any::<bool>(), 1..1500usize, any::<bool>(), 0..4).prop_map(
        |(length, chunked, answer_length, answer_chunked, packet, pipelined, method)| {
            let (request, answer_body) = match method {
                0 => (
                    "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
                    format!("Content-Length: {answer_length}\r\n\r\n"),
                ),
                1 => ("GET /_search HTTP/1.1\r\n\r\n".to_owned(), body(answer_chunked, answer_length)),
                _ => (
                    format!("POST /_bulk HTTP/1.1\r\n{}", body(chunked, length)),
                    body(answer_chunked, answer_length),
                ),
            };
            Exchange { request, answer: format!("HTTP/1.1 200 OK\r\n{answer_body}"), packet, pipelined }
        },
    )
}

/// Requests that are pipelined come before the answer of the one before.
fn session(exchanges: &[Exchange]) -> Vec<Op> {
    let mut ops = Vec::new();
    let mut answers: Vec<Op> = Vec::new();
    for exchange in exchanges {
        if !exchange.pipelined {
            ops.append(&mut answers);
        }
        ops.extend(exchange.request.as_bytes().chunks(exchange.packet).map(read));
        ops.push(Eom);
        answers.extend(exchange.answer.as_bytes().chunks(exchange.packet).map(write));
    }
    ops.append(&mut answers);
    ops.push(Close);
    ops
}

proptest! {
    #[test]
    fn what_went_in_comes_out(
        exchanges in prop::collection::vec(exchange(), 1..8),
        max_record_bytes in prop_oneof![200..2048usize, Just(MAX_RECORD_BYTES)],
    ) {
        let records = encode("c", max_record_bytes, &session(&exchanges));
        let held: Vec<_> = records.iter().map(|record| record.sub_stream.len()).collect();
        let out = reassemble(records);
        let expected: Vec<_> = exchanges.iter().map(|e| complete(&e.request, &e.answer)).collect();
        prop_assert_eq!(pairs(&out), expected);
        prop_assert_eq!(others(&out), Vec::<String>::new());
        for (index, transaction) in transactions(&out).enumerate() {
            prop_assert_eq!(transaction.index, index as u32);
            prop_assert!(transaction.origins.is_sorted() && transaction.origins.iter().all(|o| *o < held.len()));
        }
    }

    /// What begins after the cut is whole; nothing is ever paired wrongly, and every byte is accounted for.
    #[test]
    fn cut_at_every_record_boundary(
        mut exchanges in prop::collection::vec(exchange(), 1..8),
        max_record_bytes in 200..2048usize,
    ) {
        exchanges.iter_mut().for_each(|exchange| exchange.pipelined = false);
        let records = encode("c", max_record_bytes, &session(&exchanges));
        for cut in 1..records.len() {
            let rest = records[cut..].to_vec();
            let bytes: usize = rest.iter().map(data_bytes).sum();
            let prior = rest[0].prior_requests_received.unwrap_or(0) as usize;
            let in_request = rest[0].last_observation_was_unterminated_read == Some(true);
            let whole: Vec<_> =
                exchanges[prior + usize::from(in_request)..].iter().map(|e| complete(&e.request, &e.answer)).collect();
            let out = reassemble(rest);
            prop_assert_eq!(pairs(&out), whole, "cut before record {}", cut + 1);
            prop_assert_eq!(accounted(&out), bytes);
        }
        for cut in 1..records.len() {
            let out = reassemble(records[..cut].to_vec());
            let complete_ones = pairs(&out).iter().filter(|(_, _, end)| *end == End::Complete).count();
            let expected: Vec<_> = exchanges.iter().map(|e| complete(&e.request, &e.answer)).collect();
            prop_assert_eq!(&pairs(&out)[..complete_ones], &expected[..complete_ones]);
            prop_assert!(pairs(&out).len() <= complete_ones + 1);
            prop_assert_eq!(accounted(&out), records[..cut].iter().map(data_bytes).sum::<usize>());
        }
    }

    #[test]
    fn arbitrary_observations_never_panic(
        ops in prop::collection::vec(prop_oneof![
            "[ -~\r\n]{0,40}".prop_map(read), Just(read(GET)), Just(read(POST)), Just(write(OK)),
            "[ -~\r\n]{0,40}".prop_map(write), Just(Eom), Just(Dropped), Just(Exception), Just(Flush),
        ], 0..60),
        kept in prop::collection::vec(0..60usize, 0..20),
    ) {
        let records = encode("c", 300, &ops);
        let bytes: usize = records.iter().map(data_bytes).sum();
        let dropped = ops.iter().any(|op| matches!(op, Dropped));
        let out = reassemble(records.clone());
        let line_ends = bytes - accounted(&out);
        if !dropped {
            let ops_text: usize = ops.iter().map(|op| match op {
                Op::Read(data) | Op::Write(data) => data.iter().filter(|b| matches!(b, b'\r' | b'\n')).count(),
                _ => 0,
            }).sum();
            prop_assert!(line_ends <= ops_text, "{} bytes not accounted for", line_ends);
        }
        reassemble(kept.iter().filter_map(|place| records.get(*place).cloned()).collect());
    }
}

fn data_bytes(record: &TrafficStream) -> usize {
    use crate::record::Capture::{Read, ReadSegment, Write, WriteSegment};
    let captures = record.sub_stream.iter().filter_map(|observation| observation.capture.as_ref());
    captures
        .map(|capture| match capture {
            Read(data) | Write(data) => data.data.len(),
            ReadSegment(data) | WriteSegment(data) => data.data.len(),
            _ => 0,
        })
        .sum()
}

/// Bytes in everything that came out.
fn accounted(out: &[Reassembled<usize>]) -> usize {
    out.iter()
        .map(|item| match item {
            Reassembled::Transaction(t) => {
                t.request.bytes.len()
                    + t.response.as_ref().map_or(0, |response| response.bytes.len())
                    + t.interim.iter().map(Bytes::len).sum::<usize>()
            }
            Reassembled::Unframed { bytes, .. } | Reassembled::Incomplete { bytes, .. } => *bytes as usize,
            _ => 0,
        })
        .sum()
}
