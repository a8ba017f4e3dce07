//! Opening what a former process left: log, checkpoint, and what follows from both. Starts no threads.

use crate::cli::Durability;
use crate::clock::Clock;
use crate::durability::Gate;
use crate::journal::Journal;
use crate::rules::OnFull;
use crate::shipper::{Checkpoint, Deliveries};
use anyhow::Result;
use std::sync::Arc;
use std::time::Duration;
use switchover_capture::log::{Disk, Recovery};
use switchover_capture::{LogOptions, LogWriter};

/// What clients are promised.
#[derive(Debug, Clone, Copy)]
pub struct Promise {
    /// When a record counts as kept.
    pub durability: Durability,
    /// How long Kafka may take before the local disk has to do.
    pub ack_timeout: Duration,
    /// What happens when the log takes nothing.
    pub on_full: OnFull,
}

/// The capture side's parts, ready to work.
#[derive(Debug)]
pub struct Opened {
    /// Where connections append.
    pub journal: Arc<Journal>,
    /// What they wait for.
    pub gate: Arc<Gate>,
    /// How far Kafka has the log.
    pub checkpoint: Checkpoint,
    /// What became of records on their way to Kafka.
    pub deliveries: Arc<Deliveries>,
    /// Entries of earlier runs that Kafka may lack.
    pub recovered_records: u64,
}

impl Opened {
    /// Opens the log and brings it in order.
    ///
    /// # Errors
    /// When the log can't be used; the message names the file and what to do.
    pub fn open(disk: Arc<dyn Disk>, options: LogOptions, promise: Promise, clock: Clock) -> Result<Self> {
        let directory = options.dir.clone();
        let (writer, recovery) = LogWriter::open_on(disk, options)?;
        tell(&recovery);
        let checkpoint = Checkpoint::open(&directory)?;
        let next = writer.next_sequence();
        let acked_below = checkpoint.acked_below().max(writer.first_sequence()).min(next);
        let Promise { durability, ack_timeout, on_full } = promise;
        let gate = Arc::new(Gate::new(durability, ack_timeout, on_full, clock, acked_below, next));
        let journal = Arc::new(Journal::new(writer, directory, Arc::clone(&gate), on_full, clock));
        let deliveries = Arc::new(Deliveries::new(Arc::clone(&gate), acked_below..next));
        Ok(Self { journal, gate, checkpoint, deliveries, recovered_records: next - acked_below })
    }
}

fn tell(recovery: &Recovery) {
    if let Some(torn) = &recovery.torn_tail {
        tracing::warn!(
            segment = %torn.segment.display(), offset = torn.offset, bytes = torn.bytes,
            "cut an unfinished write off the end of the capture log"
        );
    }
    for damage in &recovery.damage {
        tracing::error!(
            segment = %damage.segment.display(), offset = damage.offset, reason = damage.reason,
            "the capture log is damaged; `switchover capture stat` shows what is affected"
        );
    }
}
