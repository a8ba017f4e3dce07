//! Snapshot repositories of Elasticsearch 1.x to 9.x and OpenSearch 1.x to 3.x, read without a server.
//!
//! A [`Repository`] lists its [`Snapshot`]s; a snapshot has indices ([`Index`]), with settings, mappings and aliases;
//! an index has [`Shard`]s; a shard has files ([`ShardFile`]), which are read by ranges. Nothing is copied to a disk,
//! and nothing is read that was not asked for: the documents of a shard are in a part of its files.

pub mod blob_format;
mod destination;
mod documents;
mod error;
mod index_metadata;
mod read_ahead;
mod repository;
mod repository_data;
mod shard;
mod shard_path;
pub mod smile;
mod snapshot;
mod snapshot_info;
pub mod source;
mod sources;
mod store;
mod uri;
mod version;

pub use self::destination::{Destination, is_system_index};
pub use self::documents::{Fetched, READ_BYTES, ShardDocuments};
pub use self::error::{SnapshotError, SnapshotErrorKind};
pub use self::index_metadata::IndexMetadata;
pub use self::read_ahead::{READ_AHEAD_CHUNK_BYTES, READ_AHEAD_CHUNKS};
pub use self::repository::Repository;
pub use self::repository_data::{RepositoryData, SnapshotEntry};
pub use self::shard::{Content, Shard, ShardFile};
pub use self::snapshot::{Index, Snapshot};
pub use self::snapshot_info::{ShardFailure, SnapshotInfo};
pub use self::sources::SegmentSources;
pub use self::store::{Blob, BlobStore, FsStore, S3Options, S3Store, StoreError, StoreErrorKind};
pub use self::uri::{RepositoryUri, RepositoryUriError};
pub use self::version::VersionId;
/// What documents are read with.
pub use switchover_lucene as lucene;
