//! Compares one group: reads its indices' documents once, asks the target for them in batches, a few at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use futures_util::StreamExt;
use switchover_snapshot::lucene::{Document, Options, Reader};
use switchover_snapshot::{Destination, Index, SegmentSources, ShardDocuments, Snapshot, SnapshotError};
use tokio::task::JoinSet;

use super::extra;
use super::plan::{Group, Source};
use super::progress::Progress;
use super::query::{self, Batch, Wanted};
use super::tally::Tally;
use crate::target::Target;

/// Documents that are asked for at once.
const BATCH_DOCUMENTS: usize = 1000;
/// Bytes of their sources; a longer document is asked for alone.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Questions under way.
const MAX_QUERIES: usize = 4;

pub(super) struct Comparison<'a> {
    target: &'a Target,
    snapshot: &'a Snapshot,
    progress: &'a mut Progress,
    sources: Vec<Source>,
    sides: BTreeMap<String, Side>,
    pending_documents: usize,
    pending_bytes: usize,
    queries: JoinSet<(String, Result<Tally>)>,
    unread: Vec<String>,
}

/// An index of the target.
struct Side {
    destination: Arc<Destination>,
    exists: bool,
    pending: Vec<Wanted>,
    tally: Tally,
}

/// What came of a group.
#[derive(Debug)]
pub(super) struct Compared {
    /// By index of the target.
    pub(super) tallies: BTreeMap<String, Tally>,
    /// What of the snapshot could not be read.
    pub(super) unread: Vec<String>,
}

/// Why a shard is not compared.
enum Stop {
    /// The others can be.
    Unread(SnapshotError),
    /// Nothing can be.
    Target(anyhow::Error),
}

impl From<SnapshotError> for Stop {
    fn from(error: SnapshotError) -> Self {
        Self::Unread(error)
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Target(error)
    }
}

impl<'a> Comparison<'a> {
    pub(super) fn new(
        target: &'a Target,
        snapshot: &'a Snapshot,
        group: Group,
        progress: &'a mut Progress,
    ) -> Self {
        let side = |(name, destination)| (name, Side::new(destination, false));
        Self {
            target,
            snapshot,
            progress,
            sources: group.sources,
            sides: group.destinations.into_iter().map(side).collect(),
            pending_documents: 0,
            pending_bytes: 0,
            queries: JoinSet::new(),
            unread: Vec::new(),
        }
    }

    /// # Errors
    /// When the target can't be asked. What can't be read is in the result.
    pub(super) async fn run(mut self) -> Result<Compared> {
        for (name, side) in &mut self.sides {
            side.exists = extra::prepare(self.target, name).await?;
        }
        for source in std::mem::take(&mut self.sources) {
            let index = match self.snapshot.index(&source.index).await {
                Ok(index) => index,
                Err(error) => {
                    self.unread.push(error.to_string());
                    continue;
                }
            };
            for number in 0..index.metadata().number_of_shards {
                match self.shard(&index, source.split, number).await {
                    Ok(()) => {}
                    Err(Stop::Unread(error)) => self.unread.push(error.to_string()),
                    Err(Stop::Target(error)) => return Err(error),
                }
            }
        }
        self.send().await?;
        while !self.queries.is_empty() {
            self.answer().await?;
        }
        self.finish().await
    }

    async fn shard(&mut self, index: &Index<'_>, split: bool, number: u32) -> Result<(), Stop> {
        let shard = index.shard(number).await?;
        let bytes = shard.bytes();
        let documents = ShardDocuments::open(shard, Options::default()).await?;
        for commit in documents.segments() {
            let segment = documents.segment(commit).await?;
            let mut sources = documents.sources(&segment).await?;
            let at = |error| documents.at(error);
            let mut reader = Reader::new(&segment);
            let mut fetched = std::pin::pin!(documents.fetch(&segment, 0..segment.chunks()));
            while let Some(fetched) = fetched.next().await {
                let fetched = fetched?;
                self.progress.read(fetched.bytes.len() as u64);
                let mut chunks = reader.read(&fetched.read, &fetched.bytes).map_err(at)?;
                while let Some(documents) = chunks.next_chunk().map_err(at)? {
                    for document in documents {
                        self.document(index, split, &document.map_err(at)?, &mut sources).await?;
                    }
                }
            }
        }
        self.progress.shard(bytes);
        Ok(())
    }

