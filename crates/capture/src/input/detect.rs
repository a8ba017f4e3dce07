//! Telling compression and format by the first bytes.

use std::io::{self, BufRead, BufReader, Read};

use super::{Format, delimited};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// How much is looked at to tell lines from length-delimited records.
const LOOK_BYTES: usize = 4096;
const BUFFER_BYTES: usize = 256 * 1024;

pub(super) fn detect<'a>(mut input: impl Read + 'a) -> io::Result<(Box<dyn BufRead + 'a>, Format)> {
    let head = read_up_to(&mut input, ZSTD_MAGIC.len())?;
    let gzip = head.starts_with(&GZIP_MAGIC);
    let zstd = head.starts_with(&ZSTD_MAGIC);
    let whole = io::Cursor::new(head).chain(input);
    let mut plain: Box<dyn Read + 'a> = if gzip {
        // An export that was appended to has several members.
        Box::new(flate2::read::MultiGzDecoder::new(whole))
    } else if zstd {
        Box::new(zstd::stream::read::Decoder::new(whole)?)
    } else {
        Box::new(whole)
    };
    let head = read_up_to(&mut plain, LOOK_BYTES)?;
    let format = if is_delimited(&head) { Format::Delimited } else { Format::Lines };
    Ok((Box::new(BufReader::with_capacity(BUFFER_BYTES, io::Cursor::new(head).chain(plain))), format))
}

/// Text is never length-delimited records: those hold tags that are control characters. Of what is not text, only
/// what begins like such a record is one; the rest is taken for lines with bad bytes in them, each of which is
/// reported.
fn is_delimited(head: &[u8]) -> bool {
    let is_text = head.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~'));
    !is_text && delimited::looks_like_record(head)
}

fn read_up_to(input: &mut impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(most);
    input.take(most as u64).read_to_end(&mut head)?;
    Ok(head)
}
