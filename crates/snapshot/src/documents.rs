//! The live documents of a shard, straight from the files in the repository: what the reader of Lucene's files needs
//! is fetched, and nothing else. The files are often three times as large as what is read of them.

use std::ops::{ControlFlow, Range};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use switchover_lucene::{
    Commit, Document, FileRange, Files, Opened, Options, Read, Reader, Segment, SegmentCommit,
};

use crate::error::SnapshotError;
use crate::read_ahead::READ_AHEAD_CHUNKS;
use crate::shard::Shard;

/// Bytes of stored fields that are fetched at once; a single chunk may be longer.
const READ_BYTES: u64 = 4 * 1024 * 1024;
/// Each time a segment is opened with what it asked for it may ask for more. Real ones do so three times.
const MAX_OPEN_ATTEMPTS: u32 = 20;

/// The documents of one shard.
#[derive(Debug)]
pub struct ShardDocuments {
    shard: Shard,
    commit: Commit,
    files: Files,
    options: Options,
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
        let files = Files::new(shard.files().map(|file| (file.name.clone(), file.length)));
        Ok(Self { shard, commit, files, options })
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
    pub async fn segment(&mut self, commit: &SegmentCommit) -> Result<Segment, SnapshotError> {
        for _ in 0..MAX_OPEN_ATTEMPTS {
            let opened = Segment::open(commit, &self.files, self.options);
            match opened.map_err(|error| self.shard.of(error.into()))? {
                Opened::Segment(segment) => {
                    self.files.forget(segment.name());
                    return Ok(*segment);
                }
                Opened::Needs(ranges) => {
                    let fetched = stream::iter(ranges).map(|range| async {
                        let bytes = fetch(&self.shard, &range).await?;
                        Ok::<_, SnapshotError>((range, bytes))
                    });
                    let fetched: Vec<_> = fetched.buffered(READ_AHEAD_CHUNKS).collect().await;
                    for fetched in fetched {
                        let (range, bytes) = fetched?;
                        self.files.put(&range, bytes).map_err(|error| self.shard.of(error.into()))?;
                    }
                }
            }
        }
        let detail = format!("it is not open after {MAX_OPEN_ATTEMPTS} attempts");
        Err(self.shard.of(SnapshotError::File { file: commit.name.clone(), detail }))
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
                let read = read.map_err(|error| self.shard.of(error.into()))?;
                let bytes = fetch(&self.shard, &read.place).await?;
                Ok(Fetched { read, bytes })
            })
            .buffered(READ_AHEAD_CHUNKS)
    }

    /// Shows every live document to `visit`, in order, until it breaks. Whether it was broken off.
    ///
    /// A damaged file is often found only by its checksum, which is at its end: after an error, what was visited is
    /// not to be trusted.
    ///
    /// # Errors
    /// When something is missing or damaged.
    pub async fn visit(
        &mut self,
        mut visit: impl FnMut(&Document<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, SnapshotError> {
        for commit in self.commit.segments.clone() {
            let segment = self.segment(&commit).await?;
            let in_shard = |error: switchover_lucene::Error| self.shard.of(error.into());
            let mut reader = Reader::new(&segment);
            let mut fetched = std::pin::pin!(self.fetch(&segment, 0..segment.chunks()));
            while let Some(fetched) = fetched.next().await {
                let fetched = fetched?;
                let mut chunks = reader.read(&fetched.read, &fetched.bytes).map_err(in_shard)?;
                while let Some(documents) = chunks.next_chunk().map_err(in_shard)? {
                    for document in documents {
                        if visit(&document.map_err(in_shard)?).is_break() {
                            return Ok(ControlFlow::Break(()));
                        }
                    }
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

async fn fetch(shard: &Shard, range: &FileRange) -> Result<Bytes, SnapshotError> {
    let file = shard.file(&range.file).ok_or_else(|| {
        let detail = "it is not in the list of files".to_owned();
        shard.of(SnapshotError::File { file: range.file.clone(), detail })
    })?;
    shard.read(file, range.range.clone()).await
}
