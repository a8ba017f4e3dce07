//! Tests of reassembly, on records as the encoder writes them.

mod boundaries;
mod framed;
mod generated;
mod parts;
mod records;

use bytes::Bytes;

use super::*;
use crate::encoder::{MAX_RECORD_BYTES, StreamEncoder};

/// What happens on a connection.
#[derive(Debug, Clone)]
enum Op {
    Read(Vec<u8>),
    Write(Vec<u8>),
    Eom,
    Dropped,
    Exception,
    Flush,
    Close,
}

use Op::{Close, Dropped, Eom, Exception, Flush};

fn read(bytes: impl AsRef<[u8]>) -> Op {
    Op::Read(bytes.as_ref().to_vec())
}

fn write(bytes: impl AsRef<[u8]>) -> Op {
    Op::Write(bytes.as_ref().to_vec())
}

/// Records of connection `id`; the timestamps count the operations in seconds.
fn encode(id: &str, max_record_bytes: usize, ops: &[Op]) -> Vec<TrafficStream> {
    let mut records = Vec::new();
    let mut encoder = StreamEncoder::new(id, "n", max_record_bytes);
    for (seconds, op) in ops.iter().enumerate() {
        let at = Timestamp { seconds: seconds as i64, nanos: 0 };
        match op {
            Op::Read(data) => encoder.read(at, data, &mut records),
            Op::Write(data) => encoder.write(at, data, &mut records),
            Eom => encoder.end_of_message(at, -1, -1, &mut records),
            Dropped => encoder.request_dropped(at, &mut records),
            Exception => encoder.connection_exception(at, "reset", &mut records),
            Flush => encoder.flush(&mut records),
            Close => encoder.close(at, &mut records),
        }
    }
    encoder.flush(&mut records);
    records.into_iter().map(|record| TrafficStream::decode_record(record.into()).unwrap()).collect()
}

/// Pushes the records, with their place as origin, and finishes.
fn reassemble(records: Vec<TrafficStream>) -> Vec<Reassembled<usize>> {
    let mut out = Vec::new();
    let mut reassembler = Reassembler::new();
    for (place, record) in records.into_iter().enumerate() {
        reassembler.push(record, place, &mut out);
    }
    reassembler.finish(&mut out);
    assert_eq!((reassembler.open_connections(), reassembler.held_bytes()), (0, 0));
    let last = out.iter().rfind(|item| !matches!(item, Reassembled::Duplicate { .. }));
    assert!(matches!(last, None | Some(Reassembled::ConnectionClosed { .. })));
    out
}

fn run(ops: &[Op]) -> Vec<Reassembled<usize>> {
    reassemble(encode("c", MAX_RECORD_BYTES, ops))
}

/// Request, response and end of a transaction.
type Pair = (String, Option<String>, End);

fn pairs(out: &[Reassembled<usize>]) -> Vec<Pair> {
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    transactions(out)
        .map(|t| (text(&t.request.bytes), t.response.as_ref().map(|response| text(&response.bytes)), t.end))
        .collect()
}

fn transactions(out: &[Reassembled<usize>]) -> impl Iterator<Item = &Transaction<usize>> {
    out.iter().filter_map(|item| match item {
        Reassembled::Transaction(transaction) => Some(transaction),
        _ => None,
    })
}

fn complete(request: &str, response: &str) -> Pair {
    (request.to_owned(), Some(response.to_owned()), End::Complete)
}

/// What is neither a transaction nor the end, in short.
fn others(out: &[Reassembled<usize>]) -> Vec<String> {
    out.iter()
        .filter_map(|item| match item {
            Reassembled::Transaction(_) | Reassembled::ConnectionClosed { .. } => None,
            Reassembled::Duplicate { number, .. } => Some(format!("duplicate {number}")),
            Reassembled::Gap { expected, found, .. } => Some(format!("gap {expected} {found}")),
            Reassembled::Unframed { bytes, origins, .. } => Some(format!("unframed {bytes} of {origins:?}")),
            Reassembled::Incomplete { bytes, end, origins, .. } => {
                Some(format!("incomplete {bytes} {end:?} of {origins:?}"))
            }
        })
        .collect()
}

const GET: &str = "GET /_cat HTTP/1.1\r\nHost: a\r\n\r\n";
const POST: &str = "POST /i/_doc HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";
