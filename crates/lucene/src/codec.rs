//! The frame of every Lucene file: a header that names its format and, since 4.8, a footer with the CRC-32.
//!
//! Since 5.0 the header also holds the segment's id and the file's suffix, so that a file of another segment, or of
//! another generation, is told apart from the right one.

use crate::error::{Error, ErrorKind};
use crate::input::Input;

const HEADER_MAGIC: i32 = 0x3fd7_6c17;
const FOOTER_MAGIC: i32 = !HEADER_MAGIC;

/// Footer magic, algorithm, CRC-32 as 8 bytes.
pub(crate) const FOOTER_BYTES: usize = 16;

/// Of a segment or commit; segments of Lucene 4 have none.
pub(crate) type Id = Option<[u8; 16]>;

/// The format's name and version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: i32,
}

/// Magic, name and version: all there is before Lucene 5.0.
pub(crate) fn plain_header<'a>(input: &mut Input<'a>) -> Result<Header<'a>, Error> {
    let before = input.clone();
    let magic = input.i32_be()?;
    if magic != HEADER_MAGIC {
        return Err(before.unexpected("the magic 3fd76c17 of a Lucene file", format_args!("{magic:08x}")));
    }
    Ok(Header { name: input.string()?, version: input.i32_be()? })
}

/// What follows the version in an index header (5.0 and later); the id of a commit is not known beforehand.
pub(crate) fn index_header_rest(input: &mut Input<'_>, id: Id, suffix: &str) -> Result<(), Error> {
    let before = input.clone();
    let found = input.id()?;
    if id.is_some_and(|id| id != found) {
        return Err(before.unexpected("the id of this segment: the file is of another one", hex(&found)));
    }
    let length = input.u8()?;
    let found = input.bytes(length.into())?;
    if found != suffix.as_bytes() {
        return Err(before.unexpected("the suffix of this file in its header", found.escape_ascii()));
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The CRC-32 in a footer.
pub(crate) fn footer(input: &mut Input<'_>) -> Result<u32, Error> {
    let before = input.clone();
    let magic = input.i32_be()?;
    if magic != FOOTER_MAGIC {
        return Err(before.unexpected("the magic c02893e8 of a footer", format_args!("{magic:08x}")));
    }
    let algorithm = input.i32_be()?;
    if algorithm != 0 {
        return Err(before.unexpected("0, the only checksum algorithm", algorithm));
    }
    let crc = input.i64_be()?;
    u32::try_from(crc).map_err(|_| before.unexpected("a CRC-32", crc))
}

/// Checks the footer at the end of a whole file, and gives the bytes before it.
pub(crate) fn verified<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a [u8], Error> {
    let Some((body, end)) = bytes.len().checked_sub(FOOTER_BYTES).and_then(|at| bytes.split_at_checked(at))
    else {
        let needed = (FOOTER_BYTES - bytes.len()) as u64;
        return Err(ErrorKind::Truncated { needed }.at(file, bytes.len() as u64));
    };
    let mut input = Input::from(file, body.len() as u64, end, crate::input::Order::Big);
    let expected = footer(&mut input)?;
    // The footer's magic and algorithm are part of what is summed.
    let mut crc = crc32fast::Hasher::new();
    crc.update(bytes.get(..bytes.len() - 8).unwrap_or_default());
    let found = crc.finalize();
    if found != expected {
        return Err(ErrorKind::Checksum { expected, found }.at(file, 0));
    }
    Ok(body)
}
