//! Records of any bytes: decoding and reassembly neither panic nor make up bytes.
//!
//! The input is cut into records at a separator, so that the fuzzer can build connections of several.

use bytes::Bytes;
use switchover_capture::{Reassembled, Reassembler, TrafficStream, input::RecordInput};

const SEPARATOR: &[u8] = b"\xff\xfe";

pub(crate) fn run(data: &[u8]) {
    let mut reassembler = Reassembler::new();
    let mut out = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let end = rest.windows(SEPARATOR.len()).position(|window| window == SEPARATOR).unwrap_or(rest.len());
        let (record, after) = rest.split_at(end);
        rest = after.get(SEPARATOR.len()..).unwrap_or_default();
        if let Ok(stream) = TrafficStream::decode_record(Bytes::copy_from_slice(record)) {
            reassembler.push(stream, (), &mut out);
        }
    }
    assert!(reassembler.held_bytes() <= data.len());
    reassembler.finish(&mut out);
    assert_eq!(reassembler.open_connections(), 0);
    let bytes: u64 = out.iter().map(bytes_of).sum();
    assert!(bytes <= data.len() as u64, "{bytes} bytes out of {}", data.len());

    if let Ok(records) = RecordInput::new(data) {
        assert!(records.count() <= data.len() + 1);
    }
}

fn bytes_of(item: &Reassembled<()>) -> u64 {
    match item {
        Reassembled::Transaction(transaction) => {
            let response = transaction.response.as_ref().map_or(0, |response| response.bytes.len());
            (transaction.request.bytes.len() + response) as u64
        }
        Reassembled::Unframed { bytes, .. } | Reassembled::Incomplete { bytes, .. } => *bytes,
        _ => 0,
    }
}
