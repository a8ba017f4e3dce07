use std::collections::VecDeque;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::record::{Capture, RecordIndex, TrafficStream};

const CONNECTION_ID: &str = "0242acfffe120002-0000000a-00000003-8c1bd0a0a5d6f1c9-3a4b5c6d";
const NODE_ID: &str = "6f1c2a3b-4d5e-4f60-8a7b-9c0d1e2f3a4b";
/// Five bytes of seconds, five of nanoseconds: as any present time has.
const NOW: Timestamp = Timestamp { seconds: 1_790_000_000, nanos: 987_654_321 };

fn decode(records: &[Vec<u8>]) -> Vec<TrafficStream> {
    records
        .iter()
        .map(|record| TrafficStream::decode_record(Bytes::copy_from_slice(record)).unwrap())
        .collect()
}

fn kinds(stream: &TrafficStream) -> Vec<&'static str> {
    stream.sub_stream.iter().map(|observation| name(observation.capture.as_ref().unwrap())).collect()
}

fn name(capture: &Capture) -> &'static str {
    match capture {
        Capture::Read(_) => "read",
        Capture::ReadSegment(_) => "readSegment",
        Capture::Write(_) => "write",
        Capture::WriteSegment(_) => "writeSegment",
        Capture::EndOfMessage(_) => "eom",
        Capture::SegmentEnd(_) => "segmentEnd",
        Capture::Close(_) => "close",
        Capture::ConnectionException(_) => "exception",
        Capture::RequestDropped(_) => "dropped",
        other => panic!("never written: {other:?}"),
    }
}

