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
