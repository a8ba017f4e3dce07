//! `.fnm`: the names of the fields whose numbers the other files use, and where their doc values lie.

use std::collections::HashMap;

use crate::codec::{self, Id};
use crate::error::{Error, ErrorKind};
use crate::input::{Input, Order};

/// What kind of doc values a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DocValues {
    None,
    Numeric,
    Binary,
    Sorted,
    SortedSet,
    SortedNumeric,
}

/// A field of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) number: u32,
    pub(crate) doc_values: DocValues,
    /// The generation of its doc values, -1 for those that the segment was written with.
    pub(crate) generation: i64,
    /// What follows the segment's name (and generation) in the names of its doc values files: `_Lucene80_0`.
    pub(crate) suffix: String,
    /// Whether its doc values have a skip index (10.0 and later).
    pub(crate) skip_index: bool,
    /// Whether binary doc values of the field are compressed (8.9 to 8.11).
    pub(crate) compressed: bool,
}

/// The fields of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fields {
    by_name: HashMap<String, Field>,
    names: HashMap<u32, String>,
    skip_indexed: Vec<u32>,
    compressed: Vec<u32>,
}

impl Fields {
    /// Reads a whole `.fnm`; `suffix` is its generation for one that was written later.
    pub(crate) fn parse(file: &str, bytes: &[u8], id: Id, suffix: &str) -> Result<Self, Error> {
        let mut input = Input::new(file, bytes);
        let header = codec::plain_header(&mut input)?;
        let version = header.version;
        let layout = match header.name {
            "Lucene42FieldInfos" => Layout::Lucene42,
            "Lucene46FieldInfos" => Layout::Lucene46,
            "Lucene50FieldInfos" => Layout::Lucene50,
            "Lucene60FieldInfos" => Layout::Lucene60,
            "Lucene90FieldInfos" => Layout::Lucene90,
            "Lucene94FieldInfos" => Layout::Lucene94,
            other => return Err(input.error(ErrorKind::unsupported("field infos format", other))),
        };
        if !(0..=2).contains(&version) {
            return Err(input.error(ErrorKind::unsupported("version of field infos", version)));
        }
        if layout >= Layout::Lucene50 || (layout == Layout::Lucene46 && version >= 1) {
            codec::verified(file, bytes)?;
        }
        if layout >= Layout::Lucene50 {
            codec::index_header_rest(&mut input, id, suffix)?;
        }
        if layout >= Layout::Lucene90 {
            input.order = Order::Little;
        }
        let count = input.vint_count(5)?;
        let mut fields = Self {
            by_name: HashMap::with_capacity(count),
            names: HashMap::with_capacity(count),
            skip_indexed: Vec::new(),
            compressed: Vec::new(),
        };
        for _ in 0..count {
            let field = field(&mut input, layout, version)?;
            if field.skip_index {
                fields.skip_indexed.push(field.number);
            }
            if field.compressed {
                fields.compressed.push(field.number);
            }
            fields.names.insert(field.number, field.name.clone());
            fields.by_name.insert(field.name.clone(), field);
        }
        Ok(fields)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Field> {
        self.by_name.get(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    pub(crate) fn name(&self, number: u32) -> Option<&str> {
        self.names.get(&number).map(String::as_str)
    }

    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        Some(self.get(name)?.number)
    }

    /// Whether binary doc values are compressed, in a `Lucene80` file of this version: since version 2 the field says
    /// it, in version 1 all are.
    pub(crate) fn compresses_binary(&self, number: u32, version: i32) -> bool {
        version == 1 || (version >= 2 && self.compressed.contains(&number))
    }

    pub(crate) fn has_skip_index(&self, number: u32) -> bool {
        self.skip_indexed.contains(&number)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layout {
    Lucene42,
    Lucene46,
    Lucene50,
    Lucene60,
    Lucene90,
    Lucene94,
}

fn field(input: &mut Input<'_>, layout: Layout, version: i32) -> Result<Field, Error> {
    let name = input.string()?.to_owned();
    let number = input.vint()?;
    input.u8()?;
    if layout >= Layout::Lucene50 {
        input.u8()?;
    }
    let kind = input.u8()?;
    // The old formats have the norms' kind in the high half.
    let kind = if layout < Layout::Lucene50 { kind & 0x0f } else { kind };
    let doc_values = match kind {
        0 => DocValues::None,
        1 => DocValues::Numeric,
        2 => DocValues::Binary,
        3 => DocValues::Sorted,
        4 => DocValues::SortedSet,
        5 => DocValues::SortedNumeric,
        other => return Err(input.unexpected("a kind of doc values of 0 to 5", other)),
    };
    let skip_index = layout == Layout::Lucene94 && version >= 2 && input.u8()? != 0;
    let generation = if layout >= Layout::Lucene46 { input.i64()? } else { -1 };
    let old = layout < Layout::Lucene50 || (layout == Layout::Lucene50 && version == 0);
    let attributes = input.map(old)?;
    if layout >= Layout::Lucene60 && input.vint()? != 0 {
        // Dimensions in the index, where they are told apart (Lucene60 version 2), and bytes of each.
        if layout >= Layout::Lucene90 || version >= 2 {
            input.vint()?;
        }
        input.vint()?;
    }
    if layout >= Layout::Lucene90 {
        // A vector's dimensions, encoding and similarity.
        input.vint()?;
        input.bytes(if layout == Layout::Lucene94 { 2 } else { 1 })?;
    }
    let attribute = |name: &str| attributes.get(name).map(String::as_str);
    let suffix =
        match (attribute("PerFieldDocValuesFormat.format"), attribute("PerFieldDocValuesFormat.suffix")) {
            (Some(format), Some(suffix)) => format!("_{format}_{suffix}"),
            _ => String::new(),
        };
    let compressed = attribute("Lucene80DocValuesFormat.mode") == Some("BEST_COMPRESSION");
    Ok(Field { name, number, doc_values, generation, suffix, skip_index, compressed })
}
