//! Opening what a former process left: log, checkpoint, and what follows from both. Starts no threads.

use crate::cli::Durability;
use crate::clock::Clock;
use crate::durability::Gate;
use crate::journal::Journal;
use crate::rules::OnFull;
use crate::shipper::{Checkpoint, Deliveries};
use anyhow::{Context, Result};
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
        let (writer, recovery) = LogWriter::open_on(Arc::clone(&disk), options)?;
        tell(&recovery);
        let mut checkpoint = Checkpoint::open(&directory)?;
        let next = writer.next_sequence();
        if checkpoint.acked_below() > next {
            // A power cut took entries that Kafka has, and their numbers come again: before any of them is used, the
            // checkpoint must not cover them.
            checkpoint.set_back(next, &*disk).context("cannot set back the shipping checkpoint")?;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use switchover_capture::log::System;

    #[test]
    fn numbers_that_come_again_after_a_power_cut_are_not_below_the_checkpoint() {
        let directory = tempfile::tempdir().unwrap();
        Checkpoint::open(directory.path()).unwrap().save(100).unwrap();
        let options =
            LogOptions { dir: directory.path().to_owned(), segment_bytes: 1000, max_bytes: u64::MAX };
        let promise = Promise {
            durability: Durability::Kafka,
            ack_timeout: Duration::from_secs(1),
            on_full: OnFull::Pass,
        };
        let opened = Opened::open(Arc::new(System), options, promise, Clock::start()).unwrap();
        assert_eq!(opened.journal.append("connection", b"record", 0, 0), Some(0));
        drop(opened);
        assert_eq!(Checkpoint::open(directory.path()).unwrap().acked_below(), 0);
    }
}
