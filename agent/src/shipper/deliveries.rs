//! What became of the records in flight. Called on the producer's own thread.

use crate::durability::Gate;
use crate::journal::Tally;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use switchover_kafka::{DeliveryEvents, RecordTooLarge};

/// Records in flight and delivered.
#[derive(Debug)]
pub struct Deliveries {
    gate: Arc<Gate>,
    /// Where Kafka lacked entries when this run began, and where this run's own entries begin.
    recovered: Range<u64>,
    state: Mutex<State>,
    life: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// Each record in flight; at most as many as the producer queues.
    in_flight: HashMap<u64, InFlight>,
    delivered: Tally,
    failure: Option<String>,
    /// What the topic refused as too long, until the shipper has asked for it.
    too_large: Option<RecordTooLarge>,
    unreachable: Option<String>,
}

#[derive(Debug)]
struct InFlight {
    requests: u64,
    bytes: u64,
    /// Parts that are not acknowledged; 1 for a record that was sent whole.
    parts: usize,
    /// The producer that has the parts: a part that an earlier one delivered does not count for this one's.
    life: Option<u64>,
}

/// One producer's view: what an earlier producer still reports must not fail a later one.
#[derive(Debug)]
pub(super) struct Life {
    deliveries: Arc<Deliveries>,
    number: u64,
}

impl Deliveries {
    /// None yet; `recovered` are the entries of earlier runs that Kafka may lack.
    #[must_use]
    pub fn new(gate: Arc<Gate>, recovered: Range<u64>) -> Self {
        Self { gate, recovered, state: Mutex::default(), life: AtomicU64::new(0) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts over with a new producer.
    pub(super) fn new_life(self: &Arc<Self>) -> Life {
        let number = self.life.fetch_add(1, Ordering::AcqRel) + 1;
        self.state().failure = None;
        Life { deliveries: Arc::clone(self), number }
    }

    /// A record is sent whole.
    pub(super) fn sent(&self, sequence: u64, requests: u64, bytes: u64) {
        self.state().in_flight.insert(sequence, InFlight { requests, bytes, parts: 1, life: None });
    }

    /// A record is sent in parts: it is delivered when all of them are, by the present producer.
    pub(super) fn sent_in_parts(&self, sequence: u64, requests: u64, bytes: u64, parts: usize) {
        let life = Some(self.life.load(Ordering::Acquire));
        self.state().in_flight.insert(sequence, InFlight { requests, bytes, parts, life });
    }

    /// What the topic refused as too long, told once.
    pub(super) fn take_too_large(&self) -> Option<RecordTooLarge> {
        self.state().too_large.take()
    }

    /// Why the present producer can't go on.
    pub(super) fn failure(&self) -> Option<String> {
        self.state().failure.clone()
    }

    /// Entries below are of earlier runs.
    pub(super) fn this_run_from(&self) -> u64 {
        self.recovered.end
    }

    /// What Kafka has acknowledged of this run's records.
    #[must_use]
    pub fn delivered(&self) -> Tally {
        self.state().delivered
    }

    /// Entries of earlier runs that Kafka turned out to have, or has acknowledged since.
    #[must_use]
    pub fn recovered_delivered(&self) -> u64 {
        self.gate.acked_below().min(self.recovered.end).saturating_sub(self.recovered.start)
    }

    /// Records handed to the producer and not yet acknowledged.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.state().in_flight.len()
    }

    /// Why no broker can be reached, while that is so.
    #[must_use]
    pub fn unreachable_reason(&self) -> Option<String> {
        self.state().unreachable.clone()
    }
}

impl DeliveryEvents for Life {
    fn delivered(&self, token: usize) {
        let sequence = token as u64;
        let mut state = self.deliveries.state();
        state.unreachable = None;
        if let Some(entry) = state.in_flight.get_mut(&sequence) {
            if entry.life.is_some_and(|life| life != self.number) {
                return;
            }
            entry.parts -= 1;
            if entry.parts > 0 {
                return;
            }
        }
        if let Some(InFlight { requests, bytes, .. }) = state.in_flight.remove(&sequence)
            && sequence >= self.deliveries.recovered.end
        {
            state.delivered.add(requests, bytes);
        }
        drop(state);
        self.deliveries.gate.acked(sequence);
    }

    fn failed(&self, _token: usize, reason: String) {
        if self.number == self.deliveries.life.load(Ordering::Acquire) {
            self.deliveries.state().failure.get_or_insert(reason);
        }
    }

    fn too_large(&self, token: usize, refused: RecordTooLarge) {
        self.failed(token, refused.to_string());
        self.deliveries.state().too_large = Some(refused);
    }

    fn unreachable(&self, reason: String) {
        self.deliveries.gate.degrade(&reason);
        self.deliveries.state().unreachable = Some(reason);
    }
}
