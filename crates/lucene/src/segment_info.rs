//! `.si`: with which version of Lucene a segment was written, how many documents it has, whether it is compound.
//!
//! That is all that reading documents takes, and it comes first in every version; diagnostics, attributes and index
//! sort follow and are left alone (custom sorts could not be read anyhow). The checksum covers them.

use crate::codec::{self, Id};
use crate::commit::Version;
use crate::error::{Error, ErrorKind};
use crate::input::{Input, Order};

/// What a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentInfo {
    pub(crate) version: Version,
    pub(crate) max_doc: u32,
    pub(crate) compound: bool,
}

impl SegmentInfo {
    /// Reads a whole `.si`.
    pub(crate) fn parse(file: &str, bytes: &[u8], id: Id) -> Result<Self, Error> {
        let mut input = Input::new(file, bytes);
        let header = codec::plain_header(&mut input)?;
        let old = match header.name {
            "Lucene40SegmentInfo" => true,
            "Lucene46SegmentInfo" => {
                // The footer came with version 1 (4.8).
                if header.version >= 1 {
                    codec::verified(file, bytes)?;
                }
                true
            }
            "Lucene50SegmentInfo"
            | "Lucene62SegmentInfo"
            | "Lucene70SegmentInfo"
            | "Lucene86SegmentInfo"
            | "Lucene90SegmentInfo" => {
                codec::verified(file, bytes)?;
                codec::index_header_rest(&mut input, id, "")?;
                false
            }
            other => return Err(input.error(ErrorKind::unsupported("segment info format", other))),
        };
        if header.name == "Lucene90SegmentInfo" {
            input.order = Order::Little;
        }
        let version = if old { old_version(&mut input)? } else { version(&mut input)? };
        if matches!(header.name, "Lucene70SegmentInfo" | "Lucene86SegmentInfo" | "Lucene90SegmentInfo") {
            match input.u8()? {
                0 => {}
                1 => drop(self::version(&mut input)?),
                other => return Err(input.unexpected("0 or 1 before the oldest version", other)),
            }
        }
        let count = input.i32()?;
        let max_doc = input.in_range(count.into(), i32::MAX as u64, "a number of documents")? as u32;
        // 1 is yes; no is -1, or 0 in some versions.
        let compound = input.u8()? == 1;
        Ok(Self { version, max_doc, compound })
    }
}

fn version(input: &mut Input<'_>) -> Result<Version, Error> {
    let mut number = || {
        let number = input.i32()?;
        Ok::<_, Error>(input.in_range(number.into(), u8::MAX.into(), "a version of Lucene")? as u32)
    };
    Ok(Version { major: number()?, minor: number()?, bugfix: number()? })
}

/// Text in 4.x: `4.10.4`, `4.6`.
fn old_version(input: &mut Input<'_>) -> Result<Version, Error> {
    let text = input.string()?;
    let mut numbers = text.splitn(3, '.').map(|number| number.parse().ok());
    let (major, minor) = (numbers.next().flatten(), numbers.next().flatten());
    let (Some(major), Some(minor)) = (major, minor) else {
        return Err(input.unexpected("a version of Lucene", text));
    };
    Ok(Version { major, minor, bugfix: numbers.next().flatten().unwrap_or(0) })
}
