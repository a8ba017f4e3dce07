//! The live documents of a shard, straight from the files in the repository: what the reader of Lucene's files needs
//! is fetched, and nothing else. The files are often three times as large as what is read of them.

use std::collections::HashSet;
use std::ops::{ControlFlow, Range};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use switchover_lucene::{
    Checksum, Columns, ColumnsOpened, Commit, Document, Error, ErrorKind, FileRange, Files, Opened, Options,
    Read, Reader, Segment, SegmentCommit,
};

use crate::error::SnapshotError;
use crate::read_ahead::READ_AHEAD_CHUNKS;
use crate::shard::Shard;
use crate::sources::SegmentSources;

/// Bytes of stored fields that are fetched at once; a single chunk may be longer.
pub const READ_BYTES: u64 = 4 * 1024 * 1024;
/// Each time a segment is opened with what it asked for it may ask for more. Real ones do so three times.
const MAX_OPEN_ATTEMPTS: u32 = 20;
/// Bytes of doc values that are held in memory to make the documents of a segment anew.
const MAX_COLUMN_BYTES: u64 = 512 * 1024 * 1024;
/// Bytes at the end of a file that hold its checksum.
const FOOTER_BYTES: u64 = 16;

/// The documents of one shard.
#[derive(Debug)]
pub struct ShardDocuments {
    shard: Shard,
    commit: Commit,
    options: Options,
    /// Files of doc values that are too large to be held whole, and whose checksum was found right.
    verified: Mutex<HashSet<FileRange>>,
}

/// What of a segment has been fetched: the bytes that [`Reader::read`] wants.
#[derive(Debug)]
pub struct Fetched {
    /// What they are.
    pub read: Read,
    /// The bytes.
    pub bytes: Bytes,
}

impl ShardDocuments {
    /// Reads the shard's commit.
    ///
    /// # Errors
    /// When it is missing or damaged. All errors of this type name index and shard.
    pub async fn open(shard: Shard, options: Options) -> Result<Self, SnapshotError> {
        let commit = shard.commit()?;
        let bytes = shard.read(commit, 0..commit.length).await?;
        let commit = Commit::parse(&commit.name, &bytes).map_err(|error| shard.of(error.into()))?;
        Ok(Self { shard, commit, options, verified: Mutex::default() })
    }

    /// The segments, in the order of documents.
    #[must_use]
    pub fn segments(&self) -> &[SegmentCommit] {
        &self.commit.segments
    }

