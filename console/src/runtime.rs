//! Commands that speak to servers or object stores wait on one thread.

use std::future::Future;

use anyhow::anyhow;

use crate::failure::Failure;

/// Runs a command to its end.
pub(crate) fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| anyhow!("cannot start the runtime: {error}"))?.block_on(command)
}
