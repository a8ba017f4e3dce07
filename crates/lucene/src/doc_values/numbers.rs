//! The values of a numeric field of which a document has one at most: packed integers, from which a table, or a factor
//! and a minimum, make the numbers.

use bytes::Bytes;

use crate::doc_values::entry::{Numeric, Packing};
use crate::doc_values::packed_values::PackedValues;
use crate::doc_values::present::{Present, WithValue};
use crate::error::{Error, ErrorKind};

/// Values of one field, by document.
#[derive(Debug)]
pub(crate) struct Numbers {
    present: Present,
    values: PackedValues,
}

impl Numbers {
    pub(crate) fn new(
        numeric: &Numeric,
        bytes: Bytes,
        documents: WithValue,
        file: &str,
    ) -> Result<Self, Error> {
        let Packing::Packed { .. } = numeric.packing else {
            return Err(ErrorKind::unsupported("numbers of documents in", "blocks of 128").at(file, 0));
        };
        let values = PackedValues::new(numeric, bytes, file)?;
        Ok(Self { present: Present::new(documents), values })
    }

    pub(crate) fn get(&self, document: u32) -> Option<i64> {
        self.values.get(self.present.index(document)?.into())
    }
}
