//! The shipper's work in steps, none of which waits: the thread and the simulation both drive them.

use super::broker::{Broker, Producer};
use super::{Checkpoint, Deliveries, Shipped};
use crate::journal::Journal;
use crate::record_view;
use crate::wake::Pace;
use bytes::Bytes;
use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchover_capture::log::{Entry, EntryKind, LogErrorKind, LogReader, Start};
use switchover_capture::{LogError, split_record};
use switchover_kafka::SendError;

/// How long the shipper sleeps at the end of the log if nobody wakes it; bounds how stale the checkpoint gets.
const IDLE_WAIT: Duration = Duration::from_millis(100);
/// How long to wait for deliveries when the producer's queue is full.
pub(super) const QUEUE_WAIT: Duration = Duration::from_millis(5);
/// The first and the longest pause before a new producer is made after a failure.
const RESTART_BACKOFF: Duration = Duration::from_millis(500);
const RESTART_BACKOFF_MAX: Duration = Duration::from_secs(15);
/// The acknowledged prefix is written down at this pace.
const CHECKPOINT_INTERVAL: Duration = Duration::from_millis(200);

/// Ships a journal's entries to a topic.
pub struct Shipping<B: Broker> {
    journal: Arc<Journal>,
    checkpoint: Checkpoint,
    deliveries: Arc<Deliveries>,
    broker: B,
    node_id: String,
    checkpointed: Instant,
    /// What an earlier run shipped without writing it down; `None` until Kafka was asked.
    shipped: Option<Shipped>,
    state: State<B::Producer>,
    /// The next pause after a failure.
    backoff: Duration,
    /// The acknowledged prefix when the present producer was made.
    acked_before: u64,
    /// The longest record that the topic takes, if it tells or has refused one.
    max_record_bytes: Option<usize>,
    /// The topic was asked for that. It is before the first record is sent: of a batch that is refused later ones may
    /// have been taken already, and then the order is lost.
    limit_asked: bool,
    /// Damage that is recorded already.
    damage: Option<String>,
}

enum State<P> {
    /// A producer is to be made.
    Begin,
    Sending(Box<Sending<P>>),
    /// After a failure.
    Resting(Instant),
}

/// One producer's life.
struct Sending<P> {
    producer: P,
    reader: LogReader,
    /// Sequence that the reader should hand out next.
    expected: u64,
    /// The producer's queue had no room for it.
    waiting: Option<Entry>,
    /// Parts of the last record, when it is too long for the topic, that the queue had no room for.
    parts: VecDeque<Bytes>,
}

impl<B: Broker> Shipping<B> {
    /// Begins at the first entry that is not acknowledged.
    #[must_use]
    pub fn new(
        journal: Arc<Journal>,
        checkpoint: Checkpoint,
        deliveries: Arc<Deliveries>,
        broker: B,
        node_id: &str,
    ) -> Self {
        Self {
            checkpointed: journal.clock().instant(),
            journal,
            checkpoint,
            deliveries,
            broker,
            node_id: node_id.to_owned(),
            shipped: None,
            state: State::Begin,
            backoff: RESTART_BACKOFF,
            acked_before: 0,
            max_record_bytes: None,
            limit_asked: false,
            damage: None,
        }
    }

    /// Does the next thing: at most one entry is sent.
    pub fn step(&mut self) -> Pace {
        let outcome = match std::mem::replace(&mut self.state, State::Begin) {
            State::Begin => self.begin().map(|sending| (State::Sending(Box::new(sending)), Pace::Go)),
            State::Sending(mut sending) => {
                self.send_next(&mut sending).map(|pace| (State::Sending(sending), pace))
            }
            State::Resting(until) => {
                let left = until.saturating_duration_since(self.journal.clock().instant());
                Ok(if left.is_zero() {
                    (State::Begin, Pace::Go)
                } else {
                    (State::Resting(until), Pace::ParkAtMost(left.min(IDLE_WAIT)))
                })
            }
        };
        match outcome {
            Ok((state, pace)) => {
                self.state = state;
                pace
            }
            Err(reason) => {
                self.rest(&reason);
                Pace::Go
            }
        }
    }

    /// Lets go of the producer and writes down how far it came.
    pub fn finish(mut self) {
        self.state = State::Begin;
        self.save_checkpoint();
    }

    fn rest(&mut self, reason: &str) {
        self.journal.gate().degrade(reason);
        if self.journal.gate().acked_below() > self.acked_before {
            self.backoff = RESTART_BACKOFF;
        }
        tracing::warn!(
            reason,
            retry_in_ms = self.backoff.as_millis(),
            "shipping to kafka failed, nothing is lost: it is tried again from the capture log"
        );
        self.state = State::Resting(self.journal.clock().instant() + self.backoff);
        self.backoff = (self.backoff * 2).min(RESTART_BACKOFF_MAX);
    }

