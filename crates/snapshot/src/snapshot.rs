//! One snapshot, and its indices.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::blob_format::Codec;
use crate::error::SnapshotError;
use crate::index_metadata::IndexMetadata;
use crate::repository::{MAX_NESTED_METADATA_BYTES, Repository};
use crate::repository_data::{RepositoryData, SnapshotEntry};
use crate::shard::{Shard, ShardFile};
use crate::shard_path::{self, PathType};
use crate::snapshot_info::SnapshotInfo;
use crate::sources::Sources;

/// A setting of indices whose files are not in this repository but mounted from another.
const STORE_TYPE: &str = "index.store.type";
const MOUNTED: [&str; 2] = ["snapshot", "remote_snapshot"];
/// The state of a snapshot that holds every shard.
const COMPLETE: &str = "SUCCESS";
/// Bytes of a file of `snapshot_shard_paths`.
const MAX_PATHS_BYTES: u64 = 64 * 1024 * 1024;

/// A snapshot: what is listed of it and its own record.
#[derive(Debug, Clone)]
pub struct Snapshot {
    repository: Repository,
    entry: SnapshotEntry,
    info: SnapshotInfo,
    data: RepositoryData,
}

impl Snapshot {
    pub(crate) fn new(
        repository: Repository,
        entry: SnapshotEntry,
        info: SnapshotInfo,
        data: RepositoryData,
    ) -> Self {
        Self { repository, entry, info, data }
    }

    /// Its own record: state, times, indices, failures.
    #[must_use]
    pub fn info(&self) -> &SnapshotInfo {
        &self.info
    }

    /// What wrote it.
    #[must_use]
    pub fn version(&self) -> String {
        self.info.version(self.entry.version.as_deref())
    }

    /// The cluster's metadata (templates, settings), as the JSON object that the file holds.
    ///
    /// # Errors
    /// When it can't be read.
    pub async fn global_metadata(&self) -> Result<Box<RawValue>, SnapshotError> {
        let keys = self.repository.keys_of("", "meta", &self.entry.id, &self.entry);
        let json = self.repository.metadata(&keys, Codec::Metadata).await?;
        serde_json::from_slice(&json).map_err(|error| self.repository.unexpected(&keys[0], &error))
    }

    /// An index of the snapshot, with its metadata.
    ///
    /// # Errors
    /// When the snapshot does not hold it, or its metadata can't be read.
    pub async fn index(&self, name: &str) -> Result<Index<'_>, SnapshotError> {
        if !self.info.indices.iter().any(|index| index == name) {
            return Err(SnapshotError::NoIndex { snapshot: self.info.name.clone(), index: name.to_owned() });
        }
        let in_index = |error: SnapshotError| error.of_index(name);
        // Where the list has no indices their folders have their names.
        let listed = self.data.indices.get(name);
        let id = match listed {
            Some(listed) if !listed.snapshots.contains(&self.entry.id) => {
                let detail = format!("it lists the index {name}, but not in snapshot {}", self.info.name);
                return Err(in_index(self.repository.unexpected(&self.repository.key("index-N"), &detail)));
            }
            Some(listed) => &listed.id,
            None if self.data.indices.is_empty() => name,
            None => {
                let detail = format!("it does not list the index {name}");
                return Err(in_index(self.repository.unexpected(&self.repository.key("index-N"), &detail)));
            }
        };
        let path_type = listed.map_or(0, |listed| listed.shard_path_type);
        let path_type = PathType::of(path_type).ok_or_else(|| {
            let detail = format!("the index {name} has the shard_path_type {path_type}, which is not known");
            in_index(self.repository.unexpected(&self.repository.key("index-N"), &detail))
        })?;

        let meta = self.metadata_file(id).map_err(in_index)?;
        let folder = format!("indices/{id}");
        let keys = self.repository.keys_of(&folder, "meta", meta, &self.entry);
        let json = self.repository.metadata(&keys, Codec::IndexMetadata).await.map_err(in_index)?;
        let metadata = IndexMetadata::parse(&json, name, MAX_NESTED_METADATA_BYTES)
            .map_err(|detail| in_index(self.repository.unexpected(&keys[0], &detail)))?;
        let sources = Arc::new(Sources::of(&metadata));
        Ok(Index { snapshot: self, name: name.to_owned(), id: id.to_owned(), path_type, metadata, sources })
    }

    /// What the index's metadata file is named by.
    fn metadata_file(&self, index_id: &str) -> Result<&str, SnapshotError> {
        // Before 7.9 each snapshot had a file of its own.
        let Some(key) = self.entry.metadata_keys.get(index_id) else { return Ok(&self.entry.id) };
        self.data.metadata_files.get(key).map(String::as_str).ok_or_else(|| {
            let detail = format!("it has no metadata file by the key {key}");
            self.repository.unexpected(&self.repository.key("index-N"), &detail)
        })
    }
}

