//! Where a repository's blobs lie: a file system or a bucket, behind one small interface.
//!
//! A key is the whole path inside of a file system or bucket, not one relative to the repository: OpenSearch may put
//! shards outside of the repository's base path (`shard_path_type: hashed_prefix`).

pub(crate) mod fs;
pub(crate) mod s3;

use std::fmt;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;

pub use self::fs::FsStore;
pub use self::s3::{S3Options, S3Store};

/// Blobs by key. All methods may be called at the same time, from any number of tasks.
#[async_trait]
pub trait BlobStore: fmt::Debug + Send + Sync {
    /// How to name a blob to a person: `file:///...` or `s3://...`.
    fn url(&self, key: &str) -> String;

    /// The blobs whose key begins with `prefix` and has no further slash after it, in no order.
    ///
    /// # Errors
    /// When the place does not exist or can't be listed.
    async fn list(&self, prefix: &str) -> Result<Vec<Blob>, StoreError>;

    /// The bytes of `range`, all of them.
    ///
    /// # Errors
    /// [`StoreErrorKind::Truncated`] when the blob ends before the range does; others when it can't be read.
    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, StoreError>;

    /// A whole blob of at most `max_bytes`.
    ///
    /// # Errors
    /// [`StoreErrorKind::TooLarge`] when it is larger; others when it can't be read.
    async fn read_whole(&self, key: &str, max_bytes: u64) -> Result<Bytes, StoreError>;
}

/// One blob of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Its whole key.
    pub key: String,
    /// Its length in bytes.
    pub length: u64,
}

/// A blob can't be read, or a place can't be listed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot read {url}: {detail}")]
pub struct StoreError {
    /// What to branch on.
    pub kind: StoreErrorKind,
    /// The blob or place.
    pub url: String,
    /// Why, and what to do.
    pub detail: String,
}

/// Kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// It does not exist.
    NotFound,
    /// We may not read it.
    Denied,
    /// The bucket is in another region than was said.
    OtherRegion,
    /// The blob ends too early.
    Truncated,
    /// The blob is larger than asked for.
    TooLarge,
    /// A name in the repository can't be a path.
    BadName,
    /// It did not work now and may work later.
    Unavailable,
    /// Anything else.
    Other,
}
