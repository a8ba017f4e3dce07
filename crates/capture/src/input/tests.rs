use std::io::{Cursor, Write};

use base64::{Engine, prelude::BASE64_STANDARD};
use proptest::prelude::*;

use super::*;
use crate::{StreamEncoder, Timestamp};

/// Records of one connection, the last one short.
fn records(count: usize) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let mut encoder =
        StreamEncoder::new("0242acfffe120002-0000000a-00000003-8c1bd0a0a5d6f1c9-3a4b5c6d", "node", 1 << 20);
    for length in 0..count {
        encoder.read(Timestamp { seconds: 1_790_000_000, nanos: 5 }, &vec![b'x'; length * 61], &mut records);
        encoder.flush(&mut records);
    }
    records
}

fn lines(records: &[Vec<u8>], key: &str) -> Vec<u8> {
    records
        .iter()
        .flat_map(|record| format!("{key}{}\n", BASE64_STANDARD.encode(record)).into_bytes())
        .collect()
}

fn delimited(records: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        prost::encoding::encode_varint(record.len() as u64, &mut out);
        out.extend_from_slice(record);
    }
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(input: &[u8]) -> Vec<Result<InputRecord, InputError>> {
    RecordInput::new(Cursor::new(input)).unwrap().collect()
}

fn numbers(input: &[u8]) -> Vec<u32> {
    read(input).into_iter().map(|record| record.unwrap().stream.number().unwrap()).collect()
}

fn bad(result: &Result<InputRecord, InputError>) -> &BadRecord {
    match result {
        Err(InputError::Bad(bad)) => bad,
        other => panic!("not a bad record: {other:?}"),
    }
}

#[test]
fn every_format_plain_and_compressed() {
    let records = records(30);
    let expected: Vec<_> = (1..=30).collect();
    for plain in [lines(&records, ""), lines(&records, "some-key|"), delimited(&records)] {
        assert_eq!(numbers(&plain), expected);
        assert_eq!(numbers(&gzip(&plain)), expected);
        assert_eq!(numbers(&zstd::encode_all(&plain[..], 1).unwrap()), expected);
        // As when exports are appended to one file.
        let (first, second) = plain.split_at(plain.len() / 2);
        assert_eq!(numbers(&[gzip(first), gzip(second)].concat()), expected);
        let zstd = |part| zstd::encode_all(part, 1).unwrap();
        assert_eq!(numbers(&[zstd(first), zstd(second)].concat()), expected);
    }
}

#[test]
fn every_single_record_is_told_apart() {
    for record in records(40) {
        let number = |input: &[u8]| read(input).remove(0).unwrap().stream.number();
        let expected = TrafficStream::decode_record(record.clone().into()).unwrap().number();
        let record = std::slice::from_ref(&record);
        assert_eq!(number(&delimited(record)), expected);
        assert_eq!(number(&lines(record, "k|")), expected);
        assert_eq!(number(lines(record, "").trim_ascii()), expected, "no line end");
    }
}

#[test]
fn empty_and_blank_inputs_have_no_records() {
    for input in [&b""[..], b"\n", b"\r\n \n\n", &gzip(b""), &zstd::encode_all(&b""[..], 1).unwrap()] {
        assert!(read(input).is_empty());
    }
}

#[test]
fn keys_line_numbers_blank_lines_and_missing_padding() {
    let record = BASE64_STANDARD.encode(&records(3)[2]);
    let unpadded = record.trim_end_matches('=');
    let input = format!("\n{record}\r\n\n  key|{unpadded}\t\n\n");
    let got: Vec<_> = read(input.as_bytes()).into_iter().map(Result::unwrap).collect();
    assert_eq!(
        got.iter().map(|r| (r.number, r.key.as_deref())).collect::<Vec<_>>(),
        [(2, None), (4, Some("key"))]
    );
}

