//! The distinct values of a field: blocks of terms, each stored as what differs from the one before it.

use bytes::Bytes;

use crate::doc_values::entry::TermCompression;
use crate::error::{Error, ErrorKind};
use crate::input::{Input, Order};
use crate::monotonic::Monotonic;
use crate::stored::lz4;

/// 64 terms of at most 32,766 bytes, with their lengths: Lucene can't write more.
const MAX_BLOCK_BYTES: usize = 64 * (32_766 + 8);

/// All terms of a field.
#[derive(Debug)]
pub(crate) struct Dictionary {
    pub(crate) count: u64,
    pub(crate) block_shift: u32,
    pub(crate) compression: TermCompression,
    /// Where blocks begin in the bytes.
    pub(crate) blocks: Monotonic,
    pub(crate) bytes: Bytes,
    /// Where the bytes begin in the file.
    pub(crate) base: u64,
}

/// The terms of the block that was read last.
#[derive(Debug, Default)]
pub(crate) struct LastTerms {
    block: Option<u64>,
    text: Vec<u8>,
    ends: Vec<usize>,
    buffer: Vec<u8>,
}

impl Dictionary {
    /// The term of a number. `file` is for errors.
    pub(crate) fn term<'l>(
        &self,
        number: i64,
        last: &'l mut LastTerms,
        file: &str,
    ) -> Result<&'l [u8], Error> {
        let missing = || ErrorKind::unexpected("a term", format_args!("number {number}")).at(file, self.base);
        let number = u64::try_from(number).ok().filter(|number| *number < self.count).ok_or_else(missing)?;
        let block = number >> self.block_shift;
        if last.block != Some(block) {
            last.block = None;
            let start = self.blocks.get(block).ok_or_else(missing)?;
            let rest = usize::try_from(start).ok().and_then(|start| self.bytes.get(start..));
            let mut input = Input::from(file, self.base + start, rest.ok_or_else(missing)?, Order::Little);
            let count = (self.count - (block << self.block_shift)).min(1 << self.block_shift);
            last.load(&mut input, count, self.compression)?;
            last.block = Some(block);
        }
        let index = (number & ((1 << self.block_shift) - 1)) as usize;
        let start = index.checked_sub(1).map_or(Some(0), |before| last.ends.get(before).copied());
        let range = start.zip(last.ends.get(index).copied()).map(|(start, end)| start..end);
        range.and_then(|range| last.text.get(range)).ok_or_else(missing)
    }
}

impl LastTerms {
    fn load(&mut self, input: &mut Input<'_>, count: u64, compression: TermCompression) -> Result<(), Error> {
        self.text.clear();
        self.ends.clear();
        let length = input.vint()?;
        let first = input.bytes(length as usize)?;
        self.text.extend_from_slice(first);
        self.ends.push(self.text.len());
        if count < 2 {
            return Ok(());
        }
        if compression == TermCompression::None {
            return self.others(input, count);
        }
        let dictionary = if compression == TermCompression::Lz4AfterFirst { first } else { &[] };
        let length = input.vint()? as usize;
        // LZ4 makes at most 255 bytes of one.
        if length > MAX_BLOCK_BYTES || length / 255 > input.left() {
            return Err(input.unexpected("terms that the bytes can hold", format_args!("{length} bytes")));
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.extend_from_slice(dictionary);
        buffer.resize(dictionary.len() + length + lz4::SLACK, 0);
        let (start, end) = (dictionary.len(), dictionary.len() + length);
        if length > 0 && lz4::decompress(input.rest(), &mut buffer, start, end).is_none() {
            return Err(input.error(ErrorKind::Compression("terms".to_owned())));
        }
        let terms = buffer.get(start..end).unwrap_or_default();
        let read = self.others(&mut Input::from("terms", 0, terms, Order::Little), count);
        self.buffer = buffer;
        // Of what is inside of compressed bytes only the beginning has a place.
        read.map_err(|error| input.error(error.kind))
    }

    fn others(&mut self, input: &mut Input<'_>, count: u64) -> Result<(), Error> {
        let mut start = 0usize;
        for _ in 1..count {
            let token = input.u8()?;
            let (mut prefix, mut suffix) = (usize::from(token & 15), usize::from(token >> 4) + 1);
            if prefix == 15 {
                prefix += input.vint()? as usize;
            }
            if suffix == 16 {
                suffix += input.vint()? as usize;
            }
            let before = start..start.saturating_add(prefix);
            if before.end > self.text.len() || self.text.len() > MAX_BLOCK_BYTES {
                return Err(input.unexpected("a part of the term before", format_args!("{prefix} bytes")));
            }
            start = self.text.len();
            self.text.extend_from_within(before);
            self.text.extend_from_slice(input.bytes(suffix)?);
            self.ends.push(self.text.len());
        }
        Ok(())
    }
}
