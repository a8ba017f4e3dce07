//! One chunk of stored fields: decompressed once, its documents are slices of the text.

use std::ops::Range;

use crate::error::{Error, ErrorKind};
use crate::input::Input;
use crate::stored::StoredFields;
use crate::stored::compression::Decompressor;
use crate::stored::lz4;

/// Lucene's own limit: lengths of text are Java's int.
const MAX_CHUNK_TEXT_BYTES: u64 = i32::MAX as u64;

/// Lucene's largest chunks have 16,384 documents.
const MAX_CHUNK_DOCUMENTS: u32 = 1 << 16;

/// A buffer that one huge document made grow is not kept for the small ones after it.
const KEPT_BUFFER_BYTES: usize = 16 << 20;

/// Decompressed documents of one chunk after the other.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    decompressor: Decompressor,
    text: Vec<u8>,
    first: u32,
    /// Where each document ends in the text.
    ends: Vec<u32>,
    /// How many fields each document has.
    fields: Vec<u32>,
    numbers: Vec<u32>,
}

impl Chunk {
    /// Decompresses a chunk whose bytes begin at `offset` in the file.
    pub(crate) fn load(
        &mut self,
        stored: &StoredFields,
        chunk: u64,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let documents = stored.first_document(chunk)?..stored.first_document(chunk + 1)?;
        let mut input = Input::from(&stored.file.name, offset, bytes, stored.format.order());
        let sliced = self.head(stored, &mut input, documents)?;
        let text = u64::from(self.ends.last().copied().unwrap_or(0));
        if !stored.format.compression.can_be(text, input.left()) {
            return Err(
                input.unexpected("text that the chunk's bytes can hold", format_args!("{text} bytes"))
            );
        }
        let text = text as usize;
        let needed = text + lz4::SLACK;
        if self.text.len() > KEPT_BUFFER_BYTES && needed <= KEPT_BUFFER_BYTES {
            self.text = Vec::new();
        }
        if self.text.len() < needed {
            self.text.resize(needed, 0);
        }
        let slice = match (sliced, stored.slice) {
            (true, Some(slice @ 1..)) => slice,
            (true, slice) => return Err(input.unexpected("a length of slices", format_args!("{slice:?}"))),
            (false, _) => text,
        };
        let mut start = 0;
        while start < text {
            let end = text.min(start.saturating_add(slice));
            self.decompressor.fill(stored.format.compression, &mut input, &mut self.text, start, end)?;
            start = end;
        }
        if input.left() > 0 {
            return Err(input.unexpected("the end of the chunk", format_args!("{} more bytes", input.left())));
        }
        Ok(())
    }

    /// Reads what comes before the compressed bytes; tells whether those are in slices.
    fn head(
        &mut self,
        stored: &StoredFields,
        input: &mut Input<'_>,
        documents: Range<u32>,
    ) -> Result<bool, Error> {
        let (first, token) = (input.vint()?, input.vint()?);
        let (count, sliced) = if stored.format.has_dirty_bit() {
            (token >> 2, Some(token & 1 != 0))
        } else if stored.format.layout == crate::stored::format::Layout::Lucene41 {
            (token, None)
        } else {
            (token >> 1, Some(token & 1 != 0))
        };
        if first != documents.start || documents.start.checked_add(count) != Some(documents.end) || count == 0
        {
            let found = format!("{count} from {first} on, where the index has {documents:?}");
            return Err(input.error(ErrorKind::unexpected("the documents of the index", found)));
        }
        // Equal numbers are stored once, so the bytes don't bound the count.
        if count > MAX_CHUNK_DOCUMENTS {
            return Err(input.unexpected("a chunk of at most 65536 documents", count));
        }
        self.first = first;
        self.fields.clear();
        self.numbers.clear();
        if count == 1 {
            self.fields.push(input.vint()?);
            self.numbers.push(input.vint()?);
        } else {
            stored.ints.read(input, count as usize, &mut self.fields)?;
            stored.ints.read(input, count as usize, &mut self.numbers)?;
        }
        self.ends.clear();
        let mut end = 0u64;
        for length in &self.numbers {
            end += u64::from(*length);
            if end > MAX_CHUNK_TEXT_BYTES {
                return Err(input.unexpected("less than 2 GiB of text", end));
            }
            self.ends.push(end as u32);
        }
        // Before 5.0 a chunk is sliced when it is large; there were no slices at all before version 1.
        let large = stored.slice.is_some_and(|slice| end >= 2 * slice as u64);
        Ok(sliced.unwrap_or(large))
    }

    pub(crate) fn documents(&self) -> Range<u32> {
        self.first..self.first + self.ends.len() as u32
    }

    /// A document's bytes and how many fields they hold.
    pub(crate) fn document(&self, number: u32) -> Option<(&[u8], u32)> {
        let index = number.checked_sub(self.first)? as usize;
        let start = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        let bytes = self.text.get(start as usize..*self.ends.get(index)? as usize)?;
        Some((bytes, *self.fields.get(index)?))
    }
}