    async fn document(
        &mut self,
        index: &Index<'_>,
        split: bool,
        document: &Document<'_>,
        sources: &mut SegmentSources,
    ) -> Result<()> {
        let doc_type = document.doc_type.or_else(|| index.metadata().only_type());
        let destination = Destination::of(index.name(), doc_type.filter(|_| split));
        if !self.sides.contains_key(&destination.index) {
            let exists = extra::prepare(self.target, &destination.index).await?;
            self.sides.insert(destination.index.clone(), Side::new(destination.clone(), exists));
        }
        let Some(side) = self.sides.get_mut(&destination.index) else { return Ok(()) };
        let id = document.id.to_string();
        // Before 2.0 children were found by the routing of their parent's id.
        let routing = document.routing.or(document.parent).map(str::to_owned);
        if !side.exists {
            side.tally.missing.add(&id, routing.as_deref(), None);
            self.progress.compared(1);
            return Ok(());
        }
        let source = match sources.json_line(document) {
            Ok(source) => source.into_owned(),
            Err(error) => {
                side.tally.problem(error.to_string());
                return Ok(());
            }
        };
        if self.pending_documents > 0 && self.pending_bytes + source.len() > BATCH_BYTES {
            self.send().await?;
        }
        let Some(side) = self.sides.get_mut(&destination.index) else { return Ok(()) };
        self.pending_documents += 1;
        self.pending_bytes += source.len();
        side.pending.push(Wanted { id, routing, source });
        if self.pending_documents >= BATCH_DOCUMENTS {
            self.send().await?;
        }
        Ok(())
    }

    /// Asks for all that is pending.
    async fn send(&mut self) -> Result<()> {
        let names: Vec<String> = self.sides.keys().cloned().collect();
        for name in names {
            while self.queries.len() >= MAX_QUERIES {
                self.answer().await?;
            }
            let Some(side) = self.sides.get_mut(&name).filter(|side| !side.pending.is_empty()) else {
                continue;
            };
            let documents = std::mem::take(&mut side.pending);
            let batch = Batch { destination: Arc::clone(&side.destination), documents };
            let target = self.target.clone();
            self.queries.spawn(async move { (name, query::compare(target, batch).await) });
        }
        (self.pending_documents, self.pending_bytes) = (0, 0);
        Ok(())
    }

    /// Waits for one answer.
    async fn answer(&mut self) -> Result<()> {
        let Some(answered) = self.queries.join_next().await else { return Ok(()) };
        let (name, tally) = answered.map_err(|error| anyhow!("a task ended: {error}"))?;
        let tally = tally?;
        self.progress.compared(tally.documents());
        if let Some(side) = self.sides.get_mut(&name) {
            side.tally.merge(tally);
        }
        Ok(())
    }

    async fn finish(self) -> Result<Compared> {
        let mut tallies = BTreeMap::new();
        for (name, Side { exists, mut tally, .. }) in self.sides {
            // Without the whole snapshot, what it holds would seem to be extra.
            if self.unread.is_empty() && tally.not_comparable == 0 {
                match exists {
                    true => match extra::find(self.target, &name, &mut tally).await {
                        Ok(extra) => tally.extra = Some(extra),
                        Err(error) => drop(tally.problems.insert(format!("{error:#}"), 0)),
                    },
                    false => tally.extra = Some(super::tally::Kind::default()),
                }
            }
            tally.answered = Vec::new();
            tallies.insert(name, tally);
        }
        Ok(Compared { tallies, unread: self.unread })
    }
}

impl Side {
    fn new(destination: Destination, exists: bool) -> Self {
        Self { destination: Arc::new(destination), exists, pending: Vec::new(), tally: Tally::default() }
    }
}
