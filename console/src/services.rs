//! The services file: what the console works on. It is the `migration_services.yaml` of the existing migration
//! console with keys of our own, so that a file written for one serves both. A key that is not known is an error,
//! because a misspelt one would be a wish ignored; every error names file and line, and none shows a value, which may
//! be a secret. Secrets are read when they are needed: a command about one cluster does not want the other's password.

mod agents;
mod backfill;
mod cluster;
mod error;
mod jobs;
mod kafka;
mod metadata;
mod replay;
mod secret;
mod snapshot;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::ValueEnum;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use switchover_cluster::{Cluster, ClusterOptions};

pub(crate) use self::backfill::{BackfillBlock, Launch, MAX_SCALE};
pub(crate) use self::kafka::KafkaBlock;
pub(crate) use self::metadata::MetadataBlock;
pub(crate) use self::replay::ReplayBlock;
pub(crate) use self::snapshot::{SnapshotBlock, Storage};
use crate::failure::Failure;

/// The file, and where it is: files that it names are relative to its folder.
#[derive(Debug)]
pub(crate) struct Services {
    file: File,
    path: PathBuf,
}

/// Which end of the migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Side {
    /// What is migrated.
    #[value(alias = "source_cluster")]
    Source,
    /// Where it goes.
    #[value(alias = "target_cluster")]
    Target,
}

impl Side {
    /// The key of the services file, and of JSON output.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Source => "source_cluster",
            Self::Target => "target_cluster",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

impl Services {
    /// Reads the file; what other files hold is read later.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let advice =
                "write one with `switchover init`, or name another with --config or SWITCHOVER_CONFIG";
            anyhow!("cannot read the services file {}: {error}; {advice}", path.display())
        })?;
        Self::parse(&text, path)
    }

    /// Whether `text` could be the file at `path`.
    pub(crate) fn check(text: &str, path: &Path) -> Result<()> {
        Self::parse(text, path).map(drop)
    }

    fn parse(text: &str, path: &Path) -> Result<Self> {
        // An empty file is a null document.
        let file = yaml_serde::from_str::<Option<File>>(text);
        let file = file.map_err(|error| error::located(path, text, &error))?.unwrap_or_default();
        Ok(Self { file, path: path.to_owned() })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// How to reach a cluster, if it is defined; reads its secrets.
    pub(crate) async fn cluster(&self, side: Side) -> Result<Option<ClusterOptions>> {
        let block = match side {
            Side::Source => &self.file.source_cluster,
            Side::Target => &self.file.target_cluster,
        };
        let Some(block) = block else { return Ok(None) };
        let options = block.options(self.folder()).await;
        options.with_context(|| format!("{}: {}", self.path.display(), side.key())).map(Some)
    }

    /// The address of a cluster as it may be shown, if it is defined.
    pub(crate) fn endpoint(&self, side: Side) -> Option<String> {
        let block = match side {
            Side::Source => &self.file.source_cluster,
            Side::Target => &self.file.target_cluster,
        };
        let cluster = Cluster::connect(ClusterOptions::new(&block.as_ref()?.endpoint));
        Some(cluster.map_or_else(|error| error.to_string(), |cluster| cluster.endpoint()))
    }

    /// A client of a cluster that must be defined, with a limit on each request. Nothing is sent yet.
    pub(crate) async fn connect(&self, side: Side, timeout: Duration) -> Result<Cluster, Failure> {
        let Some(options) = self.cluster(side).await? else {
            let path = self.path.display();
            return Err(Failure::Usage(format!("{} is not defined in {path}", side.key())));
        };
        Cluster::connect(ClusterOptions { timeout, ..options }).map_err(|error| Failure::Failed(error.into()))
    }

    /// The snapshot and where it is kept, which must be defined.
    pub(crate) fn snapshot(&self) -> Result<&SnapshotBlock, Failure> {
        let missing = || {
            Failure::Usage(format!("Snapshot is not set: add a snapshot block to {}", self.path.display()))
        };
        self.file.snapshot.as_ref().ok_or_else(missing)
    }

    pub(crate) fn snapshot_if_set(&self) -> Option<&SnapshotBlock> {
        self.file.snapshot.as_ref()
    }

    /// What `metadata` does where no flag says otherwise, if it is defined.
    pub(crate) fn metadata(&self) -> Option<&MetadataBlock> {
        self.file.metadata_migration.as_ref()
    }

    /// What the backfill is to do, if it is defined.
    pub(crate) fn backfill(&self) -> Option<&BackfillBlock> {
        self.file.backfill.as_ref().and_then(|jobs| jobs.reindex_from_snapshot.as_ref())
    }

    /// The same; a block with nothing in it is one with its defaults.
    pub(crate) fn backfill_or_default(&self) -> Option<BackfillBlock> {
        let jobs = self.file.backfill.as_ref()?;
        Some(jobs.reindex_from_snapshot.clone().unwrap_or_default())
    }

    /// Addresses of the agents' admin pages.
    pub(crate) fn agents(&self) -> &[String] {
        self.file.agents.as_ref().map_or(&[], |agents| &agents.0)
    }

    /// What the replay is to do, if it is defined.
    pub(crate) fn take_replay(&mut self) -> Option<ReplayBlock> {
        self.file.replay.take()
    }

    /// Whether a replay is defined.
    pub(crate) fn has_replay(&self) -> bool {
        self.file.replay.is_some()
    }

    /// How to reach Kafka, if it is defined.
    pub(crate) fn kafka(&self) -> Option<(&KafkaBlock, &Path)> {
        self.file.kafka.as_ref().map(|block| (block, self.folder()))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a mapping of blocks such as source_cluster")]
struct File {
    #[serde(alias = "source")]
    source_cluster: Option<cluster::ClusterBlock>,
    #[serde(alias = "target")]
    target_cluster: Option<cluster::ClusterBlock>,
    snapshot: Option<SnapshotBlock>,
    kafka: Option<KafkaBlock>,
    backfill: Option<backfill::Jobs>,
    agents: Option<agents::Agents>,
    metadata_migration: Option<MetadataBlock>,
    #[serde(default, deserialize_with = "block")]
    replay: Option<ReplayBlock>,
    #[serde(rename = "metrics_source")]
    _metrics_source: Option<jobs::Metrics>,
    #[serde(rename = "client_options")]
    _client_options: Option<jobs::Client>,
}

/// Whether a key is there: `no_auth:` is written with nothing behind it.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// A block of which only its presence may be told: `msk:` is a block with nothing in it.
fn block<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::<T>::deserialize(deserializer).map(|block| Some(block.unwrap_or_default()))
}

/// The one of several keys that is given.
fn one_of<T>(keys: &str, given: impl IntoIterator<Item = Option<T>>) -> Result<T, String> {
    let mut given = given.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(format!("one of {keys} is needed")),
        (Some(_), Some(_)) => Err(format!("{keys} exclude each other; keep one")),
    }
}

#[cfg(test)]
mod tests;
