//! Where a fleet's state is: the index of what is wanted, and folders of this host.

use std::path::{Path, PathBuf};

use switchover_cluster::{Cluster, ClusterOptions};
use switchover_coordinate::{Board, Job};

use crate::failure::Failure;

/// The index of a session, on the target or on the cluster at `coordinator`. Nothing is sent yet.
pub(crate) fn board(
    job: Job,
    target: &ClusterOptions,
    coordinator: Option<&str>,
    session: &str,
) -> Result<Board, Failure> {
    let mut options = target.clone();
    if let Some(uri) = coordinator {
        uri.clone_into(&mut options.uri);
    }
    let cluster = Cluster::connect(options).map_err(|error| Failure::Failed(error.into()))?;
    Board::of_job(job, cluster, session).map_err(|error| Failure::Failed(error.into()))
}

/// Of one session alone.
pub(crate) fn session_dir(state_dir: &Path, job: &str, session: &str) -> PathBuf {
    match session {
        "" => state_dir.join(job),
        session => state_dir.join(format!("{job}-{session}")),
    }
}
