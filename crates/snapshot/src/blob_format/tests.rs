use std::io::Write;

use proptest::prelude::*;

use super::*;

const MAX: usize = 1 << 20;
const JSON: &[u8] = br#"{"snapshot":{"name":"DFL ZV ZSTD"}}"#;
const SMILE: &[u8] = b":)\n\x05\xfa\x80a\xc2\xfb";

fn framed(codec: &str, version: u32, body: &[u8]) -> Vec<u8> {
    let mut file = vec![0x3f, 0xd7, 0x6c, 0x17, u8::try_from(codec.len()).unwrap()];
    file.extend_from_slice(codec.as_bytes());
    file.extend_from_slice(&version.to_be_bytes());
    file.extend_from_slice(body);
    file.extend_from_slice(&[0xc0, 0x28, 0x93, 0xe8, 0, 0, 0, 0]);
    let sum = u64::from(crc32fast::hash(&file));
    file.extend_from_slice(&sum.to_be_bytes());
    file
}

fn deflated(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(b"DFL\0".to_vec(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(body: &[u8]) -> Vec<u8> {
    [b"ZSTD\0".to_vec(), zstd::encode_all(body, 3).unwrap()].concat()
}

fn lzf_stored(body: &[u8]) -> Vec<u8> {
    let chunk = |data: &[u8]| [b"ZV\0", &u16::try_from(data.len()).unwrap().to_be_bytes()[..], data].concat();
    body.chunks(60_000).flat_map(chunk).collect()
}

#[test]
fn every_framing_of_a_body() {
    for body in [JSON.to_vec(), deflated(JSON), zstandard(JSON), lzf_stored(JSON)] {
        assert_eq!(decode(&body, Codec::None, MAX).unwrap(), JSON);
        let file = framed("snapshot", 1, &body);
        assert_eq!(decode(&file, Codec::Snapshot, MAX).unwrap(), JSON);
    }
    for body in [SMILE.to_vec(), deflated(SMILE), zstandard(SMILE), lzf_stored(SMILE)] {
        let file = framed("index-metadata", 1, &body);
        assert_eq!(decode(&file, Codec::IndexMetadata, MAX).unwrap(), br#"{"a":1}"#);
    }
}

/// Of liblzf: "aaaaaaaaaa", a literal and a copy that reads what it writes; then a long copy.
#[test]
fn lzf_chunks() {
    let file = b"ZV\x01\x00\x05\x00\x0a\x00a\xe0\x00\x00";
    assert_eq!(lzf::decompress(file, MAX).unwrap(), b"aaaaaaaaaa");
    let long = b"ZV\x01\x00\x06\x01\x06\x01ab\xe0\xfb\x01";
    assert_eq!(lzf::decompress(long, MAX).unwrap(), b"ab".repeat(131));
    assert_eq!(lzf::decompress(&[&file[..], long].concat(), MAX).unwrap().len(), 272);
    // Before its chunk a copy can't reach, nor may a chunk be longer or shorter than it says.
    for broken in [
        &b"ZV\x01\x00\x05\x00\x0a\x00a\xe0\x00\x01"[..],
        b"ZV\x01\x00\x05\x00\x0b\x00a\xe0\x00\x00",
        b"ZV\x01\x00\x05\x00\x09\x00a\xe0\x00\x00",
        b"ZV\x02\x00\x00",
        b"ZV\x00\x00\x02a",
        b"ZV",
    ] {
        assert_eq!(lzf::decompress(broken, MAX), Err(BlobFormatError::Compression("LZF")), "{broken:?}");
    }
}

#[test]
fn a_mark_inside_of_a_body_is_no_mark() {
    let body = br#"{"text":"DFL\u0000 DFL"}"#;
    assert_eq!(decode(&framed("snapshot", 1, body), Codec::Snapshot, MAX).unwrap(), body);
    let smile = b":)\n\x05\xfa\x80a\x43DFL\0\xfb";
    let json = decode(&framed("snapshot", 1, smile), Codec::Snapshot, MAX).unwrap();
    assert_eq!(json, br#"{"a":"DFL\u0000"}"#);
}

#[test]
fn what_is_broken_is_told() {
    let good = framed("snapshot", 1, SMILE);
    let decode = |file: &[u8]| decode(file, Codec::Snapshot, MAX).unwrap_err();
    assert_eq!(decode(b""), BlobFormatError::Empty);
    assert_eq!(decode(&good[..10]), BlobFormatError::Truncated);
    assert_eq!(decode(&good[..good.len() - 1]), BlobFormatError::NoFooter);
    assert!(matches!(decode(&framed("metadata", 1, SMILE)), BlobFormatError::OtherCodec { .. }));
    assert_eq!(decode(&framed("snapshot", 2, SMILE)), BlobFormatError::UnknownVersion(2));
    assert!(matches!(decode(b"<html>"), BlobFormatError::UnknownBody(_)));
    assert!(matches!(decode(&framed("snapshot", 1, b"\0\0")), BlobFormatError::UnknownBody(_)));
    assert_eq!(decode(b"DFL\0\xff\xff"), BlobFormatError::Compression("DEFLATE"));
    assert_eq!(decode(b"ZSTD\0\xff\xff"), BlobFormatError::Compression("zstd"));
    // Compressed twice is nothing that a server writes.
    assert!(matches!(decode(&deflated(&deflated(JSON))), BlobFormatError::UnknownBody(_)));
}

#[test]
fn a_bomb_is_not_unpacked() {
    let zeros = vec![b' '; 50_000_000];
    for bomb in [deflated(&zeros), zstandard(&zeros), lzf_stored(&zeros), zeros] {
        let error = decode(&bomb, Codec::None, 100_000).unwrap_err();
        assert!(matches!(error, BlobFormatError::TooLarge(100_000) | BlobFormatError::Empty), "{error}");
    }
}

proptest! {
    /// A single changed bit, anywhere in a framed file, is found.
    #[test]
    fn one_flipped_bit(at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut file = framed("snapshot", 1, &deflated(JSON));
        let at = at.index(file.len());
        file[at] ^= 1u8 << bit;
        prop_assert!(decode(&file, Codec::Snapshot, MAX).is_err());
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..80), mark in 0usize..5) {
        let marks: [&[u8]; 5] = [b"", b"DFL\0", b"ZSTD\0", b"ZV", b"ZV\x01"];
        let _ = decode(&[marks[mark], &bytes].concat(), Codec::None, MAX);
    }
}