    fn begin(&mut self) -> Result<Sending<B::Producer>, String> {
        self.acked_before = self.journal.gate().acked_below();
        if self.shipped.is_none() {
            self.shipped = Some(self.ask_what_was_shipped()?);
        }
        if !self.limit_asked {
            self.max_record_bytes = self.broker.topic_limit().map_err(|error| error.to_string())?;
            self.limit_asked = true;
        }
        if let Some(refused) = self.deliveries.take_too_large() {
            let limit = self.broker.record_limit(&refused);
            tracing::warn!("{refused}: records are split into parts of {limit} bytes");
            self.max_record_bytes = Some(limit);
        }
        let life = self.deliveries.new_life();
        let producer = self.broker.producer(Arc::new(life), self.max_record_bytes);
        let producer = producer.map_err(|error| error.to_string())?;
        let expected = self.journal.gate().acked_below();
        let reader = LogReader::open(self.journal.directory(), Start::Sequence(expected));
        let reader = reader.map_err(|error| error.to_string())?;
        Ok(Sending { producer, reader, expected, waiting: None, parts: VecDeque::new() })
    }

    /// At the start only: with a backlog of an earlier run, some of it may be in Kafka already.
    fn ask_what_was_shipped(&mut self) -> Result<Shipped, String> {
        let backlog = self.journal.gate().acked_below() < self.deliveries.this_run_from();
        let since = self.checkpoint.written().filter(|_| backlog);
        let shipped = match since {
            Some(since) => Shipped::ask(&self.broker, &self.node_id, since)?,
            None => Shipped::default(),
        };
        self.save_checkpoint();
        Ok(shipped)
    }

    fn send_next(&mut self, sending: &mut Sending<B::Producer>) -> Result<Pace, String> {
        if let Some(reason) = self.deliveries.failure() {
            return Err(reason);
        }
        self.checkpoint_in_time();
        if !sending.parts.is_empty() {
            return Self::send_parts(sending);
        }
        let entry = match sending.waiting.take() {
            Some(entry) => entry,
            None => match sending.reader.next() {
                Ok(Some(entry)) => {
                    self.pass_over(sending.expected..entry.sequence);
                    sending.expected = entry.sequence + 1;
                    entry
                }
                Ok(None) => return Ok(Pace::ParkAtMost(IDLE_WAIT)),
                Err(error) => return self.read_failed(&mut sending.reader, &error),
            },
        };
        if self.send(sending, &entry)? {
            return Ok(Pace::Go);
        }
        sending.waiting = Some(entry);
        Ok(Pace::ParkAtMost(QUEUE_WAIT))
    }

    /// Sends the next part of a record that is too long.
    fn send_parts(sending: &mut Sending<B::Producer>) -> Result<Pace, String> {
        let Some(part) = sending.parts.front() else { return Ok(Pace::Go) };
        let key = record_view::connection_id(part).unwrap_or_default();
        let token = usize::try_from(sending.expected - 1).unwrap_or(usize::MAX);
        match sending.producer.send(key, part, token) {
            Ok(()) => {
                sending.parts.pop_front();
                Ok(Pace::Go)
            }
            Err(SendError::QueueFull) => Ok(Pace::ParkAtMost(QUEUE_WAIT)),
            Err(error @ (SendError::Dead(_) | SendError::TooLarge(_))) => Err(error.to_string()),
        }
    }

    /// Goes on behind damage, once there is something behind it.
    fn read_failed(&mut self, reader: &mut LogReader, error: &LogError) -> Result<Pace, String> {
        let reason = error.to_string();
        if !matches!(error.kind, LogErrorKind::Damaged { .. }) {
            return Err(reason);
        }
        if self.damage.as_ref() != Some(&reason) {
            self.journal.record_damage(&reason);
            self.damage = Some(reason);
        }
        match reader.skip_damage() {
            Ok(Some(_)) => Ok(Pace::Go),
            Ok(None) => Ok(Pace::Sleep(IDLE_WAIT)),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Entries that can't be read (damage, recorded as a gap) will never be acknowledged: nothing waits for them.
    fn pass_over(&self, unreadable: Range<u64>) {
        for sequence in unreadable {
            self.journal.gate().acked(sequence);
        }
    }

    /// Sends one entry; false when the producer's queue has no room for it.
    fn send(&self, sending: &mut Sending<B::Producer>, entry: &Entry) -> Result<bool, String> {
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
            return Ok(true);
        };
        let token = usize::try_from(entry.sequence).unwrap_or(usize::MAX);
        let (requests, bytes) = (record_view::ended_requests(&entry.payload), entry.payload.len() as u64);
        self.deliveries.sent(entry.sequence, requests, bytes);
        match sending.producer.send(key, &entry.payload, token) {
            Ok(()) => Ok(true),
            Err(SendError::QueueFull) => Ok(false),
            Err(SendError::Dead(reason)) => Err(reason),
            Err(SendError::TooLarge(refused)) => {
                let limit = refused.limit.or(self.max_record_bytes).unwrap_or(refused.size / 2);
                let parts = split_record(&entry.payload, limit).map_err(|error| error.to_string())?;
                self.deliveries.sent_in_parts(entry.sequence, requests, bytes, parts.len());
                sending.parts = parts.into();
                Ok(true)
            }
        }
    }

    fn checkpoint_in_time(&mut self) {
        let now = self.journal.clock().instant();
        if now.saturating_duration_since(self.checkpointed) >= CHECKPOINT_INTERVAL {
            self.save_checkpoint();
        }
    }

    fn save_checkpoint(&mut self) {
        self.checkpointed = self.journal.clock().instant();
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

impl<B: Broker> fmt::Debug for Shipping<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shipping").field("checkpoint", &self.checkpoint).finish_non_exhaustive()
    }
}
