//! The block `backfill`: what the workers of the backfill are to do, and how they are started.

use std::path::PathBuf;

use serde::de::{Deserializer, Error, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Members of a fleet that can be looked after.
pub(crate) const MAX_SCALE: u32 = 1000;

/// The block itself.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with reindex_from_snapshot")]
pub(crate) struct Jobs {
    pub(crate) reindex_from_snapshot: Option<BackfillBlock>,
}

/// `docker`, `ecs` and `k8s` say where the existing console's workers run; ours run where they were started.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a mapping with scale")]
pub(crate) struct BackfillBlock {
    /// How many workers there are after `backfill start`.
    #[serde(deserialize_with = "scale")]
    pub(crate) scale: Option<u32>,
    /// Instead of the one of the block `snapshot`.
    pub(crate) snapshot_name: Option<String>,
    #[serde(rename = "snapshot_repo")]
    _snapshot_repo: IgnoredAny,
    /// Tells backfills of one target apart.
    #[serde(alias = "backfill_session_name")]
    pub(crate) session_name: String,
    /// Cluster that holds the coordination index, with the target's credentials.
    pub(crate) coordinator_uri: Option<String>,
    /// How workers are started.
    pub(crate) launch: Launch,
    /// Where the console keeps logs, process ids, archives and refused documents.
    pub(crate) state_dir: Option<PathBuf>,
    /// Further settings of switchover-rfs, by the names of its flags.
    pub(crate) options: Map<String, Value>,
    #[serde(rename = "docker")]
    _docker: IgnoredAny,
    #[serde(rename = "ecs")]
    _ecs: IgnoredAny,
    #[serde(rename = "k8s")]
    _k8s: IgnoredAny,
}

/// How workers are started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Launch {
    /// By systemd if it has a unit for them, else as processes.
    #[default]
    Auto,
    /// `switchover-rfs@N.service` or `switchover-rfs.service` on this host.
    Systemd,
    /// As processes on this host that outlive the console.
    Process,
    /// By somebody else, on any hosts.
    None,
}

pub(super) fn scale<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    match u32::deserialize(deserializer)? {
        scale @ 1..=MAX_SCALE => Ok(Some(scale)),
        _ => Err(D::Error::custom(format!("scale must be 1 to {MAX_SCALE}"))),
    }
}
