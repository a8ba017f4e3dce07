//! The metadata of doc values from Lucene 4.10 to 6.6. Values lie at their document's number, so only fields that
//! every document has are read: `_version` is one.
//!
//! Kinds that are made of several follow each other as records of their own, each with the field's number before it:
//! they are read one by one as if they belonged to different fields.

use crate::doc_values::entry::{Documents, Numeric, Packing};
use crate::doc_values::layout::Layout;
use crate::error::{Error, ErrorKind};
use crate::input::Input;

/// -1, as Java writes it in 7-bit groups.
const END: u64 = u32::MAX as u64;

const DELTA: u32 = 0;
const FACTOR: u32 = 1;
const TABLE: u32 = 2;
const MONOTONIC: u32 = 3;
const CONSTANT: u32 = 4;
const SPARSE: u32 = 5;

/// Reads records until that of a numeric field.
pub(crate) fn find(
    input: &mut Input<'_>,
    layout: Layout,
    field: u32,
    max_doc: u32,
) -> Result<Numeric, Error> {
    let mut records = Records { input, layout, max_doc };
    loop {
        let number = records.input.vlong()?;
        if number == END {
            return Err(records
                .input
                .unexpected("an entry for the field", format_args!("none for field {field}")));
        }
        match records.input.u8()? {
            0 => {
                let numeric = records.numeric(true)?;
                if number == u64::from(field) {
                    return numeric.ok_or_else(|| {
                        let what = "doc values of a part of the documents, in format";
                        records.input.error(ErrorKind::unsupported(what, format_args!("{layout:?}")))
                    });
                }
            }
            1 => records.binary()?,
            2 => {}
            3 | 4 => records.sorted_set()?,
            other => return Err(records.input.unexpected("a kind of doc values of 0 to 4", other)),
        }
    }
}

struct Records<'a, 'b> {
    input: &'a mut Input<'b>,
    layout: Layout,
    max_doc: u32,
}

impl Records<'_, '_> {
    /// `None`: not all documents have a value, or the values are not numbers of documents.
    fn numeric(&mut self, may_be_sparse: bool) -> Result<Option<Numeric>, Error> {
        let format = self.input.vint()?;
        let all = self.input.i64()? == -1;
        if format == SPARSE {
            let documents = self.input.vlong()?;
            self.monotonic(documents)?;
        }
        let offset = self.input.i64()?;
        let start = self.input.in_range(offset, i64::MAX as u64, "an offset")?;
        let count = self.input.vlong()?;
        let (mut minimum, mut factor, mut bits, mut table) = (0, 1, 0, None);
        match format {
            DELTA => (minimum, bits) = (self.input.i64()?, self.input.vint()?),
            FACTOR => (minimum, factor, bits) = (self.input.i64()?, self.input.i64()?, self.input.vint()?),
            TABLE => {
                let size = self.input.vint_count(8)?;
                table = Some((0..size).map(|_| self.input.i64()).collect::<Result<_, _>>()?);
                bits = self.input.vint()?;
            }
            MONOTONIC if self.layout == Layout::Lucene54 => self.monotonic(u64::from(self.max_doc) + 1)?,
            MONOTONIC => {
                self.input.vint()?;
                self.input.vint()?;
            }
            CONSTANT => minimum = self.input.i64()?,
            SPARSE if may_be_sparse => {
                // What stands for no value, the field's number, and the kind of the values.
                self.input.u8()?;
                self.input.vlong()?;
                self.input.u8()?;
                self.numeric(false)?;
            }
            other => return Err(self.input.unexpected("a numeric format of 0 to 5", other)),
        }
        let end = self.input.i64()?;
        let end = self.input.in_range(end, i64::MAX as u64, "an end")?;
        if !all || matches!(format, MONOTONIC | SPARSE) || count != u64::from(self.max_doc) {
            return Ok(None);
        }
        Ok(Some(Numeric {
            order: self.layout.order(),
            documents: Documents::All,
            with_value: None,
            count,
            packing: Packing::Packed { table, block_shift: None, bits, minimum, factor },
            values: if bits == 0 { 0..0 } else { start..end },
        }))
    }

    fn binary(&mut self) -> Result<(), Error> {
        let format = self.input.vint()?;
        self.input.i64()?;
        // Shortest and longest.
        self.input.vint()?;
        self.input.vint()?;
        let count = self.input.vlong()?;
        self.input.i64()?;
        match format {
            0 => {}
            1 if self.layout == Layout::Lucene54 => {
                self.input.i64()?;
                self.monotonic(count.saturating_add(1))?;
                self.input.i64()?;
            }
            1 | 2 => {
                self.input.i64()?;
                self.input.vint()?;
                self.input.vint()?;
                if format == 2 {
                    self.input.i64()?;
                }
            }
            other => return Err(self.input.unexpected("a binary format of 0 to 2", other)),
        }
        Ok(())
    }

    fn sorted_set(&mut self) -> Result<(), Error> {
        let format = self.input.vint()?;
        match format {
            0 | 1 => {}
            2 if self.layout == Layout::Lucene54 => {
                let ordinals = self.input.i32_count(8)?;
                self.input.bytes(ordinals * 8)?;
                let sets = self.input.i32_count(4)?;
                self.input.bytes(sets * 4)?;
            }
            other => return Err(self.input.unexpected("a format of sets of 0 to 2", other)),
        }
        Ok(())
    }

    /// A block shift, and the metadata of that many rising numbers.
    fn monotonic(&mut self, count: u64) -> Result<(), Error> {
        let shift = self.input.vint()?;
        let shift = self.input.in_range(shift.into(), 40, "a block shift")?;
        let bytes = count.div_ceil(1 << shift).saturating_mul(21);
        self.input.bytes(usize::try_from(bytes).unwrap_or(usize::MAX)).map(drop)
    }
}
