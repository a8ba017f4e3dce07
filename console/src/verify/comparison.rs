//! Compares one group: reads its indices' documents of a snapshot once, and then looks for what the target has beside.

use std::collections::BTreeMap;

use anyhow::Result;
use futures_util::StreamExt;
use switchover_documents::{Origin, Placement};
use switchover_snapshot::lucene::{Document, Options, Reader};
use switchover_snapshot::{Index, SegmentSources, ShardDocuments, Snapshot, SnapshotError};

use super::extra;
use super::matching::Matching;
use super::plan::Group;
use super::progress::Progress;
use super::tally::{Kind, Tally};
use crate::target::Target;

pub(super) struct Comparison<'a> {
    target: &'a Target,
    snapshot: &'a Snapshot,
    progress: &'a Progress,
    matching: Matching<'a>,
    group: Group,
    unread: Vec<String>,
}

/// What came of a group.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// By index of the target.
    pub(super) tallies: BTreeMap<String, Tally>,
    /// What of the source could not be read.
    pub(super) unread: Vec<String>,
    /// Documents that rules left out, by index of the source.
    pub(super) dropped: BTreeMap<String, u64>,
}

impl Compared {
    /// Whether all was compared.
    pub(super) fn is_whole(&self) -> bool {
        self.unread.is_empty() && self.tallies.values().all(|tally| tally.problems.is_empty())
    }

    /// Documents by index of the target, if all are the same.
    pub(super) fn equal(&self) -> Option<BTreeMap<String, u64>> {
        let same = |tally: &Tally| tally.differences() == 0 && tally.written == 0 && tally.extra.is_some();
        let equal = self.is_whole() && self.dropped.is_empty() && self.tallies.values().all(same);
        equal.then(|| self.tallies.iter().map(|(name, tally)| (name.clone(), tally.documents())).collect())
    }
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
        progress: &'a Progress,
    ) -> Self {
        let matching = Matching::new(target, None, placement, progress);
        Self { target, snapshot, progress, matching, group, unread: Vec::new() }
    }

    /// # Errors
    /// When the target can't be asked. What can't be read is in the result.
    pub(super) async fn run(mut self) -> Result<Compared> {
        self.matching.prepare(std::mem::take(&mut self.group.destinations)).await?;
        for source in std::mem::take(&mut self.group.sources) {
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
        self.matching.settle().await?;
        self.finish().await
    }

    async fn shard(&mut self, index: &Index<'_>, number: u32) -> Result<(), Stop> {
        let shard = index.shard(number).await?;
        let bytes = shard.bytes();
        let documents = ShardDocuments::open(shard, Options::default()).await?;
        let several_types = index.metadata().types().count() > 1;
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
                        let document = document.map_err(at)?;
                        self.document(index, several_types, &document, &mut sources).await?;
                    }
                }
            }
        }
        self.progress.part(bytes);
        Ok(())
    }

    async fn document(
        &mut self,
        index: &Index<'_>,
        several_types: bool,
        document: &Document<'_>,
        sources: &mut SegmentSources,
    ) -> Result<()> {
        let origin = Origin {
            index: index.name().into(),
            doc_type: document.doc_type.or_else(|| index.metadata().only_type()).map(Into::into),
            id: document.id.to_string().into(),
            // Before 2.0 children were found by the routing of their parent's id.
            routing: document.routing.or(document.parent).map(Into::into),
            several_types,
        };
        let source = sources.json_line(document).map_err(|error| error.to_string());
        self.matching.document(&origin, source, None).await
    }

    async fn finish(self) -> Result<Compared> {
        let mut tallies = BTreeMap::new();
        for (name, side) in self.matching.sides {
            let mut tally = side.tally;
            // Without the whole snapshot, what it holds would seem to be extra.
            if self.unread.is_empty() && tally.not_comparable == 0 {
                match side.exists {
                    true => match extra::find(self.target, &name, &mut tally).await {
                        Ok(extra) => tally.extra = Some(extra),
                        Err(error) => drop(tally.problems.insert(format!("{error:#}"), 0)),
                    },
                    false => tally.extra = Some(Kind::default()),
                }
            }
            tally.answered = Vec::new();
            tallies.insert(name, tally);
        }
        Ok(Compared { tallies, unread: self.unread, dropped: self.matching.dropped })
    }
}
