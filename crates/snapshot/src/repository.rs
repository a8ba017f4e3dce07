//! A repository: its list of snapshots, and the way to each of them.
//!
//! Layouts: until 2.x the list is `index` and files are named by names (`snapshot-NAME` in 1.x, `snap-NAME.dat` in
//! 2.x); since 5.0 it is the `index-N` of the highest N, and files are named by ids. A repository that has been used
//! by several versions has files of each, so every file is looked for by all names that it may have.

use std::sync::Arc;

use crate::blob_format::{self, Codec};
use crate::error::SnapshotError;
use crate::repository_data::{RepositoryData, SnapshotEntry};
use crate::shard_path::join;
use crate::snapshot::Snapshot;
use crate::snapshot_info::SnapshotInfo;
use crate::store::{BlobStore, FsStore, S3Options, S3Store, StoreErrorKind};
use crate::uri::RepositoryUri;

/// Bytes of a metadata file, as it lies there and unpacked. The list of a cluster with ten thousands of indices and
/// thousands of snapshots has some ten million bytes.
const MAX_METADATA_BYTES: usize = 256 * 1024 * 1024;
/// `index-N` is replaced by `index-(N+1)` whenever a snapshot ends; so often it is looked for again.
const LIST_ATTEMPTS: u32 = 5;
const NO_LIST: &str = "neither index-N nor index is there";

/// A repository, of which nothing is held in memory. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Repository {
    store: Arc<dyn BlobStore>,
    /// Its key, without slashes at either end.
    base: String,
}

impl Repository {
    /// Of a place that a user named; nothing is read yet.
    pub async fn open(uri: &RepositoryUri, s3: &S3Options) -> Self {
        match uri {
            RepositoryUri::File(path) => Self::new(Arc::new(FsStore), &path.to_string_lossy()),
            RepositoryUri::S3 { bucket, prefix } => {
                Self::new(Arc::new(S3Store::new(bucket, s3).await), prefix)
            }
        }
    }

    /// Of a store, with the key of the repository in it.
    #[must_use]
    pub fn new(store: Arc<dyn BlobStore>, base: &str) -> Self {
        let parts = base.split('/').filter(|part| !part.is_empty());
        Self { store, base: parts.collect::<Vec<_>>().join("/") }
    }

    /// How to name it to a person.
    #[must_use]
    pub fn url(&self) -> String {
        self.store.url(&self.base)
    }

    /// Its snapshots.
    ///
    /// # Errors
    /// When there is no repository, or its list can't be read.
    pub async fn data(&self) -> Result<RepositoryData, SnapshotError> {
        let mut attempt = 1;
        loop {
            let key = self.list_key().await?;
            let json = match self.metadata(std::slice::from_ref(&key), Codec::None).await {
                // It was replaced between listing and reading.
                Err(error) if error.is_missing_blob() && attempt < LIST_ATTEMPTS => {
                    attempt += 1;
                    continue;
                }
                Err(error) if error.is_missing_blob() => return Err(self.missing(NO_LIST.to_owned())),
                json => json?,
            };
            return RepositoryData::parse(&json).map_err(|error| self.unexpected(&key, &error));
        }
    }

    /// `index-N` of the highest N. `index.latest` may name an older one (`support_url_repo: false`), so it is only
    /// asked where nothing is listed.
    async fn list_key(&self) -> Result<String, SnapshotError> {
        let prefix = self.key("index-");
        let listed = match self.store.list(&prefix).await {
            Err(error) if error.kind == StoreErrorKind::NotFound => return Err(self.missing(error.detail)),
            listed => listed?,
        };
        let generation = |key: &str| key.strip_prefix(&prefix).and_then(|n| n.parse::<u64>().ok());
        if let Some(highest) = listed.iter().filter_map(|blob| generation(&blob.key)).max() {
            return Ok(self.key(&format!("index-{highest}")));
        }
        match self.store.read_whole(&self.key("index.latest"), 8).await {
            Ok(latest) => {
                let latest = <[u8; 8]>::try_from(&*latest).map(u64::from_be_bytes);
                let latest =
                    latest.map_err(|_| self.unexpected(&self.key("index.latest"), &"it is not 8 bytes"))?;
                Ok(self.key(&format!("index-{latest}")))
            }
            Err(error) if error.kind == StoreErrorKind::NotFound => Ok(self.key("index")),
            Err(error) => Err(error.into()),
        }
    }

    /// A snapshot's own record.
    ///
    /// # Errors
    /// When it can't be read.
    pub async fn info(&self, entry: &SnapshotEntry) -> Result<SnapshotInfo, SnapshotError> {
        let keys = self.keys_of("", "snap", &entry.id, entry);
        let json = self.metadata(&keys, Codec::Snapshot).await?;
        SnapshotInfo::parse(&json).map_err(|error| self.unexpected(&keys[0], &error))
    }

    /// A snapshot by name.
    ///
    /// # Errors
    /// When there is none of this name (the message lists those that exist), or it can't be read.
    pub async fn snapshot(&self, name: &str) -> Result<Snapshot, SnapshotError> {
        let data = self.data().await?;
        let Some(entry) = data.snapshots.iter().find(|entry| entry.name == name).cloned() else {
            return Err(SnapshotError::NoSnapshot {
                name: name.to_owned(),
                repository: self.url(),
                existing: data.snapshots.into_iter().map(|entry| entry.name).collect(),
            });
        };
        let info = self.info(&entry).await?;
        Ok(Snapshot::new(self.clone(), entry, info, data))
    }

    pub(crate) fn store(&self) -> &Arc<dyn BlobStore> {
        &self.store
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn key(&self, rest: &str) -> String {
        join(&self.base, rest)
    }

    /// The names that a metadata file of a snapshot may have in `folder`, newest first. `kind` is `snap` or `meta`.
    pub(crate) fn keys_of(&self, folder: &str, kind: &str, id: &str, entry: &SnapshotEntry) -> [String; 2] {
        // The cluster's metadata had a name of its own; that of an index was named as its snapshot.
        let old = if kind == "meta" && folder.is_empty() { "metadata" } else { "snapshot" };
        let key = |name: &str| self.key(&join(folder, name));
        [key(&format!("{kind}-{id}.dat")), key(&format!("{old}-{}", entry.name))]
    }

    /// The JSON of the first of these files that exists.
    pub(crate) async fn metadata(&self, keys: &[String], codec: Codec) -> Result<Vec<u8>, SnapshotError> {
        let mut missing = None;
        for key in keys {
            match self.store.read_whole(key, MAX_METADATA_BYTES as u64).await {
                Ok(file) => {
                    return blob_format::decode(&file, codec, MAX_METADATA_BYTES)
                        .map_err(|cause| SnapshotError::Metadata { url: self.store.url(key), cause });
                }
                // The name of today's versions is the one to tell.
                Err(error) if error.kind == StoreErrorKind::NotFound => missing = missing.or(Some(error)),
                Err(error) => return Err(error.into()),
            }
        }
        Err(missing.map_or_else(|| self.missing(NO_LIST.to_owned()), SnapshotError::from))
    }

    fn missing(&self, cause: String) -> SnapshotError {
        SnapshotError::NoRepository { url: self.url(), cause }
    }

    pub(crate) fn unexpected(&self, key: &str, detail: &dyn std::fmt::Display) -> SnapshotError {
        SnapshotError::Unexpected { url: self.store.url(key), detail: detail.to_string() }
    }
}

/// Unpacked metadata inside of metadata has the same limit.
pub(crate) const MAX_NESTED_METADATA_BYTES: usize = MAX_METADATA_BYTES;
