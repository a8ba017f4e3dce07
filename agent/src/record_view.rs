//! What the shipper must know of a record without decoding it: its key and how many requests end in it.
//!
//! A record is a `TrafficStream`: field 1 is the connection id and comes first, fields 2 are observations, and an
//! observation whose field 15 is set ends a request.

const CONNECTION_ID_TAG: u8 = 0x0a;
const OBSERVATION_FIELD: u64 = 2;
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

/// How many requests end in the record.
#[must_use]
pub fn ended_requests(record: &[u8]) -> u64 {
    fields(record)
        .filter(|&(field, _)| field == OBSERVATION_FIELD)
        .filter(|&(_, observation)| fields(observation).any(|(field, _)| field == END_OF_MESSAGE_FIELD))
        .count() as u64
}

/// The fields of a message; stops at the first that is not well formed.
fn fields(mut message: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    std::iter::from_fn(move || {
        let tag = varint(&mut message)?;
        let value = match tag & 7 {
            LENGTH_DELIMITED => length_delimited(&mut message)?,
            VARINT => {
                varint(&mut message)?;
                &[]
            }
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
    }

    #[test]
    fn junk_is_no_record() {
        for junk in [&b""[..], b"\x0a", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x0a\x05ab", b"zzzz", b"\x0a\x01\xff"] {
            assert_eq!(connection_id(junk), None, "{junk:?}");
            assert_eq!(ended_requests(junk), 0);
        }
    }
}
