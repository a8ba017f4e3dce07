//! The metadata of doc values since Lucene 7.0: one entry after another, each of a length that only its kind and
//! content tell. So all kinds are read to get at one field, also those whose values are never used.

use std::ops::Range;

use crate::doc_values::entry::{
    Addresses, BLOCK_VALUES, Binary, Documents, Entry, Lengths, Numeric, Packing, TermCompression, Terms,
};
use crate::doc_values::layout::Layout;
use crate::error::Error;
use crate::fields::Fields;
use crate::input::Input;
use crate::monotonic::MonotonicMeta;

const MAX_TABLE: i32 = 256;
/// Why a shift may not be larger: 2^40 of anything is more than a segment has.
const MAX_SHIFT: u64 = 40;
/// Lucene's chunks of bytes have 2^5 values.
const MAX_CHUNK_SHIFT: u64 = 16;
const TERMS_BLOCK_SHIFT: u32 = 6;
/// Says in Lucene 8.x that terms are compressed.
const COMPRESSED_TERMS: i32 = (TERMS_BLOCK_SHIFT as i32) << 16 | 1;

/// Reads entries.
pub(crate) struct Entries<'a, 'b> {
    pub(crate) input: &'a mut Input<'b>,
    pub(crate) layout: Layout,
    /// Of the format.
    pub(crate) version: i32,
    pub(crate) fields: &'a Fields,
}

impl Entries<'_, '_> {
    /// Reads entries until that of a field.
    pub(crate) fn find(&mut self, field: u32) -> Result<Entry, Error> {
        while let Some((number, entry)) = self.next_entry()? {
            if number == field {
                return Ok(entry);
            }
        }
        Err(self.input.unexpected("an entry for the field", format_args!("none for field {field}")))
    }

    /// The next entry and its field's number; `None` after the last.
    pub(crate) fn next_entry(&mut self) -> Result<Option<(u32, Entry)>, Error> {
        let number = self.input.i32()?;
        if number == -1 {
            return Ok(None);
        }
        let number = self.input.in_range(number.into(), i32::MAX as u64, "a field number")? as u32;
        let kind = self.input.u8()?;
        if self.fields.has_skip_index(number) {
            // Offset, length, largest, smallest, count of documents, last document.
            self.input.bytes(4 * 8 + 2 * 4)?;
        }
        let entry = match kind {
            0 => Entry::Numeric(self.numeric()?),
            1 => {
                let compressed =
                    self.layout == Layout::Lucene80 && self.fields.compresses_binary(number, self.version);
                Entry::Binary(self.binary(compressed)?)
            }
            2 => {
                let (numbers, terms) = self.sorted()?;
                Entry::Sorted(numbers, terms)
            }
            3 => self.sorted_set()?,
            4 => {
                let (numbers, addresses) = self.sorted_numeric()?;
                Entry::SortedNumeric(numbers, addresses)
            }
            other => return Err(self.input.unexpected("a kind of doc values of 0 to 4", other)),
        };
        Ok(Some((number, entry)))
    }

    fn documents(&mut self) -> Result<Documents, Error> {
        let (offset, length) = (self.input.i64()?, self.input.i64()?);
        let rank_power = if self.layout >= Layout::Lucene80 {
            self.input.i16()?;
            self.input.u8()? as i8
        } else {
            -1
        };
        match offset {
            -2 => Ok(Documents::None),
            -1 => Ok(Documents::All),
            _ => Ok(Documents::Some { range: self.at(offset, length)?, rank_power }),
        }
    }

    fn at(&mut self, offset: i64, length: i64) -> Result<Range<u64>, Error> {
        let start = self.input.in_range(offset, i64::MAX as u64, "an offset")?;
        let length = self.input.in_range(length, i64::MAX as u64, "a length")?;
        Ok(start..start + length)
    }

    fn range(&mut self) -> Result<Range<u64>, Error> {
        let (offset, length) = (self.input.i64()?, self.input.i64()?);
        self.at(offset, length)
    }

    fn i64_count(&mut self) -> Result<u64, Error> {
        let count = self.input.i64()?;
        self.input.in_range(count, i64::MAX as u64, "a count of values")
    }

    fn i32_count(&mut self) -> Result<u64, Error> {
        let count = self.input.i32()?;
        self.input.in_range(count.into(), i32::MAX as u64, "a count of documents")
    }

