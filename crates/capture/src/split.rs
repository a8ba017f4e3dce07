//! A record that is too long for where it should go, as several that are not.
//!
//! Records are numbered when they are written, and the next number is taken already: so the parts of a record share
//! its number and say which part each is ([`crate::record::Part`]). Reassembly puts them together to what it makes
//! of the whole record, also when a part comes twice or the record is cut again elsewhere after a restart. Splitting
//! is a way out for records that were written before the limit was known; new ones are encoded within it.

use bytes::Bytes;
use prost::Message as _;

use crate::record::{
    Capture, Data, Empty, RecordError, RecordIndex, SegmentData, TrafficObservation, TrafficStream,
};

/// What a part holds beside ids and observations, at its widest: the numbers.
const HEAD_BYTES: usize = 6 + 2 + 6 + 2 * 12;
/// Tag and length of an observation.
const OBSERVATION_HEAD_BYTES: usize = 1 + 5;
/// The same, of its data, and an end of segments after it.
const DATA_HEAD_BYTES: usize = 32 + 32;
/// An observation is not begun for less data than this.
const MIN_DATA_BYTES: usize = 16;

/// Why a record can't be split.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// It is none.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Even its smallest part would be longer.
    #[error("a record of connection {connection_id} can't be split into parts of {max_bytes} bytes")]
    Limit {
        /// Whose record it is.
        connection_id: String,
        /// The limit asked for.
        max_bytes: usize,
    },
}

/// The record in as few parts of at most `max_bytes` as reading it in order gives; the record itself if it fits.
///
/// # Errors
/// See [`SplitError`].
pub fn split_record(record: &[u8], max_bytes: usize) -> Result<Vec<Bytes>, SplitError> {
    let whole = Bytes::copy_from_slice(record);
    if whole.len() <= max_bytes {
        return Ok(vec![whole]);
    }
    let stream = TrafficStream::decode_record(whole)?;
    let of = stream.part().of;
    let mut splitter = Splitter::new(&stream, max_bytes);
    for observation in stream.sub_stream {
        splitter.take(observation)?;
    }
    Ok(splitter.finish(stream.index, of))
}

struct Splitter {
    /// Ids and number; what says which part it is, is set for each.
    template: TrafficStream,
    max_bytes: usize,
    head_bytes: usize,
    parts: Vec<TrafficStream>,
    current: TrafficStream,
    current_bytes: usize,
    /// Requests that ended so far, and whether one is being read.
    requests: i32,
    in_request: bool,
}

impl Splitter {
    fn new(stream: &TrafficStream, max_bytes: usize) -> Self {
        let template = TrafficStream {
            connection_id: stream.connection_id.clone(),
            node_id: stream.node_id.clone(),
            served_by: stream.served_by,
            index: stream.number().and_then(|number| i32::try_from(number).ok()).map(RecordIndex::Number),
            ..TrafficStream::default()
        };
        let head_bytes = template.encoded_len() + HEAD_BYTES;
        let current = TrafficStream {
            prior_requests_received: stream.prior_requests_received,
            last_observation_was_unterminated_read: stream.last_observation_was_unterminated_read,
            part_start: stream.part_start,
            ..template.clone()
        };
        Self {
            template,
            max_bytes,
            head_bytes,
            parts: Vec::new(),
            current,
            current_bytes: head_bytes,
            requests: stream.prior_requests_received.unwrap_or(0),
            in_request: stream.last_observation_was_unterminated_read == Some(true),
        }
    }

    fn space(&self) -> usize {
        self.max_bytes.saturating_sub(self.current_bytes)
    }

    fn take(&mut self, mut observation: TrafficObservation) -> Result<(), SplitError> {
        let (is_read, segment, mut data) = match observation.capture {
            Some(Capture::Read(Data { data })) => (true, false, data),
            Some(Capture::Write(Data { data })) => (false, false, data),
            Some(Capture::ReadSegment(SegmentData { data })) => (true, true, data),
            Some(Capture::WriteSegment(SegmentData { data })) => (false, true, data),
            _ => {
                self.make_room(OBSERVATION_HEAD_BYTES + observation.encoded_len())?;
                self.put(observation);
                return Ok(());
            }
        };
        let with = |data, segment| TrafficObservation {
            ts: observation.ts,
            capture: Some(capture(is_read, segment, data)),
        };
        if DATA_HEAD_BYTES + data.len() <= self.space() {
            observation.capture = Some(capture(is_read, segment, data));
            self.put(observation);
            return Ok(());
        }
        self.make_room(DATA_HEAD_BYTES + data.len().min(MIN_DATA_BYTES))?;
        let mut cut = segment;
        while DATA_HEAD_BYTES + data.len() > self.space() {
            cut = true;
            let now = data.split_to(self.space().saturating_sub(DATA_HEAD_BYTES).min(data.len()));
            self.put(with(now, true));
            self.next_part()?;
        }
        self.put(with(data, cut));
        if cut && !segment {
            self.put(TrafficObservation { ts: observation.ts, capture: Some(Capture::SegmentEnd(Empty {})) });
        }
        Ok(())
    }

    fn make_room(&mut self, bytes: usize) -> Result<(), SplitError> {
        if bytes > self.space() {
            self.next_part()?;
        }
        if bytes > self.space() { Err(self.too_small()) } else { Ok(()) }
    }

    fn too_small(&self) -> SplitError {
        SplitError::Limit { connection_id: self.template.connection_id.clone(), max_bytes: self.max_bytes }
    }

    fn put(&mut self, observation: TrafficObservation) {
        match &observation.capture {
            Some(Capture::Read(_) | Capture::ReadSegment(_)) => self.in_request = true,
            Some(Capture::EndOfMessage(_)) => {
                self.in_request = false;
                self.requests = self.requests.saturating_add(1);
            }
            Some(Capture::RequestDropped(_)) => self.in_request = false,
            _ => {}
        }
        self.current_bytes += OBSERVATION_HEAD_BYTES + observation.encoded_len();
        self.current.sub_stream.push(observation);
    }

    fn next_part(&mut self) -> Result<(), SplitError> {
        if self.head_bytes + DATA_HEAD_BYTES + MIN_DATA_BYTES > self.max_bytes {
            return Err(self.too_small());
        }
        if self.current.sub_stream.is_empty() {
            return Ok(());
        }
        let next = TrafficStream {
            prior_requests_received: (self.requests > 0).then_some(self.requests),
            last_observation_was_unterminated_read: self.in_request.then_some(true),
            part_start: Some(self.current.part().end),
            ..self.template.clone()
        };
        self.parts.push(std::mem::replace(&mut self.current, next));
        self.current_bytes = self.head_bytes;
        Ok(())
    }

    /// Only the last part may say that it is the connection's last record.
    fn finish(mut self, index: Option<RecordIndex>, of: u64) -> Vec<Bytes> {
        self.current.index = index;
        self.parts.push(self.current);
        self.parts
            .into_iter()
            .map(|mut part| {
                part.part_start = Some(part.part_start.unwrap_or(0));
                part.part_of = Some(of);
                part.encode_to_vec().into()
            })
            .collect()
    }
}

fn capture(is_read: bool, segment: bool, data: Bytes) -> Capture {
    match (is_read, segment) {
        (true, false) => Capture::Read(Data { data }),
        (true, true) => Capture::ReadSegment(SegmentData { data }),
        (false, false) => Capture::Write(Data { data }),
        (false, true) => Capture::WriteSegment(SegmentData { data }),
    }
}
