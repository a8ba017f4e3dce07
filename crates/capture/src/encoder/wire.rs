//! Protobuf wire format of the few shapes that records are made of.

use crate::timestamp::Timestamp;

/// Tag and both lengths at their widest (−1 is a varint of ten bytes).
pub(super) const MAX_END_OF_MESSAGE_BYTES: usize = 22;

const WIRE_VARINT: u8 = 0;
const WIRE_LEN: u8 = 2;
const SUB_STREAM: u8 = tag(2, WIRE_LEN);
const OBSERVATION_TS: u8 = tag(1, WIRE_LEN);

const fn tag(field: u8, wire: u8) -> u8 {
    field << 3 | wire
}

/// Fields by where they stand; the value is the tag as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Field {
    ConnectionId = tag(1, WIRE_LEN) as u16,
    NodeId = tag(5, WIRE_LEN) as u16,
    PriorRequestsReceived = tag(6, WIRE_VARINT) as u16,
    LastObservationWasUnterminatedRead = tag(7, WIRE_VARINT) as u16,
    Number = tag(3, WIRE_VARINT) as u16,
    NumberOfThisLastChunk = tag(4, WIRE_VARINT) as u16,
    // Fields of an observation.
    Close = tag(11, WIRE_LEN) as u16,
    ConnectionException = tag(12, WIRE_LEN) as u16,
    SegmentEnd = tag(14, WIRE_LEN) as u16,
    EndOfMessage = tag(15, WIRE_LEN) as u16,
    /// Field 16: the only tag of an observation that has two bytes.
    RequestDropped = 16 << 3 | WIRE_LEN as u16,
    /// Field 103 of a record.
    ServedBy = 103 << 3 | WIRE_VARINT as u16,
}

/// The field of a read or write in an observation, and of the data within it.
#[derive(Clone, Copy, Debug)]
pub(super) struct DataFields {
    capture: u8,
    data: u8,
}

/// How bytes of one direction are written: whole, or as a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct DataKind {
    pub(super) whole: DataFields,
    pub(super) segment: DataFields,
    pub(super) is_read: bool,
}

impl DataKind {
    pub(super) const READ: Self = Self {
        whole: DataFields { capture: tag(4, WIRE_LEN), data: tag(1, WIRE_LEN) },
        segment: DataFields { capture: tag(5, WIRE_LEN), data: tag(2, WIRE_LEN) },
        is_read: true,
    };
    pub(super) const WRITE: Self = Self {
        whole: DataFields { capture: tag(8, WIRE_LEN), data: tag(1, WIRE_LEN) },
        segment: DataFields { capture: tag(9, WIRE_LEN), data: tag(2, WIRE_LEN) },
        is_read: false,
    };
}

fn varint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_tag(out: &mut Vec<u8>, field: Field) {
    put_varint(out, u64::from(field as u16));
}

pub(super) fn put_uint(out: &mut Vec<u8>, field: Field, value: u64) {
    put_tag(out, field);
    put_varint(out, value);
}

pub(super) fn put_bytes(out: &mut Vec<u8>, field: u8, data: &[u8]) {
    out.push(field);
    put_varint(out, data.len() as u64);
    out.extend_from_slice(data);
}

pub(super) fn put_string(out: &mut Vec<u8>, field: Field, value: &str) {
    put_tag(out, field);
    put_varint(out, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

/// Body of a `ConnectionExceptionObservation`.
pub(super) fn exception(message: &str) -> Vec<u8> {
    let mut body = Vec::with_capacity(message.len() + 4);
    put_bytes(&mut body, tag(1, WIRE_LEN), message.as_bytes());
    body
}

/// Body of an `EndOfMessageIndication`, and its length. Negative lengths are sign-extended, as protobuf has it.
pub(super) fn end_of_message(first_line: i32, headers: i32) -> ([u8; MAX_END_OF_MESSAGE_BYTES], usize) {
    let mut body = [0; MAX_END_OF_MESSAGE_BYTES];
    let mut len = 0;
    let mut put = |byte: u8| {
        body[len] = byte;
        len += 1;
    };
    for (field, value) in [(1, first_line), (2, headers)] {
        put(tag(field, WIRE_VARINT));
        let mut value = i64::from(value) as u64;
        while value >= 0x80 {
            put(value as u8 | 0x80);
            value >>= 7;
        }
        put(value as u8);
    }
    (body, len)
}

fn timestamp_len(ts: Timestamp) -> usize {
    let seconds = if ts.seconds == 0 { 0 } else { 1 + varint_len(ts.seconds as u64) };
    let nanos = if ts.nanos == 0 { 0 } else { 1 + varint_len(ts.nanos.into()) };
    seconds + nanos
}

/// Length of everything in an observation up to its capture field: that has a tag of `tag_len` and `body` bytes.
fn observation_body_len(ts: Timestamp, tag_len: usize, body: usize) -> usize {
    2 + timestamp_len(ts) + tag_len + varint_len(body as u64) + body
}

fn put_head(out: &mut Vec<u8>, ts: Timestamp, body: usize) {
    out.push(SUB_STREAM);
    put_varint(out, body as u64);
    out.push(OBSERVATION_TS);
    out.push(timestamp_len(ts) as u8);
    if ts.seconds != 0 {
        out.push(tag(1, WIRE_VARINT));
        put_varint(out, ts.seconds as u64);
    }
    if ts.nanos != 0 {
        out.push(tag(2, WIRE_VARINT));
        put_varint(out, ts.nanos.into());
    }
}

/// Bytes of an observation whose capture field has a body of `body` bytes.
pub(super) fn observation_len(ts: Timestamp, field: Field, body: usize) -> usize {
    let inner = observation_body_len(ts, varint_len(u64::from(field as u16)), body);
    1 + varint_len(inner as u64) + inner
}

/// Everything of an observation but the capture field's body, which the caller appends.
pub(super) fn put_observation_head(out: &mut Vec<u8>, ts: Timestamp, field: Field, body: usize) {
    put_head(out, ts, observation_body_len(ts, varint_len(u64::from(field as u16)), body));
    put_tag(out, field);
    put_varint(out, body as u64);
}

/// Length of the capture field's body for so much data. No data is no field.
fn data_field_len(data: usize) -> usize {
    if data == 0 { 0 } else { 1 + varint_len(data as u64) + data }
}

/// Bytes of a read or write observation, whole or segment.
pub(super) fn data_len(ts: Timestamp, data: usize) -> usize {
    let inner = observation_body_len(ts, 1, data_field_len(data));
    1 + varint_len(inner as u64) + inner
}

/// How much data an observation of at most `space` bytes holds; up to a few bytes less than the most.
pub(super) fn data_that_fits(ts: Timestamp, space: usize) -> usize {
    space.saturating_sub(5 + timestamp_len(ts) + 3 * varint_len(space as u64))
}

pub(super) fn put_data(out: &mut Vec<u8>, ts: Timestamp, fields: DataFields, data: &[u8]) {
    let body = data_field_len(data.len());
    put_head(out, ts, observation_body_len(ts, 1, body));
    out.push(fields.capture);
    put_varint(out, body as u64);
    if !data.is_empty() {
        put_bytes(out, fields.data, data);
    }
}
