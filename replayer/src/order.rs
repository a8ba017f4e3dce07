//! The order of the replay: what may be sent now.
//!
//! A request is sent only when every request whose *source* answer was complete before this request's first byte is
//! complete on the target. So the replay is never more concurrent than the source was, a read sees the writes that it
//! saw, and a client that moves between connections keeps its own order. Without the waiting for time (`max`) this
//! alone holds a request back.
//!
//! Requests leave in the order of their first bytes. That makes waiting at the head exact: whatever ended before the
//! head started also started before it, so it has left already and is in flight or done.
//!
//! Nothing here looks at a clock or does IO: the caller brings the time.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// How far records may lie out of order in a lane, in nanoseconds of source time. The agent appends a mutating request
/// at once but collects other observations for up to 250 ms; the rest covers clocks that are set and slow disks.
pub const REORDER_WINDOW_NS: i64 = 2_000_000_000;

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

/// Identifies a released request until it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket {
    source_end: i64,
    number: u64,
}

/// What holds the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// Nothing is waiting.
    Empty,
    /// Records that must come first may not have been read yet. With a time (unix nanoseconds): then at the latest
    /// they have, if nothing more is read.
    AwaitsInput(Option<i64>),
    /// A request that the source had answered before is still in flight.
    AwaitsAnswer,
    /// It may be sent. The time is that of its first byte on the source.
    Ready(i64),
}

/// Requests waiting to be sent and requests in flight.
#[derive(Debug)]
pub struct Order<T> {
    waiting: BinaryHeap<Waiting<T>>,
    in_flight: BTreeSet<Ticket>,
    lanes: BTreeMap<u32, (i64, LaneMark)>,
    next_number: u64,
}

#[derive(Debug)]
struct Waiting<T> {
    first: i64,
    ticket: Ticket,
    value: T,
}

impl<T> Default for Order<T> {
    fn default() -> Self {
        Self {
            waiting: BinaryHeap::new(),
            in_flight: BTreeSet::new(),
            lanes: BTreeMap::new(),
            next_number: 0,
        }
    }
}

impl<T> Order<T> {
    /// Adds a request. `first`: its first byte on the source; `source_end`: the last byte of the source's answer, or
    /// the end of the connection when there was none (unix nanoseconds; `i64::MAX` when it never ended).
    pub fn push(&mut self, first: i64, source_end: i64, value: T) {
        let ticket = Ticket { source_end: source_end.max(first), number: self.next_number };
        self.next_number += 1;
        self.waiting.push(Waiting { first, ticket, value });
    }

    /// Says how far a lane has been read. A lane counts from its first mark on, so mark every lane before the first push.
    pub fn mark(&mut self, lane: u32, mark: LaneMark) {
        let (read_to, state) = self.lanes.entry(lane).or_insert((i64::MIN, mark));
        if let LaneMark::Read(time) = mark {
            *read_to = time.max(*read_to);
        }
        *state = mark;
    }

    /// A lane that is no longer read: forgets its mark and gives back its requests that `belongs` picks.
    pub fn drop_lane(&mut self, lane: u32, belongs: impl Fn(&T) -> bool) -> Vec<T> {
        self.lanes.remove(&lane);
        let (gone, kept): (Vec<_>, Vec<_>) =
            self.waiting.drain().partition(|waiting| belongs(&waiting.value));
        self.waiting = kept.into();
        gone.into_iter().map(|waiting| waiting.value).collect()
    }

    /// What holds the next request, at the wall-clock time `now` (unix nanoseconds).
    #[must_use]
    pub fn head(&self, now: i64) -> Head {
        let Some(head) = self.waiting.peek() else { return Head::Empty };
        let mut wake = Some(i64::MIN);
        for (read_to, state) in self.lanes.values() {
            let seen = match state {
                LaneMark::Finished => continue,
                LaneMark::AtEnd => now.max(*read_to),
                LaneMark::Read(_) => *read_to,
            };
            if seen.saturating_sub(REORDER_WINDOW_NS) < head.first {
                match state {
                    LaneMark::AtEnd => wake = wake.map(|_| head.first.saturating_add(REORDER_WINDOW_NS)),
                    _ => wake = None,
                }
            }
        }
        if wake != Some(i64::MIN) {
            return Head::AwaitsInput(wake);
        }
        match self.in_flight.first() {
            Some(oldest) if oldest.source_end <= head.first => Head::AwaitsAnswer,
            _ => Head::Ready(head.first),
        }
    }

    /// Releases the next request, which [`Order::head`] has said to be ready.
    pub fn release(&mut self) -> Option<(Ticket, T)> {
        let Waiting { ticket, value, .. } = self.waiting.pop()?;
        self.in_flight.insert(ticket);
        Some((ticket, value))
    }

    /// A released request is complete on the target.
    pub fn complete(&mut self, ticket: Ticket) {
        self.in_flight.remove(&ticket);
    }

    /// Requests not yet released.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Requests released and not complete.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }
}

// A max-heap that gives the earliest first; requests of one instant leave as they were read.
impl<T> Ord for Waiting<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.first, other.ticket.number).cmp(&(self.first, self.ticket.number))
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
