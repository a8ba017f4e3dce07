//! One connection: its observations in, its exchanges out.

mod ends;
mod reads;
mod unframed;
mod writes;

use std::collections::VecDeque;

use switchover_http1::{RequestFramer, ResponseFramer};

pub(super) use super::exchange::Source;
use super::{
    Key,
    exchange::{Exchange, Origins},
    position::Position,
    types::{End, Reassembled},
};
use crate::{
    record::{Capture, ServedBy, TrafficStream},
    timestamp::Timestamp,
};
use unframed::Unframed;

/// What is passed over after records were missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Skip {
    Nothing,
    /// The rest of a request, and its answer.
    Request,
    /// The rest of an answer.
    Response,
}

#[derive(Debug)]
pub(super) struct Connection<O> {
    key: Key,
    /// The same in all of its records.
    served_by: ServedBy,
    /// Order in which connections were first seen.
    pub(super) serial: u64,
    pub(super) position: Position,
    pub(super) last_seen: Timestamp,
    next_index: u32,
    requests: RequestFramer,
    /// Why framing of the requests failed, once it did: the capturing process's marks are their ends.
    by_marks: Option<String>,
    responses: ResponseFramer,
    /// Oldest first. Only the last one's request may be unfinished, and the answered ones come first.
    exchanges: VecDeque<Exchange<O>>,
    skip: Skip,
    /// Why no more messages can be told apart, once that is so.
    opaque: Option<String>,
    unframed: Option<Unframed<O>>,
}

impl<O: Clone> Connection<O> {
    /// Seen first with this record, which need not be its first.
    pub(super) fn resumed(key: Key, serial: u64, stream: &TrafficStream) -> Self {
        let mut connection = Self {
            key,
            served_by: stream.cluster(),
            serial,
            position: Position::default(),
            last_seen: Timestamp::default(),
            next_index: 0,
            requests: RequestFramer::new(),
            by_marks: None,
            responses: ResponseFramer::new(),
            exchanges: VecDeque::new(),
            skip: Skip::Nothing,
            opaque: None,
            unframed: None,
        };
        connection.resume(stream);
        connection
    }

    /// Goes on at a record whose predecessors are not known, by what it says of them.
    fn resume(&mut self, stream: &TrafficStream) {
        let in_request = stream.last_observation_was_unterminated_read == Some(true);
        let prior = stream.prior_requests_received.and_then(|prior| u32::try_from(prior).ok()).unwrap_or(0);
        self.next_index = prior.saturating_add(in_request.into());
        let at_start = stream.number() == Some(1) && stream.part_start.unwrap_or(0) == 0;
        self.skip = match (in_request, at_start) {
            (true, _) => Skip::Request,
            (false, true) => Skip::Nothing,
            (false, _) => Skip::Response,
        };
        self.reset_framers();
    }

    /// Records between the last one and this are missing.
    pub(super) fn records_missing(&mut self, stream: &TrafficStream, out: &mut Vec<Reassembled<O>>) {
        self.end_exchanges(End::Lost, out);
        self.resume(stream);
    }

    /// Takes one record or a part of one, `complete` with its last. Returns whether the connection is over; then all of it
    /// has been put out.
    pub(super) fn record(
        &mut self,
        stream: TrafficStream,
        complete: bool,
        source: &Source<O>,
        out: &mut Vec<Reassembled<O>>,
    ) -> bool {
        let mut closed = stream.is_last();
        for observation in stream.sub_stream {
            let at = observation.timestamp().unwrap_or(self.last_seen);
            self.last_seen = self.last_seen.max(at);
            match observation.capture {
                Some(Capture::Read(read)) => self.read(at, &read.data, source, out),
                Some(Capture::ReadSegment(read)) => self.read(at, &read.data, source, out),
                Some(Capture::Write(write)) => self.write(at, &write.data, source, out),
                Some(Capture::WriteSegment(write)) => self.write(at, &write.data, source, out),
                Some(Capture::EndOfMessage(_)) => self.end_of_message(out),
                Some(Capture::RequestDropped(_)) => self.request_dropped(),
                Some(Capture::ConnectionException(_)) => {
                    self.end_exchanges(End::Reset, out);
                    self.reset_framers();
                }
                Some(Capture::Close(_) | Capture::Disconnect(_)) => {
                    closed = true;
                    break;
                }
                // Neither bytes nor boundaries.
                Some(
                    Capture::Bind(_)
                    | Capture::Connect(_)
                    | Capture::RequestReleasedDownstream(_)
                    | Capture::SegmentEnd(_),
                )
                | None => {}
            }
            self.give_up_if_too_much();
        }
        if closed {
            self.close(out);
        } else if complete {
            self.report_unframed(out);
        }
        closed
    }

    fn reset_framers(&mut self) {
        self.requests = RequestFramer::new();
        self.by_marks = None;
        self.responses = ResponseFramer::new();
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.exchanges.iter().map(Exchange::held_bytes).sum()
    }
}
