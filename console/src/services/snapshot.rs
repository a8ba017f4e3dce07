//! The block `snapshot`: its name, and the repository that it is kept in.

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IgnoredAny;
use switchover_snapshot::{RepositoryUri, S3Options};

use super::one_of;

/// The existing console's.
const DEFAULT_REPOSITORY: &str = "migration_assistant_repo";

/// A snapshot of the source.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Keys")]
pub(crate) struct SnapshotBlock {
    /// The snapshot's name.
    pub(crate) name: String,
    /// The name that the source knows the repository by.
    pub(crate) repository: String,
    /// What it is registered with.
    pub(crate) storage: Storage,
}

/// Where a repository's files are.
#[derive(Debug)]
pub(crate) enum Storage {
    /// A folder that every node sees.
    Fs {
        /// Where the nodes see it.
        location: String,
        /// Where this host sees it.
        local: RepositoryUri,
    },
    /// A bucket.
    S3 {
        bucket: String,
        /// Without slashes at either end.
        prefix: String,
        region: String,
        /// A store other than Amazon's.
        endpoint: Option<String>,
        /// The role that a managed domain assumes.
        role: Option<String>,
    },
}

impl Storage {
    /// The repository as our own reader finds it.
    pub(crate) fn uri(&self) -> (RepositoryUri, S3Options) {
        match self {
            Self::Fs { local, .. } => (local.clone(), S3Options { region: None, endpoint: None }),
            Self::S3 { bucket, prefix, region, endpoint, .. } => (
                RepositoryUri::S3 { bucket: bucket.clone(), prefix: prefix.clone() },
                S3Options { region: Some(region.clone()), endpoint: endpoint.clone() },
            ),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with snapshot_name and one of fs and s3")]
struct Keys {
    snapshot_name: String,
    snapshot_repo_name: Option<String>,
    fs: Option<Fs>,
    s3: Option<S3>,
    gcs: Option<IgnoredAny>,
    mode: Option<String>,
    solr_collections: Option<IgnoredAny>,
    /// Where the existing tool unpacks.
    #[serde(default, rename = "local_dir")]
    _local_dir: IgnoredAny,
    #[serde(default, rename = "otel_trace_endpoint")]
    _otel_trace_endpoint: IgnoredAny,
    #[serde(default, rename = "otel_metrics_endpoint")]
    _otel_metrics_endpoint: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with repo_path")]
struct Fs {
    repo_path: String,
    local_path: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with repo_uri and aws_region")]
struct S3 {
    repo_uri: String,
    aws_region: String,
    role: Option<String>,
    endpoint: Option<String>,
}

impl TryFrom<Keys> for SnapshotBlock {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        if keys.gcs.is_some() || keys.solr_collections.is_some() {
            return Err("gcs and solr_collections are not supported; use fs or s3".into());
        }
        if keys.mode.is_some_and(|mode| mode != "create") {
            return Err("mode: only create is supported".into());
        }
        let fs = keys.fs.map(Storage::try_from);
        let storage = one_of("fs and s3", [fs, keys.s3.map(Storage::try_from)])??;
        let repository = keys.snapshot_repo_name.unwrap_or_else(|| DEFAULT_REPOSITORY.to_owned());
        for (key, name) in [("snapshot_name", &keys.snapshot_name), ("snapshot_repo_name", &repository)] {
            if name.is_empty() || name.contains(['/', ',', '*', '?', '#', '"', '\\', ' ']) {
                return Err(format!("{key} must be a name without blanks and any of / , * ? # \" \\"));
            }
        }
        // The servers refuse it, but only when the snapshot is made.
        if keys.snapshot_name.starts_with('_') || keys.snapshot_name.chars().any(char::is_uppercase) {
            return Err("snapshot_name must be lower case and not begin with _".into());
        }
        Ok(Self { name: keys.snapshot_name, repository, storage })
    }
}

impl TryFrom<Fs> for Storage {
    type Error = String;

    fn try_from(fs: Fs) -> Result<Self, String> {
        let local: PathBuf = fs.local_path.as_ref().unwrap_or(&fs.repo_path).into();
        match local.to_string_lossy().parse() {
            Ok(local @ RepositoryUri::File(_)) => Ok(Self::Fs { location: fs.repo_path, local }),
            _ => Err("fs: repo_path must be an absolute path; where this host sees the folder elsewhere, say so with local_path".into()),
        }
    }
}

impl TryFrom<S3> for Storage {
    type Error = String;

    fn try_from(s3: S3) -> Result<Self, String> {
        let Ok(RepositoryUri::S3 { bucket, prefix }) = s3.repo_uri.parse() else {
            return Err("s3: repo_uri must be s3://bucket or s3://bucket/prefix".into());
        };
        Ok(Self::S3 { bucket, prefix, region: s3.aws_region, endpoint: s3.endpoint, role: s3.role })
    }
}
