//! `switchover`: drives and shows a migration. Data goes to stdout and talk to stderr, a failure is never exit
//! code 0, and `--json` is JSON for every command, so that scripts can rely on it.

mod agent;
mod backfill;
mod capture;
mod cli;
mod clusters;
mod completion;
mod confirm;
mod doctor;
mod failure;
mod glob;
mod init;
mod kafka;
mod metadata;
mod output;
mod runtime;
mod services;
mod snapshot;
mod target;
mod tuples;
mod utc;
mod verify;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Group};
use crate::failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse_from(cli::arguments(std::env::args_os()));
    init_logging(cli.verbose);
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    match cli.group {
        Group::Agent(command) => agent::run(command, cli.json),
        Group::Backfill(command) => backfill::run(command, &cli.config, cli.json),
        Group::Clusters(command) => clusters::run(command, &cli.config, cli.json),
        Group::Capture(command) => capture::run(command, cli.json),
        Group::Metadata(command) => metadata::run(*command, &cli.config, cli.json),
        Group::Snapshot(command) => snapshot::run(command, &cli.config, cli.json),
        Group::Verify(args) => verify::run(&args, cli.json),
        Group::Init(args) => init::run(*args, &cli.config, cli.json),
        Group::Doctor => doctor::run(&cli.config, cli.json),
        Group::Completion { shell } => completion::script(shell),
        Group::Man { folder } => completion::man_pages(&folder),
        Group::Kafka(command) => kafka::run(*command, &cli.config, cli.json),
        Group::Tuples(command) => tuples::run(command, cli.json),
        Group::InNewSession { program, arguments } => {
            backfill::enter(&program, &arguments).map(|never| match never {}).map_err(Into::into)
        }
        Group::Compare(args) => tuples::run_compare(&args, cli.json),
    }
}

/// Only warnings unless asked: the answer of a command is its output, not its log.
fn init_logging(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info,switchover=debug",
        _ => "debug",
    };
    tracing_subscriber::fmt().with_env_filter(EnvFilter::new(level)).with_writer(std::io::stderr).init();
}
