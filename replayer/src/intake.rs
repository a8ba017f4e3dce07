//! From records to requests in lanes: what every source has in common.
//!
//! A lane is read in the order in which it was written and has a reassembly of its own, since a connection lies in
//! one lane whole. When a lane is taken away, so is everything unfinished that came of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use switchover_capture::record::Capture;
use switchover_capture::{End, Reassembled, Reassembler, ServedBy, Timestamp, TrafficStream, Transaction};

use crate::budget::{Budget, Lease};
use crate::captured::{Captured, unix_nanos};
use crate::commit::{Hold, Origin};
use crate::counts::InputCounts;
use crate::dead_letter::BadRecord;
use crate::done::Done;
use crate::evaluate::request_line;
use crate::footprint::{Footprint, Names};
use crate::order::LaneMark;
use crate::selection::Selection;

/// How often connections are looked at for expiry: each time costs a look at all that are open.
const EXPIRY_INTERVAL_NS: i64 = 5_000_000_000;

/// What was read since the last batch. To be applied in the order of the fields.
#[derive(Debug, Default)]
pub struct Batch {
    /// Lanes given up.
    pub dropped_lanes: Vec<u32>,
    /// Requests, as they became whole.
    pub captured: Vec<Captured>,
    /// Connections of which nothing more comes.
    pub closed: Vec<u64>,
    /// How far lanes have been read.
    pub marks: Vec<(u32, LaneMark)>,
    /// Records that can't be used.
    pub bad_records: Vec<BadRecord>,
    /// What else was seen.
    pub counts: InputCounts,
}

/// Makes batches of records.
#[derive(Debug)]
pub struct Intake {
    budget: Arc<Budget>,
    selection: Selection,
    done: Option<Arc<Done>>,
    /// Connections expire after this, in nanoseconds of the source's time.
    packet_timeout: i64,
    lanes: BTreeMap<u32, Lane>,
    connections: HashMap<ConnectionKey, Connection>,
    next_connection: u64,
    names: Names,
    batch: Batch,
}

type ConnectionKey = (Arc<str>, Arc<str>);

struct Lane {
    reassembler: Reassembler<Origin>,
    /// Reading began behind records that were replayed before: connections may begin in their middle.
    resumed: bool,
    read_to: i64,
    /// The instant (unix nanoseconds) up to which connections were looked at for expiry.
    expired_to: i64,
    /// Since when there is nothing more to read.
    at_end: Option<Instant>,
    /// What the requests and answers that are not whole yet take.
    held: Lease,
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane")
            .field("resumed", &self.resumed)
            .field("read_to", &self.read_to)
            .finish_non_exhaustive()
    }
}

impl Lane {
    /// Ends connections that were silent for `timeout` (nanoseconds) at `now` (unix nanoseconds).
    fn expire(&mut self, now: i64, timeout: i64, found: &mut Vec<Reassembled<Origin>>) {
        let older_than = now.saturating_sub(timeout);
        if older_than.saturating_sub(self.expired_to) >= EXPIRY_INTERVAL_NS {
            self.expired_to = older_than;
            self.reassembler.expire(Timestamp::from_unix_nanos(older_than.into()), found);
        }
    }
}

