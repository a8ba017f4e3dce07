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
pub(super) struct After {
    pub(super) documents: u64,
    pub(super) source_bytes: u64,
    /// The number after its last document.
    cursor: u64,
    /// Bytes of the range that were read until then.
    read_bytes: u64,
    /// Documents that rules left out.
    pub(super) dropped: u64,
    /// Documents that are not sent, to be kept: how many, and their lines.
    pub(super) unsent: u64,
    pub(super) unsent_lines: Vec<u8>,
}

/// A batch and what became of it.
type Sent = (Sealed, Result<Vec<Refused>, SendError>);

#[derive(Debug)]
pub(super) struct Sending<'l> {
    pub(super) loading: Arc<Loading>,
    pub(super) segment: SegmentUnit,
    lease: &'l mut Lease<Unit>,
    progress: Progress,
    /// What is gathered.
    pub(super) batch: Batch,
    pub(super) after: After,
    under_way: Option<(JoinHandle<Sent>, After)>,
    pub(super) renew_at: Instant,
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
        self.make_room(source.len()).await?;
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

    /// Documents of one batch fit in it, but for one that is longer alone.
    pub(super) async fn make_room(&mut self, bytes: usize) -> Result<(), LoadError> {
        let held = self.batch.bytes() + self.after.unsent_lines.len();
        if held > 0 && held + bytes > self.loading.batch_bytes {
            self.send().await?;
        }
        Ok(())
    }

    /// Everything up to this document is in the batch.
    pub(super) fn passed(&mut self, document: u32) {
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
        self.count(&after, refused.len() as u64).await
    }

    /// Writes down that everything up to `after` is done.
    async fn count(&mut self, after: &After, refused: u64) -> Result<(), LoadError> {
        if after.unsent > 0 {
            tracing::warn!(documents = after.unsent, from = %self.segment, file = %self.loading.failed.path().display(),
                "documents can't be sent; they are kept");
            self.loading.failed.write(&after.unsent_lines)?;
        }
        let failed = refused + after.unsent;
        self.progress.cursor = after.cursor;
        self.progress.documents += after.documents + after.unsent;
        self.progress.bytes = after.read_bytes.min(self.lease.item.size);
        self.progress.failed_documents += failed;
        self.progress.dropped_documents += after.dropped;
        self.loading.done.add(after, failed);
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

    pub(super) async fn send(&mut self) -> Result<(), LoadError> {
        self.settle().await?;
        if self.batch.is_empty() && self.after.unsent + self.after.dropped == 0 {
            return Ok(());
        }
        let After { cursor, read_bytes, .. } = self.after;
        let after = std::mem::replace(&mut self.after, After { cursor, read_bytes, ..After::default() });
        if self.batch.is_empty() {
            return self.count(&after, 0).await;
        }
        let batch = std::mem::replace(&mut self.batch, self.loading.sender.batch()).seal();
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
