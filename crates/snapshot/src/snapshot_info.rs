//! What a snapshot says of itself: `snap-ID.dat`, `snapshot-NAME` before 2.0.

use serde::{Deserialize, Serialize};

use crate::version::VersionId;

/// A snapshot's own record.
#[derive(Debug, Clone, Deserialize)]
pub struct SnapshotInfo {
    /// Its name.
    pub name: String,
    /// `SUCCESS`, `PARTIAL`, `FAILED` or `IN_PROGRESS`.
    pub state: String,
    /// Why it is not a success.
    pub reason: Option<String>,
    /// What wrote it.
    version_id: Option<u64>,
    /// The release that wrote it, where the file says it.
    version: Option<String>,
    /// The indices it holds.
    #[serde(default)]
    pub indices: Vec<String>,
    /// The data streams whose indices it holds.
    #[serde(default)]
    pub data_streams: Vec<String>,
    /// When it began, in milliseconds since 1970.
    #[serde(default)]
    pub start_time: i64,
    /// When it ended, likewise; 0 when it has not.
    #[serde(default)]
    pub end_time: i64,
    /// How many shards its indices have.
    #[serde(default)]
    pub total_shards: u32,
    /// How many of them it holds.
    #[serde(default)]
    pub successful_shards: u32,
    /// Those that it does not hold.
    #[serde(default)]
    pub failures: Vec<ShardFailure>,
    /// Whether it holds the cluster's templates and settings; not known of old ones.
    pub include_global_state: Option<bool>,
    /// OpenSearch: the files of indices are in a remote store, and here are only references to them.
    #[serde(default)]
    pub(crate) remote_store_index_shallow_copy: bool,
}

/// A shard that was not saved.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct ShardFailure {
    /// Its index.
    pub index: String,
    /// Its number.
    #[serde(alias = "shard_id")]
    pub shard: u32,
    /// What the server said.
    #[serde(default)]
    pub reason: String,
}

impl SnapshotInfo {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct File {
            snapshot: SnapshotInfo,
        }
        serde_json::from_slice::<File>(json).map(|file| file.snapshot)
    }

    /// What wrote it, for a person: `Elasticsearch 7.10.2`. `listed` is what the repository's list says.
    #[must_use]
    pub fn version(&self, listed: Option<&str>) -> String {
        let id = self.version_id.map(VersionId);
        let product = if id.is_some_and(VersionId::is_opensearch) { "OpenSearch" } else { "Elasticsearch" };
        match (listed.or(self.version.as_deref()), id) {
            // Servers that number formats list the same old release, whatever they are.
            (_, Some(id)) if id.release().is_none() => id.to_string(),
            (Some(release), _) if release.starts_with(|first: char| first.is_ascii_digit()) => {
                format!("{product} {release}")
            }
            (_, Some(id)) => id.to_string(),
            (Some(other), None) => other.to_owned(),
            (None, None) => "unknown".to_owned(),
        }
    }

    /// Why a shard is not there, if the snapshot says so.
    #[must_use]
    pub fn failure(&self, index: &str, shard: u32) -> Option<&ShardFailure> {
        self.failures.iter().find(|failure| failure.index == index && failure.shard == shard)
    }
}
