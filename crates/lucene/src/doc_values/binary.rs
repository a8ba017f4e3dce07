//! Values that are bytes, one a document.

use std::ops::Range;

use bytes::Bytes;

use crate::error::{Error, ErrorKind};
use crate::input::{Input, Order};
use crate::monotonic::Monotonic;
use crate::stored::lz4;

/// All values of a field.
#[derive(Debug)]
pub(crate) struct Strings {
    pub(crate) lengths: StringLengths,
    pub(crate) bytes: Bytes,
    /// Where the bytes begin in the file.
    pub(crate) base: u64,
}

#[derive(Debug)]
pub(crate) enum StringLengths {
    Equal(u32),
    Addresses(Monotonic),
    Chunks { starts: Monotonic, shift: u32, chunk_bytes: u32 },
}

/// The chunk that was read last.
#[derive(Debug, Default)]
pub(crate) struct LastChunk {
    chunk: Option<u64>,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Strings {
    /// The value at `index`. `file` is for errors.
    pub(crate) fn get<'l>(
        &'l self,
        index: u64,
        last: &'l mut LastChunk,
        file: &str,
    ) -> Result<&'l [u8], Error> {
        let missing = || ErrorKind::unexpected("bytes", format_args!("none at {index}")).at(file, self.base);
        let slice = |range: Range<u64>| {
            let range = usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?;
            self.bytes.get(range)
        };
        match &self.lengths {
            StringLengths::Equal(length) => {
                let start = index.saturating_mul((*length).into());
                slice(start..start.saturating_add((*length).into())).ok_or_else(missing)
            }
            StringLengths::Addresses(addresses) => {
                let range = addresses.get(index).zip(addresses.get(index + 1));
                range.and_then(|(start, end)| slice(start..end)).ok_or_else(missing)
            }
            StringLengths::Chunks { starts, shift, chunk_bytes } => {
                let chunk = index >> shift;
                if last.chunk != Some(chunk) {
                    last.chunk = None;
                    let start = starts.get(chunk).ok_or_else(missing)?;
                    let rest = slice(start..self.bytes.len() as u64).ok_or_else(missing)?;
                    last.load(
                        &mut Input::from(file, self.base + start, rest, Order::Big),
                        *shift,
                        *chunk_bytes,
                    )?;
                    last.chunk = Some(chunk);
                }
                let at = (index & ((1 << shift) - 1)) as usize;
                let start = at.checked_sub(1).map_or(Some(0), |before| last.ends.get(before).copied());
                let range = start.zip(last.ends.get(at).copied()).map(|(start, end)| start..end);
                range.and_then(|range| last.text.get(range)).ok_or_else(missing)
            }
        }
    }
}

impl LastChunk {
    /// Lengths, of which the first says whether the others are equal to it, then the compressed values.
    fn load(&mut self, input: &mut Input<'_>, shift: u32, chunk_bytes: u32) -> Result<(), Error> {
        self.ends.clear();
        let first = input.vint()?;
        let (equal, first) = (first & 1 != 0, (first >> 1) as usize);
        let mut end = first;
        self.ends.push(end);
        for _ in 1..1u64 << shift {
            end = end.saturating_add(if equal { first } else { input.vint()? as usize });
            self.ends.push(end);
        }
        if end > chunk_bytes as usize || end / 255 > input.left() {
            return Err(input.unexpected("values that the bytes can hold", format_args!("{end} bytes")));
        }
        self.text.clear();
        self.text.resize(end + lz4::SLACK, 0);
        if end > 0 && lz4::decompress(input.rest(), &mut self.text, 0, end).is_none() {
            return Err(input.error(ErrorKind::Compression("binary doc values".to_owned())));
        }
        Ok(())
    }
}
