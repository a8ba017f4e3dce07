//! Blocks of the existing console that say how its jobs run. They are checked, so that a wrong key is found here as it is
//! there; what they ask for is the business of the commands that run the jobs.

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny};

/// `replay`; `docker`, `ecs` and `k8s` say where the existing console's replayers run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with scale")]
pub(super) struct Replay {
    #[serde(default, rename = "scale", deserialize_with = "scale")]
    _scale: Option<u32>,
    #[serde(default, rename = "docker")]
    _docker: IgnoredAny,
    #[serde(default, rename = "ecs")]
    _ecs: IgnoredAny,
    #[serde(default, rename = "k8s")]
    _k8s: IgnoredAny,
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

fn scale<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Err(D::Error::custom("scale must be 1 or more")),
        scale => Ok(Some(scale)),
    }
}