/// The session that the existing capture proxy was seen to record as two records of 335 and 312 bytes.
#[test]
fn session_of_three_requests_has_the_known_records() {
    let mut records = Vec::new();
    let mut encoder = StreamEncoder::new(CONNECTION_ID, NODE_ID, MAX_RECORD_BYTES);
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    encoder.read(NOW, b"GET /_cat HTTP/1.1\r\nHost: a\r\n\r\n", &mut records);
    encoder.end_of_message(NOW, 18, 7, &mut records);
    encoder.write(NOW, answer, &mut records);
    encoder.read(NOW, b"POST /i/_doc HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", &mut records);
    encoder.end_of_message(NOW, 21, 24, &mut records);
    encoder.flush(&mut records);
    encoder.write(NOW, answer, &mut records);
    encoder.read(NOW, b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n", &mut records);
    encoder.end_of_message(NOW, 15, 7, &mut records);
    encoder.write(NOW, answer, &mut records);
    encoder.close(NOW, &mut records);

    assert_eq!(records.iter().map(Vec::len).collect::<Vec<_>>(), [335, 312]);
    let [first, second] = &decode(&records)[..] else { panic!("two records") };
    assert_eq!(kinds(first), ["read", "eom", "write", "read", "eom"]);
    assert_eq!(kinds(second), ["write", "read", "eom", "write", "close"]);
    assert_eq!((first.connection_id.as_str(), first.node_id.as_str()), (CONNECTION_ID, NODE_ID));
    assert_eq!((first.prior_requests_received, second.prior_requests_received), (None, Some(2)));
    assert_eq!(second.last_observation_was_unterminated_read, None);
    assert_eq!(first.index, Some(RecordIndex::Number(1)));
    assert_eq!(second.index, Some(RecordIndex::NumberOfThisLastChunk(2)));
    assert!(second.sub_stream.iter().all(|observation| observation.timestamp() == Some(NOW)));
    let Some(Capture::EndOfMessage(lengths)) = second.sub_stream[2].capture.clone() else { panic!("eom") };
    assert_eq!((lengths.first_line_byte_length, lengths.headers_byte_length), (Some(15), Some(7)));
}

#[test]
fn fields_stand_in_the_order_of_the_existing_proxy() {
    let mut records = Vec::new();
    let mut encoder = StreamEncoder::new("c", "n", MAX_RECORD_BYTES);
    encoder.read(NOW, b"a", &mut records);
    encoder.end_of_message(NOW, -1, -1, &mut records);
    encoder.read(NOW, b"b", &mut records);
    encoder.flush(&mut records);
    encoder.close(Timestamp::default(), &mut records);
    // 1, 5, 6 = 1, 7 = true, one observation (empty timestamp, close), 4 = 2
    let last = b"\x0a\x01c\x2a\x01n\x30\x01\x38\x01\x12\x04\x0a\x00\x5a\x00\x20\x02";
    assert_eq!(records[1], last);
    let eom = decode(&records)[0].sub_stream[1].capture.clone();
    let Some(Capture::EndOfMessage(lengths)) = eom else { panic!("eom") };
    assert_eq!((lengths.first_line_byte_length, lengths.headers_byte_length), (Some(-1), Some(-1)));
}

/// 2.5 MB in packets as they come from a socket: two of them straddle the end of a record.
#[test]
fn large_request_is_cut_into_full_records() {
    let mut records = Vec::new();
    let mut encoder = StreamEncoder::new(CONNECTION_ID, NODE_ID, MAX_RECORD_BYTES);
    let mut left = 2_500_000;
    for packet in [2048, 32768].into_iter().chain(std::iter::repeat(65536)) {
        if left == 0 {
            break;
        }
        let packet = packet.min(left);
        encoder.read(NOW, &vec![b'x'; packet], &mut records);
        left -= packet;
    }
    encoder.end_of_message(NOW, 21, 30, &mut records);
    encoder.flush(&mut records);
    encoder.write(NOW, b"HTTP/1.1 201 Created\r\n\r\n", &mut records);
    encoder.close(NOW, &mut records);

    let streams = decode(&records);
    assert_eq!(streams.len(), 4);
    assert!(records.iter().all(|record| record.len() <= MAX_RECORD_BYTES));
    assert!(records[..2].iter().all(|record| record.len() > MAX_RECORD_BYTES - 20), "full records");
    for stream in &streams[1..3] {
        assert_eq!(stream.last_observation_was_unterminated_read, Some(true));
        assert_eq!(stream.prior_requests_received, None);
        assert_eq!(kinds(stream)[..2], ["readSegment", "segmentEnd"]);
    }
    assert_eq!(kinds(&streams[0]).last(), Some(&"readSegment"));
    assert_eq!(kinds(&streams[3]), ["write", "close"]);
    assert_eq!(streams[3].prior_requests_received, Some(1));
    assert_eq!(streams[3].last_observation_was_unterminated_read, None);
}

#[test]
fn connection_without_bytes_leaves_no_trace() {
    let mut records = Vec::new();
    let mut encoder = StreamEncoder::new("c", "n", MAX_RECORD_BYTES);
    encoder.flush(&mut records);
    encoder.connection_exception(NOW, "reset", &mut records);
    encoder.close(NOW, &mut records);
    assert!(records.is_empty());
    assert_eq!(encoder.pending_bytes(), 0);
}

#[test]
fn flush_twice_emits_once_and_close_always_emits_a_last_record() {
    let mut records = Vec::new();
    let mut encoder = StreamEncoder::new("c", "n", MAX_RECORD_BYTES);
    encoder.read(NOW, b"x", &mut records);
    assert!(encoder.pending_bytes() > 0);
    encoder.flush(&mut records);
    encoder.flush(&mut records);
    assert_eq!((records.len(), encoder.pending_bytes()), (1, 0));
    encoder.close(NOW, &mut records);
    assert_eq!(decode(&records)[1].index, Some(RecordIndex::NumberOfThisLastChunk(2)));
}

#[test]
fn grown_buffer_is_given_back() {
    let mut records = Vec::new();
    let mut encoder = StreamEncoder::new("c", "n", MAX_RECORD_BYTES);
    encoder.read(NOW, &[0; 100], &mut records);
    encoder.flush(&mut records);
    assert!((1..=MAX_KEPT_BUFFER_BYTES).contains(&encoder.buffer.capacity()), "small buffers are reused");
    encoder.read(NOW, &vec![0; 500_000], &mut records);
    assert!(encoder.buffer.capacity() <= MAX_RECORD_BYTES);
    encoder.flush(&mut records);
    assert_eq!(encoder.buffer.capacity(), 0);
}

#[test]
fn dropped_request_is_not_unterminated() {
    let mut records = Vec::new();
    let mut encoder = StreamEncoder::new("c", "n", MAX_RECORD_BYTES);
    encoder.read(NOW, b"GE", &mut records);
    encoder.request_dropped(NOW, &mut records);
    encoder.flush(&mut records);
    encoder.close(NOW, &mut records);
    let last = &decode(&records)[1];
    assert_eq!((last.last_observation_was_unterminated_read, last.prior_requests_received), (None, None));
}

#[derive(Debug, Clone)]
enum Op {
    Read(Vec<u8>),
    Write(Vec<u8>),
    EndOfMessage(i32, i32),
    Dropped,
    Exception(String),
    Flush,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..2000).prop_map(Op::Read),
        3 => prop::collection::vec(any::<u8>(), 0..2000).prop_map(Op::Write),
        2 => (any::<i32>(), any::<i32>()).prop_map(|(a, b)| Op::EndOfMessage(a, b)),
        1 => Just(Op::Dropped),
        1 => "\\PC{0,600}".prop_map(Op::Exception),
        1 => Just(Op::Flush),
    ]
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        Just(NOW),
        Just(Timestamp::default()),
        (any::<i64>(), 0u32..1_000_000_000).prop_map(|(seconds, nanos)| Timestamp { seconds, nanos }),
    ]
}

