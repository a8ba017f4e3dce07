//! The order of the replay: what may be sent now.
//!
//! A request is sent only when every request that it conflicts with, and whose *source* answer was complete before this
//! request's first byte, is complete on the target. Requests conflict when one writes what the other reads or writes
//! (see [`crate::footprint`]), or when they came by the same connection. So a read sees the writes that it saw, two writes
//! to a document keep their order whatever connections they took, and a request that hangs holds only what depends on it.
//! Without the waiting for time (`max`) this alone holds a request back.
//!
//! Requests begin in the order of their first bytes. That makes it enough to look at those that have begun: whatever ended
//! before a request started also started before it.
//!
//! Nothing here looks at a clock or does IO: the caller brings the time.

mod conflicts;

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{self, AtomicBool};
use std::time::Duration;

use tokio::time::Instant;

use crate::footprint::Footprint;
use conflicts::Conflicts;

/// How far records may lie out of order in a lane, in nanoseconds of source time. The agent appends a mutating request
/// at once but collects other observations for up to 250 ms; the rest covers clocks that are set and slow disks.
pub const REORDER_WINDOW_NS: i64 = 2_000_000_000;
/// When the memory budget is spent nothing is waited for: the traffic of half a second may be more than the budget. Writes
/// can't be late, as the agent lets none pass before it is recorded; of a read that is, the answer is not compared.
const NO_REORDER_WINDOW_NS: i64 = 0;
/// The most requests that wait for others while later ones are looked at, and the most others that all of them wait for;
/// beyond it nothing more begins.
const MAX_PARKED_REQUESTS: usize = 10_000;
const MAX_WAITS: usize = 1_000_000;
/// Writes wait this long for a read that came before them, then they go: a search that hangs must not hold the data back.
/// What the read answers is not compared then.
const READ_HOLD: Duration = Duration::from_secs(10);

/// What keeps its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Policy {
    /// Requests that conflict, on whatever connections
    #[default]
    Document,
    /// Only the requests of each connection
    Connection,
}

/// How far one lane (a Kafka partition, a capture log, a file) has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneMark {
    /// Up to an observation of this time (unix nanoseconds).
    Read(i64),
    /// To its end for now; what is captured later is later than now.
    AtEnd,
    /// To its end; nothing more comes.
    Finished,
}

/// A request as the order sees it.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Its first byte on the source (unix nanoseconds).
    pub first: i64,
    /// The last byte of the source's answer, or the end of the connection when there was none (unix nanoseconds;
    /// `i64::MAX` when it never ended).
    pub source_end: i64,
    /// Its connection.
    pub connection: u64,
    /// What it touches.
    pub footprint: Footprint,
}

/// Identifies a released request until it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// A request that may be sent.
#[derive(Debug)]
pub struct Released<T> {
    /// To be given back when it is complete.
    pub ticket: Ticket,
    /// Set when later writes are let past this read: its answer may show them.
    pub overtaken: Arc<AtomicBool>,
    /// Other requests had to be complete first.
    pub waited: bool,
    /// What was pushed.
    pub value: T,
}

/// What holds the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// Nothing is waiting.
    Empty,
    /// Records that must come first may not have been read yet. With a time (unix nanoseconds): then at the latest
    /// they have, if nothing more is read.
    AwaitsInput(Option<i64>),
    /// Requests that the source had answered before are still in flight.
    AwaitsAnswer,
    /// It is next. The time is that of its first byte on the source.
    Ready(i64),
}

/// Requests waiting to be sent and requests in flight.
#[derive(Debug)]
pub struct Order<T> {
    policy: Policy,
    waiting: BinaryHeap<Waiting<T>>,
    /// Parked or in flight.
    begun: HashMap<u64, Begun<T>>,
    conflicts: Conflicts,
    /// The last request of each connection that has begun.
    connections: HashMap<u64, u64>,
    /// Those of the parked ones that wait for nothing any more.
    ready: BinaryHeap<Reverse<(i64, u64)>>,
    parked: usize,
    /// Begun ones whose lane is gone.
    dropped: usize,
    /// How many others the parked ones wait for, all together.
    waits: usize,
    /// Reads in the order in which they began, until they are complete or writes may pass them.
    reads: VecDeque<(Instant, u64)>,
    lanes: BTreeMap<u32, (i64, LaneMark)>,
    pushed: u64,
    started: u64,
    /// The latest first byte of a write that has begun.
    last_write: i64,
}

#[derive(Debug)]
struct Waiting<T> {
    pushed: u64,
    arrival: Arrival,
    value: T,
}

/// A request whose turn has come: it is in flight, or waits for others by itself.
#[derive(Debug)]
struct Begun<T> {
    arrival: Arrival,
    overtaken: Arc<AtomicBool>,
    /// `None` once it is in flight, or dropped.
    parked: Option<T>,
    /// Its lane is gone: it ends by itself as soon as it waits for nothing.
    is_dropped: bool,
    /// How many it waits for.
    blockers: usize,
    /// Who waits for it because of what both touch.
    waiters: Vec<u64>,
    /// Who waits for it because of the connection.
    next_of_connection: Option<u64>,
}

