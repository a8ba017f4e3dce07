//! Documents of a segment, range after range of its stored fields.
//!
//! [`Segment::reads`] says which ranges there are, the caller fetches them (ahead, several at once, as it likes) and
//! gives them to a [`Reader`] in turn. Only one range and the text of one chunk are in memory.

use std::ops::Range;

use crate::checksum::Checksum;
use crate::codec::FOOTER_BYTES;
use crate::error::{Error, ErrorKind};
use crate::files::FileRange;
use crate::input::Input;
use crate::segment::Segment;
use crate::stored::chunk::Chunk;
use crate::stored::document::{DocumentFields, Stored, Value};
use crate::uid::{self, Id};

/// A range of the stored fields, with the chunks that lie in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// What to fetch.
    pub place: FileRange,
    /// The chunks whose documents are read from it.
    pub chunks: Range<u64>,
    /// Where the range begins in the `.fdt`, which may itself be part of a compound file.
    start: u64,
}

/// The ranges of some chunks, in order; see [`Segment::reads`].
#[derive(Debug)]
pub struct Reads<'a> {
    segment: &'a Segment,
    chunks: Range<u64>,
    max_bytes: u64,
}

impl Segment {
    /// The ranges that hold these chunks, each of at most `max_bytes` bytes unless a single chunk has more.
    ///
    /// The ranges of all chunks are the whole file, header and footer included, so that its checksum can be verified.
    pub fn reads(&self, chunks: Range<u64>, max_bytes: u64) -> Reads<'_> {
        let chunks = chunks.start..chunks.end.min(self.chunks());
        Reads { segment: self, chunks, max_bytes }
    }
}

impl Reads<'_> {
    fn read(&mut self) -> Result<Option<Read>, Error> {
        let Some(stored) = self.segment.stored.as_ref().filter(|_| !self.chunks.is_empty()) else {
            return Ok(None);
        };
        let first = self.chunks.start;
        let bytes = stored.bytes(first)?;
        let start = if first == 0 { 0 } else { bytes.start };
        let (mut last, mut end) = (first, bytes.end);
        while last + 1 < self.chunks.end {
            let bytes = stored.bytes(last + 1)?;
            if bytes.end - start > self.max_bytes {
                break;
            }
            (last, end) = (last + 1, bytes.end);
        }
        if last + 1 == stored.chunks {
            end = stored.file.length();
        }
        self.chunks.start = last + 1;
        let place = stored.file.range(start..end)?;
        Ok(Some(Read { place, chunks: first..last + 1, start }))
    }
}

impl Iterator for Reads<'_> {
    type Item = Result<Read, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        if read.is_err() {
            self.chunks.end = self.chunks.start;
        }
        read.transpose()
    }
}

/// Reads documents of one segment.
#[derive(Debug)]
pub struct Reader<'s> {
    segment: &'s Segment,
    chunk: Chunk,
    /// Of what was read from the file's beginning on without a gap.
    sum: Checksum,
}

/// A document that lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document<'a> {
    /// Its number in the segment.
    pub number: u32,
    /// Its id.
    pub id: Id<'a>,
    /// Its type, where the index stores it (5.x and older, and 6.x indices that were made there).
    pub doc_type: Option<&'a str>,
    /// Its routing, where one was given.
    pub routing: Option<&'a str>,
    /// Its parent's id, where the index stores it (2.x and older).
    pub parent: Option<&'a str>,
    /// `_source`, byte for byte as it was stored: JSON as the client sent it, or SMILE, CBOR or YAML, in 1.x perhaps
    /// compressed with LZF. `None`: the index does not store it, or all of it was filtered.
    pub source: Option<&'a [u8]>,
    /// The whole document where `_source` is filtered or off, kept for some time after indexing.
    pub recovery_source: Option<&'a [u8]>,
    /// `_version`, with [`Options::versions`](crate::Options::versions) and where its format is known (from Lucene 4.10
    /// on, which is Elasticsearch 1.4).
    pub version: Option<i64>,
    /// `_seq_no`, likewise (Elasticsearch 6.0 and later have it).
    pub sequence_number: Option<i64>,
    /// All of its stored fields.
    pub fields: DocumentFields<'a>,
}

impl<'s> Reader<'s> {
    /// A reader with empty buffers.
    pub fn new(segment: &'s Segment) -> Self {
        Self { segment, chunk: Chunk::default(), sum: Checksum::default() }
    }

    /// The chunks of a range whose bytes were fetched.
    ///
    /// When the file is read from its beginning without a gap, its checksum is verified with the last range, before
    /// the documents of that range.
    pub fn read<'r>(&'r mut self, read: &Read, bytes: &'r [u8]) -> Result<Chunks<'r>, Error> {
        let (expected, found) = (read.place.range.end - read.place.range.start, bytes.len() as u64);
        if expected != found {
            return Err(
                ErrorKind::WrongLength { expected, found }.at(&read.place.file, read.place.range.start)
            );
        }
        if read.start == self.sum.bytes {
            self.add(read, bytes)?;
        }
        Ok(Chunks {
            segment: self.segment,
            chunk: &mut self.chunk,
            next: read.chunks.clone(),
            start: read.start,
            bytes,
        })
    }

