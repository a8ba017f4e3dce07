//! `backfill ...`: works on what a backfill left. `switchover-rfs` itself loads.

mod failed_file;
mod retry_failed;

use std::path::PathBuf;

use clap::Subcommand;
use switchover_cluster::TargetArgs;
use switchover_documents::PlacementArgs;

use crate::failure::Failure;
use crate::runtime::block_on;

#[derive(Debug, Subcommand)]
pub(crate) enum BackfillCommand {
    /// Send the documents again that the target refused. Exit code 4: some are still refused.
    RetryFailed {
        /// The folder that switchover-rfs kept them in.
        #[arg(long, alias = "failedDocumentDir", value_name = "DIR")]
        failed_document_dir: PathBuf,
        /// For documents that a rule failed for: the flags of switchover-rfs, with the mended rules.
        #[command(flatten)]
        placement: PlacementArgs,
        #[command(flatten)]
        target: TargetArgs,
    },
}

pub(crate) fn run(command: BackfillCommand, json: bool) -> Result<(), Failure> {
    match command {
        BackfillCommand::RetryFailed { failed_document_dir, placement, target } => {
            let placement = placement.placement().map_err(|error| Failure::Usage(error.to_string()))?;
            block_on(retry_failed::run(&failed_document_dir, &placement, &target, json))
        }
    }
}
