//! Documents from the files of a Lucene index: bytes in, documents out.
//!
//! It reads what Elasticsearch 1 to 9 and OpenSearch 1 to 3 write, which is Lucene 4.1 to 10: commits, segments, deleted
//! and soft-deleted documents, and stored fields in every compression. It does no IO. Whoever uses it says which files
//! there are, fetches the ranges that are asked for from wherever they lie, and gets live documents whose `_source` is
//! a slice of the decompressed chunk:
//!
//! ```
//! use switchover_lucene::{Commit, Error, FileRange, Files, Opened, Options, Reader, Segment};
//!
//! /// `files`: names and lengths; `fetch`: reads a range of a file.
//! fn documents(
//!     files: Vec<(String, u64)>,
//!     commit: &str,
//!     mut fetch: impl FnMut(&FileRange) -> Vec<u8>,
//! ) -> Result<u64, Error> {
//!     const READ_BYTES: u64 = 8 << 20;
//!     let mut bytes_of_source = 0;
//!     let mut files = Files::new(files);
//!     let whole = files.whole(commit).expect("segments_N is one of the files");
//!     for segment in &Commit::parse(commit, &fetch(&whole))?.segments {
//!         // Metadata: opening says what it needs, until it has all.
//!         let segment = loop {
//!             match Segment::open(segment, &files, Options::default())? {
//!                 Opened::Segment(segment) => break segment,
//!                 Opened::Needs(ranges) => {
//!                     for range in ranges {
//!                         files.put(&range, fetch(&range).into())?;
//!                     }
//!                 }
//!             }
//!         };
//!         // Documents: ranges that can be fetched ahead, or divided among several readers by their chunks.
//!         let mut reader = Reader::new(&segment);
//!         for read in segment.reads(0..segment.chunks(), READ_BYTES) {
//!             let read = read?;
//!             let bytes = fetch(&read.place);
//!             let mut chunks = reader.read(&read, &bytes)?;
//!             while let Some(documents) = chunks.next_chunk()? {
//!                 for document in documents {
//!                     bytes_of_source += document?.source.map_or(0, |source| source.len() as u64);
//!                 }
//!             }
//!         }
//!         files.forget(segment.name());
//!     }
//!     Ok(bytes_of_source)
//! }
//! # let commit = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/elasticsearch-7.10.2/default/");
//! # let path = |file: &str| format!("{commit}{file}");
//! # let files: Vec<_> = std::fs::read_dir(commit).unwrap().map(|entry| entry.unwrap()).map(|entry| {
//! #     (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len())
//! # }).collect();
//! # let commit = files.iter().map(|file| file.0.clone()).find(|name| name.starts_with("segments_")).unwrap();
//! # let fetch = |range: &FileRange| {
//! #     std::fs::read(path(&range.file)).unwrap()[range.range.start as usize..range.range.end as usize].to_vec()
//! # };
//! # assert!(documents(files, &commit, fetch).unwrap() > 1000);
//! ```
//!
//! # What is trusted
//! Nothing. Metadata is read whole and its checksum verified before it is used; lengths and counts are checked against
//! the bytes that are there before memory is taken; ids of segments, generations and the commit's numbers of deleted
//! documents must agree. Stored fields have only one checksum for the whole file: a [`Reader`] that is given all ranges
//! in order verifies it with the last one, so documents of earlier ranges were handed out before. Who reads parts, or
//! must know beforehand, sums the parts with [`Checksum`]. Files from before Lucene 4.8 have no checksums.
//! Of doc values larger than 16 MiB only the ranges of the needed fields are read, unverified but for their counts:
//! [`Segment::unverified`] and [`Columns::unverified`] name those files, so that the caller sums them.
//!
//! # What decides the format
//! The headers of the files, never the codec's name in the commit: servers and plugins give their codecs names of their
//! own (`Elasticsearch92Lucene103`, `KNN1030Codec`) while the files inside are Lucene's.
//!
//! # What is left out
//! Deleted, soft-deleted and nested documents. Documents whose `_source` is off, synthetic or derived have `None`
//! there; what else is stored of them is in [`Document::fields`], and their doc values (of Lucene 7.0 and later) in
//! [`Columns`]. `_source` that Elasticsearch 1.x compressed with LZF is handed on as it is stored, and so are SMILE and CBOR.

mod bits;
mod checksum;
mod codec;
mod columns;
mod commit;
mod compound;
mod directory;
mod doc_values;
mod error;
mod fields;
mod files;
mod input;
mod live_docs;
mod monotonic;
mod packed;
mod reader;
mod segment;
mod segment_info;
mod stored;
mod uid;

pub use checksum::Checksum;
pub use columns::{Columns, ColumnsOpened};
pub use commit::{Commit, SegmentCommit, Version};
pub use doc_values::{Column, ColumnValue, Cursor};
pub use error::{Error, ErrorKind};
pub use files::{FileRange, Files};
pub use reader::{Chunks, Document, Documents, Read, Reader, Reads};
pub use segment::{Opened, Options, Segment};
pub use stored::document::{DocumentFields, StoredValue};
pub use uid::Id;
