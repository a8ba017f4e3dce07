//! Where the chunks of a segment's stored fields begin, and with which document.
//!
//! It is kept packed as the file has it (a few bytes a chunk) and looked up chunk by chunk: a shard of 50 GB has
//! millions of chunks.

use bytes::Bytes;

use crate::error::Error;
use crate::input::{Input, Order};
use crate::monotonic::Monotonic;
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
