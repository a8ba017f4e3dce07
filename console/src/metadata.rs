//! `metadata evaluate | migrate`: what a cluster knows besides documents. What must change for the target is decided by
//! `switchover-metadata`; here it is read (a live source or a snapshot), the target is asked what it has and takes, and the
//! plan is shown, kept or followed.

mod args;
mod asking;
mod clusters;
mod defaults;
mod execution;
mod existing;
mod indices;
mod plan_file;
mod planning;
mod record;
mod report;
mod source;
mod text;
pub(crate) mod verified;

use std::path::Path;

use clap::Subcommand;

pub(crate) use self::args::Conflict;
use self::args::{Args, OnExisting};
use self::clusters::{Exit, Sides};
pub(crate) use self::record::{Became, Kept, Record};
use self::report::Report;
use crate::failure::Failure;
use crate::output::Output;
use crate::runtime::block_on;
use crate::services::Services;

#[derive(Debug, Subcommand)]
pub(crate) enum MetadataCommand {
    /// Show what migrate would do; nothing is written to either cluster.
    Evaluate(Args),
    /// Make on the target what is not there yet.
    Migrate {
        #[command(flatten)]
        args: Args,
        /// What to do with an item that the target has otherwise
        #[arg(
            long = "onExisting",
            alias = "on-existing",
            value_enum,
            value_name = "WHAT",
            default_value = "skip"
        )]
        on_existing: OnExisting,
    },
}

/// What was done about an item.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    /// It is not there and can be made.
    ToMake,
    /// It is there as it should be.
    Unchanged,
    /// It is there, otherwise: where.
    Differs(Vec<String>),
    /// It was made. Where the target has it otherwise nevertheless.
    Made(Vec<String>),
    /// It was there and is as it should be now, but for these places.
    Updated(Vec<String>),
    /// It is not meant: why.
    LeftOut(String),
    /// It can't be made, or was refused: why.
    Failed(String),
    /// The command was stopped before.
    NotTried,
}

pub(crate) fn run(command: MetadataCommand, config: &Path, json: bool) -> Result<(), Failure> {
    let exit = block_on_exit(async {
        match command {
            MetadataCommand::Evaluate(mut args) => {
                defaults::fill(&mut args, config)?;
                evaluate(&args, config, json).await
            }
            MetadataCommand::Migrate { mut args, on_existing } => {
                // A plan says where it comes from.
                if args.plan_file.is_none() {
                    defaults::fill(&mut args, config)?;
                }
                migrate(&args, on_existing, config, json).await
            }
        }
    });
    exit.map_err(Exit::report)
}

fn block_on_exit(command: impl Future<Output = Result<(), Exit>>) -> Result<(), Exit> {
    let mut ended = Ok(());
    block_on(async {
        ended = command.await;
        Ok(())
    })?;
    ended
}

async fn evaluate(args: &Args, config: &Path, json: bool) -> Result<(), Exit> {
    announce("Starting Metadata Evaluation", json)?;
    let sides = Sides::of(args, config).await?;
    let plan = planning::plan(args, &sides).await?;
    if let Some(file) = &args.plan_file {
        plan_file::write(file, &plan)?;
    }
    let existing = existing::read(&sides.target, &plan.items).await?;
    let actions = plan.items.iter().map(|planned| existing.action(planned)).collect();
    finish(&Report::new(&sides, plan, actions, true), args, json)
}

async fn migrate(args: &Args, on_existing: OnExisting, config: &Path, json: bool) -> Result<(), Exit> {
    announce("Starting Metadata Migration", json)?;
    let (sides, plan) = match &args.plan_file {
        Some(file) => {
            let plan = plan_file::read(file)?;
            let sides = Sides::of_plan(args, config, &plan).await?;
            (sides, plan)
        }
        None => {
            let sides = Sides::of(args, config).await?;
            let plan = planning::plan(args, &sides).await?;
            (sides, plan)
        }
    };
    let mut plan = plan;
    // A plan from a file was looked at by somebody: nothing else than it says is sent.
    let may_repair = args.plan_file.is_none();
    let done = execution::run(&sides.target, &mut plan.items, on_existing, may_repair).await?;
    let mut report = Report::new(&sides, plan, done.actions, false);
    report.interrupted = done.interrupted;
    // A services file makes it a part of a migration that can be asked for its status.
    if let Ok(services) = Services::load(config)
        && let Err(error) = Record::add(&report, &sides.target.endpoint(), &services.state_dir())
    {
        eprintln!(
            "warning: no record of this run was kept, so `switchover status` does not know of it: {error:#}"
        );
    }
    finish(&report, args, json)
}

fn announce(text: &str, json: bool) -> Result<(), Exit> {
    if !json {
        let mut out = Output::stdout();
        out.line(format_args!("{text}\n"))?;
        out.flush()?;
    }
    Ok(())
}

fn finish(report: &Report, args: &Args, json: bool) -> Result<(), Exit> {
    let mut out = Output::stdout();
    if json {
        out.json(&report.json())?;
    } else {
        text::print(report, args.details, &mut out)?;
    }
    out.flush()?;
    match report.code() {
        0 => Ok(()),
        code => Err(Exit::Code(code)),
    }
}
