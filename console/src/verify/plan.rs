//! What is compared with what: indices of the source, and the indices of the target that hold their documents. Those
//! that share one on the target (the backing indices of a data stream) are compared together, or the documents of one
//! would be extra to the other.

use std::collections::BTreeMap;

use anyhow::anyhow;
use futures_util::{StreamExt, stream};
use switchover_documents::{Destination, Foresight, Placement};
use switchover_snapshot::{Index, Snapshot, is_system_index};

use crate::failure::Failure;
use crate::glob;

/// Lists of files that are asked for at a time.
const READS_AT_ONCE: usize = 16;

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) groups: Vec<Group>,
    /// Of the files of all shards.
    pub(super) bytes: u64,
    /// Indices that can't be opened.
    pub(super) problems: Vec<String>,
}

/// Indices of the source by name, and the indices of the target that hold their documents.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) sources: Vec<String>,
    pub(super) destinations: BTreeMap<String, Destination>,
}

impl Plan {
    pub(super) async fn of(
        snapshot: &Snapshot,
        pattern: Option<&str>,
        placement: &Placement,
    ) -> Result<Self, Failure> {
        let (mut parts, mut problems, mut ambiguous, mut bytes) = (Vec::new(), Vec::new(), Vec::new(), 0_u64);
        for name in selected(snapshot, pattern)? {
            let index = match snapshot.index(name).await {
                Ok(index) => index,
                Err(error) => {
                    problems.push(error.to_string());
                    continue;
                }
            };
            let types: Vec<&str> = index.metadata().types().collect();
            let foresight = placement.foresee(name, types.iter().copied());
            if foresight.ambiguous {
                ambiguous.push(format!("{name} ({})", types.join(", ")));
            }
            parts.push((name.to_owned(), foresight));
            bytes = bytes.saturating_add(bytes_of(&index).await);
        }
        told(&ambiguous)?;
        Ok(Self { groups: grouped(parts), bytes, problems })
    }

    /// The same for indices of a live cluster, each with its types.
    pub(super) fn live<'n>(
        indices: impl Iterator<Item = (&'n str, &'n [String])>,
        placement: &Placement,
    ) -> Result<Self, Failure> {
        let (mut parts, mut ambiguous) = (Vec::new(), Vec::new());
        for (name, types) in indices {
            let foresight = placement.foresee(name, types.iter().map(String::as_str));
            if foresight.ambiguous {
                ambiguous.push(format!("{name} ({})", types.join(", ")));
            }
            parts.push((name.to_owned(), foresight));
        }
        told(&ambiguous)?;
        Ok(Self { groups: grouped(parts), bytes: 0, problems: Vec::new() })
    }
}

/// What can't be compared before it is known how it was loaded.
fn told(ambiguous: &[String]) -> Result<(), Failure> {
    if ambiguous.is_empty() {
        return Ok(());
    }
    let indices = ambiguous.join(", ");
    let advice = "say how they were loaded, with --severalTypes split or union";
    Err(anyhow!("documents of several types are in {indices}; {advice}").into())
}

/// The names of those that are meant, in order.
fn selected<'s>(snapshot: &'s Snapshot, pattern: Option<&str>) -> Result<Vec<&'s str>, Failure> {
    let meant = |name: &&str| match pattern {
        Some(pattern) => glob::matches(pattern.as_bytes(), name.as_bytes()),
        None => !is_system_index(name),
    };
    let mut names: Vec<_> = snapshot.info().indices.iter().map(String::as_str).filter(meant).collect();
    names.sort_unstable();
    if names.is_empty() {
        let name = &snapshot.info().name;
        let advice = "`switchover snapshot ls --snapshot` lists its indices";
        let problem = match pattern {
            Some(pattern) => format!("no index of snapshot {name} matches {pattern}"),
            None => format!("snapshot {name} holds no index whose name does not begin with a dot"),
        };
        return Err(anyhow!("nothing is verified: {problem}; {advice}").into());
    }
    Ok(names)
}

/// Only for the progress: a shard that can't be read is told when it is compared.
async fn bytes_of(index: &Index<'_>) -> u64 {
    let shards = stream::iter(0..index.metadata().number_of_shards).map(|number| index.shard(number));
    let bytes = shards.buffered(READS_AT_ONCE).map(|shard| shard.map_or(0, |shard| shard.bytes()));
    bytes.fold(0, async |sum: u64, bytes| sum.saturating_add(bytes)).await
}

/// Joins those that have a destination in common. Documents that rules send by what they hold may be anywhere: then all
/// is one group, and where they went is known at its end.
fn grouped(parts: Vec<(String, Foresight)>) -> Vec<Group> {
    let is_open = parts.iter().any(|(_, foresight)| foresight.open);
    let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
    let mut group_of: BTreeMap<String, usize> = BTreeMap::new();
    for (number, (source, foresight)) in parts.into_iter().enumerate() {
        let mut group = Group { sources: vec![source], ..Group::default() };
        // An index that holds the documents only perhaps is looked at when there is one.
        let certain = foresight.destinations.into_iter().filter(|_| !foresight.open);
        for destination in certain {
            // Of a group that is joined to this one already nothing is left under its number.
            if let Some(known) = group_of.get(&destination.index).and_then(|known| groups.remove(known)) {
                group.sources.extend(known.sources);
                group.destinations.extend(known.destinations);
            }
            group.destinations.insert(destination.index.clone(), destination);
        }
        group_of.extend(group.destinations.keys().map(|index| (index.clone(), number)));
        group.sources.sort();
        groups.insert(number, group);
    }
    if !is_open {
        return groups.into_values().collect();
    }
    let mut all = Group::default();
    for group in groups.into_values() {
        all.sources.extend(group.sources);
        all.destinations.extend(group.destinations);
    }
    all.sources.sort();
    vec![all]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shares_a_destination_is_one_group() {
        let part = |index: &str, types: &[&str]| {
            let types = types.iter().map(|&doc_type| Some(doc_type));
            let types: Vec<_> = if types.len() == 0 { vec![None] } else { types.collect() };
            let destinations = types.into_iter().map(|doc_type| Destination::of(index, doc_type)).collect();
            (index.to_owned(), Foresight { destinations, ..Foresight::default() })
        };
        let groups = grouped(vec![
            part(".ds-logs-000001", &[]),
            part(".ds-logs-000002", &[]),
            part("a", &[]),
            part("shop_order", &[]),
            part("shop_user", &[]),
            part("shop", &["order", "user", "other"]),
            part("z", &[]),
        ]);
        let names: Vec<(Vec<&str>, Vec<&str>)> = groups
            .iter()
            .map(|group| {
                let sources = group.sources.iter().map(String::as_str).collect();
                (sources, group.destinations.keys().map(String::as_str).collect())
            })
            .collect();
        assert_eq!(
            names,
            [
                (vec![".ds-logs-000001", ".ds-logs-000002"], vec!["logs"]),
                (vec!["a"], vec!["a"]),
                (vec!["shop", "shop_order", "shop_user"], vec!["shop_order", "shop_other", "shop_user"]),
                (vec!["z"], vec!["z"]),
            ]
        );
        assert!(groups[0].destinations["logs"].data_stream);

        let (name, mut perhaps) = part("b", &[]);
        perhaps.open = true;
        let groups = grouped(vec![part("a", &[]), (name, perhaps), part("z", &[])]);
        let [group] = groups.as_slice() else { panic!("{groups:?}") };
        assert_eq!(group.sources, ["a", "b", "z"]);
        assert_eq!(group.destinations.keys().collect::<Vec<_>>(), ["a", "z"]);
    }
}
