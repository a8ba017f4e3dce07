//! LZF in the chunks of the library that Elasticsearch 1.x compressed with (`com.ning:compress-lzf`). The format is
//! used by nothing newer, and the crate for it is given up, so it is decoded here:
//! <https://github.com/ning/compress/wiki/LZFFormat>.

use super::BlobFormatError;

const MARK: &[u8] = b"ZV";
const STORED: u8 = 0;
const COMPRESSED: u8 = 1;
const DAMAGED: BlobFormatError = BlobFormatError::Compression("LZF");

pub(super) fn is_compressed(body: &[u8]) -> bool {
    body.starts_with(MARK)
}

pub(super) fn decompress(mut body: &[u8], max_bytes: usize) -> Result<Vec<u8>, BlobFormatError> {
    let mut out = Vec::new();
    while !body.is_empty() {
        let rest = body.strip_prefix(MARK).ok_or(DAMAGED)?;
        let (&kind, rest) = rest.split_first().ok_or(DAMAGED)?;
        let (length, rest) = length(rest)?;
        match kind {
            STORED => {
                let (data, after) = rest.split_at_checked(length).ok_or(DAMAGED)?;
                out.extend_from_slice(data);
                body = after;
            }
            COMPRESSED => {
                let (original, rest) = self::length(rest)?;
                let (data, after) = rest.split_at_checked(length).ok_or(DAMAGED)?;
                let start = out.len();
                chunk(data, &mut out, start + original)?;
                if out.len() != start + original {
                    return Err(DAMAGED);
                }
                body = after;
            }
            _ => return Err(DAMAGED),
        }
        if out.len() > max_bytes {
            return Err(BlobFormatError::TooLarge(max_bytes));
        }
    }
    Ok(out)
}

fn length(bytes: &[u8]) -> Result<(usize, &[u8]), BlobFormatError> {
    let (length, rest) = bytes.split_first_chunk::<2>().ok_or(DAMAGED)?;
    Ok((usize::from(u16::from_be_bytes(*length)), rest))
}

/// One chunk: runs of literal bytes, and copies of what came before in the same chunk, until `out` is `end` bytes long.
fn chunk(mut data: &[u8], out: &mut Vec<u8>, end: usize) -> Result<(), BlobFormatError> {
    let start = out.len();
    let mut byte = || -> Result<u8, BlobFormatError> {
        let (&first, rest) = data.split_first().ok_or(DAMAGED)?;
        data = rest;
        Ok(first)
    };
    while out.len() < end {
        let control = usize::from(byte()?);
        if control < 32 {
            for _ in 0..=control {
                out.push(byte()?);
            }
            continue;
        }
        let mut length = (control >> 5) + 2;
        if length == 9 {
            length += usize::from(byte()?);
        }
        let distance = ((control & 0x1f) << 8 | usize::from(byte()?)) + 1;
        let from = out.len().checked_sub(distance).filter(|from| *from >= start).ok_or(DAMAGED)?;
        // Byte by byte: a copy may read what it writes.
        for at in from..from + length {
            out.push(*out.get(at).ok_or(DAMAGED)?);
        }
    }
    if data.is_empty() { Ok(()) } else { Err(DAMAGED) }
}
