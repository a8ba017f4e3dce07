//! A record a line: `base64` or `key|base64`.

use std::io::{self, BufRead, Read};

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;

use super::{BadReason, MAX_INPUT_RECORD_BYTES, Raw};

/// Standard alphabet, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const MAX_KEY_BYTES: usize = 4096;
const MAX_LINE_BYTES: usize = MAX_INPUT_RECORD_BYTES / 3 * 4 + MAX_KEY_BYTES;
/// How much of a line that is too long is kept to show it.
const SHOWN_BYTES: usize = 64 * 1024;

/// The next line that is not blank. Counts all lines.
pub(super) fn next(input: &mut impl BufRead, number: &mut u64) -> io::Result<Option<Raw>> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.by_ref().take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        *number += 1;
        if line.len() > MAX_LINE_BYTES && !line.ends_with(b"\n") {
            input.skip_until(b'\n')?;
            line.truncate(SHOWN_BYTES);
            return Ok(Some(Raw::Bad { reason: BadReason::TooLong, raw: line.into() }));
        }
        let trimmed = line.trim_ascii();
        if !trimmed.is_empty() {
            return Ok(Some(parse(Bytes::copy_from_slice(trimmed))));
        }
    }
}

fn parse(raw: Bytes) -> Raw {
    // `|` is in neither base64 nor a connection id of any known capture tool; were it, the last one separates.
    let (key, base64) = match raw.iter().rposition(|byte| *byte == b'|') {
        Some(bar) => (Some(raw.slice(..bar)), raw.slice(bar + 1..)),
        None => (None, raw.clone()),
    };
    match BASE64.decode(&base64) {
        Ok(record) => {
            let key = key.map(|key| String::from_utf8_lossy(&key).into_owned());
            Raw::Record { key, record: record.into(), raw }
        }
        Err(error) => Raw::Bad { reason: error.into(), raw },
    }
}
