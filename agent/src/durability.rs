//! The acknowledgement gate: which captured records are durable, and who waits for one that is not yet.
//!
//! A response is released when its request's record is durable in the sense of `--durability`. With Kafka that is the
//! brokers' acknowledgement. When that can't be had (no broker reachable, or `--ackTimeout` passed) the gate turns
//! *degraded*: the local disk's fsync counts instead, and the records reach Kafka later, from the capture log. So an
//! outage costs a client one fsync, not an error, and it shows in `/readyz` and `/status`.

use crate::cli::Durability as Wanted;
use crate::clock::Clock;
use crate::rules::OnFull;
use crate::wake::Waker;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The gate goes back from degraded to normal when Kafka is at most this many records behind: then a new write waits
/// for little more than its own acknowledgement.
const CAUGHT_UP_RECORDS: u64 = 4096;

/// State of the gate, shared by connections, the fsync thread and the shipper.
#[derive(Debug)]
pub struct Gate {
    wanted: Wanted,
    ack_timeout: Duration,
    on_full: OnFull,
    clock: Clock,
    state: Mutex<State>,
    syncer: Waker,
}

#[derive(Debug, Default)]
struct State {
    /// Every entry below is in the log.
    appended_below: u64,
    /// Every entry below is on the local disk.
    synced_below: u64,
    /// Every entry below is acknowledged by Kafka.
    acked_below: u64,
    /// Acknowledged beyond the first that is not.
    acked_beyond: BTreeSet<u64>,
    waiting: BTreeMap<u64, Vec<Waiter>>,
    /// The fsync thread will look by itself in time, so that a wait on Kafka need not wake it.
    syncer_armed: bool,
    degraded: Option<String>,
    /// Why the disk can't make entries durable.
    sync_error: Option<String>,
}

#[derive(Debug)]
struct Waiter {
    since: Instant,
    released: oneshot::Sender<()>,
}

