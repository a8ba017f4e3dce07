//! `capture ...`: looks into captured traffic without touching it. Neither command takes a lock or moves a cursor,
//! so both may be used on a log that an agent is writing.

mod cat;
mod gap;
mod log;
mod pair;
mod stat;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Subcommand;

use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum CaptureCommand {
    /// Show the requests and responses of a capture, in order per connection.
    Cat {
        /// The directory of a capture log; or a file of records: lines of base64 or of key|base64, or records with a
        /// length before each, plain, gzip or zstd.
        #[arg(value_name = "DIR|FILE")]
        path: PathBuf,
        /// Go on as the log grows, until interrupted.
        #[arg(long)]
        follow: bool,
    },
    /// Count what a capture log holds, and check every checksum in it.
    Stat {
        /// The directory of a capture log.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
}

pub(crate) fn run(command: CaptureCommand, json: bool) -> Result<(), Failure> {
    match command {
        CaptureCommand::Cat { path, follow } => cat::run(&path, follow, json),
        CaptureCommand::Stat { dir } => stat::run(&dir, json),
    }
}

fn is_directory(path: &Path) -> anyhow::Result<bool> {
    let metadata = fs::metadata(path).map_err(|error| {
        let advice = "give the directory of a capture log (the agent's captureLogDir)";
        anyhow!("cannot read {}: {error}; {advice}", path.display())
    })?;
    Ok(metadata.is_dir())
}
