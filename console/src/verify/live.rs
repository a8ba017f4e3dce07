//! Compares two live clusters: settings, mappings and aliases first, and then every document of the source with the one
//! that the target has.
//!
//! The source is read shard by shard, where its documents are numbered in ranges of these numbers, and only as far as
//! every copy of the shard has them when the comparison begins. What is written later is not judged but counted: the
//! result speaks of one moment, and says how many writes came since. Whatever is done is kept on disk, so a comparison
//! that was cut off goes on, and an index that was equal and not written since is left out the next time.

mod dialect;
mod group;
mod inventory;
mod kept;
mod newer;
mod pace;
mod part;
mod scroll;

use std::path::Path;

use anyhow::{Result, anyhow};
use clap::Args;
use switchover_cluster::ClusterOptions;
use switchover_documents::{Placement, SeveralTypes};
use switchover_metadata::types;

use self::dialect::Dialect;
use self::group::Comparing;
use self::inventory::Inventory;
use self::kept::{Done, Kept, Subject};
use self::pace::Pace;
pub(super) use self::pace::PaceArgs;
use super::comparison::Compared;
use super::plan::Plan;
use super::progress::Progress;
use super::record::Record;
use super::report::{Moment, Report, Source};
use super::tally::{Kind, Tally};
use crate::failure::Failure;
use crate::metadata::{Conflict, verified};
use crate::target::Target;

/// As a shell shows the end by Ctrl-C.
const INTERRUPTED: u8 = 130;

#[derive(Debug, Args)]
#[command(rename_all = "camelCase")]
pub(crate) struct LiveArgs {
    /// What a union of mapping types did with fields that types define differently, as for `metadata migrate`
    #[arg(long, value_enum, value_name = "HOW", default_value = "fail")]
    type_conflicts: Conflict,
    /// Shards of the source that are read at a time
    #[arg(long, value_name = "COUNT", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    concurrency: u8,
    #[command(flatten)]
    pace: PaceArgs,
    /// Compare everything, also what was equal and not written since the last time
    #[arg(long)]
    whole: bool,
}

/// What is compared with what.
pub(super) struct Sides<'a> {
    pub(super) source: ClusterOptions,
    pub(super) target: Target,
    pub(super) placement: &'a Placement,
    pub(super) several_types: SeveralTypes,
    /// The file of declared rules.
    pub(super) rules: Option<&'a Path>,
    pub(super) pattern: Option<&'a str>,
    pub(super) state_dir: &'a Path,
}

/// Compares; the result is kept as a [`Record`].
pub(super) async fn run(args: &LiveArgs, sides: Sides<'_>) -> Result<Report, Failure> {
    let source = Target::of(sides.source.clone()).map_err(|error| Failure::Failed(error.into()))?.patient();
    let target = sides.target.clone().patient();
    let version = source.version().await.map_err(|error| Failure::Failed(error.into()))?;
    let dialect = Dialect::of(&version);
    let options = format!("{}, {:?}", sides.placement.fingerprint(), args.type_conflicts);
    let pattern = sides.pattern.map(str::to_owned);
    let subject = Subject {
        program: switchover_settings::VERSION.to_owned(),
        source: source.endpoint(),
        target: target.endpoint(),
        pattern: pattern.clone(),
        options: options.clone(),
        whole: args.whole,
    };
    let mut kept = Kept::open(sides.state_dir, &subject)?;
    let before = match args.whole {
        true => None,
        false => Record::read(sides.state_dir).unwrap_or_else(|error| {
            tracing::warn!(%error, "everything is compared");
            None
        }),
    };
    let fits = |record: &Record| {
        record.source == subject.source && record.target == subject.target && record.options == options
    };
    let before = before.filter(fits);

    let wanted = verified::Wanted {
        pattern: sides.pattern,
        several_types: policy(sides.several_types),
        type_conflicts: args.type_conflicts,
        rules: sides.rules,
    };
    let definitions = verified::differences(sides.source, &target, wanted).await?;
    let Inventory { indices, problems } = inventory::read(&source, dialect, sides.pattern).await?;
    let plan =
        Plan::live(indices.iter().map(|(name, index)| (name.as_str(), &*index.types)), sides.placement)?;
    let names: Vec<String> = indices.keys().cloned().collect();
    let all = inventory::count(&source, &names).await?;
    let mut record = Record::new(subject.source.clone(), subject.target.clone(), pattern, options);
    let mut report = Report::new(Source::Cluster(subject.source.clone()), subject.target.clone(), problems);
    report.define(definitions);
    let progress = Progress::new(all, "the source's documents");
    let comparing = Comparing {
        source: &source,
        target: &target,
        dialect,
        placement: sides.placement,
        indices: &indices,
        pace: Pace::new(args.pace.clone()),
        concurrency: args.concurrency.into(),
        progress: &progress,
    };
    for group in plan.groups {
        let key = group.sources.join(",");
        if let Some(done) = kept.done.get(&key) {
            progress.left_out(inventory::count(&source, &group.sources).await?);
            record.groups.push(done.record.clone());
            report.add(Compared {
                tallies: done.tallies.clone(),
                dropped: done.dropped.clone(),
                unread: Vec::new(),
            });
            continue;
        }
        let past = before
            .as_ref()
            .and_then(|record| record.groups.iter().find(|past| past.source.keys().eq(group.sources.iter())));
        if let Some(past) = past
            && let Some(equal) = comparing.not_written(&group, past).await?
        {
            progress.left_out(inventory::count(&source, &group.sources).await?);
            report.leave_out(&group.sources, past.at_unix_ms);
            record.groups.push(past.clone());
            let tally = |same: &u64| Tally { same: *same, extra: Some(Kind::default()), ..Tally::default() };
            let tallies = equal.iter().map(|(name, same)| (name.clone(), tally(same))).collect();
            report.add(Compared { tallies, ..Compared::default() });
            continue;
        }
        let (group_record, compared) = tokio::select! {
            compared = comparing.group(&key, group, &kept) => compared?,
            _ = tokio::signal::ctrl_c() => {
                let again = anyhow!("stopped; the same command goes on where it was");
                return Err(Failure::Coded(INTERRUPTED, again));
            }
        };
        record.groups.push(group_record.clone());
        if compared.is_whole() {
            let (tallies, dropped) = (compared.tallies.clone(), compared.dropped.clone());
            kept.finish(Done { key, record: group_record, tallies, dropped })?;
        }
        report.add(compared);
    }
    conclude(&mut record, &mut report, &source, &target, sides.state_dir).await?;
    if record.complete {
        kept.forget()?;
    }
    Ok(report)
}

/// Keeps what came of it, and asks what was written since.
async fn conclude(
    record: &mut Record,
    report: &mut Report,
    source: &Target,
    target: &Target,
    state_dir: &Path,
) -> Result<()> {
    record.ended_unix_ms = switchover_coordinate::unix_ms();
    let first = record.groups.iter().map(|group| group.at_unix_ms).min();
    record.began_unix_ms = first.unwrap_or(record.began_unix_ms).min(record.began_unix_ms);
    record.complete = report.problems.is_empty();
    record.documents = report.documents();
    record.differences = report.differences();
    record.definitions = report.definition_differences();
    record.write(state_dir)?;
    report.moment =
        Some(Moment { at_unix_ms: record.began_unix_ms, since: record.since(source, target).await });
    Ok(())
}

fn policy(several: SeveralTypes) -> types::SeveralTypes {
    match several {
        SeveralTypes::Fail | SeveralTypes::Union => types::SeveralTypes::Union,
        SeveralTypes::Split => types::SeveralTypes::Split,
    }
}