    /// Opens a segment: fetches which documents live, and where their stored fields are.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub async fn segment(&self, commit: &SegmentCommit) -> Result<Segment, SnapshotError> {
        let mut files = self.files();
        for _ in 0..MAX_OPEN_ATTEMPTS {
            let opened = Segment::open(commit, &files, self.options);
            match opened.map_err(|error| self.at(error))? {
                Opened::Segment(segment) => {
                    self.verify(segment.unverified()).await?;
                    return Ok(*segment);
                }
                Opened::Needs(ranges) => self.fetch_all(ranges, &mut files).await?,
            }
        }
        Err(self.not_open(commit))
    }

    /// The sources of a segment's documents. Where the index does not store them, what they are made of is fetched.
    ///
    /// # Errors
    /// When a file is missing or damaged. That they can't be made is told for each document.
    pub async fn sources(&self, segment: &Segment) -> Result<SegmentSources, SnapshotError> {
        let sources = SegmentSources::new(self.shard.sources(), segment);
        let wanted = sources.wanted();
        let commit = self.commit.segments.iter().find(|commit| commit.name == segment.name());
        let (false, Some(commit)) = (wanted.is_empty(), commit) else {
            return Ok(sources);
        };
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let mut files = self.files();
        for _ in 0..MAX_OPEN_ATTEMPTS {
            match Columns::open(commit, segment, &files, &wanted, MAX_COLUMN_BYTES) {
                Ok(ColumnsOpened::Columns(columns)) => {
                    self.verify(columns.unverified()).await?;
                    return Ok(sources.with(Ok(columns)));
                }
                Ok(ColumnsOpened::Needs(ranges)) => self.fetch_all(ranges, &mut files).await?,
                Err(
                    error @ Error { kind: ErrorKind::Unsupported { .. } | ErrorKind::TooLarge { .. }, .. },
                ) => return Ok(sources.with(Err(error.to_string()))),
                Err(error) => return Err(self.at(error)),
            }
        }
        Err(self.not_open(commit))
    }

    fn files(&self) -> Files {
        Files::new(self.shard.files().map(|file| (file.name.clone(), file.length)))
    }

    fn not_open(&self, commit: &SegmentCommit) -> SnapshotError {
        let detail = format!("it is not open after {MAX_OPEN_ATTEMPTS} attempts");
        self.shard.of(SnapshotError::File { file: commit.name.clone(), detail })
    }

    async fn fetch_all(&self, ranges: Vec<FileRange>, files: &mut Files) -> Result<(), SnapshotError> {
        let fetched = stream::iter(ranges).map(|range| async {
            let bytes = fetch_range(&self.shard, &range).await?;
            Ok::<_, SnapshotError>((range, bytes))
        });
        let fetched: Vec<_> = fetched.buffered(READ_AHEAD_CHUNKS).collect().await;
        for fetched in fetched {
            let (range, bytes) = fetched?;
            files.put(&range, bytes).map_err(|error| self.at(error))?;
        }
        Ok(())
    }

    /// Sums files of which only parts were read: a flipped bit there would make documents live or dead.
    async fn verify(&self, files: &[FileRange]) -> Result<(), SnapshotError> {
        for place in files {
            if self.verified.lock().unwrap_or_else(PoisonError::into_inner).contains(place) {
                continue;
            }
            let body_end = place.range.end.saturating_sub(FOOTER_BYTES).max(place.range.start);
            let starts = (place.range.start..body_end).step_by(READ_BYTES as usize);
            let body = starts.map(|start| start..(start + READ_BYTES).min(body_end));
            let pieces = body.chain(std::iter::once(body_end..place.range.end));
            let mut pieces = std::pin::pin!(
                stream::iter(pieces)
                    .map(|range| async {
                        let footer = range.start == body_end;
                        let range = FileRange { file: place.file.clone(), range };
                        Ok::<_, SnapshotError>((footer, fetch_range(&self.shard, &range).await?))
                    })
                    .buffered(READ_AHEAD_CHUNKS)
            );
            let mut sum = Checksum::default();
            while let Some(piece) = pieces.next().await {
                let (footer, bytes) = piece?;
                if footer {
                    let name = format!("doc values in {}", place.file);
                    sum.verify(&name, &bytes).map_err(|error| self.at(error))?;
                } else {
                    sum = sum.then(Checksum::of(&bytes));
                }
            }
            self.verified.lock().unwrap_or_else(PoisonError::into_inner).insert(place.clone());
        }
        Ok(())
    }

    /// Fetches the stored fields of some chunks of a segment in order, some of them ahead.
    pub fn fetch<'s>(
        &'s self,
        segment: &'s Segment,
        chunks: Range<u64>,
    ) -> impl stream::Stream<Item = Result<Fetched, SnapshotError>> + Send + 's {
        let reads = stream::iter(segment.reads(chunks, READ_BYTES));
        reads
            .map(|read| async {
                let read = read.map_err(|error| self.at(error))?;
                let bytes = fetch_range(&self.shard, &read.place).await?;
                Ok(Fetched { read, bytes })
            })
            .buffered(READ_AHEAD_CHUNKS)
    }

    /// Bytes of one of the shard's files.
    ///
    /// # Errors
    /// When the file is missing or too short.
    pub async fn read(&self, range: &FileRange) -> Result<Bytes, SnapshotError> {
        fetch_range(&self.shard, range).await
    }

    /// An error of the reader of Lucene's files, with the index and the shard.
    #[must_use]
    pub fn at(&self, error: switchover_lucene::Error) -> SnapshotError {
        self.shard.of(error.into())
    }

    /// Shows every live document to `visit`, in order and with what its source can be had from, until it breaks. Whether
    /// it was broken off.
    ///
    /// A damaged file is often found only by its checksum, which is at its end: after an error, what was visited is
    /// not to be trusted.
    ///
    /// # Errors
    /// When something is missing or damaged.
    pub async fn visit(
        &self,
        mut visit: impl FnMut(&Document<'_>, &mut SegmentSources) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, SnapshotError> {
        for commit in &self.commit.segments {
            let segment = self.segment(commit).await?;
            let mut sources = self.sources(&segment).await?;
            let in_shard = |error| self.at(error);
            let mut reader = Reader::new(&segment);
            let mut fetched = std::pin::pin!(self.fetch(&segment, 0..segment.chunks()));
            while let Some(fetched) = fetched.next().await {
                let fetched = fetched?;
                let mut chunks = reader.read(&fetched.read, &fetched.bytes).map_err(in_shard)?;
                while let Some(documents) = chunks.next_chunk().map_err(in_shard)? {
                    for document in documents {
                        if visit(&document.map_err(in_shard)?, &mut sources).is_break() {
                            return Ok(ControlFlow::Break(()));
                        }
                    }
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

async fn fetch_range(shard: &Shard, range: &FileRange) -> Result<Bytes, SnapshotError> {
    let file = shard.file(&range.file).ok_or_else(|| {
        let detail = "it is not in the list of files".to_owned();
        shard.of(SnapshotError::File { file: range.file.clone(), detail })
    })?;
    shard.read(file, range.range.clone()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Repository, RepositoryUri, S3Options};

    #[tokio::test]
    async fn files_that_are_read_in_part_are_summed() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/parts");
        let repository = Repository::open(&RepositoryUri::File(folder), &S3Options::default()).await;
        let snapshot = repository.snapshot("second").await.unwrap();
        let shard = snapshot.index("books").await.unwrap().shard(0).await.unwrap();
        let file = shard.files().find(|file| file.name.ends_with(".cfs")).unwrap();
        let (name, length) = (file.name.clone(), file.length);
        let documents = ShardDocuments::open(shard, Options::default()).await.unwrap();
        let place = |range: Range<u64>| [FileRange { file: name.clone(), range }];
        // Twice: what was found right is known.
        documents.verify(&place(0..length)).await.unwrap();
        documents.verify(&place(0..length)).await.unwrap();
        for damaged in [1..length, 0..length - 1, 0..length + 1, 0..8, 0..0] {
            let error = documents.verify(&place(damaged.clone())).await.unwrap_err();
            assert!(error.to_string().starts_with("index books, shard 0: "), "{damaged:?}: {error}");
        }
    }
}
