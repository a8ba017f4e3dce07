//! `verify`: compares a snapshot with the target, document by document, in both directions.
//!
//! The snapshot is read once; each batch of its documents is asked for by id, so what differs or is missing is exact. The
//! documents of the target that answered are remembered by a hash; an index that counts more than answered is listed,
//! and what is not among the hashes is extra. Nothing is said to be the same that was not compared: whatever could not be
//! read or asked makes the command fail, after what could be compared is told.

mod comparison;
mod extra;
mod plan;
mod progress;
mod query;
pub(crate) mod record;
mod report;
mod same;
mod tally;
mod writes;

use anyhow::anyhow;
use clap::Args;
use switchover_cluster::TargetArgs;
use switchover_documents::PlacementArgs;

use crate::failure::Failure;
use crate::output::Output;
use crate::runtime::block_on;
use crate::snapshot::{Place, failed};
use crate::target::Target;
use comparison::Comparison;
use plan::Plan;
use progress::Progress;
use report::Report;

/// Exit code when documents differ.
const DIFFERENT: u8 = 3;

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    place: Place,
    /// The snapshot.
    #[arg(long, alias = "snapshotName", value_name = "NAME")]
    snapshot: String,
    /// Only indices whose name matches, with * and ? as in file names [default: all but those that begin with a dot].
    #[arg(long, value_name = "GLOB")]
    index: Option<String>,
    /// What documents became when they were loaded: the same flags as for switchover-rfs.
    #[command(flatten)]
    placement: PlacementArgs,
    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) fn run(args: &VerifyArgs, json: bool) -> Result<(), Failure> {
    block_on(verify(args, json))
}

async fn verify(args: &VerifyArgs, json: bool) -> Result<(), Failure> {
    let placement = args.placement.placement().map_err(|error| Failure::Usage(error.to_string()))?;
    let target = Target::connect(&args.target).await?;
    let snapshot = args.place.open().await.snapshot(&args.snapshot).await.map_err(failed)?;
    let plan = Plan::of(&snapshot, args.index.as_deref(), &placement).await?;
    let mut progress = Progress::new(plan.bytes);
    let mut report = Report::new(args.snapshot.clone(), target.endpoint(), plan.problems);
    for group in plan.groups {
        let comparison = Comparison::new(&target, &snapshot, &placement, group, &mut progress);
        let compared = comparison.run().await;
        report.add(
            compared.map_err(|error| anyhow!("not verified, the target could not be asked: {error:#}"))?,
        );
    }
    let mut out = Output::stdout();
    if json {
        out.json(&report.json())?
    } else {
        report.print(&mut out)?
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
