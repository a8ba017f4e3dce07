//! Ships the capture log to Kafka, from the segments and in their order.
//!
//! There is one path, not two: the shipper always reads the log, right behind the writer. What was just appended is in
//! the page cache, so this costs a copy and no disk; and an outage, a restart or a slow broker is the same code as a
//! good day. Records of a connection stay in order because the log is in order, Kafka's partition is chosen by the
//! connection's id, and the producer is gapless: after a failure everything that is not acknowledged is sent again from
//! the first of it, by a new producer.

mod checkpoint;
mod deliveries;
mod shipped;

pub use checkpoint::Checkpoint;
pub use deliveries::Deliveries;
use shipped::Shipped;

use crate::journal::Journal;
use crate::record_view;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use switchover_capture::log::{Entry, EntryKind, LogErrorKind, LogReader, Start};
use switchover_kafka::{DeliveryEvents, KafkaOptions, RecordProducer, SendError};

/// How long the shipper sleeps at the end of the log if nobody wakes it; bounds how stale the checkpoint gets.
const IDLE_WAIT: Duration = Duration::from_millis(100);
/// How long to wait for deliveries when the producer's queue is full.
const QUEUE_WAIT: Duration = Duration::from_millis(5);
/// The first and the longest pause before a new producer is made after a failure.
const RESTART_BACKOFF: Duration = Duration::from_millis(500);
const RESTART_BACKOFF_MAX: Duration = Duration::from_secs(15);
/// The acknowledged prefix is written down at this pace.
const CHECKPOINT_INTERVAL: Duration = Duration::from_millis(200);

/// What to ship where.
#[derive(Debug, Clone)]
pub struct ShipperOptions {
    /// The brokers.
    pub kafka: KafkaOptions,
    /// The topic.
    pub topic: String,
}

/// The running shipper.
#[derive(Debug)]
pub struct Shipper {
    thread: JoinHandle<()>,
    stop: Arc<AtomicBool>,
}

impl Shipper {
    /// Starts shipping from the first entry that is not acknowledged.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        journal: &Arc<Journal>,
        checkpoint: Checkpoint,
        deliveries: Arc<Deliveries>,
        options: ShipperOptions,
        node_id: &str,
    ) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut run = Run {
            journal: Arc::clone(journal),
            checkpoint,
            deliveries,
            options,
            stop: Arc::clone(&stop),
            checkpointed: Instant::now(),
            shipped: None,
            node_id: node_id.to_owned(),
        };
        let thread =
            std::thread::Builder::new().name("shipper".to_owned()).spawn(move || run.until_stopped())?;
        journal.set_shipper(thread.thread().clone());
        Ok(Self { thread, stop })
    }

    /// Ships what the log holds, for at most `limit`, and ends. What is left stays in the log for the next start.
    pub fn drain(self, journal: &Journal, limit: Duration) {
        let deadline = Instant::now() + limit;
        let end = journal.next_sequence();
        while journal.gate().acked_below() < end && Instant::now() < deadline {
            self.thread.thread().unpark();
            std::thread::sleep(QUEUE_WAIT);
        }
        self.stop.store(true, Ordering::Release);
        self.thread.thread().unpark();
        if self.thread.join().is_err() {
            tracing::error!("the shipping thread had died");
        }
        let left = end.saturating_sub(journal.gate().acked_below());
        if left > 0 {
            tracing::warn!(
                records = left,
                "kafka does not have everything yet; the rest stays in the capture log and is shipped at the next start"
            );
        }
    }
}

struct Run {
    journal: Arc<Journal>,
    checkpoint: Checkpoint,
    deliveries: Arc<Deliveries>,
    options: ShipperOptions,
    stop: Arc<AtomicBool>,
    checkpointed: Instant,
    /// What an earlier run shipped without writing it down; `None` until Kafka was asked.
    shipped: Option<Shipped>,
    node_id: String,
}

/// Why one producer's life ended.
enum Ended {
    Stopped,
    Failed(String),
}

impl Run {
    fn until_stopped(&mut self) {
        let mut backoff = RESTART_BACKOFF;
        loop {
            let shipped_before = self.journal.gate().acked_below();
            match self.one_producer() {
                Ended::Stopped => break,
                Ended::Failed(reason) => {
                    self.journal.gate().degrade(&reason);
                    if self.journal.gate().acked_below() > shipped_before {
                        backoff = RESTART_BACKOFF;
                    }
                    tracing::warn!(
                        reason,
                        retry_in_ms = backoff.as_millis(),
                        "shipping to kafka failed, nothing is lost: it is tried again from the capture log"
                    );
                    let until = Instant::now() + backoff;
                    while Instant::now() < until && !self.stopping() {
                        std::thread::park_timeout(IDLE_WAIT);
                    }
                    backoff = (backoff * 2).min(RESTART_BACKOFF_MAX);
                }
            }
            if self.stopping() {
                break;
            }
        }
        self.save_checkpoint();
    }

