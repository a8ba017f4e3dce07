//! Where the chunks of a segment's stored fields begin, and with which document.
//!
//! It is kept packed as the file has it (a few bytes a chunk) and looked up chunk by chunk: a shard of 50 GB has
//! millions of chunks.

use bytes::Bytes;

use crate::error::Error;
use crate::input::{Input, Order};
use crate::packed::{self, Packed};

/// Both index formats.
#[derive(Debug)]
pub(crate) enum ChunkIndex {
    /// Until 8.4: blocks of packed distances from a straight line.
    Blocks(Blocks),
    /// Since 8.5: the same idea with the lines in a file of their own.
    Monotonic { documents: Monotonic, pointers: Monotonic },
}

/// The index of formats until 8.4.
#[derive(Debug)]
pub(crate) struct Blocks {
    bytes: Bytes,
    blocks: Vec<Block>,
    chunks: u64,
}

#[derive(Debug)]
struct Block {
    first_chunk: u64,
    documents: Line,
    pointers: Line,
}

/// `start + average * n + distance[n]`.
#[derive(Debug)]
struct Line {
    start: u64,
    average: u64,
    bits: u32,
    /// Where the packed distances lie in the file.
    offset: usize,
    length: usize,
}

impl Line {
    fn parse(input: &mut Input<'_>, version: u32, count: usize) -> Result<Self, Error> {
        let (start, average, bits) = (input.vlong()?, input.vlong()?, input.vint()?);
        let offset = input.position();
        let length = Packed::take(input, version, count, bits)?.bytes.len();
        Ok(Self { start, average, bits, offset, length })
    }

    fn get(&self, bytes: &[u8], index: u64) -> u64 {
        let bytes = bytes.get(self.offset..self.offset + self.length).unwrap_or_default();
        let distance = packed::zigzag(Packed { bytes, bits: self.bits, order: Order::Big }.get(index));
        self.start.wrapping_add(self.average.wrapping_mul(index)).wrapping_add_signed(distance)
    }
}

impl Blocks {
    /// Reads from after the header to the end mark, and the pointer after the last chunk that follows it (a format
    /// before 4.8 has none there).
    pub(crate) fn parse(
        bytes: &Bytes,
        input: &mut Input<'_>,
        pointer: bool,
    ) -> Result<(Self, Option<u64>), Error> {
        let version = input.vint()?;
        if version > 2 {
            return Err(input.unexpected("a version of packed integers of at most 2", version));
        }
        let (mut blocks, mut chunks) = (Vec::new(), 0u64);
        loop {
            let count = input.vint()?;
            if count == 0 {
                break;
            }
            let documents = Line::parse(input, version, count as usize)?;
            let pointers = Line::parse(input, version, count as usize)?;
            blocks.push(Block { first_chunk: chunks, documents, pointers });
            chunks += u64::from(count);
        }
        let end = if pointer { Some(input.vlong()?) } else { None };
        Ok((Self { bytes: bytes.clone(), blocks, chunks }, end))
    }

    fn get(&self, chunk: u64) -> Option<(u64, u64)> {
        let at = self.blocks.partition_point(|block| block.first_chunk <= chunk).checked_sub(1)?;
        let block = self.blocks.get(at)?;
        let index = chunk - block.first_chunk;
        Some((block.documents.get(&self.bytes, index), block.pointers.get(&self.bytes, index)))
    }
}

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
    fn get(&self, index: u64) -> Option<u64> {
        let block = self.blocks.get(usize::try_from(index >> self.shift).ok()?)?;
        let index = index & ((1 << self.shift) - 1);
        let bytes = self.bytes.get(usize::try_from(block.offset).ok()?..).unwrap_or_default();
        let distance = Packed { bytes, bits: block.bits, order: self.order }.get(index);
        // The line is computed in single precision, as it was when the distances were.
        let line = block.minimum.wrapping_add((block.average * index as f32) as i64);
        Some(line.wrapping_add(distance as i64) as u64)
    }
}

impl ChunkIndex {
    /// The first document and the first byte of a chunk.
    pub(crate) fn get(&self, chunk: u64) -> Option<(u64, u64)> {
        match self {
            Self::Blocks(blocks) => blocks.get(chunk),
            Self::Monotonic { documents, pointers } => Some((documents.get(chunk)?, pointers.get(chunk)?)),
        }
    }

    /// How many chunks the old format has; the new one says it in its metadata.
    pub(crate) fn blocks(index: Blocks) -> (Self, u64) {
        let chunks = index.chunks;
        (Self::Blocks(index), chunks)
    }
}
