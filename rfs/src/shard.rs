//! A shard of the snapshot with its segments, read where they lie.

use bytes::Bytes;
use switchover_lucene::{
    Commit, Error, ErrorKind, FileRange, Files, Opened, Options, Segment, SegmentCommit,
};
use switchover_snapshot::{Shard, SnapshotError, SnapshotErrorKind};

/// The snapshot can't be read. Display names the index, the shard and the file.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The repository, or what it says of the shard.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A file of Lucene.
    #[error("index {index}, shard {shard}: {error}")]
    Lucene {
        /// The index.
        index: String,
        /// The shard.
        shard: u32,
        /// The file, the place in it, and what is wrong.
        error: Error,
    },
}

impl ReadError {
    /// Whether it may work a little later.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self, Self::Snapshot(error) if error.kind() == SnapshotErrorKind::Unavailable)
    }

    /// Whether nothing of the snapshot can be read, rather than this shard.
    #[must_use]
    pub fn is_general(&self) -> bool {
        matches!(self, Self::Snapshot(error) if error.kind() == SnapshotErrorKind::Denied)
    }
}

/// A shard whose commit has been read.
#[derive(Debug)]
pub struct OpenShard {
    shard: Shard,
    commit: Commit,
}

impl OpenShard {
    /// Reads the commit.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub async fn open(shard: Shard) -> Result<Self, ReadError> {
        let file = shard.commit()?;
        let bytes = shard.read(file, 0..file.length).await?;
        let commit = Commit::parse(&file.name, &bytes).map_err(|error| lucene(&shard, error))?;
        Ok(Self { shard, commit })
    }

    /// The segments, in the order of their documents.
    #[must_use]
    pub fn segments(&self) -> &[SegmentCommit] {
        &self.commit.segments
    }

    /// Opens a segment: fetches what says which of its documents live and where they are.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub async fn segment(&self, name: &str, options: Options) -> Result<Segment, ReadError> {
        let commit = self.commit.segments.iter().find(|segment| segment.name == name);
        let commit = commit.ok_or_else(|| self.damaged(name, ErrorKind::Missing))?;
        let mut files = Files::new(self.shard.files().map(|file| (file.name.clone(), file.length)));
        loop {
            match Segment::open(commit, &files, options).map_err(|error| lucene(&self.shard, error))? {
                Opened::Segment(segment) => return Ok(*segment),
                Opened::Needs(ranges) => {
                    for range in ranges {
                        let bytes = self.fetch(&range).await?;
                        files.put(&range, bytes).map_err(|error| lucene(&self.shard, error))?;
                    }
                }
            }
        }
    }

    /// Bytes of a file.
    ///
    /// # Errors
    /// When they can't be read.
    pub async fn fetch(&self, range: &FileRange) -> Result<Bytes, ReadError> {
        let file = self.shard.file(&range.file);
        let file = file.ok_or_else(|| self.damaged(&range.file, ErrorKind::Missing))?;
        Ok(self.shard.read(file, range.range.clone()).await?)
    }

    /// An error of Lucene, with the place.
    #[must_use]
    pub fn at(&self, error: Error) -> ReadError {
        lucene(&self.shard, error)
    }

    fn damaged(&self, file: &str, kind: ErrorKind) -> ReadError {
        self.at(Error { file: file.to_owned(), offset: 0, kind })
    }
}

fn lucene(shard: &Shard, error: Error) -> ReadError {
    ReadError::Lucene { index: shard.index().to_owned(), shard: shard.number(), error }
}
