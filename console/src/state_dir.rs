//! Where the console of this host keeps what is no cluster's business: process ids, archives, records of what was done.

use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use crate::services::Services;

/// Where state is kept when nothing else is said and this user may write there.
const STATE_DIR: &str = "/var/lib/switchover";

impl Services {
    /// The state directory of all commands.
    pub(crate) fn state_dir(&self) -> PathBuf {
        match self.backfill().and_then(|block| block.state_dir.as_ref()) {
            Some(directory) => self.folder().join(directory),
            None => default_state_dir(),
        }
    }
}

/// The state directory of a command that may do without a services file.
pub(crate) fn of(config: &Path) -> PathBuf {
    Services::load(config).map_or_else(|_| default_state_dir(), |services| services.state_dir())
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
