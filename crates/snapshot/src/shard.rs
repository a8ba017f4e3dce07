//! The files of one shard in one snapshot: an index of Lucene, whose files may be cut into parts, shared with other
//! snapshots, or kept inside of the list itself.

mod list;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;

pub use self::list::{Content, ShardFile};
use crate::error::SnapshotError;
use crate::read_ahead::read_ahead;
use crate::sources::Sources;
use crate::store::{BlobStore, StoreError};

/// One shard: its files by the names that Lucene knows them by. Cheap to clone; all readings may go on at once.
#[derive(Debug, Clone)]
pub struct Shard {
    store: Arc<dyn BlobStore>,
    index: Arc<str>,
    number: u32,
    folder: Arc<str>,
    files: Arc<BTreeMap<String, ShardFile>>,
    sources: Arc<Sources>,
}

impl Shard {
    pub(crate) fn new(
        store: Arc<dyn BlobStore>,
        index: &str,
        number: u32,
        folder: String,
        files: BTreeMap<String, ShardFile>,
        sources: Arc<Sources>,
    ) -> Self {
        Self { store, index: index.into(), number, folder: folder.into(), files: Arc::new(files), sources }
    }

    /// Its index.
    #[must_use]
    pub fn index(&self) -> &str {
        &self.index
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// How its index keeps documents' sources.
    pub(crate) fn sources(&self) -> &Arc<Sources> {
        &self.sources
    }

    /// Its files, in the order of their names.
    pub fn files(&self) -> impl Iterator<Item = &ShardFile> {
        self.files.values()
    }

    /// A file by its name in Lucene.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&ShardFile> {
        self.files.get(name)
    }

    /// Bytes of all files together, wherever they are kept.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files().fold(0, |sum, file| sum.saturating_add(file.length))
    }

    /// The commit to open: the only `segments_N`.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn commit(&self) -> Result<&ShardFile, SnapshotError> {
        let mut commits = self.files().filter(|file| file.name.starts_with("segments_"));
        match (commits.next(), commits.next()) {
            (Some(commit), None) => Ok(commit),
            (found, _) => {
                let detail =
                    if found.is_some() { "there is more than one" } else { "it is not in the list of files" };
                let file = "segments_N".to_owned();
                Err(self.of(SnapshotError::File { file, detail: detail.to_owned() }))
            }
        }
    }

    /// The bytes of `range` of a file, put together of its parts.
    ///
    /// # Errors
    /// When a blob is missing, too short, or can't be read; the message names blob, index and shard.
    pub async fn read(&self, file: &ShardFile, range: Range<u64>) -> Result<Bytes, SnapshotError> {
        self.check(file, &range)?;
        match &file.content {
            Content::Inline(bytes) => Ok(slice(bytes, &range)),
            Content::Blobs { .. } => {
                let mut pieces = file.pieces(range.clone());
                match (pieces.next(), pieces.next()) {
                    (Some((blob, range)), None) => Ok(self.read_blob(&blob, range).await?),
                    (None, _) => Ok(Bytes::new()),
                    _ => {
                        let mut bytes = BytesMut::new();
                        for (blob, range) in file.pieces(range) {
                            bytes.extend_from_slice(&self.read_blob(&blob, range).await?);
                        }
                        Ok(bytes.freeze())
                    }
                }
            }
        }
    }

    /// The bytes of `range` of a file in order, in pieces of at most
    /// [`READ_AHEAD_CHUNK_BYTES`](crate::READ_AHEAD_CHUNK_BYTES), of which the next
    /// [`READ_AHEAD_CHUNKS`](crate::READ_AHEAD_CHUNKS) are read ahead. It ends after the first error.
    pub fn stream(
        &self,
        file: &ShardFile,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, SnapshotError>> + Send + use<> {
        let (shard, file) = (self.clone(), Arc::new(file.clone()));
        read_ahead(range, move |chunk| {
            let (shard, file) = (shard.clone(), Arc::clone(&file));
            async move { shard.read(&file, chunk).await }
        })
    }

    async fn read_blob(&self, blob: &str, range: Range<u64>) -> Result<Bytes, SnapshotError> {
        let read = self.store.read_range(&format!("{}/{blob}", self.folder), range).await;
        read.map_err(|error: StoreError| self.of(error.into()))
    }

    fn check(&self, file: &ShardFile, range: &Range<u64>) -> Result<(), SnapshotError> {
        if range.start <= range.end && range.end <= file.length {
            return Ok(());
        }
        let detail = format!("bytes {} to {} of {} are needed", range.start, range.end, file.length);
        Err(self.of(SnapshotError::File { file: file.name.clone(), detail }))
    }

    pub(crate) fn of(&self, error: SnapshotError) -> SnapshotError {
        error.of_shard(&self.index, self.number)
    }
}

fn slice(bytes: &Bytes, range: &Range<u64>) -> Bytes {
    let bounds = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
    bounds
        .filter(|(_, end)| *end <= bytes.len())
        .map(|(start, end)| bytes.slice(start..end))
        .unwrap_or_default()
}