    fn add(&mut self, read: &Read, bytes: &[u8]) -> Result<(), Error> {
        let last = read.chunks.end == self.segment.chunks();
        let footer = if last { self.segment.footer_bytes() as usize } else { 0 };
        let (body, footer) =
            bytes.split_at_checked(bytes.len().saturating_sub(footer)).unwrap_or((bytes, &[]));
        self.sum = self.sum.then(Checksum::of(body));
        if footer.len() == FOOTER_BYTES
            && let Some(stored) = &self.segment.stored
        {
            self.sum.verify(&stored.file.name, footer)?;
        }
        Ok(())
    }
}

/// The chunks of one range.
#[derive(Debug)]
pub struct Chunks<'r> {
    segment: &'r Segment,
    chunk: &'r mut Chunk,
    next: Range<u64>,
    start: u64,
    bytes: &'r [u8],
}

impl Chunks<'_> {
    /// Decompresses the next chunk that has a live document; its documents borrow the text.
    pub fn next_chunk(&mut self) -> Result<Option<Documents<'_>>, Error> {
        let Some(stored) = &self.segment.stored else {
            return Ok(None);
        };
        for chunk in self.next.by_ref() {
            let mut documents = stored.first_document(chunk)?..stored.first_document(chunk + 1)?;
            if self.segment.live.as_ref().is_some_and(|live| !documents.any(|number| live.get(number))) {
                continue;
            }
            let place = stored.bytes(chunk)?;
            let inside = |at: u64| usize::try_from(at.checked_sub(self.start)?).ok();
            let range = inside(place.start).zip(inside(place.end));
            let Some(bytes) = range.and_then(|(from, to)| self.bytes.get(from..to)) else {
                return Err(ErrorKind::Truncated { needed: 1 }.at(&stored.file.name, place.end));
            };
            self.chunk.load(stored, chunk, place.start, bytes)?;
            let numbers = self.chunk.documents();
            return Ok(Some(Documents { segment: self.segment, chunk: self.chunk, numbers }));
        }
        Ok(None)
    }
}

/// The live documents of one chunk; nested documents are left out.
#[derive(Debug)]
pub struct Documents<'c> {
    segment: &'c Segment,
    chunk: &'c Chunk,
    numbers: Range<u32>,
}

impl<'c> Iterator for Documents<'c> {
    type Item = Result<Document<'c>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let number = self.numbers.next()?;
            if self.segment.live.as_ref().is_some_and(|live| !live.get(number)) {
                continue;
            }
            match self.document(number) {
                Ok(None) => {}
                Ok(Some(document)) => return Some(Ok(document)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl<'c> Documents<'c> {
    fn document(&self, number: u32) -> Result<Option<Document<'c>>, Error> {
        let Some((stored, (bytes, fields))) = self.segment.stored.as_ref().zip(self.chunk.document(number))
        else {
            return Ok(None);
        };
        // Offsets of errors count in the document: in the file it is compressed.
        let file = &stored.file.name;
        let order = stored.format.order();
        let mut input = Input::from(file, 0, bytes, order);
        let found = Stored::parse(&mut input, fields, &self.segment.numbers, stored.format.layout)?;
        let text = |value: Option<Value<'c>>| match value.map(|value| std::str::from_utf8(value.bytes)) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(_)) => Err(input.unexpected("UTF-8", format_args!("other bytes in document {number}"))),
        };
        let (id, doc_type) = match (found.id, text(found.uid)?) {
            (Some(Value { bytes, text: true }), _) => {
                (text(Some(Value { bytes, text: true }))?.map(Id::text), None)
            }
            (Some(Value { bytes, text: false }), _) => (
                Some(Id::decode(bytes).ok_or_else(|| {
                    input.unexpected(
                        "an encoded _id",
                        format_args!("{} in document {number}", bytes.escape_ascii()),
                    )
                })?),
                None,
            ),
            (None, Some(uid)) => {
                let (doc_type, id) =
                    uid::split(uid).ok_or_else(|| input.unexpected("type#id as _uid", uid))?;
                (Some(Id::text(id)), Some(doc_type))
            }
            (None, None) => (None, None),
        };
        let Some(id) = id else {
            // Nested documents have their id only in the index of terms.
            if self.segment.ids_expected {
                return Err(input.unexpected("a stored _id", format_args!("none in document {number}")));
            }
            return Ok(None);
        };
        Ok(Some(Document {
            number,
            id,
            doc_type,
            routing: text(found.routing)?,
            // Stored as `type#id` of the parent.
            parent: text(found.parent)?.map(|parent| uid::split(parent).map_or(parent, |(_, id)| id)),
            source: found.source.map(|value| value.bytes),
            recovery_source: found.recovery_source.map(|value| value.bytes),
            version: self.segment.versions.as_ref().and_then(|versions| versions.get(number)),
            sequence_number: self.segment.sequence_numbers.as_ref().and_then(|numbers| numbers.get(number)),
            fields: DocumentFields {
                file,
                bytes,
                count: fields,
                layout: stored.format.layout,
                order,
                fields: &self.segment.fields,
            },
        }))
    }
}
