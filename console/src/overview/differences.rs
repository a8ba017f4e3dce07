//! How the target answers what the source was asked, as the replayers compare it.

use serde::Serialize;

/// By verdict, and by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Differences {
    pub(crate) same: u64,
    /// It differs only as the products do.
    pub(crate) expected_difference: u64,
    pub(crate) different: u64,
    pub(crate) not_comparable: u64,
    /// The most frequent first.
    pub(crate) groups: Vec<Group>,
}

/// Differences of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Group {
    pub(crate) endpoint: String,
    pub(crate) kind: String,
    pub(crate) path: String,
    pub(crate) count: u64,
}
