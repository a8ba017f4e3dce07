//! The batches of one range: the one that is made, the one that is under way, and the cursor behind it.

use std::sync::Arc;
use std::time::Duration;

use switchover_coordinate::{Lease, Progress};
use switchover_snapshot::lucene::Document;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{LoadError, Loading};
use crate::batch::{Address, Batch, Sealed};
use crate::bulk::{Refused, SendError};
use crate::destination::Destination;
use crate::unit::{SegmentUnit, Unit};

/// A lease is renewed when so much of it is left.
const RENEW_AT: f64 = 0.6;
/// How long a batch under way is waited for when the worker is told to stop.
const STOP_GRACE: Duration = Duration::from_secs(10);

/// What is true when a batch is done.
#[derive(Debug, Default)]
struct After {
    documents: u64,
    source_bytes: u64,
    /// The number after its last document.
    cursor: u64,
    /// Bytes of the range that were read until then.
    read_bytes: u64,
}

/// A batch and what became of it.
type Sent = (Sealed, Result<Vec<Refused>, SendError>);

#[derive(Debug)]
pub(super) struct Sending<'l> {
    loading: Arc<Loading>,
    segment: SegmentUnit,
    lease: &'l mut Lease<Unit>,
    progress: Progress,
    /// What is gathered.
    batch: Batch,
    after: After,
    under_way: Option<(JoinHandle<Sent>, After)>,
    renew_at: Instant,
    stop: CancellationToken,
}

impl<'l> Sending<'l> {
    pub(super) fn new(
        loading: Arc<Loading>,
        segment: SegmentUnit,
        lease: &'l mut Lease<Unit>,
        stop: CancellationToken,
    ) -> Self {
        let progress = lease.item.progress.clone();
        let renew_at = renewal(lease);
        let batch = loading.sender.batch();
        Self {
            loading,
            segment,
            lease,
            progress,
            batch,
            after: After::default(),
            under_way: None,
            renew_at,
            stop,
        }
    }

    /// Adds a document, after the batch before it was sent if there is no room.
    pub(super) async fn push(
        &mut self,
        destination: &Destination,
        document: &Document<'_>,
        id: &str,
        source: &[u8],
    ) -> Result<(), LoadError> {
        // Documents of one batch fit in it, but for one that is longer alone.
        if !self.batch.is_empty() && self.batch.bytes() + source.len() > self.loading.batch_bytes {
            self.send().await?;
        }
        let operation = self.loading.destinations.operation(destination, document.version);
        // Before 2.0 children were found by the routing of their parent's id.
        let routing = document.routing.or(document.parent);
        let address = Address { index_json: &destination.index_json, id, routing, operation };
        self.batch.push(address, source);
        self.after.documents += 1;
        self.after.source_bytes += source.len() as u64;
        self.passed(document.number);
        Ok(())
    }

    /// A document that can't be sent at all: it is kept with those that the target refuses.
    pub(super) async fn keep(
        &mut self,
        destination: &Destination,
        document: &Document<'_>,
        id: &str,
        problem: &str,
    ) -> Result<(), LoadError> {
        // What is in the batch comes before it, as in the snapshot.
        self.send().await?;
        self.settle().await?;
        let mut batch = Batch::default();
        let operation = self.loading.destinations.operation(destination, document.version);
        let routing = document.routing.or(document.parent);
        let address = Address { index_json: &destination.index_json, id, routing, operation };
        batch.push(address, document.source.unwrap_or_default());
        let error = serde_json::Value::from(problem).to_string();
        let refused = [Refused { item: 0, status: 0, error }];
        let from = self.segment.to_string();
        tracing::warn!(id, %from, problem, "a document can't be sent; it is kept");
        self.loading.failed.keep(&batch.seal(), &refused, &from)?;
        self.progress.cursor = u64::from(document.number) + 1;
        self.progress.documents += 1;
        self.progress.failed_documents += 1;
        self.loading.done.add(1, 0, 1);
        self.passed(document.number);
        self.renew().await
    }

    /// Everything up to this document is in the batch.
    fn passed(&mut self, document: u32) {
        self.after.cursor = u64::from(document) + 1;
    }

    /// Bytes of the range were read.
    pub(super) fn read(&mut self, bytes: u64) {
        self.after.read_bytes += bytes;
    }

    /// Waits for something while the lease is kept; when the worker is told to stop, not for long.
    pub(super) async fn meanwhile<T>(&mut self, other: impl Future<Output = T>) -> Result<T, LoadError> {
        let mut other = std::pin::pin!(other);
        let stop = self.stop.clone();
        let mut over = std::pin::pin!(async {
            stop.cancelled().await;
            sleep(STOP_GRACE).await;
        });
        loop {
            tokio::select! {
                biased;
                done = &mut other => return Ok(done),
                () = &mut over => return Err(LoadError::Stopped),
                () = sleep_until(self.renew_at) => self.renew().await?,
            }
        }
    }

    /// Waits for the batch under way and writes down that it is done.
    pub(super) async fn settle(&mut self) -> Result<(), LoadError> {
        let Some((mut under_way, after)) = self.under_way.take() else { return Ok(()) };
        let settled = self.meanwhile(&mut under_way).await;
        if settled.is_err() {
            // Not ours any more.
            under_way.abort();
        }
        let (batch, sent) = settled??;
        let refused = sent?;
        if !refused.is_empty() {
            let from = self.segment.to_string();
            tracing::warn!(documents = refused.len(), %from, status = refused[0].status, error = refused[0].error,
                file = %self.loading.failed.path().display(), "the target refused documents; they are kept");
            self.loading.failed.keep(&batch, &refused, &from)?;
        }
        self.loading.sender.done(batch);
        self.progress.cursor = after.cursor;
        self.progress.documents += after.documents;
        self.progress.bytes = after.read_bytes.min(self.lease.item.size);
        self.progress.failed_documents += refused.len() as u64;
        self.loading.done.add(after.documents, after.source_bytes, refused.len() as u64);
        self.renew().await
    }

    /// All of the range was pushed; `end` is the cursor behind it.
    pub(super) async fn finish(mut self, end: u64) -> Result<Progress, LoadError> {
        self.send().await?;
        self.settle().await?;
        self.progress.cursor = end;
        self.progress.bytes = self.lease.item.size;
        Ok(self.progress.clone())
    }

    async fn send(&mut self) -> Result<(), LoadError> {
        self.settle().await?;
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::replace(&mut self.batch, self.loading.sender.batch()).seal();
        let After { cursor, read_bytes, .. } = self.after;
        let after = std::mem::replace(&mut self.after, After { cursor, read_bytes, ..After::default() });
        let sender = Arc::clone(&self.loading.sender);
        let sending = tokio::spawn(async move {
            let sent = sender.send(&batch).await;
            (batch, sent)
        });
        self.under_way = Some((sending, after));
        Ok(())
    }

    async fn renew(&mut self) -> Result<(), LoadError> {
        self.lease.renew(&self.progress).await?;
        self.renew_at = renewal(self.lease);
        Ok(())
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if let Some((under_way, _)) = &self.under_way {
            under_way.abort();
        }
    }
}

fn renewal(lease: &Lease<Unit>) -> Instant {
    let now = Instant::now();
    now + lease.ends().saturating_duration_since(now).mul_f64(1.0 - RENEW_AT)
}
