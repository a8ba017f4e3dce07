//! From what the metadata says of a field to its values.

use std::collections::HashMap;

use crate::directory::{Located, Stop};
use crate::doc_values::Reader;
use crate::doc_values::binary::{StringLengths, Strings};
use crate::doc_values::column::{Column, Content};
use crate::doc_values::dictionary::Dictionary;
use crate::doc_values::entries::Entries;
use crate::doc_values::entry::{Addresses, Binary, Entry, Lengths, Numeric, Packing, Terms};
use crate::doc_values::layout::Layout;
use crate::doc_values::packed_values::PackedValues;
use crate::doc_values::present::Present;
use crate::doc_values::values::Values;
use crate::error::ErrorKind;
use crate::fields::DocValues;
use crate::input::{Input, Order};
use crate::monotonic::Monotonic;

/// A field's values that are to be read.
pub(crate) struct Described {
    name: String,
    data: Located,
    entry: Entry,
}

impl Reader<'_> {
    /// Where the values of these fields are; those without doc values are left out. Fails when they take more than
    /// `max_bytes` together.
    pub(crate) fn describe(&self, names: &[&str], max_bytes: u64) -> Result<Vec<Described>, Stop> {
        // Fields share files: each is read once.
        let mut files: HashMap<String, (Located, HashMap<u32, &str>)> = HashMap::new();
        for name in names {
            let field = self.fields.get(name).filter(|field| field.doc_values != DocValues::None);
            if let Some(field) = field {
                let (metadata, _) = self.file(field, "dvm")?;
                self.directory.want(&metadata);
                let of_file = files.entry(metadata.name.clone()).or_insert((metadata, HashMap::new()));
                of_file.1.insert(field.number, name);
            }
        }
        let mut described = Vec::new();
        let mut stopped = None;
        for (_, (_, wanted)) in files {
            match self.describe_file(wanted, &mut described) {
                Err(Stop::Needs) => stopped = Some(Stop::Needs),
                other => other?,
            }
        }
        if let Some(stop) = stopped {
            return Err(stop);
        }
        let total = described.iter().fold(0u64, |sum, one| sum.saturating_add(one.entry.bytes()));
        if total > max_bytes {
            let kind = ErrorKind::TooLarge { needed: total, limit: max_bytes };
            return Err(kind.at(&format!("{} (doc values)", self.name), 0).into());
        }
        Ok(described)
    }

    fn describe_file(
        &self,
        mut wanted: HashMap<u32, &str>,
        described: &mut Vec<Described>,
    ) -> Result<(), Stop> {
        let Some(field) = wanted.values().next().and_then(|name| self.fields.get(name)) else {
            return Ok(());
        };
        let (data, _) = self.file(field, "dvd")?;
        let entries = self.described(field, |input, layout, version| {
            if layout < Layout::Lucene70 {
                let format = ErrorKind::unsupported(
                    "doc values for rebuilding documents, in format",
                    "of Lucene before 7.0",
                );
                return Err(input.error(format));
            }
            let mut entries = Entries { input, layout, version, fields: self.fields };
            let mut found = Vec::new();
            while let Some((number, entry)) = entries.next_entry()? {
                if let Some(name) = wanted.remove(&number) {
                    found.push((name.to_owned(), entry));
                }
            }
            match wanted.values().next() {
                None => Ok(found),
                Some(name) => {
                    Err(input.unexpected("an entry for the field", format_args!("none for {name}")))
                }
            }
        })?;
        let column = |(name, entry)| Described { name, data: data.clone(), entry };
        described.extend(entries.into_iter().map(column));
        Ok(())
    }

    /// The values, by the fields' names.
    pub(crate) fn columns(&self, described: Vec<Described>) -> Result<HashMap<String, Column>, Stop> {
        let mut columns = HashMap::with_capacity(described.len());
        let mut stopped = None;
        for Described { name, data, entry } in described {
            match self.column(&data, entry) {
                Ok(column) => drop(columns.insert(name, column)),
                // What the others need is asked for together.
                Err(Stop::Needs) => stopped = Some(Stop::Needs),
                Err(damaged) => return Err(damaged),
            }
        }
        stopped.map_or(Ok(columns), Err)
    }

    fn column(&self, data: &Located, entry: Entry) -> Result<Column, Stop> {
        let (present, content) = match entry {
            Entry::Numeric(numeric) => {
                let (present, values) = self.values(data, numeric, None)?;
                (present, Content::Numbers { values, addresses: None })
            }
            Entry::SortedNumeric(numeric, addresses) => {
                let addresses = addresses.map(|it| self.monotonic(data, it)).transpose();
                let (present, values) = self.values(data, numeric, None)?;
                (present, Content::Numbers { values, addresses: addresses? })
            }
            Entry::Sorted(numeric, terms) => self.terms(data, numeric, None, terms)?,
            Entry::SortedSet(numeric, addresses, terms) => self.terms(data, numeric, addresses, terms)?,
            Entry::Binary(binary) => self.binary(data, binary)?,
        };
        Ok(Column { file: data.name.clone(), present, content })
    }

    fn terms(
        &self,
        data: &Located,
        numeric: Numeric,
        addresses: Option<Addresses>,
        terms: Terms,
    ) -> Result<(Present, Content), Stop> {
        let addresses = addresses.map(|it| self.monotonic(data, it)).transpose();
        let values = self.values(data, numeric, Some(terms.count));
        let blocks = self.monotonic(data, terms.blocks);
        let bytes = self.bytes(data, terms.data.clone());
        let (present, values) = values?;
        let dictionary = Dictionary {
            count: terms.count,
            block_shift: terms.block_shift,
            compression: terms.compression,
            blocks: blocks?,
            bytes: bytes?,
            base: terms.data.start,
        };
        Ok((present, Content::Terms { values, addresses: addresses?, dictionary }))
    }

    fn binary(&self, data: &Located, binary: Binary) -> Result<(Present, Content), Stop> {
        let documents = self.documents(data, &binary.documents, binary.count, binary.order);
        let bytes = self.bytes(data, binary.data.clone());
        let lengths = match binary.lengths {
            Lengths::Equal(length) => StringLengths::Equal(length),
            Lengths::Addresses(addresses) => StringLengths::Addresses(self.monotonic(data, addresses)?),
            Lengths::Chunks { starts, shift, chunk_bytes } => {
                StringLengths::Chunks { starts: self.monotonic(data, starts)?, shift, chunk_bytes }
            }
        };
        let strings = Strings { lengths, bytes: bytes?, base: binary.data.start };
        Ok((Present::new(documents?), Content::Strings(strings)))
    }

    /// `terms`: how many there are, for numbers of terms.
    fn values(
        &self,
        data: &Located,
        numeric: Numeric,
        terms: Option<u64>,
    ) -> Result<(Present, Values), Stop> {
        let with_value = numeric.with_value.unwrap_or(numeric.count);
        let documents = self.documents(data, &numeric.documents, with_value, numeric.order);
        let range = numeric.values.clone();
        let bytes = self.bytes(data, range.clone());
        let packed = matches!(numeric.packing, Packing::Packed { .. });
        let values = if packed {
            Values::Packed(PackedValues::new(&numeric, bytes?, &data.name)?)
        } else {
            match numeric.packing {
                _ if terms == Some(1) || numeric.count == 0 => Values::OneTerm,
                Packing::Blocks { starts } => Values::Blocks {
                    starts: self.monotonic(data, starts)?,
                    bytes: bytes?,
                    base: range.start,
                    ordinal_bits: terms.map(|terms| u64::BITS - terms.saturating_sub(1).leading_zeros()),
                },
                Packing::Runs { starts } if terms.is_some() => {
                    Values::Runs { starts: self.monotonic(data, starts)?, terms: terms.unwrap_or(0) }
                }
                _ => {
                    let kind = ErrorKind::unexpected("blocks of numbers", "a kind for one term");
                    return Err(kind.at(&data.name, range.start).into());
                }
            }
        };
        Ok((Present::new(documents?), values))
    }

    fn monotonic(&self, data: &Located, addresses: Addresses) -> Result<Monotonic, Stop> {
        let Addresses { metadata, range } = addresses;
        let bytes = self.bytes(data, range.clone())?;
        Ok(metadata.with(bytes, &Input::from(&data.name, range.start, &[], Order::Little))?)
    }
}
