//! The frame that Lucene's `CodecUtil` puts around a file: a name and a version, and a checksum at the end.

use super::BlobFormatError;

const MAGIC: [u8; 4] = 0x3fd7_6c17_u32.to_be_bytes();
const FOOTER_MAGIC: [u8; 4] = (!0x3fd7_6c17_u32).to_be_bytes();
/// Magic, a number for the kind of checksum (0: CRC-32), and the checksum in eight bytes.
const FOOTER_BYTES: usize = 16;
/// The only version there has been.
const VERSION: u32 = 1;

pub(super) fn is_framed(file: &[u8]) -> bool {
    file.starts_with(&MAGIC)
}

/// What is between header and footer, of a file that is whole and of the kind `codec`.
pub(super) fn body<'a>(file: &'a [u8], codec: &'static str) -> Result<&'a [u8], BlobFormatError> {
    // The footer first: of a damaged file nothing else can be believed.
    let (framed, footer) = file.split_last_chunk::<FOOTER_BYTES>().ok_or(BlobFormatError::Truncated)?;
    let (marks, stored) = footer.split_last_chunk::<8>().ok_or(BlobFormatError::Truncated)?;
    if marks != [FOOTER_MAGIC, [0; 4]].as_flattened() {
        return Err(BlobFormatError::NoFooter);
    }
    let stored = u64::from_be_bytes(*stored);
    let summed = file.get(..file.len() - 8).unwrap_or_default();
    let computed = crc32fast::hash(summed);
    if u64::from(computed) != stored {
        return Err(BlobFormatError::Checksum { computed, stored });
    }
    let rest = framed.get(MAGIC.len()..).ok_or(BlobFormatError::Truncated)?;
    // Lengths of names are one byte: all are shorter than 128.
    let (&length, rest) = rest.split_first().ok_or(BlobFormatError::Truncated)?;
    let (found, rest) = rest.split_at_checked(usize::from(length)).ok_or(BlobFormatError::Truncated)?;
    let (version, body) = rest.split_first_chunk::<4>().ok_or(BlobFormatError::Truncated)?;
    if found != codec.as_bytes() {
        let found = String::from_utf8_lossy(found).into_owned();
        return Err(BlobFormatError::OtherCodec { expected: codec, found });
    }
    match u32::from_be_bytes(*version) {
        VERSION => Ok(body),
        other => Err(BlobFormatError::UnknownVersion(other)),
    }
}