/// An index of a snapshot.
#[derive(Debug, Clone)]
pub struct Index<'s> {
    snapshot: &'s Snapshot,
    name: String,
    id: String,
    path_type: PathType,
    metadata: IndexMetadata,
    sources: Arc<Sources>,
}

impl Index<'_> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its settings, mappings and aliases.
    #[must_use]
    pub fn metadata(&self) -> &IndexMetadata {
        &self.metadata
    }

    /// A shard with the list of its files.
    ///
    /// # Errors
    /// When the shard was not saved, its files are elsewhere, or its list can't be read. Each names index and shard.
    pub async fn shard(&self, number: u32) -> Result<Shard, SnapshotError> {
        self.read_shard(number).await.map_err(|error| error.of_shard(&self.name, number))
    }

    async fn read_shard(&self, number: u32) -> Result<Shard, SnapshotError> {
        if number >= self.metadata.number_of_shards {
            return Err(SnapshotError::NoShard { index: self.name.clone(), shard: number });
        }
        if let Some(failure) = self.snapshot.info.failure(&self.name, number) {
            return Err(SnapshotError::ShardFailed { reason: failure.reason.clone() });
        }
        if let Some(kind) = self.metadata.setting(STORE_TYPE).filter(|kind| MOUNTED.contains(kind)) {
            let detail =
                format!("the index is a mounted snapshot ({STORE_TYPE}: {kind}); read that one instead");
            return Err(SnapshotError::Elsewhere(detail));
        }
        if self.snapshot.info.remote_store_index_shallow_copy {
            let detail = "the snapshot is a shallow copy, the files are in the cluster's remote store; take one with remote_store_index_shallow_copy: false";
            return Err(SnapshotError::Elsewhere(detail.to_owned()));
        }
        let repository = &self.snapshot.repository;
        let entry = &self.snapshot.entry;
        let mut missing = None;
        for folder in self.shard_folders(number).await? {
            let keys =
                [format!("{folder}/snap-{}.dat", entry.id), format!("{folder}/snapshot-{}", entry.name)];
            match repository.metadata(&keys, Codec::Snapshot).await {
                Ok(json) => {
                    let files = ShardFile::parse_list(&json)
                        .map_err(|detail| repository.unexpected(&keys[0], &detail))?;
                    let (store, sources) = (repository.store().clone(), Arc::clone(&self.sources));
                    return Ok(Shard::new(store, &self.name, number, folder, files, sources));
                }
                Err(error) if error.is_missing_blob() => missing = missing.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        // One that failed or never ended need not say which shards it lacks.
        let state = &self.snapshot.info.state;
        if state != COMPLETE {
            let reason = format!("its state is {state}, and the list of the shard's files is not there");
            return Err(SnapshotError::ShardFailed { reason });
        }
        Err(missing.unwrap_or(SnapshotError::NoShard { index: self.name.clone(), shard: number }))
    }

    /// Where the shard's files may be.
    async fn shard_folders(&self, number: u32) -> Result<Vec<String>, SnapshotError> {
        let repository = &self.snapshot.repository;
        let mut folders = Vec::new();
        if self.path_type != PathType::Fixed {
            // `snapshot_path_ID.NAME.SHARDS.TYPE.ALGORITHM`; the first release had another sign between the parts.
            let prefix = repository.key(&format!("snapshot_shard_paths/snapshot_path_{}", self.id));
            let listed = repository.store().list(&prefix).await.unwrap_or_default();
            for blob in listed {
                let json = repository.store().read_whole(&blob.key, MAX_PATHS_BYTES).await?;
                folders.extend(shard_path::written(&json, repository.base(), &self.id, number));
            }
        }
        folders.extend(shard_path::computed(self.path_type, repository.base(), &self.id, number));
        folders.dedup();
        Ok(folders)
    }
}
