//! How many writes an index has seen, so that it can be said later whether it was written since.
//!
//! Where shards number their writes (Elasticsearch since 6.0, OpenSearch) this is exact, deletions included, as long as
//! the shard's history is the same. Before, a node counts the writes of its shards since they were started there: the
//! count is believed only while the shard stays where it was, and what can't be known is said to be unknown.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use switchover_cluster::Method;

use super::lists::lists;
use crate::target::Target;

const STATS: &str = "_stats/docs,indexing?level=shards&filter_path=indices.*.uuid,indices.*.shards.*.routing,indices.*.shards.*.seq_no,indices.*.shards.*.commit.user_data,indices.*.shards.*.indexing.index_total,indices.*.shards.*.indexing.delete_total";

/// Writes of indices by their concrete names: a data stream has several.
pub(crate) type Writes = BTreeMap<String, IndexWrites>;

/// Writes of one index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IndexWrites {
    /// Tells it from another index of its name. None before Elasticsearch 6.
    pub(crate) uuid: Option<String>,
    /// Of each primary shard.
    pub(crate) shards: BTreeMap<u32, ShardWrites>,
}

/// Writes of one shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ShardWrites {
    /// It numbers its writes.
    #[serde(rename_all = "camelCase")]
    Numbered {
        /// Changes when a primary is made of an old copy.
        history: Option<String>,
        /// All writes up to this number are in every copy, and visible after a refresh.
        checkpoint: i64,
        /// The number of the last write.
        last: i64,
    },
    /// Its node counts them.
    Counted {
        /// Where the shard is.
        node: String,
        /// Since it is there.
        writes: u64,
    },
}

#[derive(Deserialize)]
struct Stats {
    #[serde(default)]
    indices: HashMap<String, IndexStats>,
}

#[derive(Deserialize)]
struct IndexStats {
    uuid: Option<String>,
    #[serde(default)]
    shards: BTreeMap<u32, Vec<ShardStats>>,
}

#[derive(Deserialize)]
struct ShardStats {
    routing: Routing,
    #[serde(default)]
    indexing: Indexing,
    commit: Option<Commit>,
    seq_no: Option<SequenceNumbers>,
}

#[derive(Deserialize)]
struct Routing {
    #[serde(default)]
    node: String,
    primary: bool,
}

#[derive(Default, Deserialize)]
struct Indexing {
    #[serde(default)]
    index_total: u64,
    #[serde(default)]
    delete_total: u64,
}

#[derive(Deserialize)]
struct Commit {
    #[serde(default)]
    user_data: HashMap<String, String>,
}

#[derive(Deserialize)]
struct SequenceNumbers {
    max_seq_no: i64,
    global_checkpoint: i64,
}

impl From<ShardStats> for ShardWrites {
    fn from(shard: ShardStats) -> Self {
        match shard.seq_no {
            Some(numbers) => Self::Numbered {
                history: shard.commit.and_then(|mut commit| commit.user_data.remove("history_uuid")),
                checkpoint: numbers.global_checkpoint,
                last: numbers.max_seq_no,
            },
            None => Self::Counted {
                node: shard.routing.node,
                writes: shard.indexing.index_total.saturating_add(shard.indexing.delete_total),
            },
        }
    }
}

/// Writes of these indices and data streams, all of which must be there; of all of them when none is named.
pub(crate) async fn read(cluster: &Target, names: &[String]) -> Result<Writes> {
    let mut writes = Writes::new();
    if names.is_empty() {
        gather(cluster, &format!("/{STATS}"), &mut writes).await?;
    }
    for list in lists(names) {
        gather(cluster, &format!("/{list}/{STATS}"), &mut writes).await?;
    }
    Ok(writes)
}

async fn gather(cluster: &Target, path: &str, writes: &mut Writes) -> Result<()> {
    let stats: Stats = cluster.ask(Method::GET, path, None).await?.success()?.json()?;
    for (name, index) in stats.indices {
        let primary =
            |copies: Vec<ShardStats>| copies.into_iter().find(|copy| copy.routing.primary).map(Into::into);
        let shards = index.shards.into_iter();
        let shards = shards.filter_map(|(number, copies)| Some((number, primary(copies)?))).collect();
        writes.insert(name, IndexWrites { uuid: index.uuid, shards });
    }
    Ok(())
}

impl IndexWrites {
    /// How many writes came after those that `before` is sure of.
    ///
    /// # Errors
    /// When that can't be known: why.
    pub(crate) fn since(&self, before: &Self) -> Result<u64> {
        if self.uuid != before.uuid {
            bail!("it is another index of the same name now");
        }
        if self.shards.keys().ne(before.shards.keys()) {
            bail!("not all of its primary shards are there");
        }
        let pairs = self.shards.values().zip(before.shards.values());
        pairs.map(|(now, before)| now.since(before)).sum()
    }