    /// At the start only: with a backlog of an earlier run, some of it may be in Kafka already.
    fn ask_what_was_shipped(&mut self) -> Result<Shipped, String> {
        let backlog = self.journal.gate().acked_below() < self.deliveries.this_run_from();
        let since = self.checkpoint.written().filter(|_| backlog);
        let shipped = match since {
            Some(since) => Shipped::ask(&self.options, &self.node_id, since)?,
            None => Shipped::default(),
        };
        self.save_checkpoint();
        Ok(shipped)
    }

    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    fn one_producer(&mut self) -> Ended {
        if self.shipped.is_none() {
            match self.ask_what_was_shipped() {
                Ok(shipped) => self.shipped = Some(shipped),
                Err(reason) => return Ended::Failed(reason),
            }
        }
        let life = self.deliveries.new_life();
        let events: Arc<dyn DeliveryEvents> = Arc::new(life);
        let producer = match RecordProducer::new(&self.options.kafka, &self.options.topic, events) {
            Ok(producer) => producer,
            Err(error) => return Ended::Failed(error.to_string()),
        };
        let mut expected = self.journal.gate().acked_below();
        let mut reader = match LogReader::open(self.journal.directory(), Start::Sequence(expected)) {
            Ok(reader) => reader,
            Err(error) => return Ended::Failed(error.to_string()),
        };
        loop {
            if let Some(reason) = self.deliveries.failure() {
                return Ended::Failed(reason);
            }
            if self.stopping() {
                return Ended::Stopped;
            }
            self.checkpoint_in_time();
            match reader.next() {
                Ok(Some(entry)) => {
                    self.pass_over(expected..entry.sequence);
                    expected = entry.sequence + 1;
                    if let Some(ended) = self.ship(&producer, &entry) {
                        return ended;
                    }
                }
                Ok(None) => std::thread::park_timeout(IDLE_WAIT),
                Err(error) if matches!(error.kind, LogErrorKind::Damaged { .. }) => {
                    self.journal.record_damage(&error.to_string());
                    if let Err(error) = reader.skip_damage() {
                        return Ended::Failed(error.to_string());
                    }
                }
                Err(error) => return Ended::Failed(error.to_string()),
            }
        }
    }

    /// Entries that can't be read (damage, recorded as a gap) will never be acknowledged: nothing waits for them.
    fn pass_over(&self, unreadable: Range<u64>) {
        for sequence in unreadable {
            self.journal.gate().acked(sequence);
        }
    }

    /// Sends one entry, waiting for room in the producer's queue.
    fn ship(&mut self, producer: &RecordProducer, entry: &Entry) -> Option<Ended> {
        let gate = self.journal.gate();
        let already = gate.is_acked(entry.sequence)
            || (entry.sequence < self.deliveries.this_run_from()
                && self.shipped.as_ref().is_some_and(|shipped| shipped.contains(&entry.payload)));
        let key = match entry.kind {
            EntryKind::Record if !already => record_view::connection_id(&entry.payload),
            _ => None,
        };
        let Some(key) = key else {
            // Gaps are the log's own, and what Kafka has is not sent twice.
            gate.acked(entry.sequence);
            return None;
        };
        let token = usize::try_from(entry.sequence).unwrap_or(usize::MAX);
        self.deliveries.sent(
            entry.sequence,
            record_view::ended_requests(&entry.payload),
            entry.payload.len() as u64,
        );
        loop {
            match producer.send(key, &entry.payload, token) {
                Ok(()) => return None,
                Err(SendError::Dead(reason)) => return Some(Ended::Failed(reason)),
                Err(error @ SendError::TooLarge(_)) => return Some(Ended::Failed(error.to_string())),
                Err(SendError::QueueFull) => {
                    if let Some(reason) = self.deliveries.failure() {
                        return Some(Ended::Failed(reason));
                    }
                    if self.stopping() {
                        return Some(Ended::Stopped);
                    }
                    self.checkpoint_in_time();
                    std::thread::park_timeout(QUEUE_WAIT);
                }
            }
        }
    }

    fn checkpoint_in_time(&mut self) {
        if self.checkpointed.elapsed() >= CHECKPOINT_INTERVAL {
            self.save_checkpoint();
        }
    }

    fn save_checkpoint(&mut self) {
        self.checkpointed = Instant::now();
        let acked_below = self.journal.gate().acked_below();
        match self.checkpoint.save(acked_below) {
            Ok(true) => self.journal.forget_below(acked_below),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot write the shipping checkpoint; after a crash more records would be sent twice")
            }
        }
    }
}
