//! Which format a segment's stored fields have: the header of the `.fdt` tells, whatever the codec is called.

use crate::codec::Header;
use crate::error::{Error, ErrorKind};
use crate::input::{Input, Order};
use crate::stored::compression::Compression;

/// The families of layouts; what is inside a chunk is much the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layout {
    /// 4.1 to 4.10.
    Lucene41,
    /// 5.0 to 8.11; the versions differ in where the metadata lies.
    Lucene50,
    /// 9.0 and later.
    Lucene90,
}

/// A format of stored fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) layout: Layout,
    pub(crate) version: i32,
    pub(crate) compression: Compression,
}

impl Format {
    pub(crate) fn of(header: Header<'_>, input: &Input<'_>) -> Result<Self, Error> {
        let (layout, compression) = match header.name {
            "Lucene41StoredFieldsData" => (Layout::Lucene41, Compression::Lz4),
            "Lucene50StoredFieldsFastData" => (Layout::Lucene50, Compression::Lz4),
            "Lucene50StoredFieldsHighData" => (Layout::Lucene50, Compression::Deflate),
            "Lucene87StoredFieldsFastData" => (Layout::Lucene50, Compression::Lz4Dict),
            "Lucene87StoredFieldsHighData" => (Layout::Lucene50, Compression::DeflateDict),
            "Lucene90StoredFieldsFastData" => (Layout::Lucene90, Compression::Lz4Dict),
            "Lucene90StoredFieldsHighData" => (Layout::Lucene90, Compression::DeflateDict),
            "ZstdStoredFields814" => (Layout::Lucene90, Compression::Zstd),
            "CustomStoredFieldsZstd" => (Layout::Lucene90, Compression::ZstdDict),
            "CustomStoredFieldsZstdNoDict" => (Layout::Lucene90, Compression::ZstdParts),
            other => return Err(input.error(ErrorKind::unsupported("stored fields format", other))),
        };
        let versions = match layout {
            Layout::Lucene41 => 0..=2,
            Layout::Lucene50 => 0..=4,
            Layout::Lucene90 => 0..=1,
        };
        if !versions.contains(&header.version) {
            return Err(input.error(ErrorKind::unsupported("version of stored fields", header.version)));
        }
        Ok(Self { layout, version: header.version, compression })
    }

    /// The old index lies in `.fdx` alone, the new one in `.fdx` and `.fdm`.
    pub(crate) fn has_metadata_file(self) -> bool {
        self.layout == Layout::Lucene90 || (self.layout == Layout::Lucene50 && self.version >= 2)
    }

    pub(crate) fn has_footer(self) -> bool {
        self.layout > Layout::Lucene41 || self.version >= 2
    }

    /// Whether the size of slices and the version of packed integers follow the header of the `.fdt`; else they are
    /// in the metadata.
    pub(crate) fn sizes_in_data(self) -> bool {
        self.layout == Layout::Lucene41 || (self.layout == Layout::Lucene50 && self.version < 3)
    }

    pub(crate) fn order(self) -> Order {
        if self.layout == Layout::Lucene90 { Order::Little } else { Order::Big }
    }

    /// Whether a chunk counts its documents above a bit for "dirty" (written before it was full).
    pub(crate) fn has_dirty_bit(self) -> bool {
        self.layout == Layout::Lucene90 || (self.layout == Layout::Lucene50 && self.version >= 4)
    }
}