    fn shift(&mut self, shift: i64) -> Result<u32, Error> {
        Ok(self.input.in_range(shift, MAX_SHIFT, "a block shift")? as u32)
    }

    fn numeric(&mut self) -> Result<Numeric, Error> {
        let order = self.layout.order();
        if self.layout == Layout::Es819 {
            let (count, with_value) = (self.i64_count()?, Some(self.i32_count()?));
            let (packing, values) = self.blocks(count)?;
            let documents = self.documents()?;
            return Ok(Numeric { order, documents, with_value, count, packing, values });
        }
        let documents = self.documents()?;
        let count = self.i64_count()?;
        let (packing, values) =
            if self.layout == Layout::Es87 { self.blocks(count)? } else { self.packed()? };
        Ok(Numeric { order, documents, with_value: None, count, packing, values })
    }

    fn packed(&mut self) -> Result<(Packing, Range<u64>), Error> {
        let (table, block_shift) = match self.input.i32()? {
            size @ 0..=MAX_TABLE => {
                (Some((0..size).map(|_| self.input.i64()).collect::<Result<_, _>>()?), None)
            }
            -1 => (None, None),
            code @ -32..-1 => (None, Some((-2 - code) as u32)),
            other => return Err(self.input.unexpected("a table of at most 256 values", other)),
        };
        let bits = self.input.u8()?.into();
        let (minimum, factor) = (self.input.i64()?, self.input.i64()?);
        let values = self.range()?;
        if self.layout >= Layout::Lucene80 {
            self.input.i64()?;
        }
        Ok((Packing::Packed { table, block_shift, bits, minimum, factor }, values))
    }

    fn blocks(&mut self, count: u64) -> Result<(Packing, Range<u64>), Error> {
        if count == 0 {
            return Ok((Packing::OneTerm, 0..0));
        }
        let metadata = match self.input.i32()? {
            -1 => None,
            -2 if self.layout == Layout::Es819 => {
                let terms = self.input.vint()?;
                let shift = self.input.u8()?;
                let shift = self.shift(shift.into())?;
                Some((true, MonotonicMeta::parse(self.input, u64::from(terms) + 1, shift)?))
            }
            shift => {
                let shift = self.shift(shift.into())?;
                Some((false, MonotonicMeta::parse(self.input, count.div_ceil(BLOCK_VALUES), shift)?))
            }
        };
        let (index, values) = (self.range()?, self.range()?);
        Ok(match metadata {
            None => (Packing::OneTerm, values),
            // Runs have nothing but what is packed where the others have their values.
            Some((true, metadata)) => (Packing::Runs { starts: Addresses { metadata, range: values } }, 0..0),
            Some((false, metadata)) => {
                (Packing::Blocks { starts: Addresses { metadata, range: index } }, values)
            }
        })
    }

    fn binary(&mut self, compressed: bool) -> Result<Binary, Error> {
        let data = self.range()?;
        let documents = self.documents()?;
        let count = self.i32_count()?;
        let (shortest, longest) = (self.input.i32()?, self.input.i32()?);
        let lengths = if compressed && count > 0 {
            let offset = self.input.i64()?;
            let chunks = self.input.vint()?;
            let shift = self.input.vint()?;
            let shift = self.input.in_range(shift.into(), MAX_CHUNK_SHIFT, "a shift of chunks")? as u32;
            let chunk_bytes = self.input.vint()?;
            let starts = self.addresses(offset, chunks.into())?;
            Lengths::Chunks { starts, shift, chunk_bytes }
        } else if shortest < longest {
            let offset = self.input.i64()?;
            Lengths::Addresses(self.addresses(offset, count + 1)?)
        } else {
            let length = self.input.in_range(longest.into(), i32::MAX as u64, "a length of values");
            // Where no document has a value, the shortest and the longest are not known.
            Lengths::Equal(if count == 0 { 0 } else { length? as u32 })
        };
        Ok(Binary { order: self.layout.order(), documents, count, lengths, data })
    }

    /// A block shift, the addresses' metadata, and the length of their data, which begins at `offset`.
    fn addresses(&mut self, offset: i64, count: u64) -> Result<Addresses, Error> {
        let shift = self.input.vint()?;
        let shift = self.shift(shift.into())?;
        let metadata = MonotonicMeta::parse(self.input, count, shift)?;
        let length = self.input.i64()?;
        Ok(Addresses { metadata, range: self.at(offset, length)? })
    }

