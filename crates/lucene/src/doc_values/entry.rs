//! What the metadata of doc values says of a field: how its values are kept, and where.

use std::ops::Range;

use crate::input::Order;
use crate::monotonic::MonotonicMeta;

/// Values in a block of [`Packing::Blocks`].
pub(crate) const BLOCK_VALUES: u64 = 128;

/// Which documents have a value of a field.
#[derive(Debug)]
pub(crate) enum Documents {
    None,
    All,
    /// A set, in these bytes of the data.
    Some {
        range: Range<u64>,
        rank_power: i8,
    },
}

/// How a field's numbers, or numbers of terms, are stored.
#[derive(Debug)]
pub(crate) struct Numeric {
    pub(crate) order: Order,
    pub(crate) documents: Documents,
    /// How many documents have a value; `None`: as many as there are values.
    pub(crate) with_value: Option<u64>,
    /// Values of all documents.
    pub(crate) count: u64,
    pub(crate) packing: Packing,
    /// The bytes of the values.
    pub(crate) values: Range<u64>,
}

#[derive(Debug)]
pub(crate) enum Packing {
    Packed {
        /// The values that the packed ones are the indices of.
        table: Option<Vec<i64>>,
        /// Blocks of 2^shift values have their own number of bits and minimum.
        block_shift: Option<u32>,
        bits: u32,
        minimum: i64,
        factor: i64,
    },
    /// Elasticsearch's blocks of 128 values, each encoded in its own way.
    Blocks { starts: Addresses },
    /// There is one term, so all numbers of terms are 0.
    OneTerm,
    /// Documents are sorted by the field: with which document each term begins.
    Runs { starts: Addresses },
}

/// Rising offsets: their description, and the bytes of the data that they are packed in.
#[derive(Debug)]
pub(crate) struct Addresses {
    pub(crate) metadata: MonotonicMeta,
    pub(crate) range: Range<u64>,
}

/// The distinct values of a field, in blocks.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) count: u64,
    pub(crate) block_shift: u32,
    pub(crate) compression: TermCompression,
    /// Where blocks begin in the data.
    pub(crate) blocks: Addresses,
    pub(crate) data: Range<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TermCompression {
    None,
    /// All terms of a block but the first.
    Lz4,
    /// The same, with the first as the dictionary.
    Lz4AfterFirst,
}

/// How a field's bytes are stored.
#[derive(Debug)]
pub(crate) struct Binary {
    pub(crate) order: Order,
    pub(crate) documents: Documents,
    pub(crate) count: u64,
    pub(crate) lengths: Lengths,
    pub(crate) data: Range<u64>,
}

#[derive(Debug)]
pub(crate) enum Lengths {
    Equal(u32),
    /// Where each value begins, and where the last ends.
    Addresses(Addresses),
    /// Where chunks of 2^shift compressed values begin.
    Chunks {
        starts: Addresses,
        shift: u32,
        chunk_bytes: u32,
    },
}

/// What is said of a field's values.
#[derive(Debug)]
pub(crate) enum Entry {
    Numeric(Numeric),
    Binary(Binary),
    /// One term a document.
    Sorted(Numeric, Terms),
    /// Any number of terms a document; the addresses say which belong to which, where some have several.
    SortedSet(Numeric, Option<Addresses>, Terms),
    SortedNumeric(Numeric, Option<Addresses>),
}

impl Entry {
    /// Bytes of the data that its values take.
    pub(crate) fn bytes(&self) -> u64 {
        let length = |range: &Range<u64>| range.end - range.start;
        let addresses = |addresses: &Option<Addresses>| addresses.as_ref().map_or(0, |it| length(&it.range));
        let documents = |documents: &Documents| match documents {
            Documents::Some { range, .. } => length(range),
            Documents::None | Documents::All => 0,
        };
        let numbers = |numbers: &Numeric| {
            let starts = match &numbers.packing {
                Packing::Blocks { starts } | Packing::Runs { starts } => length(&starts.range),
                Packing::Packed { .. } | Packing::OneTerm => 0,
            };
            length(&numbers.values) + documents(&numbers.documents) + starts
        };
        let all_terms = |terms: &Terms| length(&terms.data) + length(&terms.blocks.range);
        match self {
            Self::Numeric(values) => numbers(values),
            Self::SortedNumeric(values, of) => numbers(values) + addresses(of),
            Self::Sorted(values, terms) => numbers(values) + all_terms(terms),
            Self::SortedSet(values, of, terms) => numbers(values) + addresses(of) + all_terms(terms),
            Self::Binary(binary) => {
                let lengths = match &binary.lengths {
                    Lengths::Equal(_) => 0,
                    Lengths::Addresses(addresses) | Lengths::Chunks { starts: addresses, .. } => {
                        length(&addresses.range)
                    }
                };
                length(&binary.data) + documents(&binary.documents) + lengths
            }
        }
    }
}