/// What is left of a lane that was given up.
#[derive(Debug)]
pub struct DroppedLane(#[expect(dead_code, reason = "it only has to live")] Lane);

#[derive(Debug)]
struct Connection {
    number: u64,
    lane: u32,
    last_first: i64,
}

impl Intake {
    /// Without lanes.
    #[must_use]
    pub fn new(
        budget: Arc<Budget>,
        selection: Selection,
        packet_timeout: Duration,
        done: Option<Arc<Done>>,
    ) -> Self {
        Self {
            packet_timeout: i64::try_from(packet_timeout.as_nanos()).unwrap_or(i64::MAX),
            budget,
            selection,
            done,
            lanes: BTreeMap::new(),
            connections: HashMap::new(),
            next_connection: 0,
            names: Names::default(),
            batch: Batch::default(),
        }
    }

    /// Begins a lane. Its requests are held back until it says how far it has been read.
    pub fn open_lane(&mut self, lane: u32, resumed: bool) {
        self.lanes.insert(
            lane,
            Lane {
                reassembler: Reassembler::new(),
                resumed,
                read_to: i64::MIN,
                expired_to: i64::MIN,
                at_end: None,
                held: self.budget.empty(),
            },
        );
        self.batch.marks.push((lane, LaneMark::Read(i64::MIN)));
    }

    /// Gives a lane up, with everything unfinished. What is left keeps the records of requests that are not whole: they
    /// are not finished as long as it lives.
    pub fn drop_lane(&mut self, lane: u32) -> Option<DroppedLane> {
        let dropped = self.lanes.remove(&lane).map(DroppedLane);
        self.connections.retain(|_, connection| {
            if connection.lane == lane {
                self.batch.closed.push(connection.number);
            }
            connection.lane != lane
        });
        self.batch.captured.retain(|captured| captured.lane != lane);
        self.batch.marks.retain(|(other, _)| *other != lane);
        self.batch.dropped_lanes.push(lane);
        dropped
    }

    /// Takes a record. `place` says where it lies, for messages.
    pub fn record(&mut self, lane: u32, payload: Bytes, origin: Origin, place: impl FnOnce() -> String) {
        self.batch.counts.records += 1;
        self.batch.counts.bytes += payload.len() as u64;
        match TrafficStream::decode_record(payload.clone()) {
            Ok(stream) => self.stream(lane, stream, origin),
            Err(error) => self.bad_record(place(), error.to_string(), payload, origin),
        }
    }

    /// Notes a record that can't be used.
    pub fn bad_record(&mut self, place: String, reason: String, raw: Bytes, origin: Origin) {
        tracing::warn!(place, reason, "record skipped");
        self.batch.counts.bad_record(&format!("{place}: {reason}"));
        self.batch.bad_records.push(BadRecord { place, reason, raw, hold: Hold::new(vec![origin]) });
    }

    fn stream(&mut self, lane: u32, stream: TrafficStream, origin: Origin) {
        let Some(state) = self.lanes.get_mut(&lane) else { return };
        let latest =
            stream.sub_stream.iter().filter_map(|observation| observation.timestamp()).map(unix_nanos).max();
        let mut found = Vec::new();
        state.reassembler.push(stream, origin, &mut found);
        if let Some(latest) = latest {
            state.read_to = state.read_to.max(latest);
        }
        state.at_end = None;
        state.expire(state.read_to, self.packet_timeout, &mut found);
        state.held.set(state.reassembler.held_bytes());
        self.sort(lane, found);
    }

    /// Where nothing more comes, time passes all the same: a connection that hangs must not keep what was read of it for
    /// ever. What has passed is added to the source's time, so that clocks need not agree.
    pub fn expire_at_ends(&mut self) {
        let waiting = self.lanes.iter().filter_map(|(lane, state)| Some((*lane, state.at_end?.elapsed())));
        for (lane, waited) in waiting.collect::<Vec<_>>() {
            let mut found = Vec::new();
            if let Some(state) = self.lanes.get_mut(&lane) {
                let now = state.read_to.saturating_add(i64::try_from(waited.as_nanos()).unwrap_or(i64::MAX));
                state.expire(now, self.packet_timeout, &mut found);
                state.held.set(state.reassembler.held_bytes());
            }
            self.sort(lane, found);
        }
    }

    /// How far a lane has been read (unix nanoseconds).
    #[must_use]
    pub fn read_to(&self, lane: u32) -> i64 {
        self.lanes.get(&lane).map_or(i64::MIN, |lane| lane.read_to)
    }

    /// Everything that a lane holds for now was read.
    pub fn lane_at_end(&mut self, lane: u32) {
        if let Some(state) = self.lanes.get_mut(&lane) {
            state.at_end.get_or_insert_with(Instant::now);
            self.batch.marks.push((lane, LaneMark::Read(state.read_to)));
            self.batch.marks.push((lane, LaneMark::AtEnd));
        }
    }

    /// Notes traffic that the source saw and the capture does not hold.
    pub fn gap(&mut self, what: &str, requests: u64) {
        tracing::warn!(gap = what, "the capture has a gap");
        self.batch.counts.gap(what, requests);
    }

    /// Nothing more comes of any lane: requests without an answer are as good as they will get.
    pub fn finish(&mut self) {
        let lanes: Vec<u32> = self.lanes.keys().copied().collect();
        for lane in lanes {
            let mut found = Vec::new();
            if let Some(state) = self.lanes.get_mut(&lane) {
                state.reassembler.finish(&mut found);
                state.held.set(0);
            }
            self.sort(lane, found);
            self.batch.marks.push((lane, LaneMark::Finished));
        }
    }

    /// What came together since the last call.
    pub fn take(&mut self) -> Batch {
        for (lane, state) in &self.lanes {
            // A lane stays at its end until something comes of it, whatever comes of others.
            let known = state.at_end.is_some() || self.batch.marks.iter().any(|(other, _)| other == lane);
            if !known && state.read_to > i64::MIN {
                self.batch.marks.push((*lane, LaneMark::Read(state.read_to)));
            }
        }
        std::mem::take(&mut self.batch)
    }

    /// Takes a record that is decoded already.
    pub fn decoded(&mut self, lane: u32, stream: TrafficStream) {
        self.batch.counts.records += 1;
        self.batch.counts.bytes += data_bytes(&stream);
        self.stream(lane, stream, None);
    }

    /// Whether there is enough for a batch.
    #[must_use]
    pub fn is_full(&self, records: u64, bytes: u64) -> bool {
        self.batch.counts.records >= records || self.batch.counts.bytes >= bytes
    }

    /// Whether there is anything to take.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let batch = &self.batch;
        batch.counts.records == 0
            && batch.captured.is_empty()
            && batch.marks.is_empty()
            && batch.dropped_lanes.is_empty()
            && batch.counts.is_empty()
    }

    fn sort(&mut self, lane: u32, found: Vec<Reassembled<Origin>>) {
        let ends: Vec<(ConnectionKey, i64)> = found.iter().filter_map(closed_at).collect();
        for item in found {
            match item {
                Reassembled::Transaction(transaction) => {
                    let key = (Arc::clone(&transaction.node_id), Arc::clone(&transaction.connection_id));
                    let closed = ends.iter().find(|(other, _)| *other == key).map(|(_, at)| *at);
                    self.transaction(lane, key, transaction, closed);
                }
                Reassembled::Duplicate { .. } => self.batch.counts.duplicates += 1,
                Reassembled::Gap { node_id, connection_id, expected, found } => {
                    let resumed = expected <= 1 && self.lanes.get(&lane).is_some_and(|lane| lane.resumed);
                    if resumed {
                        self.batch.counts.resumed_connections += 1;
                    } else {
                        let what = format!(
                            "records {expected} to {} of connection {connection_id} of node {node_id} are missing",
                            found.saturating_sub(1)
                        );
                        self.gap(&what, 0);
                    }
                }
                Reassembled::Unframed { node_id, connection_id, bytes, reason, .. } => {
                    let what =
                        format!("{bytes} bytes of connection {connection_id} of node {node_id}: {reason}");
                    tracing::warn!(traffic = what, "traffic can't be replayed");
                    self.batch.counts.unframed(&what, bytes);
                }
                Reassembled::Incomplete { .. } => self.batch.counts.incomplete_requests += 1,
                Reassembled::ConnectionClosed { node_id, connection_id, .. } => {
                    if let Some(connection) = self.connections.remove(&(node_id, connection_id)) {
                        self.batch.closed.push(connection.number);
                    }
                }
            }
        }
    }

    fn transaction(
        &mut self,
        lane: u32,
        key: ConnectionKey,
        transaction: Transaction<Origin>,
        closed: Option<i64>,
    ) {
        let connection = self.connections.entry(key).or_insert_with(|| {
            self.next_connection += 1;
            Connection { number: self.next_connection, lane, last_first: i64::MIN }
        });
        // A clock that was set back must not turn the requests of a connection round.
        let first = unix_nanos(transaction.request.first).max(connection.last_first);
        connection.last_first = first;
        self.batch.counts.requests += 1;
        if transaction.served_by == ServedBy::Target {
            self.batch.counts.served_by_target += 1;
            Hold::new(transaction.origins).acknowledge();
            return;
        }
        let (method, path) = request_line(&transaction.request.bytes);
        if !self.selection.holds(&transaction.node_id, &transaction.connection_id, first, method, path) {
            self.batch.counts.left_out += 1;
            Hold::new(transaction.origins).acknowledge();
            return;
        }
        let (node_id, connection_id) = (&transaction.node_id, &transaction.connection_id);
        if self.done.as_ref().is_some_and(|done| done.holds(node_id, connection_id, transaction.index)) {
            self.batch.counts.already_done += 1;
            Hold::new(transaction.origins).acknowledge();
            return;
        }
        let source_end = match (transaction.end, &transaction.response) {
            (End::Complete, Some(response)) => unix_nanos(response.last),
            (End::StillOpen | End::Expired, _) => i64::MAX,
            _ => closed.unwrap_or_else(|| unix_nanos(transaction.request.last)),
        };
        let answer_bytes = transaction.response.as_ref().map_or(0, |response| response.bytes.len());
        // The target's answer will be about as long as the source's.
        let lease = self.budget.lease(transaction.request.bytes.len() + 2 * answer_bytes);
        let mut captured = Captured {
            connection: connection.number,
            node_id: transaction.node_id,
            connection_id: transaction.connection_id,
            index: transaction.index,
            lane,
            request: transaction.request,
            response: transaction.response,
            end: transaction.end,
            first,
            source_end,
            footprint: Footprint::default(),
            lease,
            hold: Hold::new(transaction.origins),
        };
        captured.footprint = Footprint::of(&captured, &mut self.names);
        captured.lease.grow(captured.footprint.bytes());
        self.batch.captured.push(captured);
    }
}

