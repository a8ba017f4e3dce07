//! Whether the target has settings, mappings and aliases as a migration would make them now: the same plan as `evaluate`
//! makes, so that what the tables change is no difference.

use std::path::Path;

use anyhow::anyhow;
use switchover_cluster::ClusterOptions;
use switchover_metadata::plan::Planner;
use switchover_metadata::select::Patterns;
use switchover_metadata::types::{SeveralTypes, TypePolicy};
use switchover_metadata::{Context, Kind, Product, Selection, Version};

use super::args::Conflict;
use super::clusters::Exit;
use super::source::Source;
use super::{Action, existing, planning};
use crate::failure::Failure;
use crate::target::Target;

/// What is compared: an index, an alias or a data stream.
const KINDS: [Kind; 3] = [Kind::Index, Kind::DataStream, Kind::Alias];

/// An item that is not on the target as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// For a person: `index`, `alias`.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    Missing,
    /// Only the target has it.
    Extra,
    /// Where it differs.
    Different(Vec<String>),
    /// It can't be said how it should be: why.
    NotComparable(String),
}

/// What of the source is meant, and what becomes of it.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// Indices with `*` and `?`; all but the system's otherwise.
    pub(crate) pattern: Option<&'a str>,
    pub(crate) several_types: SeveralTypes,
    pub(crate) type_conflicts: Conflict,
    /// Declared rules, as for `migrate`.
    pub(crate) rules: Option<&'a Path>,
}

/// How many items were compared, and those that are otherwise.
///
/// # Errors
/// When a cluster can't be asked.
pub(crate) async fn differences(
    source: ClusterOptions,
    target: &Target,
    wanted: Wanted<'_>,
) -> Result<(usize, Vec<Difference>), Failure> {
    compare(source, target, wanted).await.map_err(|exit| match exit {
        Exit::Failure(failure) => failure,
        Exit::Error(_, error) => error.into(),
        Exit::Code(code) => Failure::Verdict(code),
    })
}

async fn compare(
    source: ClusterOptions,
    target: &Target,
    wanted: Wanted<'_>,
) -> Result<(usize, Vec<Difference>), Exit> {
    let source = Source::live(source, None).await?;
    let version = target.version().await.map_err(Exit::cluster("the target"))?;
    let target_version = Version { product: Product::OpenSearch, major: version.major, minor: version.minor };
    let patterns: Vec<String> = wanted.pattern.iter().map(|&pattern| pattern.to_owned()).collect();
    let indices =
        Patterns::new("--index", &patterns).map_err(|error| Exit::from(Failure::Usage(error.to_string())))?;
    let selection = Selection { indices, ..Selection::default() };
    let mut inventory = source.read(&selection).await?;
    inventory.items.retain(|item| KINDS.contains(&item.kind));
    let copies_multiple = planning::copies_multiple(target).await?;
    let context = Context { source: source.version(), target: target_version, copies_multiple };
    let types = TypePolicy {
        several: wanted.several_types,
        conflicts: wanted.type_conflicts.into(),
        ..TypePolicy::default()
    };
    let items = Planner { context, types, selection, user: planning::declared_rules(wanted.rules)? }
        .plan(inventory.items);
    let existing = existing::read(target, &items).await?;
    let (mut compared, mut found) = (0, Vec::new());
    for planned in items.iter().filter(|planned| KINDS.contains(&planned.kind)) {
        let what = match existing.action(planned) {
            Action::LeftOut(_) => continue,
            Action::ToMake => What::Missing,
            // With a choice of indices an alias may well stand for others, too.
            Action::Differs(mut places) => {
                let others = wanted.pattern.is_some() && planned.kind == Kind::Alias;
                places.retain(|place| !others || !place.ends_with(" (only on the target)"));
                What::Different(places)
            }
            Action::Failed(reason) => What::NotComparable(reason),
            _ => What::Different(Vec::new()),
        };
        compared += 1;
        if what != What::Different(Vec::new()) {
            found.push(Difference { kind: planned.kind.word(), name: planned.name.clone(), what });
        }
    }
    for name in existing.more_aliases(&items) {
        compared += 1;
        found.push(Difference { kind: Kind::Alias.word(), name, what: What::Extra });
    }
    if !inventory.unreadable.is_empty() {
        return Err(Exit::from(Failure::Failed(anyhow!("items of the source can't be read"))));
    }
    Ok((compared, found))
}
