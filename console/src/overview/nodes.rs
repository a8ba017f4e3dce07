//! Nodes of the source that clients can reach, to be held against the agents that are listed.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use switchover_cluster::Method;

use super::agents::Agent;
use crate::services::{Services, Side};

/// Of one question.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A node that serves HTTP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) ip: String,
    /// Where it serves HTTP.
    pub(crate) address: String,
    /// Connections that are open to it, one of which may be ours.
    pub(crate) open_connections: Option<u64>,
}

#[derive(Deserialize)]
struct Answer<T> {
    nodes: HashMap<String, T>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Info {
    name: String,
    host: String,
    ip: String,
    http: Option<Http>,
    /// Of old versions.
    http_address: Option<String>,
}

#[derive(Deserialize)]
struct Http {
    publish_address: String,
}

#[derive(Deserialize)]
struct Stats {
    http: Option<Opened>,
}

#[derive(Deserialize)]
struct Opened {
    current_open: u64,
}

/// All of them; none when the services file has no source.
pub(super) async fn serving_http(services: &Services) -> Result<Vec<Node>> {
    if services.endpoint(Side::Source).is_none() {
        return Ok(Vec::new());
    }
    let source = services.connect(Side::Source, TIMEOUT).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    let ask = async |path: &str| source.request(Method::GET, path, None).await?.success();
    let (infos, stats) = tokio::join!(ask("/_nodes/http"), ask("/_nodes/stats/http"));
    let infos: Answer<Info> = infos?.json().context("GET /_nodes/http")?;
    // A user may not be let to see them, and they decide nothing.
    let stats =
        stats.and_then(|stats| stats.json::<Answer<Stats>>()).map(|answer| answer.nodes).unwrap_or_default();
    let open = |id: &str| stats.get(id).and_then(|stats| stats.http.as_ref()).map(|http| http.current_open);
    let serving = infos.nodes.into_iter().filter_map(|(id, info)| {
        let address = info.http.map(|http| http.publish_address).or(info.http_address)?;
        let open_connections = open(&id);
        Some(Node { name: info.name, host: info.host, ip: info.ip, address, open_connections })
    });
    let mut nodes: Vec<_> = serving.collect();
    nodes.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(nodes)
}

/// Those without an agent: an agent covers the node whose name it has, or one on its host.
pub(super) fn uncovered(nodes: &[Node], agents: &[Agent]) -> Vec<Node> {
    let mut left: Vec<&Node> = nodes.iter().collect();
    let mut others = Vec::new();
    for agent in agents {
        match left.iter().position(|node| agent.node.as_deref() == Some(&node.name)) {
            Some(at) => drop(left.remove(at)),
            None => others.push(agent),
        }
    }
    for agent in others {
        let host = host_of(&agent.address);
        let is_on = |node: &&Node| {
            [&node.host, &node.ip].into_iter().any(|name| name.eq_ignore_ascii_case(host))
                || agent.node.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(&node.host))
                || host_of(&node.address).eq_ignore_ascii_case(host)
                || (host == "localhost" && node.ip == "127.0.0.1")
        };
        if let Some(at) = left.iter().position(is_on) {
            left.remove(at);
        }
    }
    left.into_iter().cloned().collect()
}

/// Of `http://host:port`, `host/ip:port` or `inet[/ip:port]`.
fn host_of(address: &str) -> &str {
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let address = address.trim_start_matches("inet[").trim_end_matches(']');
    let address = address.split('/').rfind(|part| !part.is_empty()).unwrap_or_default();
    address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']'])
}

impl Node {
    /// For a message.
    pub(crate) fn told(&self) -> String {
        match self.open_connections {
            Some(open) => format!("{} ({}, {open} open connections)", self.name, self.address),
            None => format!("{} ({})", self.name, self.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, host: &str, ip: &str) -> Node {
        let address = format!("{ip}:9200");
        Node { name: name.into(), host: host.into(), ip: ip.into(), address, open_connections: None }
    }

    fn agent(address: &str, node: Option<&str>) -> Agent {
        Agent { address: address.into(), node: node.map(Into::into), ..Agent::default() }
    }

    #[test]
    fn an_agent_covers_one_node() {
        let nodes = [node("a", "h1", "10.0.0.1"), node("b", "h1", "10.0.0.1"), node("c", "h2", "10.0.0.2")];
        let left = |agents: &[Agent]| {
            uncovered(&nodes, agents).into_iter().map(|node| node.name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(left(&[]), "a b c");
        assert_eq!(left(&[agent("http://h2:9199", None)]), "a b");
        assert_eq!(left(&[agent("http://10.0.0.1:9199", Some("b"))]), "a c", "by its name first");
        assert_eq!(left(&[agent("http://10.0.0.1:9199", None), agent("http://h1:9299", None)]), "c");
        assert_eq!(left(&[agent("http://elsewhere:9199", Some("x"))]), "a b c");
    }

    #[test]
    fn hosts_of_all_forms() {
        for (address, host) in [
            ("http://h:9199", "h"),
            ("https://[::1]:9199", "::1"),
            ("10.0.0.1:9200", "10.0.0.1"),
            ("es-1/10.0.0.1:9200", "10.0.0.1"),
            ("inet[/10.0.0.1:9200]", "10.0.0.1"),
            ("[::1]:9200", "::1"),
            ("", ""),
        ] {
            assert_eq!(host_of(address), host, "{address}");
        }
    }
}
