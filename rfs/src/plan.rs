//! The plan: which shards there are, and whether the target is ready for their documents.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use switchover_cluster::{Cluster, ClusterError};
use switchover_coordinate::{Board, CoordinationError, NewItem};
use switchover_snapshot::{ShardDocuments, Snapshot, SnapshotError, SnapshotErrorKind};

use crate::destination::Destinations;
use crate::selection::Selection;
use crate::target;
use crate::unit::{FinishUnit, LoadUnit, SegmentUnit, ShardUnit, Unit, phase};

/// The id of the item that is the plan itself.
pub const PLAN_ID: &str = "plan";
/// What the plan is summed up by; no index can have this name.
const NO_INDEX: &str = "*";
/// Stored fields that are loaded as one range; a larger segment is cut into more.
const RANGE_BYTES: u64 = 1024 * 1024 * 1024;
/// Names in a message.
const MAX_TOLD_NAMES: usize = 20;

/// Nothing can be planned. Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The snapshot.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The target.
    #[error("target: {0}")]
    Target(#[from] ClusterError),
    /// The coordination index.
    #[error(transparent)]
    Coordination(#[from] CoordinationError),
    /// The choice of indices fits none.
    #[error(
        "no index of the snapshot fits --indexAllowlist '{selection}'; the snapshot holds {}",
        told(existing)
    )]
    NothingSelected {
        /// The choice.
        selection: String,
        /// Indices of the snapshot.
        existing: Vec<String>,
    },
    /// Indices hold several types.
    #[error(
        "documents of different types may have the same id, and the target has no types: choose --severalTypes split (each type to INDEX_TYPE) or union (one of them is left) for {}",
        told(indices)
    )]
    SeveralTypes {
        /// Their names, with the types.
        indices: Vec<String>,
    },
    /// The target lacks indices.
    #[error(
        "the target has no index {}: documents would get mappings that are guessed; create them first, or pass --allowAutoCreate",
        told(missing)
    )]
    MissingIndices {
        /// Their names.
        missing: Vec<String>,
    },
}

/// What is planned.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// The choice of indices.
    pub selection: &'a Selection,
    /// Where documents go.
    pub destinations: &'a Destinations,
    /// The target.
    pub target: &'a Cluster,
    /// The target may make indices by itself.
    pub allow_auto_create: bool,
    /// Empty indices of the target get settings for loading, which are put back in the end.
    pub tune: bool,
}

/// The first item.
#[must_use]
pub fn first_item() -> NewItem<Unit> {
    NewItem {
        id: PLAN_ID.to_owned(),
        phase: phase::PLAN,
        group: NO_INDEX.to_owned(),
        part: None,
        unit: Unit::Plan,
        size: 0,
    }
}

