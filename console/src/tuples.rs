//! `tuples ...` and `compare`: looks into what the replayer wrote, compares it again, and changes its shape.

mod compare;
mod convert;
mod files;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use switchover_compare::tuple::Shape;

use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum TuplesCommand {
    /// List tuples, one line each.
    Show {
        #[command(flatten)]
        files: Files,
        /// Only those with this verdict.
        #[arg(long, value_enum)]
        verdict: Option<Wanted>,
        /// Only those whose target answered with this status.
        #[arg(long, value_name = "CODE")]
        status: Option<u16>,
        /// Only those whose path matches, with * and ? as in file names: '/my-index/*'.
        #[arg(long, value_name = "GLOB")]
        path: Option<String>,
        /// At most so many.
        #[arg(long, value_name = "COUNT")]
        limit: Option<u64>,
    },
    /// Write tuples in another shape to stdout. Secrets are redacted.
    Convert {
        #[command(flatten)]
        files: Files,
        /// The shape.
        #[arg(long, value_enum, default_value = "switchover")]
        to: To,
    },
}

/// What to read.
#[derive(Debug, Args)]
pub(crate) struct Files {
    /// Files of tuples, plain, gzip or zstd; or directories of them: tuples.log and what was closed before it.
    #[arg(value_name = "FILE|DIR", required = true)]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    files: Files,
    /// File for the report as JSON; a page for people is written beside it, ending in .html.
    #[arg(long, alias = "reportFile", value_name = "FILE")]
    report_file: Option<PathBuf>,
    /// Answers that may differ without failing (exit 3).
    #[arg(long, alias = "maxDifferences", value_name = "COUNT", default_value_t = 0)]
    max_differences: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "camelCase")]
pub(crate) enum Wanted {
    Same,
    ExpectedDifference,
    Different,
    NotComparable,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum To {
    /// Ours, with a comparison.
    Switchover,
    /// The existing tool's since its version 2.
    OpensearchMigrations,
    /// Its older one, with bodies in base64, which its console reads.
    Base64Body,
}

impl From<To> for Shape {
    fn from(to: To) -> Self {
        match to {
            To::Switchover => Self::Switchover,
            To::OpensearchMigrations => Self::OpensearchMigrations,
            To::Base64Body => Self::Base64Body,
        }
    }
}

pub(crate) fn run(command: TuplesCommand, json: bool) -> Result<(), Failure> {
    match command {
        TuplesCommand::Show { files, verdict, status, path, limit } => {
            let filter = show::Filter { verdict, status, path, limit };
            show::run(&files, &filter, json)
        }
        TuplesCommand::Convert { files, to } => convert::run(&files, to.into()),
    }
}

pub(crate) fn run_compare(args: &CompareArgs, json: bool) -> Result<(), Failure> {
    compare::run(args, json)
}
