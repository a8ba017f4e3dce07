//! Which product and version a cluster is, from `GET /`. The tagline decides between the two products: OpenSearch
//! can be set to call itself 7.10.2 and leave out its name (`compatibility.override_main_response_version`), for
//! the sake of old clients, and then its nodes are asked for the version they really have.

use std::collections::HashMap;
use std::fmt;

use hyper::Method;
use serde::Deserialize;

use crate::client::Cluster;
use crate::error::ClusterError;
use crate::response::Response;

/// The number OpenSearch hides behind when it plays an old Elasticsearch.
const OVERRIDDEN_NUMBER: &str = "7.10.2";

/// The two lines of products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Elasticsearch, Open Distro included.
    Elasticsearch,
    /// OpenSearch.
    OpenSearch,
}

impl fmt::Display for Distribution {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Elasticsearch => "Elasticsearch",
            Self::OpenSearch => "OpenSearch",
        })
    }
}

/// A cluster's product and version. `Display` is `Elasticsearch 7.10.2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The product.
    pub distribution: Distribution,
    /// First part of the number.
    pub major: u32,
    /// Second part of the number.
    pub minor: u32,
    /// Third part of the number, 0 where there is none.
    pub patch: u32,
    /// The number as the cluster gives it, `8.0.0-SNAPSHOT` for example.
    pub number: String,
}

impl Version {
    fn parse(distribution: Distribution, number: &str) -> Option<Self> {
        let release = number.split(['-', '+']).next()?;
        let mut parts = release.split('.').map(|part| part.parse().ok());
        let (major, minor) = (parts.next()??, parts.next()??);
        let patch = parts.next().unwrap_or(Some(0))?;
        let end = parts.next().is_none();
        end.then(|| Self { distribution, major, minor, patch, number: number.to_owned() })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.distribution, self.number)
    }
}

#[derive(Deserialize)]
struct Root {
    version: RootVersion,
    tagline: Option<String>,
}

#[derive(Deserialize)]
struct RootVersion {
    number: String,
    distribution: Option<String>,
}

#[derive(Deserialize)]
struct Nodes {
    nodes: HashMap<String, Node>,
}

#[derive(Deserialize)]
struct Node {
    version: String,
}

impl Cluster {
    /// Asks the cluster what it is.
    ///
    /// # Errors
    /// When it can't be asked, or what answers is neither Elasticsearch nor OpenSearch.
    pub async fn version(&self) -> Result<Version, ClusterError> {
        let response = self.request(Method::GET, "/", None).await?.success()?;
        let (distribution, mut number) = product(&response)?;
        if distribution == Distribution::OpenSearch && number == OVERRIDDEN_NUMBER {
            let path = "/_nodes/_local?filter_path=nodes.*.version";
            number = node_version(&self.request(Method::GET, path, None).await?.success()?)?;
        }
        Version::parse(distribution, &number)
            .ok_or_else(|| response.not_a_cluster(format!("{number:?} is not a version number")))
    }
}

fn product(response: &Response) -> Result<(Distribution, String), ClusterError> {
    let root: Root = response.json()?;
    let tagline = root.tagline.unwrap_or_default();
    let named = root.version.distribution.as_deref() == Some("opensearch");
    let distribution = if named || tagline.contains("OpenSearch") {
        Distribution::OpenSearch
    } else if tagline == "You Know, for Search" {
        Distribution::Elasticsearch
    } else {
        let problem = format!("GET / names neither Elasticsearch nor OpenSearch (tagline {tagline:?})");
        return Err(response.not_a_cluster(problem));
    };
    Ok((distribution, root.version.number))
}

fn node_version(response: &Response) -> Result<String, ClusterError> {
    let nodes: Nodes = response.json()?;
    let node = nodes.nodes.into_values().next();
    node.map(|node| node.version)
        .ok_or_else(|| response.not_a_cluster("GET /_nodes/_local names no node".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let parse = |number| Version::parse(Distribution::Elasticsearch, number);
        for (number, expected) in [
            ("7.10.2", (7, 10, 2)),
            ("2.4.6", (2, 4, 6)),
            ("8.0.0-SNAPSHOT", (8, 0, 0)),
            ("3.0.0-alpha1", (3, 0, 0)),
            ("2.15", (2, 15, 0)),
        ] {
            let version = parse(number).unwrap();
            assert_eq!((version.major, version.minor, version.patch), expected);
            assert_eq!(version.number, number);
        }
        for number in ["", "7", "7.", "seven.ten", "7.10.2.1", "7.10.x", "-7.1.0", "99999999999.1.1"] {
            assert_eq!(parse(number), None, "{number}");
        }
    }
}
