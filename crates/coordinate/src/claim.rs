//! Getting the next item: one that nobody holds, or one whose holder is silent.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::board::Board;
use crate::error::CoordinationError;
use crate::item::{Item, State, Stored};
use crate::lease::{LEASE, Lease};
use crate::store::{Change, Found, Place};

/// Items that are looked at in one search.
const CANDIDATES: usize = 100;
/// Searches after which a worker lets others pass before it tries again.
const MAX_SEARCHES: usize = 3;

/// What there is to do.
#[derive(Debug)]
pub enum Claim<U> {
    /// This.
    Work(Box<Lease<U>>),
    /// All open items are held by others, who may yet be silent: ask again after a moment.
    Wait {
        /// Holders of the items, each once.
        holders: Vec<String>,
    },
    /// No item is open.
    Ended {
        /// Items that could not be done.
        failed: u64,
        /// Items that were left out by choice.
        skipped: u64,
    },
    /// Nothing was ever posted.
    Empty,
}

/// One worker's way to items. It remembers how long it has seen each held item unchanged.
#[derive(Debug)]
pub struct Claims {
    board: Board,
    worker: String,
    lease: Duration,
    claimed: u64,
    watched: HashMap<String, (Place, Instant)>,
}

impl Claims {
    /// `worker`: of this process alone, on all hosts and for all time.
    #[must_use]
    pub fn new(board: Board, worker: String) -> Self {
        Self::with_lease(board, worker, LEASE)
    }

    /// The same with another length of leases. All workers of a board must have the same one.
    #[must_use]
    pub fn with_lease(board: Board, worker: String, lease: Duration) -> Self {
        Self { board, worker, lease, claimed: 0, watched: HashMap::new() }
    }

    /// The next item, if there is one.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub async fn claim<U: Serialize + DeserializeOwned>(&mut self) -> Result<Claim<U>, CoordinationError> {
        for _ in 0..MAX_SEARCHES {
            let open = self.search::<U>(json!({"term": {"state": "open"}})).await?;
            let Some(first) = open.first() else { return self.ended().await };
            // Two who began at the same time with different subjects must not do each other's work.
            if first.source.subject != self.board.subject {
                return Err(self.board.other_subject(&first.source.subject));
            }
            let phase = first.source.phase;
            let (held, free): (Vec<_>, Vec<_>) = open
                .into_iter()
                .filter(|found| found.source.phase == phase)
                .partition(|found| found.source.held);
            let contested = !free.is_empty();
            for found in free {
                if let Some(lease) = self.take(found).await? {
                    return Ok(Claim::Work(Box::new(lease)));
                }
            }
            if contested {
                // Others were faster; what the search shows is a second old.
                self.board.store.refresh().await?;
                continue;
            }
            // What is free in this phase comes before what is held, so all of it is held.
            if let Some(lease) = self.take_over(&held).await? {
                return Ok(Claim::Work(Box::new(lease)));
            }
            let mut holders: Vec<String> = held.into_iter().filter_map(|found| found.source.holder).collect();
            holders.sort_unstable();
            holders.dedup();
            return Ok(Claim::Wait { holders });
        }
        Ok(Claim::Wait { holders: Vec::new() })
    }

    /// An item whose document has not changed for a whole lease.
    async fn take_over<U: Serialize + DeserializeOwned>(
        &mut self,
        held: &[Found<Stored<U>>],
    ) -> Result<Option<Lease<U>>, CoordinationError> {
        let now = Instant::now();
        // A search shows some of the held items, each time others: what was seen before is kept.
        for found in held {
            let watched = self.watched.entry(found.id.clone()).or_insert((found.place, now));
            if watched.0 != found.place {
                *watched = (found.place, now);
            }
        }
        let silent: Vec<String> = self
            .watched
            .iter()
            .filter(|(_, (_, since))| now.duration_since(*since) >= self.lease)
            .map(|(id, _)| id.clone())
            .collect();
        for id in silent {
            // Searches lag behind: the document itself decides. Whatever it is, it is watched anew.
            let seen = self.watched.remove(&id).map(|(place, _)| place);
            let Some(found) = self.board.store.get::<Stored<U>>(&id).await? else { continue };
            if found.source.state != State::Open || !found.source.held {
                continue;
            }
            if seen != Some(found.place) {
                self.watched.insert(id, (found.place, now));
                continue;
            }
            let holder = found.source.holder.clone().unwrap_or_default();
            if let Some(lease) = self.take(found).await? {
                tracing::warn!(item = id, holder, "its holder is silent: taken over");
                return Ok(Some(lease));
            }
        }
        Ok(None)
    }

    /// `None` when another worker was faster.
    async fn take<U>(&mut self, found: Found<Stored<U>>) -> Result<Option<Lease<U>>, CoordinationError> {
        self.claimed += 1;
        let holder = format!("{}#{}", self.worker, self.claimed);
        let begun = Instant::now();
        let Found { id, place, source } = found;
        // Counted as fruitless until there is progress, so that it counts when this process dies of the item.
        let fields = json!({"held": true, "holder": holder, "fruitless": source.fruitless.saturating_add(1)});
        let Change::Made(place) = self.board.store.change(&id, place, fields).await? else { return Ok(None) };
        let item = Item {
            id,
            group: source.group,
            unit: source.unit,
            size: source.size,
            progress: source.progress,
            fruitless: source.fruitless,
        };
        let store = self.board.store.clone();
        Ok(Some(Lease { item, store, place, holder, renewed: begun, lease: self.lease }))
    }

    /// The first phase first, in it what is free first, in any order: so workers seldom meet.
    async fn search<U: DeserializeOwned>(
        &self,
        query: Value,
    ) -> Result<Vec<Found<Stored<U>>>, CoordinationError> {
        let query = json!({"bool": {"filter": [{"term": {"kind": "work"}}, query]}});
        let random = json!({"function_score": {"query": query, "random_score": {}, "boost_mode": "replace"}});
        let sort = json!([{"phase": "asc"}, {"held": "asc"}, {"_score": "desc"}]);
        self.board.store.search(json!({"size": CANDIDATES, "query": random, "sort": sort})).await
    }

    async fn ended<U>(&self) -> Result<Claim<U>, CoordinationError> {
        // A worker that has just begun must not take an old view for the end.
        self.board.store.refresh().await?;
        let overview = self.board.overview().await?;
        Ok(match (overview.all.items, overview.all.open) {
            (0, _) => Claim::Empty,
            (_, 0) => Claim::Ended { failed: overview.all.failed, skipped: overview.all.skipped },
            _ => Claim::Wait { holders: Vec::new() },
        })
    }
}
