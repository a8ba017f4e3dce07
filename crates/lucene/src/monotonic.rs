//! Rising numbers, as Lucene stores offsets: packed distances from straight lines.

use bytes::Bytes;

use crate::error::Error;
use crate::input::{Input, Order};
use crate::packed::{self, Packed};

/// Rising numbers in blocks: each block has a line (minimum and average step) and packed distances from it.
#[derive(Debug)]
pub(crate) struct Monotonic {
    bytes: Bytes,
    shift: u32,
    blocks: Vec<MonotonicBlock>,
    order: Order,
}

#[derive(Debug)]
struct MonotonicBlock {
    minimum: i64,
    average: f32,
    offset: u64,
    bits: u32,
}

/// What the metadata says of [`Monotonic`] numbers; their bytes lie in another file.
#[derive(Debug)]
pub(crate) struct MonotonicMeta {
    shift: u32,
    blocks: Vec<MonotonicBlock>,
    count: u64,
    order: Order,
}

impl MonotonicMeta {
    pub(crate) fn parse(input: &mut Input<'_>, count: u64, shift: u32) -> Result<Self, Error> {
        const BLOCK_BYTES: u64 = 21;
        let blocks = count.div_ceil(1 << shift);
        if blocks > input.left() as u64 / BLOCK_BYTES {
            return Err(input.unexpected("as many numbers as the metadata has blocks for", count));
        }
        let block = |_| {
            let (minimum, average, offset) =
                (input.i64()?, f32::from_bits(input.i32()? as u32), input.i64()?);
            let offset = input.in_range(offset, i64::MAX as u64, "an offset")?;
            let bits = input.u8()?.into();
            if bits > 64 {
                return Err(input.unexpected("at most 64 bits", bits));
            }
            Ok(MonotonicBlock { minimum, average, offset, bits })
        };
        let blocks = (0..blocks).map(block).collect::<Result<_, Error>>()?;
        Ok(Self { shift, blocks, count, order: input.order })
    }

    /// `bytes` are those that the offsets count from; `input` is only for the error.
    pub(crate) fn with(self, bytes: Bytes, input: &Input<'_>) -> Result<Monotonic, Error> {
        let mut left = self.count;
        for block in &self.blocks {
            let count = left.min(1 << self.shift);
            left -= count;
            let end = block.offset.saturating_add(packed::bytes(count, block.bits));
            if end > bytes.len() as u64 {
                return Err(input.unexpected("packed numbers within the index", end));
            }
        }
        Ok(Monotonic { bytes, shift: self.shift, blocks: self.blocks, order: self.order })
    }
}

impl Monotonic {
    /// The number at an index; `None` beyond the last.
    pub(crate) fn get(&self, index: u64) -> Option<u64> {
        let block = self.blocks.get(usize::try_from(index >> self.shift).ok()?)?;
        let index = index & ((1 << self.shift) - 1);
        let bytes = self.bytes.get(usize::try_from(block.offset).ok()?..).unwrap_or_default();
        let distance = Packed { bytes, bits: block.bits, order: self.order }.get(index);
        // The line is computed in single precision, as it was when the distances were.
        let line = block.minimum.wrapping_add((block.average * index as f32) as i64);
        Some(line.wrapping_add(distance as i64) as u64)
    }
}
