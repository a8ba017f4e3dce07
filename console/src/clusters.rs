//! `clusters ...`: both clusters are asked at once, and one that fails does not keep the other's answer from being
//! shown. It does make the command fail.

mod cat_indices;
mod clear_indices;
mod connection_check;
mod curl;

use std::path::Path;

use clap::Subcommand;
use serde_json::{Value, json};
use switchover_cluster::{Cluster, ClusterError, ClusterOptions};

use crate::failure::Failure;
use crate::runtime::block_on;
use crate::services::{Services, Side};

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
    /// Send a request to a cluster as the console would: with its address, auth and TLS.
    Curl(curl::CurlArgs),
    /// Delete all indices and data streams of a cluster but those of the system.
    ClearIndices {
        /// Which cluster.
        #[arg(long)]
        cluster: Side,
        /// Do not ask.
        #[arg(long)]
        acknowledge_risk: bool,
    },
}

pub(crate) fn run(command: ClustersCommand, config: &Path, json: bool) -> Result<(), Failure> {
    let services = Services::load(config)?;
    block_on(async {
        match command {
            ClustersCommand::CatIndices { refresh, cluster } => {
                cat_indices::run(&selected(&services, cluster).await?, refresh, json).await
            }
            ClustersCommand::ConnectionCheck { cluster } => {
                connection_check::run(&selected(&services, cluster).await?, json).await
            }
            ClustersCommand::Curl(args) => curl::run(&services, &args).await,
            ClustersCommand::ClearIndices { cluster, acknowledge_risk } => {
                clear_indices::run(&services, cluster, acknowledge_risk, json).await
            }
        }
    })
}

fn heading(side: Side) -> &'static str {
    match side {
        Side::Source => "SOURCE CLUSTER",
        Side::Target => "TARGET CLUSTER",
    }
}

/// A cluster that a command is about; not all of them need to be defined.
struct Selected {
    side: Side,
    options: Option<ClusterOptions>,
}

/// At least one of those returned is defined, and all if named.
async fn selected(services: &Services, only: Option<Side>) -> Result<Vec<Selected>, Failure> {
    let mut clusters = Vec::new();
    for side in [Side::Source, Side::Target] {
        if only.is_none_or(|only| only == side) {
            clusters.push(Selected { side, options: services.cluster(side).await? });
        }
    }
    if clusters.iter().any(|cluster| cluster.options.is_some()) {
        return Ok(clusters);
    }
    Err(Failure::Usage(match only {
        Some(side) => format!("{} is not defined in the services file.", side.key()),
        None => "Neither source nor target cluster is defined.".to_owned(),
    }))
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
