//! Compares one group: reads its indices' documents once, asks the target for them in batches, a few at a time.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use futures_util::StreamExt;
use switchover_documents::{Destination, Origin, Placed, Placement};
use switchover_snapshot::lucene::{Document, Options, Reader};
use switchover_snapshot::{Index, ShardDocuments, Snapshot, SnapshotError, source};
use tokio::task::JoinSet;

use super::extra;
use super::plan::Group;
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
    placement: &'a Placement,
    sources: Vec<String>,
    sides: BTreeMap<String, Side>,
    pending_documents: usize,
    pending_bytes: usize,
    queries: JoinSet<(String, Result<Tally>)>,
    unread: Vec<String>,
    dropped: BTreeMap<String, u64>,
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
    /// Documents that rules left out, by index of the snapshot.
    pub(super) dropped: BTreeMap<String, u64>,
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
        placement: &'a Placement,
        group: Group,
        progress: &'a mut Progress,
    ) -> Self {
        let side = |(name, destination)| (name, Side::new(destination, false));
        Self {
            target,
            snapshot,
            placement,
            progress,
            sources: group.sources,
            sides: group.destinations.into_iter().map(side).collect(),
            pending_documents: 0,
            pending_bytes: 0,
            queries: JoinSet::new(),
            unread: Vec::new(),
            dropped: BTreeMap::new(),
        }
    }

    /// # Errors
    /// When the target can't be asked. What can't be read is in the result.
    pub(super) async fn run(mut self) -> Result<Compared> {
        for (name, side) in &mut self.sides {
            side.exists = extra::prepare(self.target, name).await?;
        }
        for source in std::mem::take(&mut self.sources) {
            let index = match self.snapshot.index(&source).await {
                Ok(index) => index,
                Err(error) => {
                    self.unread.push(error.to_string());
                    continue;
                }
            };
            for number in 0..index.metadata().number_of_shards {
                match self.shard(&index, number).await {
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

    async fn shard(&mut self, index: &Index<'_>, number: u32) -> Result<(), Stop> {
        let shard = index.shard(number).await?;
        let bytes = shard.bytes();
        let documents = ShardDocuments::open(shard, Options::default()).await?;
        let several_types = index.metadata().types().count() > 1;
        for commit in documents.segments() {
            let segment = documents.segment(commit).await?;
            let at = |error| documents.at(error);
            let mut reader = Reader::new(&segment);
            let mut fetched = std::pin::pin!(documents.fetch(&segment, 0..segment.chunks()));
            while let Some(fetched) = fetched.next().await {
                let fetched = fetched?;
                self.progress.read(fetched.bytes.len() as u64);
                let mut chunks = reader.read(&fetched.read, &fetched.bytes).map_err(at)?;
                while let Some(documents) = chunks.next_chunk().map_err(at)? {
                    for document in documents {
                        self.document(index, several_types, &document.map_err(at)?).await?;
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
        several_types: bool,
        document: &Document<'_>,
    ) -> Result<()> {
        let origin = Origin {
            index: index.name().into(),
            doc_type: document.doc_type.or_else(|| index.metadata().only_type()).map(Into::into),
            id: document.id.to_string().into(),
            // Before 2.0 children were found by the routing of their parent's id.
            routing: document.routing.or(document.parent).map(Into::into),
            several_types,
        };
        let unplaced = || {
            let doc_type = origin.doc_type.as_deref().filter(|_| several_types);
            self.placement.of(&origin.index, doc_type)
        };
        let source = match document.source.map(source::to_json_line) {
            Some(Ok(source)) => source,
            problem => {
                let why = match problem {
                    Some(Err(error)) => error.to_string(),
                    _ => "their _source is not in the snapshot (the mapping switches it off, or makes it up)"
                        .to_owned(),
                };
                return self.without_source(&unplaced(), &origin, why).await;
            }
        };
        if !self.placement.has_rules() {
            let (destination, routing) = (unplaced(), origin.routing.as_deref());
            return self.want(&destination, false, &origin.id, routing, source).await;
        }
        match self.placement.place(&origin, &source) {
            Ok(placed) if placed.is_empty() => {
                *self.dropped.entry(index.name().to_owned()).or_default() += 1;
                self.progress.compared(1);
            }
            Ok(placed) => {
                for Placed { destination, by_rule, document } in placed {
                    let routing = document.routing.as_deref();
                    self.want(&destination, by_rule, &document.id, routing, document.source).await?;
                }
            }
            Err(stop) => self.side(&unplaced(), false).await?.tally.problem(stop.to_string()),
        }
        Ok(())
    }

    /// The index of the target, asked for when it is seen first.
    async fn side(&mut self, destination: &Destination, by_rule: bool) -> Result<&mut Side> {
        let name = &destination.index;
        if !self.sides.contains_key(name) {
            let exists = extra::prepare(self.target, name).await?;
            let mut destination = destination.clone();
            if by_rule && exists {
                destination.data_stream = extra::is_data_stream(self.target, name).await?;
            }
            self.sides.insert(name.clone(), Side::new(destination, exists));
        }
        self.sides.get_mut(name).ok_or_else(|| anyhow!("{name}: it is gone"))
    }

    /// A document that can't be compared, but may be seen to be missing.
    async fn without_source(
        &mut self,
        destination: &Destination,
        origin: &Origin<'_>,
        why: String,
    ) -> Result<()> {
        let side = self.side(destination, false).await?;
        if side.exists {
            side.tally.problem(why);
        } else {
            side.tally.missing.add(&origin.id, origin.routing.as_deref(), None);
            self.progress.compared(1);
        }
        Ok(())
    }

    /// A document as it should be on the target.
    async fn want(
        &mut self,
        destination: &Destination,
        by_rule: bool,
        id: &str,
        routing: Option<&str>,
        source: Cow<'_, [u8]>,
    ) -> Result<()> {
        let side = self.side(destination, by_rule).await?;
        if !side.exists {
            side.tally.missing.add(id, routing, None);
            self.progress.compared(1);
            return Ok(());
        }
        if self.pending_documents > 0 && self.pending_bytes + source.len() > BATCH_BYTES {
            self.send().await?;
        }
        self.pending_documents += 1;
        self.pending_bytes += source.len();
        let wanted =
            Wanted { id: id.to_owned(), routing: routing.map(str::to_owned), source: source.into_owned() };
        self.side(destination, by_rule).await?.pending.push(wanted);
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
        Ok(Compared { tallies, unread: self.unread, dropped: self.dropped })
    }
}

impl Side {
    fn new(destination: Destination, exists: bool) -> Self {
        Self { destination: Arc::new(destination), exists, pending: Vec::new(), tally: Tally::default() }
    }
}
