//! Blocks of the existing console that say how its jobs run. They are checked, so that a wrong key is found here as it is
//! there; what they ask for is the business of the commands that run the jobs.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// `metadata_migration`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with from_snapshot")]
pub(super) struct Metadata {
    #[serde(default, rename = "from_snapshot")]
    _from_snapshot: IgnoredAny,
    #[serde(default, rename = "cluster_awareness_attributes", alias = "cluster_awarness_attributes")]
    _cluster_awareness_attributes: Option<u32>,
    #[serde(default, rename = "index_allowlist")]
    _index_allowlist: Option<Vec<String>>,
    #[serde(default, rename = "index_template_allowlist")]
    _index_template_allowlist: Option<Vec<String>>,
    #[serde(default, rename = "component_template_allowlist")]
    _component_template_allowlist: Option<Vec<String>>,
    #[serde(default, rename = "source_cluster_version")]
    _source_cluster_version: Option<String>,
    #[serde(default, rename = "transformer_config_base64")]
    _transformer_config_base64: Option<String>,
    #[serde(
        default,
        rename = "otel_endpoint",
        alias = "otel_trace_endpoint",
        alias = "otel_metrics_endpoint"
    )]
    _otel_endpoint: IgnoredAny,
}

/// `metrics_source`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with prometheus or cloudwatch")]
pub(super) struct Metrics {
    #[serde(default, rename = "prometheus")]
    _prometheus: IgnoredAny,
    #[serde(default, rename = "cloudwatch")]
    _cloudwatch: IgnoredAny,
}

/// `client_options`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with user_agent_extra")]
pub(super) struct Client {
    #[serde(default, rename = "user_agent_extra")]
    _user_agent_extra: Option<String>,
}
