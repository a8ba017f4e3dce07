//! Blocks of the existing console that say how its jobs run. They are checked, so that a wrong key is found here as it is
//! there; what they ask for is the business of the commands that run the jobs.

use serde::Deserialize;
use serde::de::IgnoredAny;

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