    /// Numbers of terms as they are before Lucene 9: packed, and nothing more is said of them.
    fn old_ordinals(&mut self) -> Result<(Packing, Range<u64>), Error> {
        let bits = self.input.u8()?.into();
        let packing = Packing::Packed { table: None, block_shift: None, bits, minimum: 0, factor: 1 };
        Ok((packing, self.range()?))
    }

    fn sorted(&mut self) -> Result<(Numeric, Terms), Error> {
        let numbers = if self.layout >= Layout::Lucene90 {
            self.numeric()?
        } else {
            let documents = self.documents()?;
            let count = self.i32_count()?;
            let (packing, values) = self.old_ordinals()?;
            Numeric { order: self.layout.order(), documents, with_value: None, count, packing, values }
        };
        Ok((numbers, self.terms()?))
    }

    fn sorted_set(&mut self) -> Result<Entry, Error> {
        match self.input.u8()? {
            0 => {
                let (numbers, terms) = self.sorted()?;
                return Ok(Entry::SortedSet(numbers, None, terms));
            }
            1 => {}
            other => return Err(self.input.unexpected("0 or 1 for several values", other)),
        }
        if self.layout >= Layout::Lucene90 {
            let (numbers, addresses) = self.sorted_numeric()?;
            return Ok(Entry::SortedSet(numbers, addresses, self.terms()?));
        }
        let documents = self.documents()?;
        let (packing, values) = self.old_ordinals()?;
        let with_value = self.i32_count()?;
        let offset = self.input.i64()?;
        let addresses = self.addresses(offset, with_value + 1)?;
        let terms = self.terms()?;
        // How many values there are is only in the addresses: as many as they say must fit into the bytes.
        let count = packed_count(&packing, &values);
        let (order, with_value) = (self.layout.order(), Some(with_value));
        let numbers = Numeric { order, documents, with_value, count, packing, values };
        Ok(Entry::SortedSet(numbers, Some(addresses), terms))
    }

    fn sorted_numeric(&mut self) -> Result<(Numeric, Option<Addresses>), Error> {
        let mut numbers = self.numeric()?;
        let with_value = match numbers.with_value {
            Some(with_value) => with_value,
            None => self.i32_count()?,
        };
        numbers.with_value = Some(with_value);
        if with_value == numbers.count {
            return Ok((numbers, None));
        }
        let offset = self.input.i64()?;
        let addresses = self.addresses(offset, with_value + 1)?;
        Ok((numbers, Some(addresses)))
    }

    fn terms(&mut self) -> Result<Terms, Error> {
        let count = self.input.vlong()?;
        let mut compression = TermCompression::None;
        let mut block_shift = TERMS_BLOCK_SHIFT;
        if self.layout >= Layout::Lucene90 {
            compression = TermCompression::Lz4AfterFirst;
        } else {
            match self.input.i32()? {
                COMPRESSED_TERMS if self.layout == Layout::Lucene80 => compression = TermCompression::Lz4,
                shift => block_shift = self.shift(shift.into())?,
            }
        }
        let shift = self.input.i32()?;
        let shift = self.shift(shift.into())?;
        let metadata = MonotonicMeta::parse(self.input, count.div_ceil(1 << block_shift), shift)?;
        // The longest term, and the longest block.
        self.input.bytes(if compression == TermCompression::None { 4 } else { 8 })?;
        let (data, range) = (self.range()?, self.range()?);
        let index_shift = self.input.i32()?;
        let index_shift = self.shift(index_shift.into())?;
        MonotonicMeta::parse(self.input, count.div_ceil(1 << index_shift).saturating_add(1), shift)?;
        self.input.bytes(4 * 8)?;
        Ok(Terms { count, block_shift, compression, blocks: Addresses { metadata, range }, data })
    }
}

/// How many values of so many bits the bytes can hold.
fn packed_count(packing: &Packing, values: &Range<u64>) -> u64 {
    match packing {
        Packing::Packed { bits: bits @ 1.., .. } => {
            (values.end - values.start).saturating_mul(8) / u64::from(*bits)
        }
        _ => u64::MAX,
    }
}
