//! Documents as they should be on the target, wherever they were read: each is placed, asked for in batches with others,
//! a few batches at a time, and judged.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use switchover_documents::{Destination, Origin, Placed, Placement};
use tokio::task::JoinSet;

use super::extra;
use super::progress::Progress;
use super::query::{self, Batch, Seen, Wanted};
use super::tally::Tally;
use crate::target::Target;

/// Documents that are asked for at once.
const BATCH_DOCUMENTS: usize = 1000;
/// Bytes of their sources; a longer document is asked for alone.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Questions under way.
const MAX_QUERIES: usize = 4;

/// What documents are compared with.
#[derive(Debug)]
pub(super) struct Matching<'a> {
    target: &'a Target,
    /// Where documents that differ are looked at again: a live source may have been written meanwhile.
    source: Option<&'a Target>,
    placement: &'a Placement,
    progress: &'a Progress,
    pub(super) sides: BTreeMap<String, Side>,
    pending_documents: usize,
    pending_bytes: usize,
    queries: JoinSet<(String, Result<Tally>)>,
    /// Documents that rules left out, by index of the source.
    pub(super) dropped: BTreeMap<String, u64>,
}

/// An index of the target.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) destination: Arc<Destination>,
    pub(super) exists: bool,
    pending: Vec<Wanted>,
    pub(super) tally: Tally,
}

impl<'a> Matching<'a> {
    pub(super) fn new(
        target: &'a Target,
        source: Option<&'a Target>,
        placement: &'a Placement,
        progress: &'a Progress,
    ) -> Self {
        Self {
            target,
            source,
            placement,
            progress,
            sides: BTreeMap::new(),
            pending_documents: 0,
            pending_bytes: 0,
            queries: JoinSet::new(),
            dropped: BTreeMap::new(),
        }
    }

    /// Looks whether the target has these.
    pub(super) async fn prepare(&mut self, destinations: BTreeMap<String, Destination>) -> Result<()> {
        for (name, destination) in destinations {
            let exists = extra::prepare(self.target, &name).await?;
            self.sides.insert(name, Side::new(Arc::new(destination), exists));
        }
        Ok(())
    }

    /// The same sides as another one has, with nothing compared yet.
    pub(super) fn beside(&self) -> Self {
        let mut other = Self::new(self.target, self.source, self.placement, self.progress);
        let side = |side: &Side| Side::new(Arc::clone(&side.destination), side.exists);
        other.sides = self.sides.iter().map(|(name, it)| (name.clone(), side(it))).collect();
        other
    }

    /// Takes what came of some documents.
    pub(super) fn absorb(
        &mut self,
        tallies: BTreeMap<String, (Arc<Destination>, bool, Tally)>,
        dropped: BTreeMap<String, u64>,
    ) {
        for (name, (destination, exists, tally)) in tallies {
            self.sides.entry(name).or_insert_with(|| Side::new(destination, exists)).tally.merge(tally);
        }
        for (index, count) in dropped {
            *self.dropped.entry(index).or_default() += count;
        }
    }

    /// A document, and its source or why it has none. `seen`: how it was found on a live source.
    pub(super) async fn document(
        &mut self,
        origin: &Origin<'_>,
        source: Result<Cow<'_, [u8]>, String>,
        seen: Option<Seen>,
    ) -> Result<()> {
        let unplaced = || {
            let doc_type = origin.doc_type.as_deref().filter(|_| origin.several_types);
            self.placement.of(&origin.index, doc_type)
        };
        let source = match source {
            Ok(source) => source,
            Err(why) => return self.without_source(&unplaced(), origin, why).await,
        };
        if !self.placement.has_rules() {
            let (destination, routing) = (unplaced(), origin.routing.as_deref());
            return self.want(&destination, false, &origin.id, routing, source, seen).await;
        }
        match self.placement.place(origin, &source) {
            Ok(placed) if placed.is_empty() => {
                *self.dropped.entry(origin.index.to_string()).or_default() += 1;
                self.progress.compared(1);
            }
            Ok(placed) => {
                for Placed { destination, by_rule, document } in placed {
                    let routing = document.routing.as_deref();
                    let seen = seen.clone();
                    self.want(&destination, by_rule, &document.id, routing, document.source, seen).await?;
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
            self.sides.insert(name.clone(), Side::new(Arc::new(destination), exists));
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
        seen: Option<Seen>,
    ) -> Result<()> {
        if self.pending_documents > 0 && self.pending_bytes + source.len() > BATCH_BYTES {
            self.send().await?;
        }
        let (bytes, progress) = (source.len(), self.progress);
        let side = self.side(destination, by_rule).await?;
        if !side.exists {
            side.tally.missing.add(id, routing, None);
            progress.compared(1);
            return Ok(());
        }
        let (id, routing) = (id.to_owned(), routing.map(str::to_owned));
        side.pending.push(Wanted { id, routing, source: source.into_owned(), seen });
        self.pending_documents += 1;
        self.pending_bytes += bytes;
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
            let (target, source) = (self.target.clone(), self.source.cloned());
            self.queries.spawn(async move { (name, query::compare(target, source, batch).await) });
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

    /// Asks for what is left, and waits for all answers.
    pub(super) async fn settle(&mut self) -> Result<()> {
        self.send().await?;
        while !self.queries.is_empty() {
            self.answer().await?;
        }
        Ok(())
    }
}

impl Side {
    fn new(destination: Arc<Destination>, exists: bool) -> Self {
        Self { destination, exists, pending: Vec::new(), tally: Tally::default() }
    }
}
