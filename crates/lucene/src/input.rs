//! A place in a file's bytes, from which numbers and strings are read in Lucene's encodings.
//!
//! Every read is checked against the bytes that are left, and so is every count before something is allocated for it:
//! a count from a damaged file must not ask for memory that the file can't fill.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind};

/// Which end of a number comes first: the big one before Lucene 9.0, the little one since. Headers, footers and
/// `segments_N` stayed big.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Big,
    Little,
}

/// Bytes of a file that are read from front to back.
#[derive(Debug, Clone)]
pub(crate) struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where `bytes` begins in the file.
    base: u64,
    file: &'a str,
    pub(crate) order: Order,
}

impl<'a> Input<'a> {
    pub(crate) fn new(file: &'a str, bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, base: 0, file, order: Order::Big }
    }

    /// Bytes from the middle of a file.
    pub(crate) fn from(file: &'a str, base: u64, bytes: &'a [u8], order: Order) -> Self {
        Self { bytes, at: 0, base, file, order }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        kind.at(self.file, self.base + self.at as u64)
    }

    pub(crate) fn unexpected(&self, expected: &'static str, found: impl std::fmt::Display) -> Error {
        self.error(ErrorKind::unexpected(expected, found))
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let Some(taken) = end.and_then(|end| self.bytes.get(self.at..end)) else {
            let needed = (count as u64).saturating_sub(self.left() as u64);
            return Err(self.error(ErrorKind::Truncated { needed }));
        };
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Error> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn i16(&mut self) -> Result<i16, Error> {
        let bytes = self.array()?;
        Ok(match self.order {
            Order::Big => i16::from_be_bytes(bytes),
            Order::Little => i16::from_le_bytes(bytes),
        })
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Error> {
        let bytes = self.array()?;
        Ok(match self.order {
            Order::Big => i32::from_be_bytes(bytes),
            Order::Little => i32::from_le_bytes(bytes),
        })
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Error> {
        let bytes = self.array()?;
        Ok(match self.order {
            Order::Big => i64::from_be_bytes(bytes),
            Order::Little => i64::from_le_bytes(bytes),
        })
    }

    /// Four bytes as they are in headers and footers, whatever the order of the rest.
    pub(crate) fn i32_be(&mut self) -> Result<i32, Error> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    pub(crate) fn i64_be(&mut self) -> Result<i64, Error> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    pub(crate) fn id(&mut self) -> Result<[u8; 16], Error> {
        self.array()
    }

    /// A number that may not be negative and not above `max`.
    pub(crate) fn in_range(&self, number: i64, max: u64, expected: &'static str) -> Result<u64, Error> {
        match u64::try_from(number) {
            Ok(number) if number <= max => Ok(number),
            _ => Err(self.unexpected(expected, number)),
        }
    }

    /// A count or length below 2^31, in 7-bit groups, the low one first.
    pub(crate) fn vint(&mut self) -> Result<u32, Error> {
        let number = self.vlong()?;
        // Java reads at most five groups; a negative number is five groups with bits above the 31st.
        u32::try_from(number)
            .ok()
            .filter(|number| *number <= i32::MAX as u32)
            .ok_or_else(|| self.unexpected("a count of less than 2^31", number))
    }

    /// Up to 64 bits in 7-bit groups, the low one first.
    pub(crate) fn vlong(&mut self) -> Result<u64, Error> {
        let (mut number, mut shift) = (0u64, 0);
        loop {
            let byte = self.u8()?;
            if shift > 63 {
                return Err(self.unexpected("a number of at most 64 bits", "more groups of 7 bits"));
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    /// How many items come, each of at least `least` bytes: no more than the bytes that are left can hold.
    fn count(&mut self, count: u64, least: usize) -> Result<usize, Error> {
        if count > (self.left() / least.max(1)) as u64 {
            return Err(self.unexpected("a count that the file's bytes can hold", count));
        }
        Ok(count as usize)
    }

    pub(crate) fn vint_count(&mut self, least: usize) -> Result<usize, Error> {
        let count = self.vint()?;
        self.count(count.into(), least)
    }

    pub(crate) fn i32_count(&mut self, least: usize) -> Result<usize, Error> {
        let number = self.i32()?;
        let count = self.in_range(number.into(), i32::MAX as u64, "a count")?;
        self.count(count, least)
    }

    pub(crate) fn string(&mut self) -> Result<&'a str, Error> {
        let length = self.vint()?;
        let bytes = self.bytes(length as usize)?;
        std::str::from_utf8(bytes).map_err(|_| self.unexpected("UTF-8", bytes.escape_ascii()))
    }

    /// Counts of sets and maps are 4 bytes in formats older than Lucene 5.1.
    pub(crate) fn set(&mut self, old: bool) -> Result<Vec<String>, Error> {
        let count = if old { self.i32_count(1)? } else { self.vint_count(1)? };
        (0..count).map(|_| Ok(self.string()?.to_owned())).collect()
    }

    pub(crate) fn map(&mut self, old: bool) -> Result<BTreeMap<String, String>, Error> {
        let count = if old { self.i32_count(2)? } else { self.vint_count(2)? };
        (0..count).map(|_| Ok((self.string()?.to_owned(), self.string()?.to_owned()))).collect()
    }
}
