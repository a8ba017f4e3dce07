use super::*;

fn record(index: Option<RecordIndex>) -> Bytes {
    let stream =
        TrafficStream { connection_id: "c".into(), node_id: "n".into(), index, ..Default::default() };
    stream.encode_to_vec().into()
}

#[test]
fn data_shares_the_records_memory() {
    let stream = TrafficStream {
        connection_id: "c".into(),
        index: Some(RecordIndex::Number(1)),
        sub_stream: vec![TrafficObservation {
            ts: None,
            capture: Some(Capture::Read(Data { data: Bytes::from_static(b"GET / HTTP/1.1\r\n\r\n") })),
        }],
        ..Default::default()
    };
    let bytes = Bytes::from(stream.encode_to_vec());
    let range = bytes.as_ptr_range();
    let decoded = TrafficStream::decode_record(bytes).unwrap();
    let Some(Capture::Read(Data { data })) = &decoded.sub_stream[0].capture else { panic!("not a read") };
    assert!(range.contains(&data.as_ptr()));
}

#[test]
fn refuses_what_is_no_record() {
    assert!(matches!(TrafficStream::decode_record(Bytes::new()), Err(RecordError::NoConnectionId)));
    let garbage = Bytes::from_static(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
    assert!(matches!(TrafficStream::decode_record(garbage), Err(RecordError::Protobuf(_))));
    for index in [
        None,
        Some(RecordIndex::Number(0)),
        Some(RecordIndex::Number(-1)),
        Some(RecordIndex::NumberOfThisLastChunk(i32::MIN)),
    ] {
        assert!(matches!(TrafficStream::decode_record(record(index)), Err(RecordError::NoNumber { .. })));
    }
}

/// The number stands last on the wire, so a record that is cut off lacks it.
#[test]
fn every_prefix_of_a_record_is_refused() {
    let mut records = Vec::new();
    let mut encoder = crate::StreamEncoder::new("c", "n", 1000);
    encoder.read(Timestamp { seconds: 1, nanos: 1 }, b"GET / HTTP/1.1\r\n\r\n", &mut records);
    encoder.close(Timestamp::default(), &mut records);
    let whole = Bytes::from(records.remove(0));
    for cut in 0..whole.len() {
        assert!(TrafficStream::decode_record(whole.slice(..cut)).is_err(), "{cut} of {} bytes", whole.len());
    }
    assert!(TrafficStream::decode_record(whole).unwrap().is_last());
}

#[test]
fn unknown_observation_kinds_are_kept_as_unknown() {
    // field 2 (observation) holding field 99 (unknown, varint 1)
    let mut bytes = record(Some(RecordIndex::Number(1))).to_vec();
    bytes.extend([0x12, 0x03, 0x98, 0x06, 0x01]);
    let stream = TrafficStream::decode_record(bytes.into()).unwrap();
    assert_eq!(stream.sub_stream, [TrafficObservation::default()]);
}

#[test]
fn nanos_out_of_range_are_clamped() {
    let at = |nanos| {
        TrafficObservation { ts: Some(WireTimestamp { seconds: 7, nanos }), capture: None }.timestamp()
    };
    assert_eq!(at(-5), Some(Timestamp { seconds: 7, nanos: 0 }));
    assert_eq!(at(i32::MAX), Some(Timestamp { seconds: 7, nanos: 999_999_999 }));
}
