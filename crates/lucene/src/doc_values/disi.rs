//! The set of documents that have a value: blocks of 65,536 documents, each stored in the shortest of three ways.

use crate::bits::Bits;
use crate::error::Error;
use crate::input::Input;

/// The number of the block after the last.
const END: u32 = 0x7fff;
/// A block of more documents is a bit set, one of fewer a list.
const MAX_LISTED: u32 = 4095;
const BLOCK: u32 = 1 << 16;
/// A block's bit set in 8-byte words.
const BLOCK_WORDS: u32 = BLOCK / 64;

/// Reads the blocks up to their end mark. A bit set has a table of ranks before it when `rank_power` is not -1 (since
/// 8.0), with 2 bytes for each 2^power documents; the table of jumps after the blocks is not needed.
pub(crate) fn parse(input: &mut Input<'_>, rank_power: i8, max_doc: u32) -> Result<Bits, Error> {
    let mut bits = Bits::none(max_doc);
    let ranks = match rank_power {
        -1 => 0,
        7..=15 => 2 * (BLOCK as usize >> rank_power),
        other => return Err(input.unexpected("a rank power of -1 or 7 to 15", other)),
    };
    let mut next_block = 0;
    loop {
        let block = u32::from(input.i16()? as u16);
        if block == END {
            return Ok(bits);
        }
        if block < next_block || block * BLOCK >= max_doc {
            return Err(input.unexpected("rising blocks of documents within the segment", block));
        }
        next_block = block + 1;
        let first = block * BLOCK;
        let count = u32::from(input.i16()? as u16) + 1;
        match count {
            BLOCK => bits.set_range(first..first.saturating_add(BLOCK).min(max_doc)),
            ..=MAX_LISTED => {
                for _ in 0..count {
                    bits.set(first + u32::from(input.i16()? as u16));
                }
            }
            _ => {
                input.bytes(ranks)?;
                for word in 0..BLOCK_WORDS {
                    bits.set_word(first + word * 64, input.i64()? as u64);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::input::Order;

    /// As Lucene 9 writes it, with a rank for each 512 documents.
    fn write(documents: &BTreeSet<u32>, rank_power: i8) -> Vec<u8> {
        let mut out = Vec::new();
        let blocks: BTreeSet<u32> = documents.iter().map(|document| document / BLOCK).collect();
        for block in blocks {
            let inside: Vec<u32> =
                documents.range(block * BLOCK..(block + 1) * BLOCK).map(|it| it % BLOCK).collect();
            out.extend((block as u16).to_le_bytes());
            out.extend((inside.len() as u32 - 1).to_le_bytes()[..2].iter());
            if inside.len() as u32 == BLOCK {
            } else if inside.len() as u32 <= MAX_LISTED {
                inside.iter().for_each(|document| out.extend((*document as u16).to_le_bytes()));
            } else {
                if rank_power >= 0 {
                    out.extend(vec![0xee; 2 * (BLOCK as usize >> rank_power)]);
                }
                let mut words = vec![0u64; BLOCK_WORDS as usize];
                inside.iter().for_each(|document| words[*document as usize / 64] |= 1 << (document % 64));
                words.iter().for_each(|word| out.extend(word.to_le_bytes()));
            }
        }
        out.extend([0xff, 0x7f, 0, 0, 0xff, 0xff]);
        out
    }

    fn check(documents: &BTreeSet<u32>, max_doc: u32) {
        for rank_power in [-1, 7, 9, 15] {
            let bytes = write(documents, rank_power);
            let bits = parse(&mut Input::from("_0.dvd", 0, &bytes, Order::Little), rank_power, max_doc)
                .expect("a set");
            assert_eq!(bits.count() as usize, documents.len());
            assert!(documents.iter().all(|document| bits.get(*document)));
            let ranks = bits.ranks();
            for (index, document) in documents.iter().enumerate() {
                let rank = ranks[*document as usize / 64] + bits.rank_in_word(*document).expect("it is set");
                assert_eq!(rank as usize, index);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]
        #[test]
        fn sets_of_any_shape(ranges in prop::collection::vec((0..300_000u32, 1..70_000u32), 0..5), single in prop::collection::btree_set(0..300_000u32, 0..100)) {
            let ranges = ranges.into_iter().flat_map(|(start, count)| start..(start + count).min(300_000));
            check(&ranges.chain(single).collect(), 300_000);
        }
    }

    #[test]
    fn blocks_at_their_limits() {
        for count in [1, 4095, 4096, 65_535, 65_536] {
            check(&(0..count).collect(), 65_536 * 3);
            check(&(65_536..65_536 + count).collect(), 65_536 * 2);
        }
    }

    #[test]
    fn blocks_that_go_back_or_beyond_the_segment_are_refused() {
        let block = |number: u8| vec![number, 0, 0, 0, 5, 0];
        for bytes in [[block(1), block(1)].concat(), [block(1), block(0)].concat(), block(2), vec![0, 0, 0]] {
            assert!(parse(&mut Input::from("_0.dvd", 0, &bytes, Order::Little), -1, 131_072).is_err());
        }
    }
}
