//! Stored fields: `.fdt` holds documents in compressed chunks, `.fdx` and `.fdm` say where the chunks are.

pub(crate) mod chunk;
pub(crate) mod compression;
pub(crate) mod document;
pub(crate) mod format;
pub(crate) mod index;
pub(crate) mod ints;
pub(crate) mod lz4;

use std::ops::Range;

use bytes::Bytes;

use crate::codec::{self, FOOTER_BYTES, Id};
use crate::directory::{Directory, Located, Stop};
use crate::error::{Error, ErrorKind};
use crate::input::Input;
use crate::monotonic::MonotonicMeta;
use crate::stored::format::{Format, Layout};
use crate::stored::index::{Blocks, ChunkIndex};
use crate::stored::ints::Ints;

/// A header and what follows it before the first chunk fit in this.
const HEAD_BYTES: u64 = 128;

/// All that is to be known before chunks are read.
#[derive(Debug)]
pub(crate) struct StoredFields {
    pub(crate) file: Located,
    pub(crate) format: Format,
    pub(crate) ints: Ints,
    /// Length of the slices of large chunks, in bytes of text.
    pub(crate) slice: Option<usize>,
    pub(crate) chunks: u64,
    pub(crate) max_doc: u32,
    index: ChunkIndex,
    /// The first byte after the last chunk.
    end: u64,
}

impl StoredFields {
    pub(crate) fn open(directory: &Directory<'_>, segment: &str, id: Id, max_doc: u32) -> Result<Self, Stop> {
        let data = directory.inner(segment, ".fdt")?;
        let index = directory.inner(segment, ".fdx")?;
        let head = 0..data.length().min(HEAD_BYTES);
        directory.want_range(&data, head.clone());
        directory.want(&index);
        let metadata = directory.inner(segment, ".fdm").ok();
        if let Some(metadata) = &metadata {
            directory.want(metadata);
        }
        let head = directory.range(&data, head)?;
        let mut input = Input::new(&data.name, &head);
        let header = codec::plain_header(&mut input)?;
        let format = Format::of(header, &input)?;
        if format.layout > Layout::Lucene41 {
            codec::index_header_rest(&mut input, id, "")?;
        }
        let (mut slice, mut ints) = (None, Ints::Transposed);
        if format.sizes_in_data() {
            if format.layout > Layout::Lucene41 || format.version >= 1 {
                slice = Some(input.vint()? as usize);
            }
            ints = Ints::Packed(input.vint()?);
        }
        let opening = Opening { directory, data: &data, index: &index, id, format, max_doc };
        let (index, chunks, end) = if format.has_metadata_file() {
            let missing = || ErrorKind::Missing.at(&format!("{segment}.fdm"), 0);
            let metadata = metadata.ok_or_else(missing)?;
            opening.monotonic(&metadata, &mut slice, &mut ints)?
        } else {
            opening.blocks()?
        };
        if end > data.length() {
            return Err(ErrorKind::Truncated { needed: end - data.length() }
                .at(&data.name, data.length())
                .into());
        }
        Ok(Self { file: data, format, ints, slice, chunks, max_doc, index, end })
    }

    /// The first document of a chunk; that of the chunk after the last is the number of documents.
    pub(crate) fn first_document(&self, chunk: u64) -> Result<u32, Error> {
        let document = if chunk < self.chunks { self.index.get(chunk).map(|at| at.0) } else { None };
        let document = if chunk == self.chunks { Some(self.max_doc.into()) } else { document };
        document
            .filter(|document| *document <= self.max_doc.into())
            .map(|document| document as u32)
            .ok_or_else(|| {
                ErrorKind::unexpected("the first document of a chunk within the segment", chunk)
                    .at(&self.file.name, 0)
            })
    }

