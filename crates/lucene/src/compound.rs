//! Compound files: small segments keep their files as slices of one `.cfs`; the `.cfe` says where each lies.
//!
//! A slice is the file as it would be by itself, with its own header and footer. `.si`, deletes and generations that
//! were written later are never inside.

use std::collections::HashMap;
use std::ops::Range;

use crate::codec::{self, Id};
use crate::error::{Error, ErrorKind};
use crate::input::{Input, Order};

/// Where the files inside a `.cfs` lie, by what follows the segment's name (`.fdt`, `_Lucene80_0.dvd`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compound {
    entries: HashMap<String, Range<u64>>,
}

impl Compound {
    /// Reads a whole `.cfe`.
    pub(crate) fn parse(file: &str, bytes: &[u8], id: Id) -> Result<Self, Error> {
        let mut input = Input::new(file, bytes);
        let header = codec::plain_header(&mut input)?;
        match header.name {
            // The footer came with version 1 (4.8).
            "CompoundFileWriterEntries" if header.version == 0 => {}
            "CompoundFileWriterEntries" => drop(codec::verified(file, bytes)?),
            "Lucene50CompoundEntries" | "Lucene90CompoundEntries" => {
                codec::verified(file, bytes)?;
                codec::index_header_rest(&mut input, id, "")?;
                if header.name == "Lucene90CompoundEntries" {
                    input.order = Order::Little;
                }
            }
            other => return Err(input.error(ErrorKind::unsupported("compound file format", other))),
        }
        let count = input.vint_count(17)?;
        let mut entries = HashMap::with_capacity(count);
        for _ in 0..count {
            let name = input.string()?.to_owned();
            let (offset, length) = (input.i64()?, input.i64()?);
            let start = input.in_range(offset, i64::MAX as u64, "an offset")?;
            let length = input.in_range(length, i64::MAX as u64, "a length")?;
            if entries.insert(name, start..start + length).is_some() {
                return Err(input.unexpected("each file once", "one twice"));
            }
        }
        Ok(Self { entries })
    }

    pub(crate) fn range(&self, suffix: &str) -> Option<Range<u64>> {
        self.entries.get(suffix).cloned()
    }
}
