//! The block `replay`: what replayers are to do, and how they are started.

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use serde_json::{Map, Value};

use super::backfill::{Launch, scale};

/// `docker`, `ecs` and `k8s` say where the existing console's replayers run; ours run where they were started.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a mapping with scale")]
pub(crate) struct ReplayBlock {
    /// How many replayers there are after `replay start`.
    #[serde(deserialize_with = "scale")]
    pub(crate) scale: Option<u32>,
    /// Agents' capture logs to replay, instead of the topic of the block `kafka`.
    #[serde(deserialize_with = "one_or_more")]
    pub(crate) capture_log_dir: Vec<PathBuf>,
    /// Tells replays to one target apart.
    pub(crate) session_name: String,
    /// Cluster that holds the coordination index, with the target's credentials.
    pub(crate) coordinator_uri: Option<String>,
    /// How replayers are started.
    pub(crate) launch: Launch,
    /// Where the console keeps logs and process ids.
    pub(crate) state_dir: Option<PathBuf>,
    /// Where replayers that are started as processes keep tuples, dead letters and reports, each in a folder of its own.
    pub(crate) output_dir: Option<PathBuf>,
    /// Further settings of switchover-replayer, by the names of its flags.
    pub(crate) options: Map<String, Value>,
    #[serde(rename = "docker")]
    _docker: IgnoredAny,
    #[serde(rename = "ecs")]
    _ecs: IgnoredAny,
    #[serde(rename = "k8s")]
    _k8s: IgnoredAny,
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a folder, or a list of folders")]
    enum Given {
        One(PathBuf),
        More(Vec<PathBuf>),
    }
    Ok(match Given::deserialize(deserializer)? {
        Given::One(folder) => vec![folder],
        Given::More(folders) => folders,
    })
}
