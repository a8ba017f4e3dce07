//! What can be wrong with a repository, told with the file, the index and the shard.

use crate::blob_format::BlobFormatError;
use crate::store::{StoreError, StoreErrorKind};

/// Names of snapshots in a message.
const MAX_TOLD_NAMES: usize = 20;

/// Something of a repository can't be read. Display is the whole message for the user.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SnapshotError {
    /// A blob can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is nothing at the place that was given.
    #[error(
        "there is no snapshot repository at {url}: {cause}; give the folder that holds index-N (the repository's location and base_path)"
    )]
    NoRepository {
        /// The place.
        url: String,
        /// What is missing.
        cause: String,
    },
    /// There is no snapshot of this name.
    #[error(
        "there is no snapshot {name} in {repository}; {}. One that is still being written appears when it is complete",
        told(existing)
    )]
    NoSnapshot {
        /// What was asked for.
        name: String,
        /// Where.
        repository: String,
        /// Those that there are.
        existing: Vec<String>,
    },
    /// The snapshot does not hold this index.
    #[error("snapshot {snapshot} holds no index {index}")]
    NoIndex {
        /// The snapshot.
        snapshot: String,
        /// What was asked for.
        index: String,
    },
    /// The index has fewer shards.
    #[error("index {index} has no shard {shard}")]
    NoShard {
        /// The index.
        index: String,
        /// What was asked for.
        shard: u32,
    },
    /// A metadata file is damaged, or no metadata file.
    #[error("{url} can't be read: {cause}")]
    Metadata {
        /// The file.
        url: String,
        /// Why.
        cause: BlobFormatError,
    },
    /// A metadata file is whole, but does not say what it should.
    #[error("{url} is not as expected: {detail}")]
    Unexpected {
        /// The file.
        url: String,
        /// What is missing or wrong.
        detail: String,
    },
    /// The shard was not saved: the snapshot is partial.
    #[error(
        "the snapshot is partial: this shard was not saved ({reason}); take a new snapshot, or leave the index out"
    )]
    ShardFailed {
        /// What the server said then.
        reason: String,
    },
    /// The files of the index are somewhere else.
    #[error("its documents are not in this repository: {0}")]
    Elsewhere(String),
    /// A file of a shard is not whole.
    #[error("file {file} is damaged: {detail}")]
    File {
        /// The name that Lucene knows it by.
        file: String,
        /// What is wrong.
        detail: String,
    },
    /// What a file of a shard holds can't be read.
    #[error(transparent)]
    Lucene(#[from] switchover_lucene::Error),
    /// An index of the snapshot can't be read.
    #[error("index {index}: {cause}")]
    Index {
        /// The index.
        index: String,
        /// Why.
        cause: Box<SnapshotError>,
    },
    /// A shard of the snapshot can't be read.
    #[error("index {index}, shard {shard}: {cause}")]
    Shard {
        /// The index.
        index: String,
        /// The shard.
        shard: u32,
        /// Why.
        cause: Box<SnapshotError>,
    },
}

/// Kinds of failures, to branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotErrorKind {
    /// What was asked for does not exist: repository, snapshot, index or shard.
    NotFound,
    /// We may not read it, or asked in the wrong region.
    Denied,
    /// A file that must be there is missing or not what was written.
    Damaged,
    /// The snapshot was never complete.
    Incomplete,
    /// It is somewhere else.
    Elsewhere,
    /// It did not work now and may work later.
    Unavailable,
    /// Anything else.
    Other,
}

impl SnapshotError {
    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> SnapshotErrorKind {
        use SnapshotErrorKind as Kind;
        match self {
            Self::NoRepository { .. }
            | Self::NoSnapshot { .. }
            | Self::NoIndex { .. }
            | Self::NoShard { .. } => Kind::NotFound,
            Self::Store(error) => match error.kind {
                StoreErrorKind::Denied | StoreErrorKind::OtherRegion => Kind::Denied,
                StoreErrorKind::Unavailable => Kind::Unavailable,
                StoreErrorKind::Other => Kind::Other,
                // The repository names it, so it should be there.
                StoreErrorKind::NotFound
                | StoreErrorKind::Truncated
                | StoreErrorKind::TooLarge
                | StoreErrorKind::BadName => Kind::Damaged,
            },
            Self::Lucene(error) if matches!(error.kind, switchover_lucene::ErrorKind::Unsupported { .. }) => {
                Kind::Other
            }
            Self::Metadata { .. } | Self::Unexpected { .. } | Self::File { .. } | Self::Lucene(_) => {
                Kind::Damaged
            }
            Self::ShardFailed { .. } => Kind::Incomplete,
            Self::Elsewhere(_) => Kind::Elsewhere,
            Self::Index { cause, .. } | Self::Shard { cause, .. } => cause.kind(),
        }
    }

    /// The same, of an index.
    pub(crate) fn of_index(self, index: &str) -> Self {
        Self::Index { index: index.to_owned(), cause: Box::new(self) }
    }

    /// The same, of a shard.
    pub(crate) fn of_shard(self, index: &str, shard: u32) -> Self {
        Self::Shard { index: index.to_owned(), shard, cause: Box::new(self) }
    }

    pub(crate) fn is_missing_blob(&self) -> bool {
        matches!(self, Self::Store(error) if error.kind == StoreErrorKind::NotFound)
    }
}

fn told(names: &[String]) -> String {
    let shown = names.iter().take(MAX_TOLD_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "it holds no snapshot".to_owned(),
        count if count > MAX_TOLD_NAMES => format!("it holds {shown} and {} more", count - MAX_TOLD_NAMES),
        _ => format!("it holds {shown}"),
    }
}
