//! One part of an index of the source: a shard, or a range of the numbers of its documents.

use std::sync::Arc;

use anyhow::anyhow;
use switchover_documents::Origin;

use super::super::matching::Matching;
use super::super::query::Seen;
use super::group::Comparing;
use super::kept::{Found, Part};
use super::scroll::{Scroll, Stop};

/// Documents on a page.
const PAGE_DOCUMENTS: usize = 1000;
/// By how much fewer are asked for when a page is too long to be read.
const FEWER: usize = 8;
/// A part is read so often at most when pages get lost.
const MAX_ATTEMPTS: u32 = 3;
/// The type of documents that have none, as Elasticsearch 7 names it.
const NO_TYPE: &str = "_doc";

/// What is read.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) index: Arc<str>,
    pub(super) shard: u32,
    /// First and last number.
    pub(super) range: Option<(i64, i64)>,
    /// Its index has several types.
    pub(super) several_types: bool,
}

/// Why a part is not compared.
#[derive(Debug)]
pub(super) enum Stopped {
    /// Others can be.
    Unread(anyhow::Error),
    /// Nothing can be.
    Away(anyhow::Error),
}

impl Place {
    /// Tells it from the others.
    pub(super) fn key(&self) -> String {
        match self.range {
            Some((first, last)) => format!("{}/{}/{first}-{last}", self.index, self.shard),
            None => format!("{}/{}", self.index, self.shard),
        }
    }

    /// For a person.
    pub(super) fn name(&self) -> String {
        format!("index {}, shard {}", self.index, self.shard)
    }
}

impl Comparing<'_> {
    pub(super) async fn part(&self, place: &Place, mut matching: Matching<'_>) -> Result<Part, Stopped> {
        let (mut size, mut attempt) = (PAGE_DOCUMENTS, 1);
        loop {
            let fresh = matching.beside();
            match self.attempt(place, &mut matching, size).await {
                Ok(read) => {
                    let sides = matching.sides.into_iter().map(|(name, side)| {
                        let (data_stream, exists) = (side.destination.data_stream, side.exists);
                        (name, Found { data_stream, exists, tally: side.tally })
                    });
                    let (sides, dropped) = (sides.collect(), matching.dropped);
                    return Ok(Part { key: place.key(), read, sides, dropped });
                }
                Err(Stop::Away(error)) => return Err(Stopped::Away(error)),
                Err(Stop::TooLong(error)) if size == 1 => return Err(Stopped::Unread(error.into())),
                Err(Stop::TooLong(error)) => {
                    size = (size / FEWER).max(1);
                    tracing::info!(%error, size, part = place.key(), "read again with fewer documents a page");
                }
                Err(Stop::Cut(error)) if attempt == MAX_ATTEMPTS => return Err(Stopped::Unread(error)),
                Err(Stop::Cut(error)) => {
                    attempt += 1;
                    tracing::info!(%error, part = place.key(), "read again");
                }
            }
            matching = fresh;
        }
    }

    async fn attempt(&self, place: &Place, matching: &mut Matching<'_>, size: usize) -> Result<u64, Stop> {
        let mut scroll =
            Scroll::begin(self.source, self.dialect, &place.index, place.shard, place.range, size);
        let mut read = 0;
        while let Some(answer) = scroll.answer().await? {
            let hits = scroll.hits(&answer)?;
            self.pace.spend(hits.len(), answer.body.len()).await;
            for mut hit in hits {
                read += 1;
                let routing = hit.routing();
                let doc_type = hit.doc_type.take().filter(|name| self.dialect.typed || name != NO_TYPE);
                let seen = Seen {
                    index: Arc::clone(&place.index),
                    doc_type: doc_type.clone().filter(|_| self.dialect.typed),
                    id: hit.id.as_ref().to_owned(),
                    routing: routing.clone(),
                    version: hit.version,
                };
                let origin = Origin {
                    index: (&*place.index).into(),
                    doc_type: doc_type.map(Into::into),
                    id: hit.id,
                    routing: routing.map(Into::into),
                    several_types: place.several_types,
                };
                let source = match hit.source {
                    Some(source) => Ok(source.get().as_bytes().into()),
                    None => Err("the source does not store its _source".to_owned()),
                };
                matching.document(&origin, source, Some(seen)).await.map_err(Stop::Away)?;
            }
        }
        matching.settle().await.map_err(|error| Stop::Away(anyhow!("{error:#}")))?;
        Ok(read)
    }
}
