//! `switchover`: drives and shows a migration. Data goes to stdout and talk to stderr, a failure is never exit
//! code 0, and `--json` is JSON for every command, so that scripts can rely on it.

mod agent;
mod backfill;
mod bugreport;
mod capture;
mod cli;
mod clusters;
mod completion;
mod confirm;
mod doctor;
mod failure;
mod fleet;
mod glob;
mod init;
mod kafka;
mod metadata;
mod output;
mod overview;
mod readable;
mod replay;
mod reset;
mod runtime;
mod serve;
mod services;
mod snapshot;
mod source;
mod state_dir;
mod status;
mod target;
mod tuples;
mod utc;
mod verify;

use std::io::IsTerminal;
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Group};
use crate::failure::Failure;

fn main() -> ExitCode {
    if let Err(error) = switchover_sys::keep_memory_secret() {
        eprintln!("warning: a core file of this process would hold secrets, and can't be forbidden: {error}");
    }
    let arguments: Vec<_> = cli::arguments(std::env::args_os()).collect();
    let as_json = cli::asks_for_json(&arguments);
    let cli = match cli::read(arguments) {
        Ok(cli) => cli,
        Err(error) => return failure::of_line(&error, as_json),
    };
    init_logging(cli.verbose);
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(as_json),
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    match cli.group {
        Group::Agent(command) => agent::run(command, cli.json),
        Group::Backfill(command) => backfill::run(command, &cli.config, cli.json),
        Group::Clusters(command) => clusters::run(command, &cli.config, cli.json),
        Group::Capture(command) => capture::run(command, cli.json),
        Group::Metadata(command) => metadata::run(*command, &cli.config, cli.json),
        Group::Replay(command) => replay::run(command, &cli.config, cli.json),
        Group::Snapshot(command) => snapshot::run(command, &cli.config, cli.json),
        Group::Verify(args) => verify::run(&args, &cli.config, cli.json),
        Group::Reset(args) => reset::run(&args, &cli.config, cli.json),
        Group::Init(args) => init::run(*args, &cli.config, cli.json),
        Group::Bugreport(args) => bugreport::run(&args, &cli.config, cli.json),
        Group::Doctor => doctor::run(&cli.config, cli.json),
        Group::Completion { shell } => completion::script(shell),
        Group::Man { folder } => completion::man_pages(&folder),
        Group::Kafka(command) => kafka::run(*command, &cli.config, cli.json),
        Group::Tuples(command) => tuples::run(command, cli.json),
        Group::InNewSession { program, arguments } => {
            fleet::launch::enter(&program, &arguments).map(|never| match never {}).map_err(Into::into)
        }
        Group::Status(args) => status::run(&args, &cli.config, cli.json),
        Group::Serve(args) => serve::run(&args, &cli.config),
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
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}
