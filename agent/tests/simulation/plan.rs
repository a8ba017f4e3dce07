//! What one seed simulates: the promise, the size of things, which faults there are; and the planted bugs.

use crate::rng::Rng;
use std::time::Duration;
use switchover_agent::capture::Promise;
use switchover_agent::cli::Durability;
use switchover_agent::rules::OnFull;

/// Steps of a run before it heals.
const STEPS: u64 = 1200;

/// Bugs of the simulation's own pieces, each of which must be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// A write is answered before it is in the log.
    AnsweredBeforeAppend,
    /// What is sent again arrives behind what was sent later.
    ReorderOnRetry,
    /// An entry that lacks its end is taken for whole.
    TornTailAccepted,
    /// The checkpoint file says more than was acknowledged.
    CheckpointAhead,
    /// The gate releases the wait for the next entry.
    WrongEntryReleased,
    /// Segments go though their entries are not acknowledged.
    SegmentDeletedEarly,
    /// fsync says that it did and did not.
    FsyncLies,
    /// Names of files are not made durable.
    DirectoryNotSynced,
    /// Kafka acknowledges what it does not keep.
    AckedBeforeStored,
    /// The producer delivers a record once more after its acknowledgement.
    SentTwice,
    /// Acknowledgements name the entry before.
    AckOfTheWrongEntry,
    /// What the fsync thread is woken for is lost.
    WakeLost,
}

impl Plant {
    pub const ALL: [Self; 12] = [
        Self::AnsweredBeforeAppend,
        Self::ReorderOnRetry,
        Self::TornTailAccepted,
        Self::CheckpointAhead,
        Self::WrongEntryReleased,
        Self::SegmentDeletedEarly,
        Self::FsyncLies,
        Self::DirectoryNotSynced,
        Self::AckedBeforeStored,
        Self::SentTwice,
        Self::AckOfTheWrongEntry,
        Self::WakeLost,
    ];
}

/// One run.
#[derive(Debug, Clone)]
pub struct Plan {
    pub plant: Option<Plant>,
    pub promise: Promise,
    pub steps: u64,
    pub clients: u64,
    pub partitions: u64,
    pub segment_bytes: u64,
    pub max_bytes: u64,
    /// Records that a producer queues.
    pub queue: usize,
    /// The topic may not be read: what was shipped before a crash can't be asked for.
    pub blind: bool,
    /// One in so many steps each; 0 for never.
    pub faults: Faults,
}

#[derive(Debug, Clone)]
pub struct Faults {
    pub kill: u64,
    pub kill_in_call: u64,
    pub power: u64,
    pub restart: u64,
    pub disk_full: u64,
    pub fsync_fails: u64,
    pub outage: u64,
    pub fatal: u64,
    pub leader_change: u64,
    pub clock_step: u64,
}

impl Plan {
    pub fn of(rng: &mut Rng, plant: Option<Plant>) -> Self {
        let durability =
            rng.pick(&[Durability::Kafka, Durability::Kafka, Durability::Disk, Durability::Append]);
        let on_full = rng.pick(&[OnFull::Pass, OnFull::Pass, OnFull::Reject, OnFull::Block]);
        let ack_timeout = Duration::from_millis(rng.pick(&[0, 20, 100, 1000, 5000]));
        let mut rate = |from, to| if rng.one_in(3) { 0 } else { rng.between(from, to) };
        let faults = Faults {
            kill: rate(100, 800),
            kill_in_call: rate(100, 800),
            power: rate(200, 800),
            restart: rate(300, 800),
            disk_full: rate(200, 800),
            fsync_fails: rate(300, 1000),
            outage: rate(100, 600),
            fatal: rate(100, 600),
            leader_change: rate(50, 400),
            clock_step: rate(200, 800),
        };
        Self {
            plant,
            promise: Promise { durability, ack_timeout, on_full },
            steps: STEPS,
            clients: rng.between(1, 6),
            partitions: rng.between(1, 4),
            segment_bytes: rng.pick(&[700, 2000, 8000]),
            max_bytes: rng.pick(&[6000, 30_000, u64::MAX / 2]),
            queue: rng.pick(&[2, 10, 100]),
            blind: rng.one_in(6),
            faults,
        }
    }
}
