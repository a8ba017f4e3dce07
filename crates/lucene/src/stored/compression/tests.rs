//! Every compression, written here as the servers write it. The real files that the other tests read have all but
//! OpenSearch's zstd, whose plugin the lab does not have.

use flate2::{Compress, FlushCompress};
use proptest::prelude::*;

use super::*;
use crate::input::Order;

fn vint(mut number: usize, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn piece(bytes: &[u8], to: &mut Vec<u8>) {
    vint(bytes.len(), to);
    to.extend_from_slice(bytes);
}

fn deflate(text: &[u8], dict: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(flate2::Compression::new(6), false);
    if !dict.is_empty() {
        compress.set_dictionary(dict).expect("a dictionary");
    }
    let mut out = Vec::with_capacity(text.len() * 2 + 100);
    compress.compress_vec(text, &mut out, FlushCompress::Finish).expect("compressed");
    out
}

fn zstd(text: &[u8], dict: &[u8]) -> Vec<u8> {
    zstd::bulk::Compressor::with_dictionary(3, dict)
        .expect("a compressor")
        .compress(text)
        .expect("compressed")
}

/// A dictionary of this length at the beginning of the text, and ten blocks.
fn compress(compression: Compression, text: &[u8], dict: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let (dict, rest) = text.split_at(dict.min(text.len()));
    let block = rest.len().div_ceil(10).max(1);
    match compression {
        Compression::Lz4 => out = lz4_flex::block::compress(text),
        Compression::Deflate => piece(&deflate(text, &[]), &mut out),
        Compression::Zstd => piece(&zstd(text, &[]), &mut out),
        Compression::ZstdParts => {
            let block = text.len().div_ceil(10).max(1);
            vint(block, &mut out);
            text.chunks(block).for_each(|text| piece(&zstd(text, &[]), &mut out));
        }
        Compression::DeflateDict | Compression::ZstdDict => {
            let one = if compression == Compression::ZstdDict { zstd } else { deflate };
            vint(dict.len(), &mut out);
            vint(block, &mut out);
            piece(&if dict.is_empty() { Vec::new() } else { one(dict, &[]) }, &mut out);
            rest.chunks(block).for_each(|text| piece(&one(text, dict), &mut out));
        }
        Compression::Lz4Dict => {
            vint(dict.len(), &mut out);
            vint(block, &mut out);
            let compressed = lz4_flex::block::compress(dict);
            let blocks = rest.chunks(block).map(|text| lz4_flex::block::compress_with_dict(text, dict));
            let blocks: Vec<_> = blocks.collect();
            vint(compressed.len(), &mut out);
            blocks.iter().for_each(|block| vint(block.len(), &mut out));
            out.extend(compressed);
            out.extend(blocks.concat());
        }
    }
    out
}

const ALL: [Compression; 7] = [
    Compression::Lz4,
    Compression::Deflate,
    Compression::Lz4Dict,
    Compression::DeflateDict,
    Compression::Zstd,
    Compression::ZstdDict,
    Compression::ZstdParts,
];

fn fill(
    decompressor: &mut Decompressor,
    compression: Compression,
    bytes: &[u8],
    length: usize,
) -> Result<(Vec<u8>, usize), Error> {
    let mut input = Input::from("_0.fdt", 0, bytes, Order::Little);
    let mut buffer = vec![0xaa; 5 + length + lz4::SLACK];
    decompressor.fill(compression, &mut input, &mut buffer, 5, 5 + length)?;
    assert_eq!(buffer[..5], [0xaa; 5], "what is before is left alone");
    Ok((buffer[5..5 + length].to_vec(), input.position()))
}

fn documents() -> impl Strategy<Value = Vec<u8>> {
    let document = (0..100_000u32, "[a-f ]{0,30}");
    prop::collection::vec(document, 1..80).prop_map(|documents| {
        let text = |(number, text)| format!("{{\"number\":{number},\"text\":\"{text}\"}}");
        documents.into_iter().map(text).collect::<String>().into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn text_comes_out_and_what_follows_is_left(texts in prop::collection::vec(documents(), 1..4), dict in 0..300usize) {
        for compression in ALL {
            let mut decompressor = Decompressor::default();
            for text in &texts {
                let mut bytes = compress(compression, text, dict);
                let length = bytes.len();
                bytes.extend(b"next");
                let (found, taken) = fill(&mut decompressor, compression, &bytes, text.len()).expect("text");
                prop_assert_eq!(&found, text);
                prop_assert_eq!(taken, length, "{:?}", compression);
            }
        }
    }

    #[test]
    fn another_length_or_other_bytes_are_no_panic(text in documents(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for compression in ALL {
            let mut decompressor = Decompressor::default();
            let mut bytes = compress(compression, &text, 20);
            prop_assert!(fill(&mut decompressor, compression, &bytes, text.len() + 1).is_err());
            let length = bytes.len();
            bytes[at.index(length)] = byte;
            drop(fill(&mut decompressor, compression, &bytes, text.len()));
            bytes.truncate(at.index(length));
            prop_assert!(fill(&mut decompressor, compression, &bytes, text.len()).is_err(), "{:?}", compression);
        }
    }
}

#[test]
fn a_dictionary_of_more_than_a_stored_block_holds() {
    let text: Vec<u8> = (0..400_000u32).flat_map(|number| (number / 7).to_le_bytes()).collect();
    let bytes = compress(Compression::DeflateDict, &text, 200_000);
    let (found, _) =
        fill(&mut Decompressor::default(), Compression::DeflateDict, &bytes, text.len()).expect("text");
    assert_eq!(found, text);
}

#[test]
fn text_that_the_bytes_cannot_hold_is_refused_before_memory_is_taken() {
    for compression in ALL {
        assert!(compression.can_be(0, 0));
        assert!(!compression.can_be(i32::MAX as u64, 1000), "{compression:?}");
    }
    // As dense as it gets.
    let zeros = vec![0; 10 << 20];
    for compression in ALL {
        let bytes = compress(compression, &zeros, 1000);
        assert!(compression.can_be(zeros.len() as u64, bytes.len()), "{compression:?}");
    }
}