impl<T> Order<T> {
    /// Nothing is waiting.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            waiting: BinaryHeap::new(),
            begun: HashMap::new(),
            conflicts: Conflicts::default(),
            connections: HashMap::new(),
            ready: BinaryHeap::new(),
            parked: 0,
            dropped: 0,
            waits: 0,
            reads: VecDeque::new(),
            lanes: BTreeMap::new(),
            pushed: 0,
            started: 0,
            last_write: i64::MIN,
        }
    }

    /// Adds a request.
    pub fn push(&mut self, mut arrival: Arrival, value: T) {
        arrival.source_end = arrival.source_end.max(arrival.first);
        self.waiting.push(Waiting { pushed: self.pushed, arrival, value });
        self.pushed += 1;
    }

    /// Says how far a lane has been read. A lane counts from its first mark on, so mark every lane before the first push.
    pub fn mark(&mut self, lane: u32, mark: LaneMark) {
        let (read_to, state) = self.lanes.entry(lane).or_insert((i64::MIN, mark));
        if let LaneMark::Read(time) = mark {
            *read_to = time.max(*read_to);
        }
        *state = mark;
    }

    /// A lane that is no longer read: forgets its mark and gives back its requests that `belongs` picks. What waits for them
    /// goes on to wait for what they waited for, which it may depend on itself.
    pub fn drop_lane(&mut self, lane: u32, belongs: impl Fn(&T) -> bool) -> Vec<T> {
        self.lanes.remove(&lane);
        let (gone, kept): (Vec<_>, Vec<_>) =
            self.waiting.drain().partition(|waiting| belongs(&waiting.value));
        self.waiting = kept.into();
        let parked = self.begun.iter().filter(|(_, begun)| begun.parked.as_ref().is_some_and(&belongs));
        let parked: Vec<u64> = parked.map(|(number, _)| *number).collect();
        let (mut dropped, mut free) = (Vec::with_capacity(parked.len()), Vec::new());
        for number in parked {
            let Some(begun) = self.begun.get_mut(&number) else { continue };
            dropped.extend(begun.parked.take());
            begun.is_dropped = true;
            self.parked -= 1;
            self.dropped += 1;
            if begun.blockers == 0 {
                free.push(number);
            }
        }
        self.ready.retain(|Reverse((_, number))| !free.contains(number));
        for number in free {
            self.end(number);
        }
        gone.into_iter().map(|waiting| waiting.value).chain(dropped).collect()
    }

    /// When the source saw the oldest request that is not complete (unix nanoseconds). `None`: there is none.
    #[must_use]
    pub fn oldest(&self) -> Option<i64> {
        let begun = self.begun.values().filter(|begun| !begun.is_dropped).map(|begun| begun.arrival.first);
        begun.chain(self.waiting.peek().map(|waiting| waiting.arrival.first)).min()
    }

    /// Every lane has been read to its end, for now at least.
    #[must_use]
    pub fn is_all_read(&self) -> bool {
        let at_end = |state: &LaneMark| matches!(state, LaneMark::AtEnd | LaneMark::Finished);
        !self.lanes.is_empty() && self.lanes.values().all(|(_, state)| at_end(state))
    }

    /// What holds the next request, at the wall-clock time `now` (unix nanoseconds).
    #[must_use]
    pub fn head(&self, now: i64) -> Head {
        self.head_within(now, REORDER_WINDOW_NS)
    }

    /// The same when there is no memory to read far ahead.
    #[must_use]
    pub fn head_in_short_memory(&self, now: i64) -> Head {
        self.head_within(now, NO_REORDER_WINDOW_NS)
    }

    fn head_within(&self, now: i64, window: i64) -> Head {
        if let Some(Reverse((first, _))) = self.ready.peek() {
            return Head::Ready(*first);
        }
        let head = match self.waiting.peek() {
            _ if self.parked >= MAX_PARKED_REQUESTS || self.waits >= MAX_WAITS => return Head::AwaitsAnswer,
            None if self.parked > 0 => return Head::AwaitsAnswer,
            None => return Head::Empty,
            Some(head) => head,
        };
        let mut wake = Some(i64::MIN);
        for (read_to, state) in self.lanes.values() {
            let seen = match state {
                LaneMark::Finished => continue,
                LaneMark::AtEnd => now.max(*read_to),
                LaneMark::Read(_) => *read_to,
            };
            if seen.saturating_sub(window) < head.arrival.first {
                match state {
                    LaneMark::AtEnd => {
                        wake = wake.map(|_| head.arrival.first.saturating_add(window));
                    }
                    _ => wake = None,
                }
            }
        }
        if wake == Some(i64::MIN) { Head::Ready(head.arrival.first) } else { Head::AwaitsInput(wake) }
    }

    /// Begins the next request, which [`Order::head`] has said to be ready. `None` when it has to wait for others; later
    /// ones may go before it.
    pub fn release(&mut self, now: Instant) -> Option<Released<T>> {
        if let Some(Reverse((_, number))) = self.ready.pop() {
            let begun = self.begun.get_mut(&number)?;
            let (overtaken, value) = (Arc::clone(&begun.overtaken), begun.parked.take()?);
            self.parked -= 1;
            return Some(Released { ticket: Ticket(number), overtaken, waited: true, value });
        }
        let Waiting { arrival, value, .. } = self.waiting.pop()?;
        let number = self.started;
        self.started += 1;
        let mut blockers = BTreeSet::new();
        if self.policy == Policy::Document {
            self.conflicts.each(&arrival.footprint, arrival.first, |other| {
                blockers.insert(other);
            });
            self.conflicts.insert(number, &arrival.footprint, arrival.first, arrival.source_end);
            if arrival.footprint.only_reads() && !arrival.footprint.0.is_empty() {
                self.reads.push_back((now, number));
            }
        }
        for blocker in &blockers {
            if let Some(blocker) = self.begun.get_mut(blocker) {
                blocker.waiters.push(number);
            }
        }
        let before = self.connections.insert(arrival.connection, number);
        if let Some(before) = before.and_then(|before| self.begun.get_mut(&before)) {
            before.next_of_connection = Some(number);
        }
        let blockers = blockers.len() + usize::from(before.is_some());
        let is_read = arrival.footprint.only_reads() && !arrival.footprint.0.is_empty();
        // It was read late: a write that came after it may have been sent before it.
        let overtaken = Arc::new(AtomicBool::new(is_read && arrival.first < self.last_write));
        if !arrival.footprint.only_reads() {
            self.last_write = self.last_write.max(arrival.first);
        }
        let mut begun = Begun {
            arrival,
            overtaken: Arc::clone(&overtaken),
            parked: None,
            is_dropped: false,
            blockers,
            waiters: Vec::new(),
            next_of_connection: None,
        };
        if blockers > 0 {
            begun.parked = Some(value);
            self.parked += 1;
            self.waits += blockers;
            self.begun.insert(number, begun);
            return None;
        }
        self.begun.insert(number, begun);
        Some(Released { ticket: Ticket(number), overtaken, waited: false, value })
    }

    /// A released request is complete on the target.
    pub fn complete(&mut self, ticket: Ticket) {
        self.end(ticket.0);
        while self.reads.front().is_some_and(|(_, number)| !self.begun.contains_key(number)) {
            self.reads.pop_front();
        }
    }

    /// Lets writes past the reads that have held them for too long. When to ask again, if there are such reads.
    pub fn pass_slow_reads(&mut self, now: Instant) -> Option<Instant> {
        while let Some((since, number)) = self.reads.front().copied() {
            if now < since + READ_HOLD {
                return (self.parked > 0).then_some(since + READ_HOLD);
            }
            self.reads.pop_front();
            let Some(read) = self.begun.get_mut(&number) else { continue };
            read.overtaken.store(true, atomic::Ordering::Release);
            let waiters = std::mem::take(&mut read.waiters);
            self.conflicts.remove(number, &read.arrival.footprint);
            self.unblock(waiters);
        }
        None
    }

    /// Nobody waits for it any more.
    fn end(&mut self, number: u64) {
        let waiters = self.take_out(number);
        self.unblock(waiters);
    }

    /// Forgets it. Those that waited for it.
    fn take_out(&mut self, number: u64) -> Vec<u64> {
        let Some(begun) = self.begun.remove(&number) else { return Vec::new() };
        self.dropped -= usize::from(begun.is_dropped);
        if self.policy == Policy::Document {
            self.conflicts.remove(number, &begun.arrival.footprint);
        }
        if self.connections.get(&begun.arrival.connection) == Some(&number) {
            self.connections.remove(&begun.arrival.connection);
        }
        let mut waiters = begun.waiters;
        waiters.extend(begun.next_of_connection);
        waiters
    }

    fn unblock(&mut self, mut waiters: Vec<u64>) {
        while let Some(number) = waiters.pop() {
            let Some(waiter) = self.begun.get_mut(&number) else { continue };
            waiter.blockers -= 1;
            self.waits -= 1;
            if waiter.blockers > 0 {
                continue;
            }
            if waiter.is_dropped {
                waiters.extend(self.take_out(number));
            } else {
                self.ready.push(Reverse((waiter.arrival.first, number)));
            }
        }
    }

    /// Requests not yet released.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len() + self.parked
    }

    /// Requests released and not complete.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.begun.len() - self.parked - self.dropped
    }
}

// A max-heap that gives the earliest first; requests of one instant leave as they were read.
impl<T> Ord for Waiting<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.arrival.first, other.pushed).cmp(&(self.arrival.first, self.pushed))
    }
}

impl<T> PartialOrd for Waiting<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Waiting<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Waiting<T> {}

#[cfg(test)]
mod tests;
