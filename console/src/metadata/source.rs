//! What is read: a live cluster, or a snapshot.

mod live;
mod snapshot;

use switchover_cluster::{ClusterOptions, Distribution};
use switchover_metadata::{Planned, Product, Selection, SourceItem, Version};
use switchover_snapshot::{Repository, RepositoryUri, S3Options, Snapshot};

use super::args::Args;
use super::clusters::Exit;
use crate::failure::Failure;
use crate::target::Target;

/// A source.
#[derive(Debug)]
pub(super) enum Source {
    Live { cluster: Box<Target>, version: Version, shown: String },
    Snapshot { snapshot: Box<Snapshot>, version: Version, shown: String, repository: String },
}

/// What is in it.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    pub(super) items: Vec<SourceItem>,
    /// Items that could not be read.
    pub(super) unreadable: Vec<Planned>,
    /// What is there besides, and nobody moves.
    pub(super) not_migrated: Vec<String>,
}

impl Source {
    pub(super) async fn live(options: ClusterOptions, told: Option<Version>) -> Result<Self, Exit> {
        let cluster = Target::of(options).map_err(Exit::cluster("the source"))?;
        let found = cluster.version().await.map_err(Exit::cluster("the source"))?;
        let product = match found.distribution {
            Distribution::Elasticsearch => Product::Elasticsearch,
            Distribution::OpenSearch => Product::OpenSearch,
        };
        let version = told.unwrap_or(Version { product, major: found.major, minor: found.minor });
        Ok(Self::Live { cluster: Box::new(cluster), version, shown: found.to_string() })
    }

    pub(super) async fn snapshot(
        repo: &RepositoryUri,
        region: Option<String>,
        endpoint: Option<String>,
        name: &str,
        args: &Args,
    ) -> Result<Self, Exit> {
        let repository = Repository::open(repo, &S3Options { region, endpoint }).await;
        let snapshot = repository.snapshot(name).await.map_err(Exit::source)?;
        let shown = snapshot.version();
        // `Elasticsearch 8.x, index version 8536000`
        let found = shown.split(',').next().and_then(|version| version.parse().ok());
        let Some(version) = args.source_version.or(found).or(args.assumed_version) else {
            let message =
                format!("the snapshot was written by '{shown}'; say with --sourceVersion what that is");
            return Err(Failure::Usage(message).into());
        };
        Ok(Self::Snapshot { snapshot: Box::new(snapshot), version, shown, repository: repository.url() })
    }

    pub(super) fn version(&self) -> Version {
        match self {
            Self::Live { version, .. } | Self::Snapshot { version, .. } => *version,
        }
    }

    /// For a person.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Live { cluster, shown, .. } => format!("{shown} at {}", cluster.endpoint()),
            Self::Snapshot { snapshot, shown, repository, .. } => {
                format!("snapshot {} of {shown} in {repository}", snapshot.info().name)
            }
        }
    }

    /// Reads what is meant.
    pub(super) async fn read(&self, selection: &Selection) -> Result<Inventory, Exit> {
        match self {
            Self::Live { cluster, version, .. } => {
                live::read(cluster, *version, selection).await.map_err(Exit::source)
            }
            Self::Snapshot { snapshot, version, .. } => snapshot::read(snapshot, *version, selection).await,
        }
    }
}

/// Whether mappings are wrapped in types.
fn is_typed(version: Version) -> bool {
    version.product == Product::Elasticsearch && version.major < 7
}
