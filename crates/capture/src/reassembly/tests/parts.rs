//! Records that were too long and came in parts: what comes out is what the whole records give.

use super::*;
use crate::split::split_record;
use proptest::prelude::*;

fn raw(record: &TrafficStream) -> Vec<u8> {
    prost::Message::encode_to_vec(record)
}

/// The record's parts, decoded; each within the limit.
fn parts(record: &TrafficStream, max_bytes: usize) -> Vec<TrafficStream> {
    let parts = split_record(&raw(record), max_bytes).unwrap();
    assert!(parts.iter().all(|part| part.len() <= max_bytes), "{max_bytes}");
    parts.into_iter().map(|part| TrafficStream::decode_record(part).unwrap()).collect()
}

fn all_parts(records: &[TrafficStream], max_bytes: usize) -> Vec<TrafficStream> {
    records.iter().flat_map(|record| parts(record, max_bytes)).collect()
}

/// Everything but where it came from.
fn without_origins(out: &[Reassembled<usize>]) -> Vec<Reassembled<usize>> {
    let mut all = out.to_vec();
    for item in &mut all {
        match item {
            Reassembled::Transaction(transaction) => transaction.origins.clear(),
            Reassembled::Unframed { origins, .. } | Reassembled::Incomplete { origins, .. } => {
                origins.clear()
            }
            _ => {}
        }
    }
    all
}

/// No data are empty: such an observation has no extent, so when it is the last of its record a part with nothing else counts
/// as seen, and its time is lost. No socket gives one.
fn op() -> impl Strategy<Value = Op> {
    let text =
        || prop_oneof![Just(GET.to_owned()), Just(POST.to_owned()), "[ -~]{1,200}", Just("x".repeat(1500))];
    prop_oneof![
        4 => text().prop_map(read),
        2 => Just(write(OK)),
        2 => text().prop_map(write),
        3 => Just(Eom),
        1 => Just(Dropped),
        1 => Just(Exception),
        1 => Just(Flush),
    ]
}

fn big_session() -> Vec<TrafficStream> {
    let post = format!("POST /_bulk HTTP/1.1\r\nContent-Length: 3000\r\n\r\n{}", "p".repeat(3000));
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n{}", "a".repeat(2000));
    encode("c", MAX_RECORD_BYTES, &[read(GET), Eom, write(OK), read(post), Eom, Flush, write(answer), Close])
}

#[test]
fn a_record_that_fits_is_left_alone() {
    let records = big_session();
    let whole = raw(&records[0]);
    assert_eq!(split_record(&whole, whole.len()).unwrap(), [Bytes::from(whole)]);
}

#[test]
fn origins_hold_every_part() {
    let records = big_session();
    let split = all_parts(&records, 700);
    let out = reassemble(split.clone());
    let last = transactions(&out).last().unwrap();
    assert_eq!(*last.origins.last().unwrap(), split.len() - 1);
    assert!(last.origins.len() > 4 && last.origins.is_sorted(), "{:?}", last.origins);
}

#[test]
fn a_missing_part_is_a_gap() {
    let mut split = all_parts(&big_session(), 700);
    split.remove(2);
    let out = reassemble(split);
    assert!(others(&out).contains(&"gap 1 1".to_owned()), "{:?}", others(&out));
    assert!(pairs(&out).iter().filter(|(_, _, end)| *end == End::Complete).count() == 1);
}

#[test]
fn a_limit_below_any_part_is_an_error() {
    let record = raw(&big_session()[0]);
    for max_bytes in [0, 1, 50, 100] {
        assert!(split_record(&record, max_bytes).is_err(), "{max_bytes}");
    }
    assert!(split_record(b"no record", 1).is_err());
}

proptest! {
    #[test]
    fn split_then_reassembled_is_the_same(
        ops in prop::collection::vec(op(), 1..30),
        close: bool,
        max_bytes in 260..3000usize,
    ) {
        let ops: Vec<_> = ops.into_iter().chain(close.then_some(Close)).collect();
        let records = encode("connection", MAX_RECORD_BYTES, &ops);
        let whole = reassemble(records.clone());
        let split = reassemble(all_parts(&records, max_bytes));
        prop_assert_eq!(without_origins(&split), without_origins(&whole));
    }

    /// After a crash parts come again, perhaps cut elsewhere, perhaps as the whole record.
    #[test]
    fn parts_that_come_again_count_once(
        ops in prop::collection::vec(op(), 1..20),
        first in 260..1500usize,
        second in 260..6000usize,
        until in 0..20usize,
        back in 0..20usize,
    ) {
        let records = encode("connection", MAX_RECORD_BYTES, &ops);
        let whole: Vec<_> = without_origins(&reassemble(records.clone()));
        let mut pushed = all_parts(&records, first);
        pushed.truncate(until);
        let again_from = pushed.len().saturating_sub(back);
        let from = pushed.get(again_from).or(pushed.last()).and_then(TrafficStream::number).unwrap_or(1);
        let rest = records.iter().filter(|record| record.number() >= Some(from)).flat_map(|record| parts(record, second));
        pushed.extend(rest.collect::<Vec<_>>());
        let out = reassemble(pushed);
        let out: Vec<_> = without_origins(&out).into_iter().filter(|item| !matches!(item, Reassembled::Duplicate { .. })).collect();
        prop_assert_eq!(out, whole);
    }

    #[test]
    fn any_bytes_are_answered(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        ops in prop::collection::vec(op(), 1..5),
        place: prop::sample::Index,
        byte: u8,
        max_bytes in 0..400usize,
    ) {
        let _ = split_record(&bytes, max_bytes);
        for record in encode("connection", MAX_RECORD_BYTES, &ops) {
            let mut bytes = raw(&record);
            let place = place.index(bytes.len());
            bytes[place] = byte;
            let _ = split_record(&bytes, max_bytes).map(|parts| assert!(parts.iter().all(|part| part.len() <= max_bytes)));
        }
    }

    /// Parts of parts are parts of the record.
    #[test]
    fn split_twice(ops in prop::collection::vec(op(), 1..20)) {
        let records = encode("connection", MAX_RECORD_BYTES, &ops);
        let twice = all_parts(&all_parts(&records, 1200), 400);
        prop_assert_eq!(without_origins(&reassemble(twice)), without_origins(&reassemble(records)));
    }
}
