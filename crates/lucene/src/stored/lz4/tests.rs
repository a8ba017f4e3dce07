use lz4_flex::block::{compress, compress_with_dict};
use proptest::prelude::*;

use super::*;

/// Text of `length` bytes from a block.
fn text(source: &[u8], dict: &[u8], length: usize) -> Option<(Vec<u8>, usize)> {
    let end = dict.len() + length;
    let mut buffer = vec![0; end + SLACK];
    buffer[..dict.len()].copy_from_slice(dict);
    let taken = decompress(source, &mut buffer, dict.len(), end)?;
    Some((buffer[dict.len()..end].to_vec(), taken))
}

/// Text that repeats itself at short and long distances.
fn repetitive() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        (any::<u8>(), 1..600usize).prop_map(|(byte, count)| vec![byte; count]),
        (prop::collection::vec(any::<u8>(), 1..20), 1..60usize).prop_map(|(part, count)| part.repeat(count)),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_another_library_compressed(original in repetitive(), rest in prop::collection::vec(any::<u8>(), 0..50)) {
        let block = compress(&original);
        // What follows the block is not its business.
        let (found, taken) = text(&[&block[..], &rest].concat(), &[], original.len()).expect("a block");
        prop_assert_eq!(found, original);
        prop_assert_eq!(taken, block.len());
    }

    #[test]
    fn matches_reach_into_the_dictionary(dict in repetitive(), own in repetitive()) {
        let original = [&own[..], &dict[..dict.len() / 2], &own].concat();
        let block = compress_with_dict(&original, &dict);
        // The library drops dictionaries that are too short to be of use.
        let (found, taken) = text(&block, &dict, original.len()).expect("a block");
        prop_assert_eq!(found, original);
        prop_assert_eq!(taken, block.len());
    }

    #[test]
    fn any_bytes_end_within_the_text(block in prop::collection::vec(any::<u8>(), 0..300), length in 0..2000usize) {
        if let Some((_, taken)) = text(&block, b"dictionary", length) {
            prop_assert!(taken <= block.len());
        }
    }
}

#[test]
fn no_text_is_still_a_token() {
    assert_eq!(text(&[0x00, 0x77], &[], 0), Some((Vec::new(), 1)));
    assert_eq!(text(&[], &[], 0), None);
}

#[test]
fn a_block_that_lies_is_refused() {
    // A match before the beginning, one of no distance, one beyond the end, text beyond the end.
    for block in [
        &[0x10, b'a', 2, 0, 0][..],
        &[0x10, b'a', 0, 0, 0],
        &[0x1f, b'a', 1, 0, 255, 255, 0],
        &[0x50, 1, 2, 3, 4, 5],
    ] {
        assert_eq!(text(block, &[], 4), None, "{block:?}");
    }
}

#[test]
fn a_repeated_byte_of_any_length() {
    for length in 5..1000usize {
        let mut block = vec![0x1f, b'x', 1, 0];
        let more = length - 1 - 4;
        if more < 15 {
            block[0] = 0x10 | more as u8;
        } else {
            block.extend(vec![255; (more - 15) / 255]);
            block.push(((more - 15) % 255) as u8);
        }
        assert_eq!(text(&block, &[], length), Some((vec![b'x'; length], block.len())), "{length}");
    }
}
