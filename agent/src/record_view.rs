//! What the shipper must know of a record without decoding it: its identity and how many requests end in it.
//!
//! A record is a `TrafficStream`: field 1 is the connection id and comes first, field 5 the node's id, fields 2 are
//! observations, field 3 or (in a connection's last record) 4 is its number. An observation whose field 15 is set
//! ends a request.

const CONNECTION_ID_TAG: u8 = 0x0a;
const OBSERVATION_FIELD: u64 = 2;
const NUMBER_FIELD: u64 = 3;
const LAST_NUMBER_FIELD: u64 = 4;
const NODE_ID_FIELD: u64 = 5;
const PART_OF_FIELD: u64 = 102;
const END_OF_MESSAGE_FIELD: u64 = 15;
const LENGTH_DELIMITED: u64 = 2;
const VARINT: u64 = 0;

/// The connection id; `None` when the bytes are no record.
#[must_use]
pub fn connection_id(record: &[u8]) -> Option<&str> {
    let mut rest = record.strip_prefix(&[CONNECTION_ID_TAG])?;
    let id = length_delimited(&mut rest)?;
    std::str::from_utf8(id).ok()
}

/// The record's number on its connection and the node that wrote it.
#[must_use]
pub fn number_and_node(record: &[u8]) -> Option<(u64, &[u8])> {
    let (mut number, mut node) = (None, None);
    for (field, value) in fields(record) {
        match (field, value) {
            (NUMBER_FIELD | LAST_NUMBER_FIELD, Value::Number(value)) => number = Some(value),
            (NODE_ID_FIELD, Value::Bytes(value)) => node = Some(value),
            _ => {}
        }
    }
    Some((number?, node?))
}

/// Whether this is a part of a record that was too long.
#[must_use]
pub fn is_part(record: &[u8]) -> bool {
    fields(record).any(|(field, _)| field == PART_OF_FIELD)
}

/// How many requests end in the record.
#[must_use]
pub fn ended_requests(record: &[u8]) -> u64 {
    fields(record).filter(|(field, value)| *field == OBSERVATION_FIELD && value.ends_a_request()).count()
        as u64
}

/// A field's value.
enum Value<'a> {
    Bytes(&'a [u8]),
    Number(u64),
}

impl Value<'_> {
    fn ends_a_request(&self) -> bool {
        matches!(self, Self::Bytes(observation) if fields(observation).any(|(field, _)| field == END_OF_MESSAGE_FIELD))
    }
}

/// The fields of a message; stops at the first that is not well formed.
fn fields(mut message: &[u8]) -> impl Iterator<Item = (u64, Value<'_>)> {
    std::iter::from_fn(move || {
        let tag = varint(&mut message)?;
        let value = match tag & 7 {
            LENGTH_DELIMITED => Value::Bytes(length_delimited(&mut message)?),
            VARINT => Value::Number(varint(&mut message)?),
            _ => return None,
        };
        Some((tag >> 3, value))
    })
}

fn length_delimited<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(varint(rest)?).ok()?;
    let (value, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(value)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchover_capture::{StreamEncoder, Timestamp};

    #[test]
    fn key_and_requests_of_a_record_that_the_encoder_wrote() {
        let mut records: Vec<Vec<u8>> = Vec::new();
        let mut encoder = StreamEncoder::new("connection", "node", 4096);
        let ts = Timestamp { seconds: 1, nanos: 2 };
        for _ in 0..3 {
            encoder.read(ts, b"GET / HTTP/1.1\r\n\r\n", &mut records);
            encoder.end_of_message(ts, 14, 0, &mut records);
            encoder.write(ts, b"HTTP/1.1 200 OK\r\n\r\n", &mut records);
        }
        encoder.close(ts, &mut records);
        assert_eq!(records.len(), 1);
        assert_eq!(connection_id(&records[0]), Some("connection"));
        assert_eq!(ended_requests(&records[0]), 3);
        assert_eq!(number_and_node(&records[0]), Some((1, &b"node"[..])));
    }

    #[test]
    fn junk_is_no_record() {
        for junk in [
            &b""[..],
            b"\x0a",
            b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x0a\x05ab",
            b"zzzz",
            b"\x0a\x01\xff",
        ] {
            assert_eq!(connection_id(junk), None, "{junk:?}");
            assert_eq!(ended_requests(junk), 0);
            assert_eq!(number_and_node(junk), None);
        }
    }
}
