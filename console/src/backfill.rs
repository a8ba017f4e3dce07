//! `backfill ...`: starts, steers and shows a backfill, and works on what it left. `switchover-rfs` itself loads.
//!
//! What is wanted goes through the coordination index, which the workers of all hosts read; on this host the console
//! also starts them.

mod archive;
mod control;
mod failed_file;
mod overview;
mod phase;
mod picture;
mod retry_failed;
mod settings;
mod status;
mod stop;
mod stopped;
pub(crate) mod trace;
mod worker_config;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;
use switchover_cluster::TargetArgs;
use switchover_documents::PlacementArgs;

use crate::failure::Failure;
use crate::output::Output;
use crate::runtime::block_on;
use crate::services::MAX_SCALE;
use crate::target::Target;
pub(crate) use overview::ask as overview;
use settings::Settings;

/// Of the JSON of `describe`.
const DESCRIBE_SCHEMA: &str = "switchover.backfill.describe/1";

#[derive(Debug, Subcommand)]
pub(crate) enum BackfillCommand {
    /// Show what the services file says of the backfill.
    Describe,
    /// Load the snapshot, or go on after a pause. Starts the workers that are missing on this host.
    Start,
    /// Let workers finish what is under way and then wait. `start` goes on.
    Pause,
    /// Let this many workers work, on all hosts. Starts those that are missing on this host, also after a pause.
    Scale {
        /// How many.
        #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SCALE)))]
        workers: u32,
    },
    /// End the workers for good, and archive the working state. A stopped backfill can't be started again.
    Stop,
    /// Show how far it is. Exit code 1: that can't be known.
    Status {
        /// Count shards, and show progress, errors and indices.
        #[arg(long)]
        deep_check: bool,
    },
    /// Archive the working state and forget it, so that `start` begins anew. No worker may run.
    Reset {
        /// Delete the refused documents of this host, too.
        #[arg(long, alias = "include-failed-document-stream")]
        include_failed_documents: bool,
        /// Do not ask.
        #[arg(long, alias = "acknowledge-risk")]
        yes: bool,
    },
    /// Send the documents again that the target refused. Exit code 4: some are still refused.
    RetryFailed(Box<RetryFailedArgs>),
}

#[derive(Debug, Args)]
// An optional set of flags is still required by clap where one of its flags is.
#[command(mut_arg("target_uri", |flag| flag.required(false)))]
pub(crate) struct RetryFailedArgs {
    /// The folder that switchover-rfs kept them in.
    #[arg(long, alias = "failedDocumentDir", value_name = "DIR")]
    failed_document_dir: PathBuf,
    /// For documents that a rule failed for: the flags of switchover-rfs, with the mended rules.
    #[command(flatten)]
    placement: PlacementArgs,
    /// The target; without it, target_cluster of the services file.
    #[command(flatten)]
    target: Option<TargetArgs>,
}

pub(crate) fn run(command: BackfillCommand, config: &Path, json: bool) -> Result<(), Failure> {
    // `retry-failed` may have its target in flags.
    let settings = async || Settings::load(config).await;
    block_on(async {
        match command {
            BackfillCommand::Describe => describe(&settings().await?, json),
            BackfillCommand::Start => control::start(&settings().await?, None, json).await,
            BackfillCommand::Pause => control::pause(&settings().await?, json).await,
            BackfillCommand::Scale { workers } => {
                control::start(&settings().await?, Some(workers), json).await
            }
            BackfillCommand::Stop => stop::stop(&settings().await?, json).await,
            BackfillCommand::Status { deep_check } => status::run(&settings().await?, deep_check, json).await,
            BackfillCommand::Reset { include_failed_documents, yes } => {
                stop::reset(&settings().await?, include_failed_documents, yes, json).await
            }
            BackfillCommand::RetryFailed(args) => {
                let placement =
                    args.placement.placement().map_err(|error| Failure::Usage(error.to_string()))?;
                let target = Target::named(args.target.as_ref(), config).await?;
                retry_failed::run(&args.failed_document_dir, &placement, &target, json).await
            }
        }
    })
}

fn describe(settings: &Settings, as_json: bool) -> Result<(), Failure> {
    let mut out = Output::stdout();
    let described = settings.describe();
    if as_json {
        out.json(&json!({"schema": DESCRIBE_SCHEMA, "backfill": described}))?;
    } else {
        let text = yaml_serde::to_string(&described).map_err(|error| anyhow::anyhow!("{error}"))?;
        out.bytes(text.as_bytes())?;
    }
    out.flush()
}
