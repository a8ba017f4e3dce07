//! Doc values: `.dvm` describes each field's values, `.dvd` holds them.
//!
//! Numbers tell three things of all documents: which are soft-deleted (those with a value of `__soft_deletes`), which
//! are documents of their own and not nested in another (those with a `_primary_term`), and versions. The values of
//! other fields are read as [`Column`]s, for documents whose `_source` is not stored.
//!
//! Soft deletes are found in files of a later generation and just as well in those that the segment was written with:
//! a document that was replaced before its segment was flushed, or that a merge kept, is marked there.

mod binary;
mod column;
mod dictionary;
mod disi;
mod entries;
mod entry;
mod for_util;
mod layout;
mod numbers;
mod old_entry;
mod opening;
mod packed_values;
mod present;
mod values;

use std::ops::Range;

use bytes::Bytes;

use crate::bits::Bits;
use crate::codec::{self, FOOTER_BYTES, Id};
use crate::directory::{Directory, Located, Stop};
pub use crate::doc_values::column::{Column, ColumnValue, Cursor};
use crate::doc_values::entries::Entries;
use crate::doc_values::entry::{Documents, Entry, Numeric};
use crate::doc_values::layout::Layout;
pub(crate) use crate::doc_values::numbers::Numbers;
pub(crate) use crate::doc_values::present::WithValue;
use crate::error::{Error, ErrorKind};
use crate::fields::{DocValues, Field, Fields};
use crate::input::{Input, Order};
use crate::segment::base36;

/// A data file up to this size is read whole, so that its checksum can be verified; of a larger one, which holds the
/// values of all fields, only the ranges of one field are read.
const MAX_VERIFIED_BYTES: u64 = 16 << 20;

/// The doc values files of one segment.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) directory: &'a Directory<'a>,
    /// The segment's.
    pub(crate) name: &'a str,
    pub(crate) id: Id,
    pub(crate) fields: &'a Fields,
    pub(crate) max_doc: u32,
}

/// One field's values: where they are and what is said of them.
#[derive(Debug)]
struct Found {
    data: Located,
    numeric: Numeric,
}

impl Reader<'_> {
    /// The documents that have a value of a field; `None`: the segment has no such field.
    pub(crate) fn with_value(&self, field: &str) -> Result<Option<WithValue>, Stop> {
        let Some(Found { data, numeric }) = self.find(field)? else {
            return Ok(None);
        };
        self.documents(&data, &numeric.documents, numeric.count, numeric.order).map(Some)
    }

    /// The values of a field.
    pub(crate) fn numbers(&self, field: &str) -> Result<Option<Numbers>, Stop> {
        let Some(found) = self.find(field)? else {
            return Ok(None);
        };
        let range = found.numeric.values.clone();
        let data = self.bytes(&found.data, range)?;
        let Found { data: file, numeric } = &found;
        let documents = self.documents(file, &numeric.documents, numeric.count, numeric.order)?;
        let numbers = Numbers::new(&found.numeric, data, documents, &found.data.name)?;
        Ok(Some(numbers))
    }

    /// The documents that have a value, of which there are `count`.
    fn documents(
        &self,
        data: &Located,
        documents: &Documents,
        count: u64,
        order: Order,
    ) -> Result<WithValue, Stop> {
        let (range, rank_power) = match documents {
            Documents::None => return Ok(WithValue::Some(Bits::none(self.max_doc))),
            Documents::All => return Ok(WithValue::All),
            Documents::Some { range, rank_power } => (range.clone(), *rank_power),
        };
        let bytes = self.bytes(data, range.clone())?;
        let mut input = Input::from(&data.name, range.start, &bytes, order);
        let bits = disi::parse(&mut input, rank_power, self.max_doc)?;
        if u64::from(bits.count()) != count {
            let kind =
                ErrorKind::unexpected("as many documents with a value as the metadata says", bits.count());
            return Err(kind.at(&data.name, range.start).into());
        }
        Ok(WithValue::Some(bits))
    }

    fn find(&self, name: &str) -> Result<Option<Found>, Stop> {
        let Some(field) = self.fields.get(name).filter(|field| field.doc_values == DocValues::Numeric) else {
            return Ok(None);
        };
        let (data, _) = self.file(field, "dvd")?;
        let numeric = self.described(field, |input, layout, version| {
            if layout < Layout::Lucene70 {
                return old_entry::find(input, layout, field.number, self.max_doc);
            }
            match (Entries { input, layout, version, fields: self.fields }).find(field.number)? {
                Entry::Numeric(numeric) => Ok(numeric),
                _ => Err(input.unexpected("numbers", format_args!("others for field {}", field.name))),
            }
        })?;
        Ok(Some(Found { data, numeric }))
    }

    /// Reads what is said of a field's values, and of others in the same file.
    fn described<T>(
        &self,
        field: &Field,
        read: impl FnOnce(&mut Input<'_>, Layout, i32) -> Result<T, Error>,
    ) -> Result<T, Stop> {
        let (metadata, suffix) = self.file(field, "dvm")?;
        let bytes = self.directory.verified(&metadata)?;
        let mut input = Input::new(&metadata.name, &bytes);
        let header = codec::plain_header(&mut input)?;
        let layout = Layout::of(header, &input)?;
        if layout > Layout::Lucene410 {
            codec::index_header_rest(&mut input, self.id, &suffix)?;
        }
        input.order = layout.order();
        Ok(read(&mut input, layout, header.version)?)
    }

    /// The file of a field, and the suffix in its header.
    fn file(&self, field: &Field, extension: &str) -> Result<(Located, String), Error> {
        let suffix = field.suffix.trim_start_matches('_').to_owned();
        match u64::try_from(field.generation) {
            Ok(generation @ 1..) => {
                let generation = base36(generation);
                let name = format!("{}_{generation}{}.{extension}", self.name, field.suffix);
                Ok((self.directory.outer(&name)?, format!("{generation}_{suffix}")))
            }
            _ => Ok((self.directory.inner(self.name, &format!("{}.{extension}", field.suffix))?, suffix)),
        }
    }

    fn bytes(&self, data: &Located, range: Range<u64>) -> Result<Bytes, Stop> {
        let body = data.length().saturating_sub(FOOTER_BYTES as u64);
        if range.start > range.end || range.end > body {
            let needed = range.end.saturating_sub(body);
            return Err(ErrorKind::Truncated { needed }.at(&data.name, body).into());
        }
        if data.length() > MAX_VERIFIED_BYTES {
            return self.directory.unverified_range(data, range);
        }
        let bytes = self.directory.verified(data)?;
        Ok(bytes.slice(range.start as usize..range.end as usize))
    }
}
