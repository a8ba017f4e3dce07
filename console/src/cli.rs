//! The command line. Names of groups, commands and options are those the field's documents use.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand};

use crate::backfill::BackfillCommand;
use crate::capture::CaptureCommand;
use crate::clusters::ClustersCommand;
use crate::metadata::MetadataCommand;
use crate::snapshot::SnapshotCommand;
use crate::tuples::{CompareArgs, TuplesCommand};
use crate::verify::VerifyArgs;

/// Drives and shows a migration.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage; 3 from compare: more answers differ than allowed, from verify: documents
/// differ, from metadata: a cluster can't be reached; 4 from backfill retry-failed: documents are still refused, from
/// metadata: the source can't be read; 5 from metadata: no item could be made.
#[derive(Debug, Parser)]
#[command(name = "switchover", version = switchover_settings::VERSION)]
pub(crate) struct Cli {
    /// The services file: which clusters there are and how to reach them.
    #[arg(
        long,
        alias = "config-file",
        global = true,
        value_name = "FILE",
        env = "SWITCHOVER_CONFIG",
        default_value = "/etc/switchover/services.yaml"
    )]
    pub(crate) config: PathBuf,

    /// Print data as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Say on stderr what is done; twice for more.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,

    #[command(subcommand)]
    pub(crate) group: Group,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Group {
    /// Look at the source and the target cluster.
    #[command(subcommand)]
    Clusters(ClustersCommand),
    /// Look into captured traffic.
    #[command(subcommand)]
    Capture(CaptureCommand),
    /// Look into snapshots without a server.
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// Move settings, mappings, templates, aliases, pipelines and scripts.
    #[command(subcommand)]
    Metadata(Box<MetadataCommand>),
    /// Start, steer and show the backfill, and work on what it left.
    #[command(subcommand)]
    Backfill(BackfillCommand),
    /// Compare a snapshot and the target document by document. Exit code 3: they differ.
    Verify(Box<VerifyArgs>),
    /// Look into what the replayer wrote of every request.
    #[command(subcommand)]
    Tuples(TuplesCommand),
    /// Compare the answers in tuples again, and report as the replayer does. Exit code 3: more differ than allowed.
    Compare(CompareArgs),
    /// Become another program that no terminal ends.
    #[command(hide = true)]
    InNewSession {
        program: PathBuf,
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
