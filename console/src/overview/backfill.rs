//! The documents of the snapshot on their way to the target.

use serde::Serialize;

use super::state::State;

/// What the coordination index knows.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Backfill {
    pub(crate) workers_running: u64,
    pub(crate) workers_desired: u64,
    /// Those that died without a word.
    pub(crate) silent_workers: Vec<String>,
    /// In bytes of the snapshot, which the percent is of.
    pub(crate) bytes: u64,
    pub(crate) bytes_done: u64,
    pub(crate) documents: u64,
    pub(crate) failed_documents: u64,
    pub(crate) dropped_documents: u64,
    pub(crate) failed_parts: u64,
    pub(crate) skipped_parts: u64,
    pub(crate) documents_per_second: f64,
    pub(crate) began_unix_ms: Option<u64>,
    pub(crate) ended_unix_ms: Option<u64>,
    /// Where a stopped backfill's working state is.
    pub(crate) archive: Option<String>,
    /// Where this host keeps what the target refused.
    pub(crate) failed_document_dir: Option<String>,
    /// Those that need somebody first, then those that are under way, then by size.
    pub(crate) indices: Vec<IndexRow>,
    /// Indices beyond those.
    pub(crate) indices_not_listed: u64,
}

/// One index.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IndexRow {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) state: State,
    pub(crate) percent: f64,
    pub(crate) bytes: u64,
    pub(crate) bytes_done: u64,
    pub(crate) documents: u64,
    pub(crate) failed_documents: u64,
}
