//! `verify`: compares a snapshot or the live source with the target, document by document, in both directions.
//!
//! Each document of the source is read once; batches of them are asked for by id, so what differs or is missing is exact. The
//! documents of the target that answered are remembered by a hash; an index that counts more than answered is listed,
//! and what is not among the hashes is extra. Nothing is said to be the same that was not compared: whatever could not be
//! read or asked makes the command fail, after what could be compared is told.

mod comparison;
mod extra;
mod hashes;
mod last;
mod lists;
mod live;
mod matching;
mod plan;
mod progress;
mod query;
pub(crate) mod record;
mod report;
mod same;
mod tally;
mod writes;

use std::path::Path;

use anyhow::anyhow;
use clap::Args;
use serde_json::Value;
use switchover_cluster::TargetArgs;
use switchover_documents::{Placement, PlacementArgs};

use crate::failure::Failure;
use crate::output::Output;
use crate::runtime::block_on;
use crate::snapshot::{Place, failed};
use crate::source::SourceArgs;
use crate::state_dir;
use crate::target::Target;
use comparison::Comparison;
use plan::Plan;
use progress::Progress;
use report::{Report, Source};

/// Exit code when documents differ.
const DIFFERENT: u8 = 3;

#[derive(Debug, Args)]
// Optional sets of flags are still required by clap where one of their flags is.
#[command(mut_arg("repo", |flag| flag.required(false)), mut_arg("target_uri", |flag| flag.required(false)))]
pub(crate) struct VerifyArgs {
    /// The repository of a snapshot to compare with; without it, the live source cluster.
    #[command(flatten)]
    place: Option<Place>,
    /// The snapshot.
    #[arg(long, alias = "snapshotName", value_name = "NAME", requires = "repo")]
    snapshot: Option<String>,
    #[command(flatten)]
    source: SourceArgs,
    /// Only indices whose name matches, with * and ? as in file names [default: all but those that begin with a dot].
    #[arg(long, value_name = "GLOB")]
    index: Option<String>,
    /// What documents became when they were loaded: the same flags as for switchover-rfs.
    #[command(flatten)]
    placement: PlacementArgs,
    #[command(flatten)]
    live: live::LiveArgs,
    /// Compare nothing: show what the last comparison of the clusters found, and how many writes came since.
    #[arg(long, conflicts_with_all = ["repo", "index", "whole"])]
    last: bool,
    /// The target; without it, target_cluster of the services file.
    #[command(flatten)]
    target: Option<TargetArgs>,
}

pub(crate) fn run(args: &VerifyArgs, config: &Path, json: bool) -> Result<(), Failure> {
    block_on(verify(args, config, json))
}

async fn verify(args: &VerifyArgs, config: &Path, json: bool) -> Result<(), Failure> {
    let placement = args.placement.placement().map_err(|error| Failure::Usage(error.to_string()))?;
    let target = Target::named(args.target.as_ref(), config).await?;
    let report = match (&args.place, &args.snapshot) {
        (Some(place), Some(snapshot)) => {
            of_snapshot(place, snapshot, args.index.as_deref(), &placement, &target).await?
        }
        (Some(_), None) => return Err(Failure::Usage("--repo: give --snapshot too".to_owned())),
        (None, _) => {
            let source = args.source.or_services(config).await?;
            let state_dir = state_dir::of(config);
            if args.last {
                return last::show(&state_dir, source, &target, json).await;
            }
            let sides = live::Sides {
                source,
                target,
                placement: &placement,
                several_types: args.placement.several_types(),
                rules: args.placement.rewrite_rules(),
                pattern: args.index.as_deref(),
                state_dir: &state_dir,
            };
            live::run(&args.live, sides).await?
        }
    };
    tell(&report, json)
}

async fn of_snapshot(
    place: &Place,
    name: &str,
    pattern: Option<&str>,
    placement: &Placement,
    target: &Target,
) -> Result<Report, Failure> {
    let snapshot = place.open().await.snapshot(name).await.map_err(failed)?;
    let plan = Plan::of(&snapshot, pattern, placement).await?;
    let progress = Progress::new(plan.bytes, "the snapshot's bytes");
    let mut report = Report::new(Source::Snapshot(name.to_owned()), target.endpoint(), plan.problems);
    for group in plan.groups {
        let comparison = Comparison::new(target, &snapshot, placement, group, &progress);
        let compared = comparison.run().await;
        report.add(
            compared.map_err(|error| anyhow!("not verified, the target could not be asked: {error:#}"))?,
        );
    }
    Ok(report)
}

fn tell(report: &Report, json: bool) -> Result<(), Failure> {
    let mut out = Output::stdout();
    match report.json() {
        Value::Object(content) if json => out.document("verify", content)?,
        _ => report.print(&mut out)?,
    }
    out.flush()?;
    match (report.problems.len(), report.equal()) {
        (0, true) => Ok(()),
        (0, false) => Err(Failure::Verdict(DIFFERENT)),
        (count, _) => {
            for problem in &report.problems {
                eprintln!("error: {problem}");
            }
            Err(anyhow!("not verified: {count} parts could not be compared, as told above").into())
        }
    }
}
