//! Records behind a varint length each, as protobuf's `writeDelimitedTo` has it.

use std::io::{self, BufRead, Read};

use bytes::Bytes;

use super::{BadReason, MAX_INPUT_RECORD_BYTES, Raw};

const MAX_VARINT_BYTES: usize = 10;

/// The next record.
pub(super) fn next(input: &mut impl BufRead, number: &mut u64) -> io::Result<Option<Raw>> {
    let mut length = 0u64;
    for place in 0..MAX_VARINT_BYTES {
        let byte = match input.bytes().next().transpose()? {
            Some(byte) => byte,
            None if place == 0 => return Ok(None),
            None => break,
        };
        length |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            *number += 1;
            return record(input, length).map(Some);
        }
    }
    *number += 1;
    Ok(Some(Raw::Bad { reason: BadReason::CutOff, raw: Bytes::new() }))
}

fn record(input: &mut impl BufRead, length: u64) -> io::Result<Raw> {
    if length > MAX_INPUT_RECORD_BYTES as u64 {
        // No record is so long, so this is no length either, and where the next one would be is unknown.
        return Ok(Raw::Bad { reason: BadReason::CutOff, raw: Bytes::new() });
    }
    // Memory grows with what is there, not with what the length claims.
    let mut record = Vec::new();
    input.take(length).read_to_end(&mut record)?;
    let raw = Bytes::from(record);
    if (raw.len() as u64) < length {
        return Ok(Raw::Bad { reason: BadReason::CutOff, raw });
    }
    Ok(Raw::Record { key: None, record: raw.clone(), raw })
}

/// Whether this begins with a length and then a field of a `TrafficStream`.
pub(super) fn looks_like_record(head: &[u8]) -> bool {
    let Some(end) = head.iter().take(MAX_VARINT_BYTES).position(|byte| byte & 0x80 == 0) else {
        return false;
    };
    let Some(tag) = head.get(end + 1) else { return false };
    // Fields 1, 2 and 5 are length-delimited, 3, 4, 6 and 7 are varints.
    matches!(tag, 0x0a | 0x12 | 0x2a | 0x18 | 0x20 | 0x30 | 0x38)
}
