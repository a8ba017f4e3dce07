//! Which snapshots and indices a repository holds: the files `index-N` (since 5.0) and `index` (before).

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

/// What servers since 5.0 say instead of an id where older ones wrote none: then the name is the id.
const NO_ID: &str = "_na_";

/// The content of `index-N` or `index`.
#[derive(Debug, Clone, Default)]
pub struct RepositoryData {
    /// The snapshots, in the file's order.
    pub snapshots: Vec<SnapshotEntry>,
    /// Indices by name; none in the oldest repositories, where an index's folder has its name.
    pub(crate) indices: BTreeMap<String, IndexEntry>,
    /// Which metadata file an index has had: where it did not change, snapshots share it.
    pub(crate) metadata_files: HashMap<String, String>,
}

/// What the list says of a snapshot. Its own file says more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotEntry {
    /// Its name.
    pub name: String,
    /// What its files are named by: its UUID, or its name where it has none.
    pub id: String,
    /// The release that wrote it, since 7.6.
    pub version: Option<String>,
    /// By an index's id: the key of its metadata file, since 7.9.
    pub(crate) metadata_keys: HashMap<String, String>,
}

/// An index of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    /// The name of its folder.
    pub(crate) id: String,
    /// Ids of the snapshots that hold it.
    pub(crate) snapshots: HashSet<String>,
    /// How the folders of its shards are named (OpenSearch).
    pub(crate) shard_path_type: u32,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    Name(String),
    Entry {
        name: String,
        uuid: Option<String>,
        version: Option<String>,
        #[serde(default)]
        index_metadata_lookup: HashMap<String, String>,
    },
}

#[derive(Deserialize)]
struct ListedIndex {
    id: Option<String>,
    #[serde(default)]
    snapshots: Vec<ListedSnapshot>,
    #[serde(default)]
    shard_path_type: u32,
}

/// Until 5.4 an index listed its snapshots with their names.
#[derive(Deserialize)]
#[serde(untagged)]
enum ListedSnapshot {
    Id(String),
    Entry { name: String, uuid: Option<String> },
}

#[derive(Deserialize)]
struct File {
    snapshots: Vec<Listed>,
    #[serde(default)]
    indices: BTreeMap<String, ListedIndex>,
    #[serde(default)]
    index_metadata_identifiers: HashMap<String, String>,
}

impl RepositoryData {
    /// From the JSON of the file.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let file: File = serde_json::from_slice(json)?;
        let snapshots = file.snapshots.into_iter().map(|listed| match listed {
            Listed::Name(name) => {
                SnapshotEntry { id: name.clone(), name, version: None, metadata_keys: HashMap::new() }
            }
            Listed::Entry { name, uuid, version, index_metadata_lookup } => {
                SnapshotEntry { id: id_or(uuid, &name), name, version, metadata_keys: index_metadata_lookup }
            }
        });
        let indices = file.indices.into_iter().map(|(name, index)| {
            let snapshots = index.snapshots.into_iter().map(|snapshot| match snapshot {
                ListedSnapshot::Id(id) => id,
                ListedSnapshot::Entry { name, uuid } => id_or(uuid, &name),
            });
            let snapshots = snapshots.collect();
            let id = id_or(index.id, &name);
            (name, IndexEntry { id, snapshots, shard_path_type: index.shard_path_type })
        });
        Ok(Self {
            snapshots: snapshots.collect(),
            indices: indices.collect(),
            metadata_files: file.index_metadata_identifiers,
        })
    }
}

fn id_or(id: Option<String>, name: &str) -> String {
    id.filter(|id| id != NO_ID).unwrap_or_else(|| name.to_owned())
}
