//! The metadata of doc values since Lucene 7.0: one entry after another, each of a length that only its kind and content tell. So all
//! kinds are read to get at one field, also those whose values are never used.

use std::ops::Range;

use crate::codec::Header;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::input::{Input, Order};

/// Formats that describe numeric values alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layout {
    Lucene410,
    Lucene50,
    Lucene54,
    Lucene70,
    Lucene80,
    Lucene90,
}

impl Layout {
    pub(crate) fn of(header: Header<'_>, input: &Input<'_>) -> Result<Self, Error> {
        let (layout, newest) = match header.name {
            "Lucene410ValuesMetadata" => (Self::Lucene410, 0),
            "Lucene50DocValuesMetadata" => (Self::Lucene50, 0),
            "Lucene54DocValuesMetadata" => (Self::Lucene54, 0),
            "Lucene70DocValuesMetadata" => (Self::Lucene70, 0),
            "Lucene80DocValuesMetadata" => (Self::Lucene80, 2),
            "Lucene90DocValuesMetadata" => (Self::Lucene90, 0),
            other => return Err(input.error(ErrorKind::unsupported("doc values format", other))),
        };
        if !(0..=newest).contains(&header.version) {
            return Err(input.error(ErrorKind::unsupported("version of doc values", header.version)));
        }
        Ok(layout)
    }

    pub(crate) fn order(self) -> Order {
        if self == Self::Lucene90 { Order::Little } else { Order::Big }
    }
}

/// Which documents have a value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Documents {
    None,
    All,
    /// A set, in these bytes of the data.
    Some {
        range: Range<u64>,
        rank_power: i8,
    },
}

/// How a field's numbers are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numeric {
    pub(crate) layout: Layout,
    pub(crate) documents: Documents,
    pub(crate) count: u64,
    /// The values that the packed ones are the indices of.
    pub(crate) table: Option<Vec<i64>>,
    /// Blocks of 2^shift values have their own number of bits and minimum.
    pub(crate) block_shift: Option<u32>,
    pub(crate) bits: u32,
    pub(crate) minimum: i64,
    pub(crate) factor: i64,
    /// The bytes of the packed values.
    pub(crate) values: Range<u64>,
}

const MAX_TABLE: i32 = 256;
const TERMS_BLOCK_SHIFT: u32 = 6;
/// Says in Lucene 8.x that terms are compressed.
const COMPRESSED_TERMS: i32 = (TERMS_BLOCK_SHIFT as i32) << 16 | 1;

/// Reads entries until that of a field, which must be a numeric one.
pub(crate) fn find(
    input: &mut Input<'_>,
    layout: Layout,
    version: i32,
    fields: &Fields,
    field: u32,
) -> Result<Numeric, Error> {
    let mut entries = Entries { input, layout };
    loop {
        let number = entries.input.i32()?;
        if number == -1 {
            return Err(entries
                .input
                .unexpected("an entry for the field", format_args!("none for field {field}")));
        }
        let number = entries.input.in_range(number.into(), i32::MAX as u64, "a field number")? as u32;
        let kind = entries.input.u8()?;
        if fields.has_skip_index(number) {
            // Offset, length, largest, smallest, count of documents, last document.
            entries.input.bytes(4 * 8 + 2 * 4)?;
        }
        match kind {
            0 => {
                let numeric = entries.numeric()?;
                if number == field {
                    return Ok(numeric);
                }
            }
            1 => entries.binary(layout == Layout::Lucene80 && fields.compresses_binary(number, version))?,
            2 => entries.sorted()?,
            3 => entries.sorted_set()?,
            4 => entries.sorted_numeric()?,
            other => return Err(entries.input.unexpected("a kind of doc values of 0 to 4", other)),
        }
    }
}

struct Entries<'a, 'b> {
    input: &'a mut Input<'b>,
    layout: Layout,
}

