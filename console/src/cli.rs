//! The command line. Names of groups, commands and options are those the field's documents use.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::agent::AgentCommand;
use crate::backfill::BackfillCommand;
use crate::bugreport::BugreportArgs;
use crate::capture::CaptureCommand;
use crate::clusters::ClustersCommand;
use crate::completion::Shell;
use crate::init::InitArgs;
use crate::kafka::KafkaCommand;
use crate::metadata::MetadataCommand;
use crate::replay::ReplayCommand;
use crate::reset::ResetArgs;
use crate::serve::ServeArgs;
use crate::snapshot::SnapshotCommand;
use crate::status::StatusArgs;
use crate::tuples::{CompareArgs, TuplesCommand};
use crate::verify::VerifyArgs;

/// Drives and shows a migration.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage; 3 and 4 from status: it goes on, a person must do something; 3 from compare: more answers differ than allowed, from verify: something
/// differs, from reset: something is not what the plan says, from doctor: something needs attention, from metadata: a cluster can't be reached; 4 from backfill retry-failed: documents are still refused, from
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
    /// Write a services file: asks for what no flag says.
    Init(Box<InitArgs>),
    /// Check everything that can be checked before a migration. Exit code 1: something keeps it from working; 3: something
    /// needs attention.
    Doctor,
    /// Show the whole migration on one screen, and what to do next. Exit code 0: all is complete; 3: it goes on; 4: a person
    /// must do something; 1: something can't be known.
    Status(StatusArgs),
    /// Show the same as a web page that keeps itself up to date, with metrics and JSON.
    Serve(ServeArgs),
    /// Gather what somebody who helps wants to see, without secrets, in one file.
    Bugreport(BugreportArgs),
    /// Look at the source and the target cluster.
    #[command(subcommand)]
    Clusters(ClustersCommand),
    /// Put the capture agent in front of a node of this host, and take it away.
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Look into captured traffic.
    #[command(subcommand)]
    Capture(CaptureCommand),
    /// Take the source's snapshot, and look into snapshots without a server.
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// Move settings, mappings, templates, aliases, pipelines and scripts.
    #[command(subcommand)]
    Metadata(Box<MetadataCommand>),
    /// Start, steer and show the backfill, and work on what it left.
    #[command(subcommand)]
    Backfill(BackfillCommand),
    /// Start, steer and show the replay of captured traffic.
    #[command(subcommand)]
    Replay(ReplayCommand),
    /// Compare the source, or a snapshot, with the target document by document. Exit code 3: they differ.
    Verify(Box<VerifyArgs>),
    /// List what a trial migration left, and remove it. Exit code 3: something is not what the plan says, and was left.
    Reset(ResetArgs),
    /// Work with the topic of captured traffic.
    #[command(subcommand)]
    Kafka(Box<KafkaCommand>),
    /// Look into what the replayer wrote of every request.
    #[command(subcommand)]
    Tuples(TuplesCommand),
    /// Compare the answers in tuples again, and report as the replayer does. Exit code 3: more differ than allowed.
    Compare(CompareArgs),
    /// Print a script that completes the console's commands and options.
    Completion {
        /// The shell that reads it.
        shell: Shell,
    },
    /// Write the manual's pages into a folder.
    Man {
        /// The folder; it is made.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Become another program that no terminal ends.
    #[command(hide = true)]
    InNewSession {
        program: PathBuf,
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
}

/// The definition of the command line, with each flag in both cases.
pub(crate) fn command() -> Command {
    switchover_settings::spelled_both_ways(Cli::command())
}

/// Understands the arguments of this process.
pub(crate) fn read(arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let mut matches = command().try_get_matches_from(arguments)?;
    Cli::from_arg_matches_mut(&mut matches)
}

/// Whether failures are to be told as JSON; must be known before the line is understood.
pub(crate) fn asks_for_json(arguments: &[OsString]) -> bool {
    arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json")
}

/// The arguments of this process. `clusters curl` has a `--json BODY` in the field's documents, which is another option
/// than `--json` of all commands: behind the word `curl` it gets a name of its own.
pub(crate) fn arguments(given: impl IntoIterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let mut words = Words::Before;
    given.into_iter().map(move |argument| {
        let text = argument.to_str();
        words = match (words, text) {
            (Words::Before, Some("clusters")) => Words::Clusters,
            (Words::Clusters, Some("curl")) => Words::Curl,
            (words, _) => words,
        };
        match (words, text) {
            (Words::Curl, Some("--json")) => "--json-body".into(),
            (Words::Curl, Some(text)) => text
                .strip_prefix("--json=")
                .map_or(argument.clone(), |body| format!("--json-body={body}").into()),
            _ => argument,
        }
    })
}

#[derive(Clone, Copy)]
enum Words {
    Before,
    Clusters,
    Curl,
}

#[cfg(test)]
mod tests;
