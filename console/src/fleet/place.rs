//! Where a fleet's state is: the index of what is wanted, and folders of this host.

use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};
use switchover_cluster::{Cluster, ClusterOptions};
use switchover_coordinate::{Board, Job};

use crate::failure::Failure;

/// Where state is kept when nothing else is said and this user may write there.
const STATE_DIR: &str = "/var/lib/switchover";

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

/// `given` is relative to the services file's folder.
pub(crate) fn state_dir(folder: &Path, given: Option<&Path>) -> PathBuf {
    given.map_or_else(default_state_dir, |given| folder.join(given))
}

/// Of one session alone.
pub(crate) fn session_dir(state_dir: &Path, job: &str, session: &str) -> PathBuf {
    match session {
        "" => state_dir.join(job),
        session => state_dir.join(format!("{job}-{session}")),
    }
}

fn default_state_dir() -> PathBuf {
    let system = PathBuf::from(STATE_DIR);
    if std::fs::create_dir_all(&system).is_ok() && access(&system, AccessFlags::W_OK).is_ok() {
        return system;
    }
    let home = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state")));
    home.unwrap_or_else(std::env::temp_dir).join("switchover")
}