    /// All writes of its life, as far as they are counted.
    pub(crate) fn all(&self) -> u64 {
        let of = |shard: &ShardWrites| match shard {
            ShardWrites::Numbered { last, .. } => u64::try_from(last.saturating_add(1)).unwrap_or(0),
            ShardWrites::Counted { writes, .. } => *writes,
        };
        self.shards.values().map(of).sum()
    }

    /// Whether all its writes are numbered, so that what was not written since is the same for certain.
    pub(crate) fn is_numbered(&self) -> bool {
        self.shards.values().all(|shard| matches!(shard, ShardWrites::Numbered { history: Some(_), .. }))
            && self.uuid.is_some()
    }
}

impl ShardWrites {
    fn since(&self, before: &Self) -> Result<u64> {
        let unknown = match (self, before) {
            (Self::Numbered { history, last, .. }, Self::Numbered { history: then, checkpoint, .. }) => {
                match last.checked_sub(*checkpoint).and_then(|count| u64::try_from(count).ok()) {
                    Some(count) if history == then => return Ok(count),
                    _ => "a shard's history is another one now",
                }
            }
            (Self::Counted { node, writes }, Self::Counted { node: then, writes: before }) => {
                match writes.checked_sub(*before) {
                    Some(count) if node == then => return Ok(count),
                    _ => "a shard was moved or its node restarted, and this version counts writes by node",
                }
            }
            _ => "its writes are counted in another way now",
        };
        bail!("{unknown}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::scripted;

    fn index(uuid: &str, shards: Vec<ShardWrites>) -> IndexWrites {
        IndexWrites { uuid: Some(uuid.to_owned()), shards: (0..).zip(shards).collect() }
    }

    fn numbered(history: &str, checkpoint: i64, last: i64) -> ShardWrites {
        ShardWrites::Numbered { history: Some(history.to_owned()), checkpoint, last }
    }

    fn counted(node: &str, writes: u64) -> ShardWrites {
        ShardWrites::Counted { node: node.to_owned(), writes }
    }

    #[test]
    fn writes_since_are_exact_or_unknown() {
        let before = index("u", vec![numbered("h", 9, 11), numbered("h", -1, -1)]);
        // Two were under way already, and not sure to be seen.
        assert_eq!(before.since(&before).unwrap(), 2);
        let now = index("u", vec![numbered("h", 12, 12), numbered("h", 0, 0)]);
        assert_eq!(now.since(&before).unwrap(), 4);
        assert_eq!(now.all(), 14);
        for other in [
            index("v", vec![numbered("h", 12, 12), numbered("h", 0, 0)]),
            index("u", vec![numbered("h", 12, 12)]),
            index("u", vec![numbered("i", 12, 12), numbered("h", 0, 0)]),
            index("u", vec![numbered("h", 7, 7), numbered("h", 0, 0)]),
            index("u", vec![counted("n", 12), counted("n", 0)]),
        ] {
            assert!(other.since(&before).is_err(), "{other:?}");
        }
        let before = index("u", vec![counted("n", 5)]);
        assert_eq!(index("u", vec![counted("n", 8)]).since(&before).unwrap(), 3);
        assert!(index("u", vec![counted("m", 8)]).since(&before).is_err());
        assert!(index("u", vec![counted("n", 4)]).since(&before).is_err());
        assert!(!before.is_numbered());
    }

    #[tokio::test]
    async fn only_primaries_are_read_and_names_never_make_a_line_too_long() {
        let names: Vec<String> = (0..1000).map(|number| format!("index-{number:04}")).collect();
        let target = Target::impatient(&scripted::start(|request, _| {
            assert!(request.len() < 4096, "{request}");
            let list = request.trim_start_matches("GET /").split('/').next().unwrap().to_owned();
            let shard = |primary: bool, last: i64| {
                serde_json::json!({"routing": {"primary": primary, "node": "n"}, "commit": {"user_data":
                {"history_uuid": "h"}}, "seq_no": {"max_seq_no": last, "global_checkpoint": 3, "local_checkpoint": 3}})
            };
            let index = serde_json::json!({"uuid": "u", "shards": {"0": [shard(false, 9), shard(true, 4)]}});
            let indices: serde_json::Map<_, _> =
                list.split(',').map(|name| (name.to_owned(), index.clone())).collect();
            (200, serde_json::json!({"indices": indices}).to_string())
        }));
        let writes = read(&target, &names).await.unwrap();
        assert_eq!(writes.len(), 1000);
        assert_eq!(writes["index-0007"], index("u", vec![numbered("h", 3, 4)]));
        assert!(writes["index-0007"].is_numbered());
    }
}
