//! Loads a range of a segment: reads ahead, decodes, and sends a batch while the next one is made.
//!
//! One batch of a range is under way at a time, and the next one is sent when the cursor behind it is written down: a
//! worker that dies has sent at most one batch of the range that another one sends again.

mod sending;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use switchover_coordinate::{CoordinationError, Lease, Progress};
use switchover_lucene::{Document, Options, Read, Reader};
use tokio::task::JoinHandle;

use crate::bulk::{SendError, Sender};
use crate::destination::{Destinations, OfIndex};
use crate::failed::{FailedDocuments, FailedDocumentsError};
use crate::shard::{OpenShard, ReadError};
use crate::unit::{LoadUnit, SegmentUnit, Unit};
use sending::Sending;

/// Bytes of stored fields that are read at once; as much again is read ahead.
pub const READ_BYTES: u64 = 4 * 1024 * 1024;
/// The longest source that can be turned into JSON from another format.
const MAX_SOURCE_BYTES: usize = 1 << 30;

/// What loading needs beside the range.
#[derive(Debug)]
pub struct Loading {
    /// To the target.
    pub sender: Arc<Sender>,
    /// Where documents go.
    pub destinations: Destinations,
    /// For documents that the target refuses.
    pub failed: FailedDocuments,
    /// A batch is sent at this size; a document that is longer goes alone.
    pub batch_bytes: usize,
    /// What this process has done.
    pub done: Done,
}

/// Sums over all ranges that this process worked on.
#[derive(Debug, Default)]
pub struct Done {
    /// Documents on the target or refused.
    pub documents: AtomicU64,
    /// Bytes of their sources.
    pub source_bytes: AtomicU64,
    /// Documents refused.
    pub failed: AtomicU64,
}

/// A range can't be finished now.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The snapshot.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A live document whose source the snapshot does not hold.
    #[error("{segment}, document {document} (_id {id}): {problem}")]
    Source {
        /// Where it is.
        segment: SegmentUnit,
        /// Its number in the segment.
        document: u32,
        /// Its id.
        id: String,
        /// What is with its source.
        problem: String,
    },
    /// The lease is over, or can't be renewed.
    #[error(transparent)]
    Coordination(#[from] CoordinationError),
    /// The target.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The folder for failed documents.
    #[error(transparent)]
    FailedDocuments(#[from] FailedDocumentsError),
    /// A task of ours ended before its time.
    #[error("a task ended: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// The worker was told to stop; what was done is written down.
    #[error("stopped")]
    Stopped,
}

/// Loads what is left of the range and returns how far that is: all of it.
///
/// # Errors
/// See [`LoadError`]. The lease's progress says how far it came.
pub async fn load(
    loading: &Arc<Loading>,
    shard: &Arc<OpenShard>,
    unit: &LoadUnit,
    lease: &mut Lease<Unit>,
    stop: &tokio_util::sync::CancellationToken,
) -> Result<Progress, LoadError> {
    let options = Options { versions: loading.destinations.needs_versions() };
    let segment = shard.segment(&unit.segment.segment, options).await?;
    let cursor = lease.item.progress.cursor;
    let first_chunk = match u32::try_from(cursor) {
        // Nothing was done yet; the range may begin anywhere in the segment.
        Ok(0) => unit.from_chunk,
        Ok(document) if document < segment.max_doc() => {
            segment.chunk_of(document).map_err(|error| shard.at(error))?
        }
        _ => unit.to_chunk,
    };
    let mut reader = Reader::new(&segment);
    let mut places = segment.reads(unit.from_chunk..unit.to_chunk, READ_BYTES);
    let mut sending = Sending::new(Arc::clone(loading), unit.segment.clone(), lease);
    let mut destinations = OfIndex::new(&loading.destinations, &unit.segment.shard.index);
    let mut id = String::new();
    let mut ahead = fetch(shard, places.next().transpose().map_err(|error| shard.at(error))?);
    while let Some((place, reading)) = ahead {
        ahead = fetch(shard, places.next().transpose().map_err(|error| shard.at(error))?);
        let bytes = sending.meanwhile(reading).await???;
        sending.read(bytes.len() as u64);
        // Also what was loaded before is read again, for the checksum of the whole.
        let mut chunks = reader.read(&place, &bytes).map_err(|error| shard.at(error))?;
        if place.chunks.end <= first_chunk {
            continue;
        }
        while let Some(documents) = chunks.next_chunk().map_err(|error| shard.at(error))? {
            for document in documents {
                let document = document.map_err(|error| shard.at(error))?;
                if u64::from(document.number) < cursor {
                    continue;
                }
                let Some(destination) = destinations.of(document.doc_type) else {
                    sending.passed(document.number);
                    continue;
                };
                id.clear();
                document.id.append_to(&mut id);
                let source = source(&document).map_err(|problem| LoadError::Source {
                    segment: unit.segment.clone(),
                    document: document.number,
                    id: id.clone(),
                    problem,
                })?;
                sending.push(&destination, &document, &id, &source).await?;
                if stop.is_cancelled() {
                    sending.settle().await?;
                    return Err(LoadError::Stopped);
                }
            }
        }
    }
    sending.finish(segment.max_doc().into()).await
}

type Reading = JoinHandle<Result<Bytes, ReadError>>;

/// Begins to read.
fn fetch(shard: &Arc<OpenShard>, place: Option<Read>) -> Option<(Read, Reading)> {
    let place = place?;
    let (shard, range) = (Arc::clone(shard), place.place.clone());
    Some((place, tokio::spawn(async move { shard.fetch(&range).await })))
}

/// The document as JSON. Sources are stored in the format in which the client sent them.
fn source<'a>(document: &Document<'a>) -> Result<std::borrow::Cow<'a, [u8]>, String> {
    let Some(source) = document.source else {
        let more = match document.recovery_source {
            Some(_) => ", but _recovery_source holds it for now",
            None => "",
        };
        return Err(format!(
            "its _source is not stored (the mapping switches _source off, or makes it up){more}"
        ));
    };
    if source.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
        return Ok(source.into());
    }
    let json = switchover_snapshot::blob_format::body_to_json(source, MAX_SOURCE_BYTES);
    json.map(Into::into).map_err(|error| format!("its _source is not JSON: {error}"))
}

impl Done {
    pub(crate) fn add(&self, documents: u64, source_bytes: u64, failed: u64) {
        self.documents.fetch_add(documents, Ordering::Relaxed);
        self.source_bytes.fetch_add(source_bytes, Ordering::Relaxed);
        self.failed.fetch_add(failed, Ordering::Relaxed);
    }
}