impl Gate {
    /// A gate over a log whose entries below `acked_below` were acknowledged in an earlier life, and which continues
    /// at `next_sequence`.
    #[must_use]
    pub fn new(
        wanted: Wanted,
        ack_timeout: Duration,
        on_full: OnFull,
        clock: Clock,
        acked_below: u64,
        next_sequence: u64,
    ) -> Self {
        let state = State { acked_below, appended_below: next_sequence, ..State::default() };
        Self { wanted, ack_timeout, on_full, clock, state: Mutex::new(state), syncer: Waker::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the thread that calls [`Gate::sync_needed`] when there is work.
    #[must_use]
    pub fn syncer(&self) -> &Waker {
        &self.syncer
    }

    /// An entry was appended.
    pub fn appended(&self, sequence: u64) {
        let mut state = self.state();
        state.appended_below = state.appended_below.max(sequence + 1);
    }

    /// A wait for entry `sequence` to be durable; `None` when it is already.
    #[must_use]
    pub fn wait_for(&self, sequence: u64) -> Option<oneshot::Receiver<()>> {
        if self.wanted == Wanted::Append {
            return None;
        }
        let mut state = self.state();
        if state.is_durable(sequence, self.wanted) {
            return None;
        }
        let (released, wait) = oneshot::channel();
        state.waiting.entry(sequence).or_default().push(Waiter { since: self.clock.instant(), released });
        // With Kafka the thread only keeps the time of the oldest wait; with the disk it has an fsync to do.
        let wake = !state.syncer_armed || state.degraded.is_some();
        drop(state);
        if wake {
            self.syncer.wake();
        }
        Some(wait)
    }

    /// Kafka acknowledged an entry (or it is one that Kafka does not get). Returns the new acknowledged prefix.
    pub fn acked(&self, sequence: u64) -> u64 {
        let mut state = self.state();
        if sequence == state.acked_below {
            state.acked_below += 1;
            while state.acked_beyond.first() == Some(&state.acked_below) {
                state.acked_beyond.pop_first();
                state.acked_below += 1;
            }
        } else if sequence > state.acked_below {
            state.acked_beyond.insert(sequence);
        }
        if let Some(waiters) = state.waiting.remove(&sequence) {
            release(waiters);
        }
        let behind = state.appended_below.saturating_sub(state.acked_below);
        if state.degraded.is_some() && behind <= CAUGHT_UP_RECORDS {
            tracing::info!(behind_records = behind, "kafka acknowledges again, the gate waits for it again");
            state.degraded = None;
        }
        state.acked_below
    }

    /// Whether Kafka has this entry.
    #[must_use]
    pub fn is_acked(&self, sequence: u64) -> bool {
        self.state().is_acked(sequence)
    }

    /// Entries below are acknowledged.
    #[must_use]
    pub fn acked_below(&self) -> u64 {
        self.state().acked_below
    }

    /// Kafka can't be had at present: the local disk has to do.
    pub fn degrade(&self, reason: &str) {
        let mut state = self.state();
        if state.degraded.is_none() {
            tracing::warn!(reason, "kafka does not acknowledge, the capture log on the local disk has to do");
        }
        state.degraded = Some(reason.to_owned());
        let work = !state.waiting.is_empty();
        drop(state);
        if work {
            self.syncer.wake();
        }
    }

    /// What the fsync thread should do now. A wait on Kafka that has become too long degrades the gate.
    #[must_use]
    pub fn sync_needed(&self) -> SyncWork {
        let mut state = self.state();
        state.syncer_armed = false;
        let failing = state.sync_error.is_some();
        if self.wanted == Wanted::Kafka
            && state.degraded.is_none()
            // A wait begins when the node has answered: the lowest sequence need not be the oldest wait.
            && let Some(oldest) = state.waiting.values().flatten().map(|waiter| waiter.since).min()
        {
            let waited = self.clock.instant().saturating_duration_since(oldest);
            if waited >= self.ack_timeout {
                drop(state);
                self.degrade(&format!(
                    "no acknowledgement for {} ms (--ackTimeout)",
                    self.ack_timeout.as_millis()
                ));
                state = self.state();
            } else if !failing {
                state.syncer_armed = true;
                return SyncWork::LookAgainIn(self.ack_timeout - waited);
            }
        }
        if failing || !state.waiting.is_empty() { SyncWork::Sync } else { SyncWork::None }
    }

    /// Every entry below is on the local disk.
    pub fn synced(&self, below: u64) {
        let mut state = self.state();
        state.synced_below = state.synced_below.max(below);
        state.sync_error = None;
        if self.wanted == Wanted::Disk || state.degraded.is_some() {
            let later = state.waiting.split_off(&below);
            std::mem::replace(&mut state.waiting, later).into_values().for_each(release);
        }
    }

    /// The disk refuses; false when it did already. With `--onFull block` what waits goes on waiting. Else it is
    /// released, as the node has the requests already, and the state says that the guarantee does not hold; with
    /// `reject` later writes are refused.
    pub fn sync_failed(&self, reason: String) -> bool {
        let mut state = self.state();
        let counts = self.wanted == Wanted::Disk || state.degraded.is_some();
        if counts && self.on_full != OnFull::Block {
            std::mem::take(&mut state.waiting).into_values().for_each(release);
        }
        state.sync_error.replace(reason).is_none()
    }

    /// The local disk could not make entries durable the last time it was asked.
    #[must_use]
    pub fn disk_fails(&self) -> bool {
        self.state().sync_error.is_some()
    }

    /// Why the gate is degraded, if it is.
    #[must_use]
    pub fn degraded(&self) -> Option<String> {
        let state = self.state();
        state.sync_error.clone().or_else(|| state.degraded.clone())
    }

    /// Responses held back at present.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.state().waiting.values().map(Vec::len).sum()
    }
}

/// What the fsync thread should do.
#[derive(Debug, PartialEq, Eq)]
pub enum SyncWork {
    /// Sleep until woken.
    None,
    /// Sleep until woken, at most this long.
    LookAgainIn(Duration),
    /// Sync the log.
    Sync,
}

impl State {
    fn is_acked(&self, sequence: u64) -> bool {
        sequence < self.acked_below || self.acked_beyond.contains(&sequence)
    }

