//! Which Kafka offsets may be committed: those up to which everything is replayed and its tuples are on disk.
//!
//! A record is finished when no reassembly holds its bytes any more *and* every transaction made of them has been
//! acknowledged. The first half is counted by the token's own lifetime, the second explicitly: a transaction that is
//! dropped without an acknowledgement (a failed run, a panic) pins its records, so that a rerun reads them again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio_util::sync::CancellationToken;

/// The place of a record, for the commit. `None` for inputs that have no offsets.
pub type Origin = Option<Arc<OffsetToken>>;

/// One record that was read and is not finished.
#[derive(Debug)]
pub struct OffsetToken {
    partition: Arc<Partition>,
    number: i32,
    offset: i64,
    unacknowledged: AtomicUsize,
}

impl Drop for OffsetToken {
    fn drop(&mut self) {
        if *self.unacknowledged.get_mut() == 0 {
            lock(&self.partition.state).unfinished.remove(&self.offset);
        }
    }
}

/// A transaction's hold on the records that it is made of.
#[derive(Debug, Default)]
pub struct Hold(Vec<Arc<OffsetToken>>);

impl Hold {
    /// Pins the records until [`Hold::acknowledge`].
    #[must_use]
    pub fn new(origins: Vec<Origin>) -> Self {
        let tokens: Vec<_> = origins.into_iter().flatten().collect();
        for token in &tokens {
            token.unacknowledged.fetch_add(1, Ordering::Relaxed);
            token.partition.holds.fetch_add(1, Ordering::AcqRel);
        }
        Self(tokens)
    }

