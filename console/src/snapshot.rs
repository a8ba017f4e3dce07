//! `snapshot ...`: has the source take the snapshot that the services file names, and looks into repositories by their
//! files alone, without a server.

mod cat;
mod create;
mod delete;
mod ls;
pub(crate) mod made;
mod overview;
mod progress;
mod refusal;
mod server;
mod status;
mod verify;

use std::path::Path;

use clap::{Args, Subcommand};
pub(crate) use overview::ask as overview;
use switchover_snapshot::{Repository, RepositoryUri, S3Options, SnapshotError};

use crate::failure::Failure;
use crate::runtime::block_on;
use crate::services::Services;

#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Have the source take the snapshot. One that exists is not taken again.
    Create(create::CreateArgs),
    /// Show the snapshot's state: SUCCESS, IN_PROGRESS, PARTIAL or FAILED.
    Status {
        /// How far it is, how fast, and how long it will take.
        #[arg(long)]
        deep_check: bool,
    },
    /// Delete the snapshot and its files.
    Delete {
        /// Do not ask.
        #[arg(long)]
        acknowledge_risk: bool,
    },
    /// Have the source forget the repository; its files stay.
    UnregisterRepo {
        /// Do not ask.
        #[arg(long)]
        acknowledge_risk: bool,
    },
    /// Try whether the source can write snapshots that this host can read, and leave nothing behind.
    Verify,
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
    #[arg(long, aliases = ["repoUri", "repo-uri"], value_name = "URI")]
    repo: RepositoryUri,
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
        Repository::open(&self.repo, &s3).await
    }
}

pub(crate) fn run(command: SnapshotCommand, config: &Path, json: bool) -> Result<(), Failure> {
    let services = || Services::load(config);
    match command {
        SnapshotCommand::Create(args) => block_on(create::run(&services()?, &args, json)),
        SnapshotCommand::Status { deep_check } => block_on(status::run(&services()?, deep_check, json)),
        SnapshotCommand::Delete { acknowledge_risk } => {
            block_on(delete::snapshot(&services()?, acknowledge_risk, json))
        }
        SnapshotCommand::UnregisterRepo { acknowledge_risk } => {
            block_on(delete::repository(&services()?, acknowledge_risk, json))
        }
        SnapshotCommand::Verify => block_on(verify::run(&services()?, json)),
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