    fn is_durable(&self, sequence: u64, wanted: Wanted) -> bool {
        let on_disk = sequence < self.synced_below;
        match wanted {
            Wanted::Append => true,
            Wanted::Disk => on_disk,
            Wanted::Kafka => self.is_acked(sequence) || (self.degraded.is_some() && on_disk),
        }
    }
}

fn release(waiters: Vec<Waiter>) {
    for waiter in waiters {
        // A connection that is gone does not wait any more.
        let _ = waiter.released.send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use switchover_capture::Timestamp;

    const LONG: Duration = Duration::from_secs(3600);

    fn released(wait: &mut oneshot::Receiver<()>) -> bool {
        wait.try_recv().is_ok()
    }

    #[test]
    fn kafka_releases_each_record_by_its_own_acknowledgement_in_any_order() {
        let gate = Gate::new(Wanted::Kafka, LONG, OnFull::Pass, Clock::start(), 5, 5);
        (5..8).for_each(|sequence| gate.appended(sequence));
        let mut waits: Vec<_> = (5..8).map(|sequence| gate.wait_for(sequence).unwrap()).collect();
        assert_eq!(gate.acked(7), 5);
        assert!(released(&mut waits[2]) && !released(&mut waits[0]) && !released(&mut waits[1]));
        gate.synced(8);
        assert!(!released(&mut waits[0]), "the disk does not count while kafka is in reach");
        assert_eq!(gate.acked(5), 6);
        assert_eq!(gate.acked(6), 8);
        assert!(released(&mut waits[0]) && released(&mut waits[1]));
        assert!(gate.wait_for(6).is_none() && gate.is_acked(7) && !gate.is_acked(8));
    }

    #[test]
    fn an_outage_lets_the_disk_count_and_ends_when_kafka_has_caught_up() {
        let gate = Gate::new(Wanted::Kafka, LONG, OnFull::Pass, Clock::start(), 0, 0);
        gate.appended(0);
        let mut wait = gate.wait_for(0).unwrap();
        gate.degrade("down");
        assert!(!released(&mut wait), "not before it is on the disk");
        assert_eq!(gate.sync_needed(), SyncWork::Sync);
        gate.synced(1);
        assert!(released(&mut wait));
        assert_eq!(gate.degraded().as_deref(), Some("down"));
        (1..=CAUGHT_UP_RECORDS + 1).for_each(|sequence| gate.appended(sequence));
        gate.acked(0);
        assert!(gate.degraded().is_some(), "a long backlog would hold new writes");
        gate.acked(1);
        assert!(gate.degraded().is_none());
    }

    #[test]
    fn a_wait_beyond_the_timeout_degrades() {
        let gate = Gate::new(Wanted::Kafka, Duration::ZERO, OnFull::Pass, Clock::start(), 0, 0);
        gate.appended(0);
        assert_eq!(gate.sync_needed(), SyncWork::None);
        let mut wait = gate.wait_for(0).unwrap();
        assert_eq!(gate.sync_needed(), SyncWork::Sync);
        gate.synced(1);
        assert!(released(&mut wait) && gate.degraded().unwrap().contains("--ackTimeout"));
    }

    #[test]
    fn the_disk_releases_what_was_synced_and_only_that() {
        let gate = Gate::new(Wanted::Disk, LONG, OnFull::Pass, Clock::start(), 0, 0);
        let mut waits: Vec<_> = (0..3).map(|sequence| gate.wait_for(sequence).unwrap()).collect();
        gate.synced(2);
        assert!(released(&mut waits[0]) && released(&mut waits[1]) && !released(&mut waits[2]));
        gate.sync_failed("EIO".to_owned());
        assert!(released(&mut waits[2]));
        assert_eq!(gate.degraded().as_deref(), Some("EIO"));
    }

    #[test]
    fn while_the_disk_fails_block_goes_on_waiting_and_the_disk_is_asked_again() {
        let gate = Gate::new(Wanted::Disk, LONG, OnFull::Block, Clock::start(), 0, 0);
        let mut wait = gate.wait_for(0).unwrap();
        gate.sync_failed("EIO".to_owned());
        assert!(!released(&mut wait) && gate.disk_fails());
        assert_eq!(gate.sync_needed(), SyncWork::Sync);
        gate.synced(1);
        assert!(released(&mut wait) && !gate.disk_fails());
        assert_eq!(gate.sync_needed(), SyncWork::None);
    }

    #[test]
    fn after_a_failed_fsync_a_wait_on_kafka_still_has_its_timeout() {
        let gate = Gate::new(Wanted::Kafka, Duration::ZERO, OnFull::Pass, Clock::start(), 0, 0);
        assert!(gate.sync_failed("EIO".to_owned()) && !gate.sync_failed("EIO".to_owned()));
        let mut wait = gate.wait_for(0).unwrap();
        assert_eq!(gate.sync_needed(), SyncWork::Sync);
        gate.sync_failed("EIO".to_owned());
        assert!(released(&mut wait));
    }

    #[test]
    fn the_timeout_is_that_of_the_oldest_wait_whatever_its_entry() {
        let nanos: &'static AtomicU64 = Box::leak(Box::default());
        let clock = Clock::counted(nanos, Timestamp { seconds: 0, nanos: 0 });
        let gate = Gate::new(Wanted::Kafka, Duration::from_secs(2), OnFull::Pass, clock, 0, 0);
        let _later_entry = gate.wait_for(1).unwrap();
        nanos.store(1_500_000_000, Ordering::Relaxed);
        let _earlier_entry = gate.wait_for(0).unwrap();
        assert_eq!(gate.sync_needed(), SyncWork::LookAgainIn(Duration::from_millis(500)));
        nanos.store(2_000_000_000, Ordering::Relaxed);
        assert_eq!(gate.sync_needed(), SyncWork::Sync);
    }

    #[test]
    fn append_never_waits() {
        assert!(Gate::new(Wanted::Append, LONG, OnFull::Pass, Clock::start(), 0, 0).wait_for(0).is_none());
    }
}