impl Plan<'_> {
    /// Posts an item for each shard and for the end of each index of the target. Twice is as good as once.
    ///
    /// # Errors
    /// See [`PlanError`].
    pub async fn post(&self, board: &Board) -> Result<(), PlanError> {
        let existing = &self.snapshot.info().indices;
        let chosen: Vec<&String> = existing.iter().filter(|index| self.selection.has(index)).collect();
        if chosen.is_empty() && !existing.is_empty() {
            let (selection, existing) = (self.selection.to_string(), existing.clone());
            return Err(PlanError::NothingSelected { selection, existing });
        }
        let mut shards = Vec::new();
        // Where documents go, and where they go if no rule decides otherwise by the document.
        let (mut targets, mut perhaps) = (BTreeSet::new(), BTreeSet::new());
        let mut several_types = Vec::new();
        for index in chosen {
            let opened = match self.snapshot.index(index).await {
                Ok(opened) => opened,
                // Its first shard will fail of the same, and be recorded: the others can be loaded.
                Err(error) if error.kind() == SnapshotErrorKind::Damaged => {
                    shards.push(ShardUnit { index: index.clone(), shard: 0 });
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let metadata = opened.metadata();
            let types: Vec<&str> = metadata.types().collect();
            let foresight = self.destinations.placement().foresee(index, types.iter().copied());
            if foresight.ambiguous {
                several_types.push(format!("{index} ({})", types.join(", ")));
            }
            let names = foresight.destinations.into_iter().map(|destination| destination.index);
            if foresight.open {
                perhaps.extend(names)
            } else {
                targets.extend(names)
            }
            shards.extend(
                (0..metadata.number_of_shards).map(|shard| ShardUnit { index: index.clone(), shard }),
            );
        }
        if !several_types.is_empty() {
            return Err(PlanError::SeveralTypes { indices: several_types });
        }
        let there = target::indices(self.target).await?;
        let streams = target::data_streams(self.target).await?;
        let missing: Vec<String> = targets
            .iter()
            .filter(|name| !there.contains_key(*name) && !streams.contains(name))
            .cloned()
            .collect();
        if !missing.is_empty() && !self.allow_auto_create {
            return Err(PlanError::MissingIndices { missing });
        }
        targets.extend(perhaps.into_iter().filter(|name| there.contains_key(name)));
        // First what puts settings back, so that it is there whatever happens.
        let tuned: BTreeMap<&String, &target::TargetIndex> = there
            .iter()
            .filter(|(name, index)| self.tune && targets.contains(*name) && index.documents == 0)
            .collect();
        let settings =
            |name: &String| tuned.get(name).map(|index| index.settings.clone()).unwrap_or_default();
        let ends: Vec<_> = targets.iter().map(|name| finish(name, settings(name))).collect();
        board.post(ends).await?;
        for name in tuned.keys() {
            target::prepare(self.target, name).await?;
        }
        board.post(shards.into_iter().map(item)).await?;
        Ok(())
    }
}

/// Posts the segments of a shard.
///
/// # Errors
/// When the shard can't be read, or the items can't be posted.
pub async fn post_segments(
    board: &Board,
    unit: &ShardUnit,
    shard: &ShardDocuments,
) -> Result<(), SegmentsError> {
    let mut items = Vec::new();
    for commit in shard.segments() {
        let segment = shard.segment(commit).await?;
        let Some(stored) = segment.stored_fields() else { continue };
        let size = stored.range.end - stored.range.start;
        let unit = SegmentUnit { shard: unit.clone(), segment: commit.name.clone() };
        let parts = size.div_ceil(RANGE_BYTES).clamp(1, segment.chunks().max(1));
        let bound =
            |part: u64| u64::try_from(u128::from(segment.chunks()) * u128::from(part) / u128::from(parts));
        for part in 0..parts {
            let (Ok(from_chunk), Ok(to_chunk)) = (bound(part), bound(part + 1)) else { continue };
            let load = LoadUnit { segment: unit.clone(), from_chunk, to_chunk };
            items.push(load_item(load, size / parts));
        }
        if parts > 1 {
            items.push(NewItem {
                id: format!("check|{}|{}|{}", unit.shard.index, unit.shard.shard, unit.segment),
                phase: phase::LOAD,
                group: unit.shard.index.clone(),
                part: Some(unit.shard.shard),
                unit: Unit::Check(unit),
                size: 0,
            });
        }
    }
    Ok(board.post(items).await?)
}

/// A shard's segments can't be posted.
#[derive(Debug, thiserror::Error)]
pub enum SegmentsError {
    /// The shard.
    #[error(transparent)]
    Read(#[from] SnapshotError),
    /// The coordination index.
    #[error(transparent)]
    Coordination(#[from] CoordinationError),
}

fn item(unit: ShardUnit) -> NewItem<Unit> {
    NewItem {
        id: format!("shard|{}|{}", unit.index, unit.shard),
        phase: phase::LOAD,
        group: unit.index.clone(),
        part: Some(unit.shard),
        unit: Unit::Shard(unit),
        size: 0,
    }
}

fn load_item(unit: LoadUnit, size: u64) -> NewItem<Unit> {
    let SegmentUnit { shard, segment } = &unit.segment;
    NewItem {
        id: format!("load|{}|{}|{segment}|{}", shard.index, shard.shard, unit.from_chunk),
        phase: phase::LOAD,
        group: shard.index.clone(),
        part: Some(shard.shard),
        unit: Unit::Load(unit),
        size,
    }
}

fn finish(index: &str, settings: Map<String, Value>) -> NewItem<Unit> {
    NewItem {
        id: format!("finish|{index}"),
        phase: phase::FINISH,
        group: NO_INDEX.to_owned(),
        part: None,
        unit: Unit::Finish(FinishUnit { index: index.to_owned(), settings }),
        size: 0,
    }
}

/// The first names by the alphabet, and how many more there are.
fn told(names: &[String]) -> String {
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let mut text = sorted.iter().take(MAX_TOLD_NAMES).copied().collect::<Vec<_>>().join(", ");
    if names.len() > MAX_TOLD_NAMES {
        text.push_str(&format!(" and {} more", names.len() - MAX_TOLD_NAMES));
    }
    text
}
