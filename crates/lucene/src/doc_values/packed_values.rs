//! Packed integers, from which a table, or a factor and a minimum, make the values.

use bytes::Bytes;

use crate::doc_values::entry::{Numeric, Packing};
use crate::error::Error;
use crate::input::{Input, Order};
use crate::packed::{self, Packed};

/// Values by their number; none for other packings than [`Packing::Packed`].
#[derive(Debug)]
pub(crate) struct PackedValues {
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

impl PackedValues {
    /// `bytes`: those of the values, in `file`.
    pub(crate) fn new(numeric: &Numeric, bytes: Bytes, file: &str) -> Result<Self, Error> {
        let order = numeric.order;
        let mut values = Self { blocks: Vec::new(), block_shift: 63, bytes, order, table: None, factor: 1 };
        let Packing::Packed { table, block_shift, bits, minimum, factor } = &numeric.packing else {
            return Ok(values);
        };
        let bytes = values.bytes.clone();
        let mut input = Input::from(file, numeric.values.start, &bytes, order);
        let mut left = numeric.count;
        match block_shift {
            None => {
                // Where all are equal nothing is stored, whatever the count.
                check(&input, if *bits == 0 { 0 } else { left }, *bits)?;
                values.blocks.push(Block { bits: *bits, minimum: *minimum, offset: 0 });
            }
            Some(shift) => {
                values.block_shift = *shift;
                while left > 0 {
                    let count = left.min(1 << shift);
                    let (bits, minimum) = (u32::from(input.u8()?), input.i64()?);
                    let length = if bits == 0 { 0 } else { input.i32_count(1)? };
                    check(&input, count, bits)?;
                    values.blocks.push(Block { bits, minimum, offset: input.position() });
                    input.bytes(length)?;
                    left -= count;
                }
            }
        }
        values.table.clone_from(table);
        values.factor = *factor;
        Ok(values)
    }

    pub(crate) fn get(&self, index: u64) -> Option<i64> {
        let block = self.blocks.get(usize::try_from(index >> self.block_shift).ok()?)?;
        let bytes = self.bytes.get(block.offset..).unwrap_or_default();
        let packed = Packed { bytes, bits: block.bits, order: self.order };
        let number = packed.get(index & ((1 << self.block_shift) - 1));
        match &self.table {
            Some(table) => table.get(usize::try_from(number).ok()?).copied(),
            None => Some((number as i64).wrapping_mul(self.factor).wrapping_add(block.minimum)),
        }
    }
}

/// Whether all packed values are there.
fn check(input: &Input<'_>, count: u64, bits: u32) -> Result<(), Error> {
    if bits > 64 || packed::bytes(count, bits) > input.left() as u64 {
        return Err(input.unexpected("packed values within the data", format_args!("{count} of {bits} bits")));
    }
    Ok(())
}