    /// Whether the partition is being given back: what is not sent yet is no longer ours to send.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.0.first().is_some_and(|token| token.partition.leaving.load(Ordering::Acquire))
    }

    /// Completes when the partition is given back whatever is under way; without a partition, never.
    pub async fn gone(&self) {
        match self.0.first() {
            Some(token) => token.partition.gone.cancelled().await,
            None => std::future::pending().await,
        }
    }

    /// Partition and offset of the last of the records; `None` for inputs without offsets.
    #[must_use]
    pub fn last_place(&self) -> Option<(i32, i64)> {
        self.0.iter().map(|token| (token.number, token.offset)).max_by_key(|(_, offset)| *offset)
    }

    /// The transaction is done and its tuple is on disk.
    pub fn acknowledge(self) {
        for token in &self.0 {
            token.unacknowledged.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        for token in &self.0 {
            token.partition.holds.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// How far a partition is replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartitionLag {
    /// Its number.
    pub partition: i32,
    /// Everything below this offset is replayed.
    pub replayed_to: i64,
    /// Everything below this was read.
    pub read_to: i64,
    /// Where the topic ended when it was last asked.
    pub end: Option<i64>,
    /// Records in the topic, as far as known, and not replayed.
    pub lag: i64,
}

/// One that this process reads, from when it got it until it gives it back.
#[derive(Debug, Default)]
struct Partition {
    state: Mutex<State>,
    /// Transactions that are neither acknowledged nor dropped, once for each of their records.
    holds: AtomicUsize,
    leaving: AtomicBool,
    gone: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    end: Option<i64>,
    unfinished: BTreeSet<i64>,
    read_to: Option<i64>,
    committed: Option<i64>,
}

/// The offsets of every partition that this process reads.
#[derive(Debug, Default)]
pub struct Offsets {
    partitions: Mutex<BTreeMap<i32, Arc<Partition>>>,
}

impl Offsets {
    /// A record was read.
    pub fn begin(&self, partition: i32, offset: i64) -> Arc<OffsetToken> {
        let number = partition;
        let partition = Arc::clone(lock(&self.partitions).entry(number).or_default());
        {
            let mut state = lock(&partition.state);
            state.unfinished.insert(offset);
            state.read_to = state.read_to.max(Some(offset.saturating_add(1)));
        }
        Arc::new(OffsetToken { partition, number, offset, unacknowledged: AtomicUsize::new(0) })
    }

    /// The partition belongs to another process from now on: its offsets are not ours to commit.
    pub fn forget(&self, partition: i32) {
        self.abandon(partition);
        lock(&self.partitions).remove(&partition);
    }

    /// The partition is to be given back: nothing more of it is sent.
    pub fn leave(&self, partition: i32) {
        if let Some(partition) = lock(&self.partitions).get(&partition) {
            partition.leaving.store(true, Ordering::Release);
        }
    }

    /// Nothing more of the partition is waited for.
    pub fn abandon(&self, partition: i32) {
        self.leave(partition);
        if let Some(partition) = lock(&self.partitions).get(&partition) {
            partition.gone.cancel();
        }
    }

    /// Whether a request of the partition is under way or not on disk yet.
    #[must_use]
    pub fn is_in_use(&self, partition: i32) -> bool {
        lock(&self.partitions)
            .get(&partition)
            .is_some_and(|partition| partition.holds.load(Ordering::Acquire) > 0)
    }

    /// (partition, next offset) of every partition that has moved since it was last [`Offsets::committed`].
    #[must_use]
    pub fn committable(&self) -> Vec<(i32, i64)> {
        let partitions = lock(&self.partitions);
        let moved = partitions.iter().filter_map(|(partition, state)| {
            let state = lock(&state.state);
            let next = state.unfinished.first().copied().or(state.read_to)?;
            (state.committed != Some(next)).then_some((*partition, next))
        });
        moved.collect()
    }

    /// Where the partitions end: (partition, next offset to be written).
    pub fn ends(&self, ends: &[(i32, i64)]) {
        let partitions = lock(&self.partitions);
        for (partition, end) in ends {
            if let Some(state) = partitions.get(partition) {
                lock(&state.state).end = Some(*end);
            }
        }
    }

    /// How far each partition is.
    #[must_use]
    pub fn lag(&self) -> Vec<PartitionLag> {
        let lag = |(partition, state): (&i32, &Arc<Partition>)| {
            let state = lock(&state.state);
            let read_to = state.read_to?;
            let replayed_to = state.unfinished.first().copied().unwrap_or(read_to);
            let lag = state.end.unwrap_or(read_to).max(read_to) - replayed_to;
            Some(PartitionLag { partition: *partition, replayed_to, read_to, end: state.end, lag })
        };
        lock(&self.partitions).iter().filter_map(lag).collect()
    }

    /// The broker has stored these.
    pub fn committed(&self, offsets: &[(i32, i64)]) {
        let partitions = lock(&self.partitions);
        for (partition, next) in offsets {
            if let Some(state) = partitions.get(partition) {
                lock(&state.state).committed = Some(*next);
            }
        }
    }
}

// Every change under these locks is a single step, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_waits_for_everything_before_it() {
        let offsets = Offsets::default();
        let first = offsets.begin(0, 10);
        let second = offsets.begin(0, 12);
        drop(second);
        assert_eq!(offsets.committable(), vec![(0, 10)]);
        drop(first);
        assert_eq!(offsets.committable(), vec![(0, 13)], "gaps between offsets are normal");
        offsets.committed(&[(0, 13)]);
        assert!(offsets.committable().is_empty());
    }

    #[test]
    fn a_transaction_pins_all_its_records_until_acknowledged() {
        let offsets = Offsets::default();
        let (first, second) = (offsets.begin(0, 0), offsets.begin(0, 1));
        let one = Hold::new(vec![Some(Arc::clone(&first)), Some(Arc::clone(&second))]);
        let two = Hold::new(vec![Some(Arc::clone(&second)), None]);
        drop((first, second));
        one.acknowledge();
        assert_eq!(offsets.committable(), vec![(0, 1)]);
        two.acknowledge();
        assert_eq!(offsets.committable(), vec![(0, 2)]);
    }

    #[test]
    fn dropped_without_acknowledgement_stays_pinned() {
        let offsets = Offsets::default();
        let hold = Hold::new(vec![Some(offsets.begin(3, 7))]);
        drop(hold);
        drop(offsets.begin(3, 8));
        assert_eq!(offsets.committable(), vec![(3, 7)]);
    }

    #[test]
    fn a_lost_partition_is_not_committed() {
        let offsets = Offsets::default();
        let token = offsets.begin(1, 5);
        offsets.forget(1);
        drop(token);
        assert!(offsets.committable().is_empty());
        drop(offsets.begin(1, 90));
        assert_eq!(offsets.committable(), vec![(1, 91)], "assigned again, it starts anew");
    }

    #[tokio::test]
    async fn a_partition_that_leaves_is_in_use_until_the_last_of_its_requests() {
        let offsets = Offsets::default();
        let sent = Hold::new(vec![Some(offsets.begin(1, 5)), Some(offsets.begin(1, 6))]);
        let waiting = Hold::new(vec![Some(offsets.begin(1, 7))]);
        let other = Hold::new(vec![Some(offsets.begin(2, 1))]);
        assert!(!sent.is_leaving() && offsets.is_in_use(1));
        offsets.leave(1);
        assert!(sent.is_leaving() && waiting.is_leaving() && !other.is_leaving());
        drop(waiting);
        assert!(offsets.is_in_use(1));
        sent.acknowledge();
        assert!(!offsets.is_in_use(1) && offsets.is_in_use(2));
        assert_eq!(offsets.committable(), vec![(1, 7), (2, 1)], "what was not sent is not committed");

        let late = Hold::new(vec![Some(offsets.begin(2, 2))]);
        offsets.abandon(2);
        late.gone().await;
        other.gone().await;
        let anew = Hold::new(vec![Some(offsets.begin(3, 1))]);
        assert!(!anew.is_leaving() && !Hold::default().is_leaving() && !offsets.is_in_use(9));
    }
}