    /// The bytes of a chunk in the `.fdt`.
    pub(crate) fn bytes(&self, chunk: u64) -> Result<Range<u64>, Error> {
        let start = self.index.get(chunk).map(|at| at.1);
        let end =
            if chunk + 1 == self.chunks { Some(self.end) } else { self.index.get(chunk + 1).map(|at| at.1) };
        match (start, end) {
            (Some(start), Some(end)) if start < end && end <= self.end => Ok(start..end),
            (start, end) => {
                let found = format!("chunk {chunk} from {start:?} to {end:?}");
                Err(ErrorKind::unexpected("chunks that follow each other within the file", found)
                    .at(&self.file.name, 0))
            }
        }
    }

    /// The chunk that holds a document.
    pub(crate) fn chunk_of(&self, document: u32) -> Result<u64, Error> {
        let (mut low, mut high) = (0, self.chunks);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.first_document(middle)? <= document { low = middle + 1 } else { high = middle }
        }
        Ok(low.saturating_sub(1))
    }
}

/// The files of stored fields while their index is read.
struct Opening<'a> {
    directory: &'a Directory<'a>,
    data: &'a Located,
    index: &'a Located,
    id: Id,
    format: Format,
    max_doc: u32,
}

impl Opening<'_> {
    /// The index until 8.4.
    fn blocks(&self) -> Result<(ChunkIndex, u64, u64), Stop> {
        let bytes = if self.format.has_footer() {
            self.directory.verified(self.index)?
        } else {
            self.directory.whole(self.index)?
        };
        let mut input = Input::new(&self.index.name, &bytes);
        codec::plain_header(&mut input)?;
        if self.format.layout > Layout::Lucene41 {
            codec::index_header_rest(&mut input, self.id, "")?;
        }
        let (blocks, end) = Blocks::parse(&bytes, &mut input, self.format.has_footer())?;
        let (index, chunks) = ChunkIndex::blocks(blocks);
        Ok((index, chunks, end.unwrap_or(self.data.length())))
    }

    /// The index since 8.5.
    fn monotonic(
        &self,
        metadata: &Located,
        slice: &mut Option<usize>,
        ints: &mut Ints,
    ) -> Result<(ChunkIndex, u64, u64), Stop> {
        let bytes = self.directory.verified(metadata)?;
        let mut input = Input::new(&metadata.name, &bytes);
        codec::plain_header(&mut input)?;
        codec::index_header_rest(&mut input, self.id, "")?;
        input.order = self.format.order();
        if !self.format.sizes_in_data() {
            *slice = Some(input.vint()? as usize);
            if self.format.layout < Layout::Lucene90 {
                *ints = Ints::Packed(input.vint()?);
            }
        }
        let max_doc = input.i32()?;
        if max_doc != self.max_doc as i32 {
            return Err(input.unexpected("as many documents as the segment has", max_doc).into());
        }
        let shift = input.i32()?;
        let shift = input.in_range(shift.into(), 40, "a block shift")? as u32;
        // One more than there are chunks: the last is the end.
        let count = input.i32()?;
        let count = input.in_range(count.into(), i32::MAX as u64, "a count of chunks")?;
        let documents_start = input.i64()?;
        let documents = MonotonicMeta::parse(&mut input, count, shift)?;
        let pointers_start = input.i64()?;
        let pointers = MonotonicMeta::parse(&mut input, count, shift)?;
        let pointers_end = input.i64()?;
        let end = input.i64()?;
        let end = input.in_range(end, i64::MAX as u64, "an end of the chunks")?;
        let index = self.directory.verified(self.index)?;
        let part = |from: i64, to: i64| -> Result<Bytes, Error> {
            let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
            match range {
                Some((from, to)) if from <= to && to <= index.len() => Ok(index.slice(from..to)),
                _ => Err(input.unexpected("numbers within the index", format_args!("{from} to {to}"))),
            }
        };
        let documents = documents.with(part(documents_start, pointers_start)?, &input)?;
        let pointers = pointers.with(part(pointers_start, pointers_end)?, &input)?;
        Ok((ChunkIndex::Monotonic { documents, pointers }, count.saturating_sub(1), end))
    }
}

/// The part of the `.fdt` that its footer takes; 0 before 4.8.
pub(crate) fn footer_bytes(format: Format) -> u64 {
    if format.has_footer() { FOOTER_BYTES as u64 } else { 0 }
}
