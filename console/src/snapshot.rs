//! `snapshot ...`: looks into a snapshot repository by its files alone; no server is needed, nothing is written.

mod cat;
mod ls;

use clap::{Args, Subcommand};
use switchover_snapshot::{Repository, RepositoryUri, S3Options, SnapshotError};

use crate::failure::Failure;
use crate::runtime::block_on;

#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// List the snapshots of a repository, or the indices of one.
    Ls {
        #[command(flatten)]
        place: Place,
        /// Its indices, with their shards, files and bytes.
        #[arg(long, alias = "snapshotName", value_name = "NAME")]
        snapshot: Option<String>,
    },
    /// Print every live document of a snapshot as one line of JSON.
    Cat {
        #[command(flatten)]
        place: Place,
        /// The snapshot.
        #[arg(long, alias = "snapshotName", value_name = "NAME")]
        snapshot: String,
        /// Only indices whose name matches, with * and ? as in file names.
        #[arg(long, value_name = "GLOB")]
        index: Option<String>,
        /// At most so many documents.
        #[arg(long, value_name = "COUNT")]
        limit: Option<u64>,
    },
}

/// Where the repository is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The repository: file:///path, or s3://bucket/prefix with credentials of AWS's default chain.
    #[arg(long = "repo", aliases = ["repoUri", "repo-uri"], value_name = "URI")]
    uri: RepositoryUri,
    /// The bucket's region.
    #[arg(long, alias = "s3Region", value_name = "REGION")]
    s3_region: Option<String>,
    /// Another store that speaks S3's protocol: http(s)://host:port.
    #[arg(long, alias = "s3Endpoint", value_name = "URL")]
    s3_endpoint: Option<String>,
}

impl Place {
    pub(crate) async fn open(&self) -> Repository {
        let s3 = S3Options { region: self.s3_region.clone(), endpoint: self.s3_endpoint.clone() };
        Repository::open(&self.uri, &s3).await
    }
}

pub(crate) fn run(command: SnapshotCommand, json: bool) -> Result<(), Failure> {
    match command {
        SnapshotCommand::Ls { place, snapshot: None } => block_on(ls::snapshots(&place, json)),
        SnapshotCommand::Ls { place, snapshot: Some(name) } => block_on(ls::indices(&place, &name, json)),
        SnapshotCommand::Cat { place, snapshot, index, limit } => {
            block_on(cat::run(&place, &cat::Wanted { snapshot, index, limit }))
        }
    }
}

pub(crate) fn failed(error: SnapshotError) -> Failure {
    Failure::Failed(error.into())
}
