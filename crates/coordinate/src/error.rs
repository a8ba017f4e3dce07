//! Why work could not be shared.

use switchover_cluster::ClusterError;

/// Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
pub enum CoordinationError {
    /// The cluster with the coordination index.
    #[error("coordination: {0}")]
    Cluster(#[from] ClusterError),
    /// The cluster takes requests, but not this document.
    #[error("coordination index {index} does not take document {id}: {reason}")]
    Refused {
        /// The index.
        index: String,
        /// The document.
        id: String,
        /// As the cluster gave it.
        reason: String,
    },
    /// The index holds something that this version did not write.
    #[error(
        "coordination index {index}, document {id}: {reason}; it was written by another version, give another --sessionName"
    )]
    Foreign {
        /// The index.
        index: String,
        /// The document.
        id: String,
        /// What is odd.
        reason: String,
    },
    /// The session belongs to another snapshot, input or target.
    #[error(
        "coordination index {index} belongs to {there}, not to {here}; give another --sessionName, end a replay that is about the other with `switchover replay stop`, or start a backfill anew after `switchover backfill reset`"
    )]
    OtherSubject {
        /// The index.
        index: String,
        /// What the index is for.
        there: String,
        /// What this worker is for.
        here: String,
    },
    /// The index was deleted.
    #[error(
        "coordination index {0} is gone: it was stopped or reset from the console; `switchover backfill status` or `switchover replay status` says what became of it"
    )]
    Gone(String),
    /// A session name that can't be part of an index name.
    #[error("--sessionName '{0}': only lower-case letters, digits, '-' and '_' can be part of an index name")]
    SessionName(String),
    /// The lease is over: this worker was silent for too long, or another one took the item.
    #[error("the lease of {0} is lost: it was not renewed in time, or another worker took the item over")]
    Lost(String),
}
