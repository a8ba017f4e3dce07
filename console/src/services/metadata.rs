//! The block `metadata_migration`: what `metadata` does where no flag says otherwise.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use super::snapshot::SnapshotBlock;

/// The block itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a mapping with from_snapshot")]
pub(crate) struct MetadataBlock {
    /// Read a snapshot instead of the source cluster: this one, or that of the block `snapshot`.
    #[serde(deserialize_with = "given")]
    pub(crate) from_snapshot: Option<Option<SnapshotBlock>>,
    /// Copies of each shard are a multiple of this.
    #[serde(alias = "cluster_awarness_attributes")]
    pub(crate) cluster_awareness_attributes: Option<u32>,
    pub(crate) index_allowlist: Vec<String>,
    pub(crate) index_template_allowlist: Vec<String>,
    pub(crate) component_template_allowlist: Vec<String>,
    /// Such as `ES_7.10`.
    pub(crate) source_cluster_version: Option<String>,
    pub(crate) transformer_config_base64: Option<String>,
    #[serde(rename = "otel_endpoint", alias = "otel_trace_endpoint", alias = "otel_metrics_endpoint")]
    _otel_endpoint: IgnoredAny,
}

/// The key with nothing behind it counts.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<SnapshotBlock>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
