//! Loads a range of a segment: reads ahead, decodes, and sends a batch while the next one is made.
//!
//! One batch of a range is under way at a time, and the next one is sent when the cursor behind it is written down: a
//! worker that dies has sent at most one batch of the range that another one sends again.

mod rewriting;
mod sending;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt as _;
use switchover_coordinate::{CoordinationError, Lease, Progress};
use switchover_documents::Origin;
use switchover_snapshot::lucene::{Document, Reader};
use switchover_snapshot::{SnapshotError, source};

use crate::bulk::{SendError, Sender};
use crate::destination::{Destinations, OfIndex};
use crate::failed::{FailedDocuments, FailedDocumentsError};
use crate::named::{NamedByRules, NamedError};
use crate::shards::OpenShard;
use crate::unit::{LoadUnit, SegmentUnit, Unit};
use sending::{After, Sending};

/// What loading needs beside the range.
#[derive(Debug)]
pub struct Loading {
    /// To the target.
    pub sender: Arc<Sender>,
    /// Where documents go.
    pub destinations: Destinations,
    /// Indices that rules name.
    pub named: NamedByRules,
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
    /// Documents that rules left out.
    pub dropped: AtomicU64,
}

/// A range can't be finished now.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The snapshot.
    #[error(transparent)]
    Read(#[from] SnapshotError),
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
    /// An index that a rule names.
    #[error(transparent)]
    Named(#[from] NamedError),
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
    let at = |error| shard.documents.at(error);
    let segment = shard.segment(&unit.segment.segment).await?;
    let cursor = lease.item.progress.cursor;
    let first_chunk = match u32::try_from(cursor) {
        // Nothing was done yet; the range may begin anywhere in the segment.
        Ok(0) => unit.from_chunk,
        Ok(document) if document < segment.max_doc() => segment.chunk_of(document).map_err(at)?,
        _ => unit.to_chunk,
    };
    let mut reader = Reader::new(&segment);
    let mut sending = Sending::new(Arc::clone(loading), unit.segment.clone(), lease, stop.clone());
    let mut destinations =
        OfIndex::new(&loading.destinations, &unit.segment.shard.index, shard.several_types);
    let has_rules = loading.destinations.placement().has_rules();
    let mut id = String::new();
    // Also what was loaded before is read again, for the checksum of the whole.
    let mut fetched = std::pin::pin!(shard.documents.fetch(&segment, unit.from_chunk..unit.to_chunk));
    while let Some(fetched) = sending.meanwhile(fetched.next()).await? {
        let fetched = fetched?;
        sending.read(fetched.bytes.len() as u64);
        let mut chunks = reader.read(&fetched.read, &fetched.bytes).map_err(at)?;
        if fetched.read.chunks.end <= first_chunk {
            continue;
        }
        while let Some(documents) = chunks.next_chunk().map_err(at)? {
            for document in documents {
                let document = document.map_err(at)?;
                if u64::from(document.number) < cursor {
                    continue;
                }
                let doc_type = document.doc_type.or(shard.only_type.as_deref());
                let destination = destinations.of(doc_type);
                id.clear();
                document.id.append_to(&mut id);
                match json_line(&document) {
                    Ok(source) if has_rules => {
                        let origin = origin(&unit.segment.shard.index, shard, doc_type, &document, &id);
                        sending.rewritten(&destination, &document, &origin, &source).await?;
                    }
                    Ok(source) => sending.push(&destination, &document, &id, &source).await?,
                    Err(NotJson::Missing(problem)) => {
                        let segment = unit.segment.clone();
                        return Err(LoadError::Source { segment, document: document.number, id, problem });
                    }
                    Err(NotJson::Damaged(problem)) => {
                        let origin = origin(&unit.segment.shard.index, shard, doc_type, &document, &id);
                        let source = document.source.unwrap_or_default();
                        sending.keep(&destination, &document, &origin, source, &problem).await?;
                    }
                }
                if stop.is_cancelled() {
                    sending.settle().await?;
                    return Err(LoadError::Stopped);
                }
            }
        }
    }
    sending.finish(segment.max_doc().into()).await
}

/// What the document is in the snapshot.
fn origin<'a>(
    index: &'a str,
    shard: &OpenShard,
    doc_type: Option<&'a str>,
    document: &Document<'a>,
    id: &'a str,
) -> Origin<'a> {
    // Before 2.0 children were found by the routing of their parent's id.
    let routing = document.routing.or(document.parent).map(Cow::Borrowed);
    let (index, doc_type, id) = (Cow::Borrowed(index), doc_type.map(Cow::Borrowed), Cow::Borrowed(id));
    Origin { index, doc_type, id, routing, several_types: shard.several_types }
}

/// Why a document can't be sent.
enum NotJson {
    /// The index does not hold its sources: that is so for all of its documents.
    Missing(String),
    /// It is in no form that can be read.
    Damaged(String),
}

/// The document as JSON on a line. Sources are stored in the form in which the client sent them.
fn json_line<'a>(document: &Document<'a>) -> Result<Cow<'a, [u8]>, NotJson> {
    let Some(source) = document.source else {
        let more = match document.recovery_source {
            Some(_) => ", but _recovery_source holds it for now",
            None => "",
        };
        let problem = "its _source is not stored (the mapping switches _source off, or makes it up)";
        return Err(NotJson::Missing(format!("{problem}{more}")));
    };
    source::to_json_line(source).map_err(|error| NotJson::Damaged(error.to_string()))
}

impl Done {
    fn add(&self, after: &After, failed: u64) {
        self.documents.fetch_add(after.documents + after.unsent, Ordering::Relaxed);
        self.source_bytes.fetch_add(after.source_bytes, Ordering::Relaxed);
        self.failed.fetch_add(failed, Ordering::Relaxed);
        self.dropped.fetch_add(after.dropped, Ordering::Relaxed);
    }
}
