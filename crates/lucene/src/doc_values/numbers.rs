//! The values of a numeric field: packed integers, from which a table, or a factor and a minimum, make the numbers.

use bytes::Bytes;

use crate::bits::Bits;
use crate::doc_values::WithValue;
use crate::doc_values::entry::Numeric;
use crate::error::Error;
use crate::input::{Input, Order};
use crate::packed::{self, Packed};

/// Values of one field, by document.
#[derive(Debug)]
pub(crate) struct Numbers {
    documents: WithValue,
    /// For a part of the documents: how many before each 64 have a value.
    ranks: Vec<u32>,
    blocks: Vec<Block>,
    block_shift: u32,
    bytes: Bytes,
    order: Order,
    table: Option<Vec<i64>>,
    factor: i64,
}

#[derive(Debug)]
struct Block {
    bits: u32,
    minimum: i64,
    offset: usize,
}

impl Numbers {
    pub(crate) fn new(
        numeric: &Numeric,
        bytes: Bytes,
        documents: WithValue,
        file: &str,
    ) -> Result<Self, Error> {
        let order = numeric.layout.order();
        let mut input = Input::from(file, numeric.values.start, &bytes, order);
        let mut blocks = Vec::new();
        let mut left = numeric.count;
        match numeric.block_shift {
            None => {
                let offset = 0;
                blocks.push(Block { bits: numeric.bits, minimum: numeric.minimum, offset });
                check(&input, left, numeric.bits)?;
            }
            Some(shift) => {
                while left > 0 {
                    let count = left.min(1 << shift);
                    let (bits, minimum) = (u32::from(input.u8()?), input.i64()?);
                    let length = if bits == 0 { 0 } else { input.i32_count(1)? };
                    check(&input, count, bits)?;
                    blocks.push(Block { bits, minimum, offset: input.position() });
                    input.bytes(length)?;
                    left -= count;
                }
            }
        }
        let ranks = match &documents {
            WithValue::All => Vec::new(),
            WithValue::Some(bits) => bits.ranks(),
        };
        Ok(Self {
            documents,
            ranks,
            blocks,
            block_shift: numeric.block_shift.unwrap_or(63),
            bytes: bytes.clone(),
            order,
            table: numeric.table.clone(),
            factor: numeric.factor,
        })
    }

    pub(crate) fn get(&self, document: u32) -> Option<i64> {
        let index = match &self.documents {
            WithValue::All => document,
            WithValue::Some(bits) => self.index(bits, document)?,
        };
        let index = u64::from(index);
        let block = self.blocks.get(usize::try_from(index >> self.block_shift).ok()?)?;
        let bytes = self.bytes.get(block.offset..).unwrap_or_default();
        let packed = Packed { bytes, bits: block.bits, order: self.order };
        let number = packed.get(index & ((1 << self.block_shift) - 1));
        match &self.table {
            Some(table) => table.get(usize::try_from(number).ok()?).copied(),
            None => Some((number as i64).wrapping_mul(self.factor).wrapping_add(block.minimum)),
        }
    }

    fn index(&self, bits: &Bits, document: u32) -> Option<u32> {
        Some(self.ranks.get(document as usize / 64)? + bits.rank_in_word(document)?)
    }
}

/// Whether all packed values are there.
fn check(input: &Input<'_>, count: u64, bits: u32) -> Result<(), Error> {
    if bits > 64 || packed::bytes(count, bits) > input.left() as u64 {
        return Err(input.unexpected("packed values within the data", format_args!("{count} of {bits} bits")));
    }
    Ok(())
}
