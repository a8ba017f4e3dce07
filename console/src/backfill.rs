//! `backfill ...`: works on what a backfill left. `switchover-rfs` itself loads.

mod failed_file;
mod retry_failed;

use std::path::PathBuf;

use clap::Subcommand;
use switchover_cluster::TargetArgs;

use crate::failure::Failure;
use crate::runtime::block_on;

#[derive(Debug, Subcommand)]
pub(crate) enum BackfillCommand {
    /// Send the documents again that the target refused. Exit code 4: some are still refused.
    RetryFailed {
        /// The folder that switchover-rfs kept them in.
        #[arg(long, alias = "failedDocumentDir", value_name = "DIR")]
        failed_document_dir: PathBuf,
        #[command(flatten)]
        target: TargetArgs,
    },
}

pub(crate) fn run(command: BackfillCommand, json: bool) -> Result<(), Failure> {
    match command {
        BackfillCommand::RetryFailed { failed_document_dir, target } => {
            block_on(retry_failed::run(&failed_document_dir, &target, json))
        }
    }
}