#[test]
fn bad_lines_are_reported_with_their_place_and_reading_goes_on() {
    let good = lines(&records(1), "k|");
    let not_a_record = format!("k|{}\n", BASE64_STANDARD.encode(b"\xff\xff\xff"));
    let input = [&good[..], b"k|***\n", not_a_record.as_bytes(), b"|\n", b"\xc3\xa4\x00\n", &good].concat();
    let got = read(&input);
    assert_eq!(got.len(), 6);
    assert!(got[0].is_ok() && got[5].is_ok());
    assert_eq!((bad(&got[1]).number, &bad(&got[1]).raw[..]), (2, &b"k|***"[..]));
    assert!(matches!(bad(&got[1]).reason, BadReason::Base64(_)));
    assert!(matches!(bad(&got[2]).reason, BadReason::Record(RecordError::Protobuf(_))));
    assert!(matches!(bad(&got[3]).reason, BadReason::Record(RecordError::NoConnectionId)));
    assert_eq!((bad(&got[4]).number, &bad(&got[4]).raw[..]), (5, "ä\0".as_bytes()));
    assert!(got[1].as_ref().unwrap_err().to_string().starts_with("record 2 of the input: not base64"));
}

#[test]
fn line_that_never_ends_is_cut_and_skipped() {
    let good = lines(&records(1), "");
    let input = Cursor::new(&good[..])
        .chain(std::io::repeat(b'A').take(100 << 20))
        .chain(&b"\n"[..])
        .chain(&good[..]);
    let got: Vec<_> = RecordInput::new(input).unwrap().collect();
    assert_eq!(got.len(), 3);
    assert_eq!(bad(&got[1]).reason, BadReason::TooLong);
    assert!(bad(&got[1]).raw.len() <= 1 << 20);
    assert!(got[2].is_ok());
}

#[test]
fn bad_record_among_delimited_ones_is_passed_over() {
    let mut all = records(3);
    all[1] = b"\x0a\x01".to_vec();
    let got = read(&delimited(&all));
    assert_eq!(got.len(), 3);
    assert_eq!((bad(&got[1]).number, &bad(&got[1]).raw[..]), (2, &b"\x0a\x01"[..]));
    assert!(got[2].is_ok());
}

#[test]
fn delimited_input_cut_off_anywhere_says_so_and_ends() {
    let records = records(4);
    let input = delimited(&records);
    let first = delimited(&records[..1]).len();
    let ends: Vec<_> = (0..=4).map(|count| delimited(&records[..count]).len()).collect();
    for cut in first..input.len() {
        let got = read(&input[..cut]);
        let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
        assert_eq!(got.iter().filter(|record| record.is_ok()).count(), whole, "cut at {cut}");
        assert_eq!(got.len() - whole, usize::from(!ends.contains(&cut)), "cut at {cut}");
        if let Some(Err(_)) = got.last() {
            assert_eq!(bad(&got[whole]).reason, BadReason::CutOff);
        }
    }
}

#[test]
fn length_beyond_any_record_ends_the_input_without_memory() {
    let mut input = delimited(&records(1));
    input.extend([0xff; 9]);
    input.extend([0x01; 100]);
    let got = read(&input);
    assert_eq!((got.len(), &bad(&got[1]).reason), (2, &BadReason::CutOff));
}

#[test]
fn broken_compression_is_an_input_error_after_the_good_records() {
    let records = records(200);
    for whole in [gzip(&lines(&records, "")), zstd::encode_all(&lines(&records, "")[..], 1).unwrap()] {
        let got = read(&whole[..whole.len() - 9]);
        let good = got.iter().filter(|record| record.is_ok()).count() as u64;
        assert!(
            matches!(got.last(), Some(Err(InputError::Io { after, .. })) if *after >= good),
            "{:?}",
            got.last()
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..500), prefix in 0..3usize) {
        let input = [&[][..], &GZIP, &ZSTD][prefix].iter().chain(&bytes).copied().collect::<Vec<u8>>();
        if let Ok(input) = RecordInput::new(Cursor::new(input)) {
            prop_assert!(input.count() <= 501);
        }
    }
}

const GZIP: [u8; 4] = [0x1f, 0x8b, 8, 0];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
