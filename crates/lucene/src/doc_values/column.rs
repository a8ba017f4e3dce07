//! All values of one field of a segment, by document.

use crate::doc_values::binary::{LastChunk, Strings};
use crate::doc_values::dictionary::{Dictionary, LastTerms};
use crate::doc_values::present::Present;
use crate::doc_values::values::{LastBlock, Values};
use crate::error::{Error, ErrorKind};
use crate::monotonic::Monotonic;

/// A document has no more values of a field: a damaged number must not keep us busy.
const MAX_VALUES: u64 = 1 << 24;

/// Doc values of a field: numbers, or texts (bytes of any kind).
///
/// They lie packed in memory as in the file. Whoever reads brings a [`Cursor`] of his own, so a column can be read by
/// several at once.
#[derive(Debug)]
pub struct Column {
    pub(crate) file: String,
    pub(crate) present: Present,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Numbers { values: Values, addresses: Option<Monotonic> },
    Terms { values: Values, addresses: Option<Monotonic>, dictionary: Dictionary },
    Strings(Strings),
}

/// What was decompressed last, for the next document: they are read in order.
#[derive(Debug, Default)]
pub struct Cursor {
    block: LastBlock,
    terms: LastTerms,
    chunk: LastChunk,
}

/// A value of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnValue<'a> {
    /// A number; floating-point ones are those whose bits sort as they do.
    Number(i64),
    /// Text, or any bytes.
    Bytes(&'a [u8]),
}

impl Column {
    /// Shows each value of a document to `visit`, in the order in which they are stored, which is a rising one: that
    /// of the document is lost, and of equal terms one is left.
    ///
    /// # Errors
    /// When the values are damaged.
    pub fn visit(
        &self,
        document: u32,
        cursor: &mut Cursor,
        mut visit: impl FnMut(ColumnValue<'_>),
    ) -> Result<(), Error> {
        let Some(index) = self.present.index(document) else {
            return Ok(());
        };
        let file = self.file.as_str();
        match &self.content {
            Content::Strings(strings) => {
                visit(ColumnValue::Bytes(strings.get(index.into(), &mut cursor.chunk, file)?));
            }
            Content::Numbers { values, addresses } => {
                for at in self.places(addresses.as_ref(), index)? {
                    visit(ColumnValue::Number(values.get(at, document, &mut cursor.block, file)?));
                }
            }
            Content::Terms { values, addresses, dictionary } => {
                for at in self.places(addresses.as_ref(), index)? {
                    let number = values.get(at, document, &mut cursor.block, file)?;
                    visit(ColumnValue::Bytes(dictionary.term(number, &mut cursor.terms, file)?));
                }
            }
        }
        Ok(())
    }

    /// Where the values of the document are that has the `index`th.
    fn places(&self, addresses: Option<&Monotonic>, index: u32) -> Result<std::ops::Range<u64>, Error> {
        let index = u64::from(index);
        let Some(addresses) = addresses else {
            return Ok(index..index + 1);
        };
        match (addresses.get(index), addresses.get(index + 1)) {
            (Some(start), Some(end)) if start <= end && end - start <= MAX_VALUES => Ok(start..end),
            (start, end) => {
                let found = format!("{start:?} to {end:?}");
                Err(ErrorKind::unexpected("values that belong to a document", found).at(&self.file, 0))
            }
        }
    }
}
