//! Asking the node, directly or through the agent, from commands that wait for each answer.

use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fmt, thread};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use serde_json::Value;
use switchover_cluster::{
    Auth, Cluster, ClusterError, ClusterErrorKind, ClusterOptions, Method, Response, Version,
};
use switchover_settings::secret;
use tokio::runtime::{Builder, Runtime};

/// Of one question.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two attempts.
const POLL: Duration = Duration::from_millis(100);

/// Who we are to the node. Without any of it, what needs rights is not checked.
#[derive(Clone, Debug, Default, Args)]
#[command(rename_all = "camelCase")]
pub(super) struct Access {
    /// User of the node for basic authentication
    #[arg(long, value_name = "NAME", requires = "password_file", help_heading = "Access to the node")]
    pub(super) username: Option<String>,
    /// File with the password
    #[arg(long, alias = "password-file", value_name = "FILE", help_heading = "Access to the node")]
    pub(super) password_file: Option<PathBuf>,
    /// PEM file of the authorities of the node's certificate [default: what its settings name]
    #[arg(long, alias = "ca-file", value_name = "FILE", help_heading = "Access to the node")]
    pub(super) ca_file: Option<PathBuf>,
    /// Accept any certificate of the node
    #[arg(long, conflicts_with = "ca_file", help_heading = "Access to the node")]
    pub(super) insecure: bool,
}

/// One address that speaks Elasticsearch's protocol.
pub(super) struct Client {
    runtime: Runtime,
    cluster: Cluster,
}

/// What tells a node from another one, and how its cluster is. `None`: it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) node: Option<String>,
    pub(super) cluster: Option<String>,
    pub(super) health: Option<String>,
    pub(super) nodes: Option<u64>,
}

impl Client {
    pub(super) fn new(access: &Access, uri: &str) -> Result<Self> {
        let mut options = ClusterOptions::new(uri);
        options.timeout = QUESTION_TIMEOUT;
        options.tls.insecure = access.insecure;
        options.tls.ca_file.clone_from(&access.ca_file);
        if let (Some(username), Some(file)) = (&access.username, &access.password_file) {
            let password = secret::read_file(file).context("--passwordFile")?;
            options.auth = Auth::Basic { username: username.clone(), password };
        }
        Self::with(options)
    }

    /// Asks without credentials, so that it does not matter whom: only whether there is an answer.
    pub(super) fn anonymous(uri: &str) -> Result<Self> {
        let mut options = ClusterOptions::new(uri);
        options.timeout = QUESTION_TIMEOUT;
        options.tls.insecure = true;
        Self::with(options)
    }

    fn with(options: ClusterOptions) -> Result<Self> {
        let runtime =
            Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
        Ok(Self { runtime, cluster: Cluster::connect(options)? })
    }

    pub(super) fn get(&self, path: &str) -> Result<Response, ClusterError> {
        self.runtime.block_on(self.cluster.request(Method::GET, path, None))
    }

    fn json(&self, path: &str) -> Result<Value, ClusterError> {
        self.get(path)?.success()?.json()
    }

    /// `None`: it wants credentials that we do not have.
    pub(super) fn version(&self) -> Result<Option<Version>> {
        match self.runtime.block_on(self.cluster.version()) {
            Ok(version) => Ok(Some(version)),
            Err(error)
                if matches!(error.kind(), ClusterErrorKind::Unauthorized | ClusterErrorKind::Forbidden) =>
            {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The other nodes of the cluster that serve clients, by their addresses.
    pub(super) fn other_coordinators(&self, own: Option<&str>) -> Result<Vec<String>> {
        let page = self.json("/_nodes/http?filter_path=nodes.*.name,nodes.*.http.publish_address")?;
        let nodes = page["nodes"].as_object().cloned().unwrap_or_default();
        let others = nodes.values().filter(|node| node["name"].as_str() != own);
        Ok(others
            .filter_map(|node| node["http"]["publish_address"].as_str())
            // `host/10.0.0.5:9200` where a name is published.
            .map(|address| address.rsplit('/').next().unwrap_or(address).to_owned())
            .collect())
    }

    pub(super) fn condition(&self) -> Result<Condition> {
        let root = self.get("/")?;
        if matches!(root.status.as_u16(), 401 | 403) {
            return Ok(Condition::default());
        }
        let root: Value = root.success()?.json()?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let health = self.json("/_cluster/health?filter_path=status,number_of_nodes").unwrap_or_default();
        Ok(Condition {
            node: text(&root["name"]),
            cluster: text(&root["cluster_uuid"]).or_else(|| text(&root["cluster_name"])),
            health: text(&health["status"]),
            nodes: health["number_of_nodes"].as_u64(),
        })
    }

    /// Waits until the node answers and its cluster is as it was before.
    pub(super) fn wait_until_like(&self, before: &Condition, limit: Duration) -> Result<()> {
        self.wait(limit, || Ok(self.condition()?.lacks(before)))
    }

    /// Waits until there is any answer.
    pub(super) fn wait_until_answering(&self, limit: Duration) -> Result<()> {
        self.wait(limit, || Ok(self.get("/").map(|_| None)?))
    }

    /// Until nothing lacks.
    fn wait(&self, limit: Duration, look: impl Fn() -> Result<Option<String>>) -> Result<()> {
        let until = Instant::now() + limit;
        loop {
            let lacks = match look() {
                Ok(None) => return Ok(()),
                Ok(Some(lack)) => lack,
                Err(error) => format!("{error:#}"),
            };
            if Instant::now() > until {
                let seconds = limit.as_secs();
                return Err(anyhow!("the node is not back after {seconds} s (--healthTimeout): {lacks}"));
            }
            thread::sleep(POLL);
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cluster.fmt(out)
    }
}

impl Condition {
    /// What keeps it from being as well as before.
    fn lacks(&self, before: &Self) -> Option<String> {
        if before.cluster.is_some() && self.cluster != before.cluster {
            return Some("another cluster answers".to_owned());
        }
        if self.nodes < before.nodes {
            let count = |nodes: Option<u64>| nodes.unwrap_or_default();
            return Some(format!("the cluster has {} nodes, not {}", count(self.nodes), count(before.nodes)));
        }
        let red = |condition: &Self| condition.health.as_deref() == Some("red");
        (red(self) && !red(before)).then(|| "the cluster is red".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_back_when_its_cluster_is_as_well_as_before() {
        let well = |health: &str, nodes| Condition {
            node: Some("a".into()),
            cluster: Some("c".into()),
            health: Some(health.into()),
            nodes: Some(nodes),
        };
        let before = well("green", 3);
        assert_eq!(well("yellow", 3).lacks(&before), None);
        assert!(well("red", 3).lacks(&before).is_some());
        assert!(well("green", 2).lacks(&before).is_some());
        assert!(Condition { cluster: Some("d".into()), ..before.clone() }.lacks(&before).is_some());
        // Nothing was known, nothing is expected.
        assert_eq!(Condition::default().lacks(&Condition::default()), None);
        assert_eq!(well("red", 1).lacks(&Condition::default()), Some("the cluster is red".to_owned()));
    }
}