impl Entries<'_, '_> {
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
            _ => Ok(Documents::Some { range: self.range(offset, length)?, rank_power }),
        }
    }

    fn range(&mut self, offset: i64, length: i64) -> Result<Range<u64>, Error> {
        let start = self.input.in_range(offset, i64::MAX as u64, "an offset")?;
        let length = self.input.in_range(length, i64::MAX as u64, "a length")?;
        Ok(start..start + length)
    }

    fn numeric(&mut self) -> Result<Numeric, Error> {
        let documents = self.documents()?;
        let count = self.input.i64()?;
        let count = self.input.in_range(count, i64::MAX as u64, "a count of values")?;
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
        let (offset, length) = (self.input.i64()?, self.input.i64()?);
        let values = self.range(offset, length)?;
        if self.layout >= Layout::Lucene80 {
            self.input.i64()?;
        }
        let layout = self.layout;
        Ok(Numeric { layout, documents, count, table, block_shift, bits, minimum, factor, values })
    }

    fn binary(&mut self, compressed: bool) -> Result<(), Error> {
        self.input.bytes(16)?;
        self.documents()?;
        let documents = self.input.i32()?;
        let (shortest, longest) = (self.input.i32()?, self.input.i32()?);
        if (compressed && documents > 0) || shortest < longest {
            self.input.i64()?;
            let mut addresses = i64::from(documents) + 1;
            if compressed {
                addresses = self.input.vint()?.into();
                self.input.vint()?;
                self.input.vint()?;
            }
            self.addresses(addresses)?;
        }
        Ok(())
    }

    /// A block shift, the addresses' metadata, and the length of their data.
    fn addresses(&mut self, count: i64) -> Result<(), Error> {
        let shift = self.input.vint()?;
        self.monotonic(count, shift)?;
        self.input.i64().map(drop)
    }

    fn monotonic(&mut self, count: i64, shift: u32) -> Result<(), Error> {
        let count = self.input.in_range(count, i64::MAX as u64, "a count of addresses")?;
        let shift = self.input.in_range(shift.into(), 40, "a block shift")?;
        let bytes = count.div_ceil(1 << shift).saturating_mul(21);
        self.input.bytes(usize::try_from(bytes).unwrap_or(usize::MAX)).map(drop)
    }

    fn sorted(&mut self) -> Result<(), Error> {
        if self.layout >= Layout::Lucene90 {
            self.numeric()?;
        } else {
            self.documents()?;
            // Count, bits, offset and length of ordinals.
            self.input.bytes(4 + 1 + 16)?;
        }
        self.terms()
    }

    fn sorted_set(&mut self) -> Result<(), Error> {
        match self.input.u8()? {
            0 => return self.sorted(),
            1 => {}
            other => return Err(self.input.unexpected("0 or 1 for several values", other)),
        }
        if self.layout >= Layout::Lucene90 {
            self.sorted_numeric()?;
        } else {
            self.documents()?;
            self.input.bytes(1 + 16)?;
            let documents = self.input.i32()?;
            self.input.i64()?;
            self.addresses(i64::from(documents) + 1)?;
        }
        self.terms()
    }

    fn sorted_numeric(&mut self) -> Result<(), Error> {
        let values = self.numeric()?.count;
        let documents = self.input.i32()?;
        if u64::try_from(documents) != Ok(values) {
            self.input.i64()?;
            self.addresses(i64::from(documents) + 1)?;
        }
        Ok(())
    }

    fn terms(&mut self) -> Result<(), Error> {
        let count = self.input.vlong()?;
        let mut compressed = self.layout >= Layout::Lucene90;
        let mut block_shift = TERMS_BLOCK_SHIFT;
        if self.layout < Layout::Lucene90 {
            match self.input.i32()? {
                COMPRESSED_TERMS if self.layout == Layout::Lucene80 => compressed = true,
                shift => block_shift = self.input.in_range(shift.into(), 40, "a block shift")? as u32,
            }
        }
        let shift = self.input.i32()?;
        let shift = self.input.in_range(shift.into(), 40, "a block shift")? as u32;
        let in_blocks = |of: u32| i64::try_from(count.div_ceil(1 << of)).unwrap_or(i64::MAX);
        self.monotonic(in_blocks(block_shift), shift)?;
        // The longest term, and the longest block.
        self.input.bytes(if compressed { 8 } else { 4 })?;
        self.input.bytes(4 * 8)?;
        let index_shift = self.input.i32()?;
        let index_shift = self.input.in_range(index_shift.into(), 40, "a block shift")? as u32;
        self.monotonic(in_blocks(index_shift).saturating_add(1), shift)?;
        self.input.bytes(4 * 8).map(drop)
    }
}