/// Joins segments and empties out what only tells how bytes were cut.
fn joined(streams: &[TrafficStream]) -> Vec<(String, Vec<u8>)> {
    let mut out: Vec<(String, Vec<u8>)> = Vec::new();
    let mut in_segments = false;
    for capture in streams.iter().flat_map(|stream| &stream.sub_stream).map(|o| o.capture.as_ref().unwrap()) {
        match capture {
            Capture::ReadSegment(d) | Capture::WriteSegment(d) => {
                let name = name(capture).trim_end_matches("Segment").to_owned();
                if !in_segments {
                    out.push((name, Vec::new()));
                }
                in_segments = true;
                out.last_mut().unwrap().1.extend_from_slice(&d.data);
            }
            Capture::SegmentEnd(_) => {
                assert!(in_segments, "segmentEnd without segments");
                in_segments = false;
            }
            capture => {
                assert!(!in_segments, "{capture:?} within segments");
                let data = match capture {
                    Capture::Read(d) | Capture::Write(d) => d.data.to_vec(),
                    Capture::EndOfMessage(lengths) => format!(
                        "{:?} {:?}",
                        lengths.first_line_byte_length.unwrap(),
                        lengths.headers_byte_length.unwrap()
                    )
                    .into_bytes(),
                    Capture::ConnectionException(exception) => exception.message.clone().into_bytes(),
                    _ => Vec::new(),
                };
                out.push((name(capture).to_owned(), data));
            }
        }
    }
    assert!(!in_segments);
    out
}

proptest! {
    #[test]
    fn what_was_observed_is_what_is_decoded(
        ops in prop::collection::vec((op(), timestamp()), 1..40),
        max_record_bytes in prop_oneof![0usize..1500, Just(MAX_RECORD_BYTES)],
        id in "[a-z]{1,60}",
    ) {
        let mut records = Vec::new();
        let mut encoder = StreamEncoder::new(&id, NODE_ID, max_record_bytes);
        let limit = encoder.max_record_bytes;
        let mut expected = VecDeque::new();
        for (op, ts) in &ops {
            let sink = &mut records;
            match op.clone() {
                Op::Read(data) => {
                    encoder.read(*ts, &data, sink);
                    expected.push_back(("read".to_owned(), data));
                }
                Op::Write(data) => {
                    encoder.write(*ts, &data, sink);
                    expected.push_back(("write".to_owned(), data));
                }
                Op::EndOfMessage(line, headers) => {
                    encoder.end_of_message(*ts, line, headers, sink);
                    expected.push_back(("eom".to_owned(), format!("{line} {headers}").into_bytes()));
                }
                Op::Dropped => {
                    encoder.request_dropped(*ts, sink);
                    expected.push_back(("dropped".to_owned(), Vec::new()));
                }
                Op::Exception(message) => {
                    encoder.connection_exception(*ts, &message, sink);
                    if !expected.is_empty() {
                        expected.push_back(("exception".to_owned(), message.into_bytes()));
                    }
                }
                Op::Flush => encoder.flush(sink),
            }
        }
        encoder.close(NOW, &mut records);
        if !expected.is_empty() {
            expected.push_back(("close".to_owned(), Vec::new()));
        }

        let streams = decode(&records);
        let got = joined(&streams);
        prop_assert_eq!(got.len(), expected.len());
        for ((name, data), (want_name, want)) in got.iter().zip(&expected) {
            prop_assert_eq!(name, want_name);
            if name == "exception" {
                prop_assert!(want.starts_with(data) && (data.len() == want.len() || data.len() > 50));
            } else {
                prop_assert_eq!(data, want);
            }
        }
        let mut prior = 0;
        let mut in_request = false;
        for (place, (stream, record)) in streams.iter().zip(&records).enumerate() {
            prop_assert!(record.len() <= limit, "{} bytes, limit {}", record.len(), limit);
            prop_assert_eq!(stream.number(), Some(place as u32 + 1));
            prop_assert_eq!(stream.is_last(), place + 1 == streams.len());
            prop_assert_eq!(stream.prior_requests_received, (prior > 0).then_some(prior));
            prop_assert_eq!(stream.last_observation_was_unterminated_read, in_request.then_some(true));
            for observation in &stream.sub_stream {
                match observation.capture.as_ref().unwrap() {
                    Capture::Read(_) | Capture::ReadSegment(_) => in_request = true,
                    Capture::EndOfMessage(_) => { in_request = false; prior += 1; }
                    Capture::RequestDropped(_) => in_request = false,
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn every_record_says_when_the_target_serves_and_so_do_the_parts_of_a_split_one() {
    let mut records = Vec::new();
    let mut encoder = StreamEncoder::new(CONNECTION_ID, NODE_ID, 400).served_by(ServedBy::Target);
    encoder.read(NOW, b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n", &mut records);
    encoder.read(NOW, &[b'x'; 1000], &mut records);
    encoder.end_of_message(NOW, 15, 20, &mut records);
    encoder.close(NOW, &mut records);
    assert!(records.len() > 2 && records.iter().all(|record| record.len() <= 400));
    assert!(decode(&records).iter().all(|stream| stream.cluster() == ServedBy::Target));
    let parts = crate::split_record(&records[1], 300).unwrap();
    assert!(parts.len() > 1);
    for part in parts {
        assert_eq!(TrafficStream::decode_record(part).unwrap().cluster(), ServedBy::Target);
    }
    let mut source = StreamEncoder::new(CONNECTION_ID, NODE_ID, 400).served_by(ServedBy::Source);
    records.clear();
    source.read(NOW, b"x", &mut records);
    source.flush(&mut records);
    assert_eq!(decode(&records)[0].served_by, None, "as other tools write it");
}
