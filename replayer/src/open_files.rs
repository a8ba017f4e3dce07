//! The limit of open files: a connection of the source is one to the target, and there may be ten thousand.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the limit to what this process may have. The usual one, 1,024, is for programs that use `select`.
pub fn allow_many() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files can't be raised: many connections may fail");
    }
}
