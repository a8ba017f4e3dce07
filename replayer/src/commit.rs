//! Which Kafka offsets may be committed: those up to which everything is replayed and its tuples are on disk.
//!
//! A record is finished when no reassembly holds its bytes any more *and* every transaction made of them has been
//! acknowledged. The first half is counted by the token's own lifetime, the second explicitly: a transaction that is
//! dropped without an acknowledgement (a failed run, a panic) pins its records, so that a rerun reads them again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// The place of a record, for the commit. `None` for inputs that have no offsets.
pub type Origin = Option<Arc<OffsetToken>>;

/// One record that was read and is not finished.
#[derive(Debug)]
pub struct OffsetToken {
    partition: Arc<Mutex<Partition>>,
    number: i32,
    offset: i64,
    unacknowledged: AtomicUsize,
}

impl Drop for OffsetToken {
    fn drop(&mut self) {
        if *self.unacknowledged.get_mut() == 0 {
            lock(&self.partition).unfinished.remove(&self.offset);
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
        }
        Self(tokens)
    }

    /// Partition and offset of the last of the records; `None` for inputs without offsets.
    #[must_use]
    pub fn last_place(&self) -> Option<(i32, i64)> {
        self.0.iter().map(|token| (token.number, token.offset)).max_by_key(|(_, offset)| *offset)
    }

    /// The transaction is done and its tuple is on disk.
    pub fn acknowledge(self) {
        for token in self.0 {
            token.unacknowledged.fetch_sub(1, Ordering::Relaxed);
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

#[derive(Debug, Default)]
struct Partition {
    end: Option<i64>,
    unfinished: BTreeSet<i64>,
    read_to: Option<i64>,
    committed: Option<i64>,
}

/// The offsets of every partition that this process reads.
#[derive(Debug, Default)]
pub struct Offsets {
    partitions: Mutex<BTreeMap<i32, Arc<Mutex<Partition>>>>,
}

impl Offsets {
    /// A record was read.
    pub fn begin(&self, partition: i32, offset: i64) -> Arc<OffsetToken> {
        let number = partition;
        let partition = Arc::clone(lock(&self.partitions).entry(number).or_default());
        {
            let mut state = lock(&partition);
            state.unfinished.insert(offset);
            state.read_to = state.read_to.max(Some(offset.saturating_add(1)));
        }
        Arc::new(OffsetToken { partition, number, offset, unacknowledged: AtomicUsize::new(0) })
    }

    /// The partition belongs to another process from now on: its offsets are not ours to commit.
    pub fn forget(&self, partition: i32) {
        lock(&self.partitions).remove(&partition);
    }

    /// (partition, next offset) of every partition that has moved since it was last [`Offsets::committed`].
    #[must_use]
    pub fn committable(&self) -> Vec<(i32, i64)> {
        let partitions = lock(&self.partitions);
        let moved = partitions.iter().filter_map(|(partition, state)| {
            let state = lock(state);
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
                lock(state).end = Some(*end);
            }
        }
    }

    /// How far each partition is.
    #[must_use]
    pub fn lag(&self) -> Vec<PartitionLag> {
        let lag = |(partition, state): (&i32, &Arc<Mutex<Partition>>)| {
            let state = lock(state);
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
                lock(state).committed = Some(*next);
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
}