fn closed_at(item: &Reassembled<Origin>) -> Option<(ConnectionKey, i64)> {
    match item {
        Reassembled::ConnectionClosed { node_id, connection_id, at } => {
            Some(((Arc::clone(node_id), Arc::clone(connection_id)), unix_nanos(*at)))
        }
        _ => None,
    }
}

/// The traffic in a record.
fn data_bytes(stream: &TrafficStream) -> u64 {
    let data = stream.sub_stream.iter().map(|observation| match &observation.capture {
        Some(Capture::Read(data) | Capture::Write(data)) => data.data.len(),
        Some(Capture::ReadSegment(data) | Capture::WriteSegment(data)) => data.data.len(),
        _ => 0,
    });
    data.sum::<usize>() as u64
}

#[cfg(test)]
mod tests {
    use switchover_capture::{MAX_RECORD_BYTES, StreamEncoder};

    use super::*;

    fn record(connection_id: &str, second: i64) -> Bytes {
        let at = Timestamp { seconds: second, nanos: 0 };
        let (mut encoder, mut records) =
            (StreamEncoder::new(connection_id, "n", MAX_RECORD_BYTES), Vec::new());
        encoder.read(at, b"GET / HTTP/1.1\r\n\r\n", &mut records);
        encoder.close(at, &mut records);
        records.remove(0).into()
    }

    #[test]
    fn a_lane_at_its_end_stays_there_while_others_are_read() {
        let budget = Arc::new(Budget::new(usize::MAX));
        let mut intake = Intake::new(budget, Selection::default(), Duration::from_secs(360), None);
        intake.open_lane(0, false);
        intake.open_lane(1, false);
        intake.record(0, record("a", 1), None, String::new);
        intake.lane_at_end(0);
        assert_eq!(intake.take().marks.last(), Some(&(0, LaneMark::AtEnd)));
        intake.record(1, record("b", 100), None, String::new);
        assert_eq!(intake.take().marks, [(1, LaneMark::Read(100_000_000_000))]);
        intake.record(0, record("c", 101), None, String::new);
        let marks = intake.take().marks;
        assert!(marks.contains(&(0, LaneMark::Read(101_000_000_000))), "{marks:?}");
    }
}
