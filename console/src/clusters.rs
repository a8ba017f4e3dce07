//! `clusters ...`: both clusters are asked at once, and one that fails does not keep the other's answer from being
//! shown. It does make the command fail.

mod cat_indices;
mod connection_check;

use std::path::Path;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use switchover_cluster::{Cluster, ClusterError, ClusterOptions};

use crate::failure::Failure;
use crate::runtime::block_on;
use crate::services::Services;

#[derive(Debug, Subcommand)]
pub(crate) enum ClustersCommand {
    /// List the indices of both clusters, with their document counts.
    CatIndices {
        /// Refresh all indices first, so that the counts include the latest writes.
        #[arg(long)]
        refresh: bool,
        /// Only this cluster.
        #[arg(long)]
        cluster: Option<Side>,
    },
    /// Check that both clusters can be reached and name their versions.
    ConnectionCheck {
        /// Only this cluster.
        #[arg(long)]
        cluster: Option<Side>,
    },
}

pub(crate) fn run(command: ClustersCommand, config: &Path, json: bool) -> Result<(), Failure> {
    let services = Services::load(config)?;
    block_on(async {
        match command {
            ClustersCommand::CatIndices { refresh, cluster } => {
                cat_indices::run(&selected(services, cluster)?, refresh, json).await
            }
            ClustersCommand::ConnectionCheck { cluster } => {
                connection_check::run(&selected(services, cluster)?, json).await
            }
        }
    })
}

/// Which end of the migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Side {
    Source,
    Target,
}

impl Side {
    /// The key of the services file, and of JSON output.
    fn key(self) -> &'static str {
        match self {
            Self::Source => "source_cluster",
            Self::Target => "target_cluster",
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Source => "SOURCE CLUSTER",
            Self::Target => "TARGET CLUSTER",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

/// A cluster that a command is about; not all of them need to be defined.
struct Selected {
    side: Side,
    options: Option<ClusterOptions>,
}

/// At least one of those returned is defined, and all if named.
fn selected(services: Services, only: Option<Side>) -> Result<Vec<Selected>, Failure> {
    let mut clusters = vec![
        Selected { side: Side::Source, options: services.source_cluster },
        Selected { side: Side::Target, options: services.target_cluster },
    ];
    if clusters.iter().all(|cluster| cluster.options.is_none()) {
        return Err(Failure::Usage("Neither source nor target cluster is defined.".to_owned()));
    }
    clusters.retain(|cluster| only.is_none_or(|only| only == cluster.side));
    match only {
        Some(side) if clusters.iter().all(|cluster| cluster.options.is_none()) => {
            Err(Failure::Usage(format!("{} is not defined in the services file.", side.key())))
        }
        _ => Ok(clusters),
    }
}

/// What one cluster had to say.
struct Answer<T> {
    side: Side,
    /// `None`: the cluster is not defined.
    outcome: Option<Result<T, ClusterError>>,
}

/// Puts the question to all clusters at once; the answers are in their order.
async fn ask<T>(
    clusters: &[Selected],
    question: impl AsyncFn(&ClusterOptions) -> Result<T, ClusterError>,
) -> Vec<Answer<T>> {
    let one = async |cluster: Option<&Selected>| {
        let cluster = cluster?;
        let outcome = match &cluster.options {
            Some(options) => Some(question(options).await),
            None => None,
        };
        Some(Answer { side: cluster.side, outcome })
    };
    let (first, second) = tokio::join!(one(clusters.first()), one(clusters.get(1)));
    [first, second].into_iter().flatten().collect()
}

/// Fails when any cluster did. The reasons are part of the output already.
fn verdict<T>(command: &str, answers: &[Answer<T>]) -> Result<(), Failure> {
    let failed: Vec<_> = answers
        .iter()
        .filter(|answer| matches!(answer.outcome, Some(Err(_))))
        .map(|answer| answer.side.name())
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(anyhow::anyhow!("{command} failed on: {}", failed.join(", ")).into())
}

fn error_json(error: &ClusterError) -> Value {
    json!({ "kind": error.kind().as_str(), "message": error.to_string() })
}

/// A client with a limit of its own on each request.
fn connect(options: &ClusterOptions, timeout: std::time::Duration) -> Result<Cluster, ClusterError> {
    Cluster::connect(ClusterOptions { timeout, ..options.clone() })
}
