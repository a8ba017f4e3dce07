//! The CRC-32 of a file that is read in ranges, by one reader or by several.
//!
//! Stored fields have no checksum of their own chunks: flipped bits often decompress cleanly, into wrong text. Only
//! the footer of the whole file tells. So every range that is read is summed, and the sums are joined in file order.

use crate::codec::{self, FOOTER_BYTES};
use crate::error::{Error, ErrorKind};
use crate::input::{Input, Order};

/// The sum of the bytes of one range; [`Checksum::then`] joins it to that of the range which follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checksum {
    /// CRC-32 (as zlib's) of the range's bytes.
    pub crc: u32,
    /// How many bytes.
    pub bytes: u64,
}

impl Checksum {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { crc: crc32fast::hash(bytes), bytes: bytes.len() as u64 }
    }

    /// Of these bytes and those of the next range.
    pub fn then(self, next: Self) -> Self {
        let mut crc = crc32fast::Hasher::new_with_initial_len(self.crc, self.bytes);
        crc.combine(&crc32fast::Hasher::new_with_initial_len(next.crc, next.bytes));
        Self { crc: crc.finalize(), bytes: self.bytes + next.bytes }
    }

    /// Checks a file: `self` is of all its bytes but the last 16, which are `footer`.
    pub fn verify(self, file: &str, footer: &[u8]) -> Result<(), Error> {
        let mut input = Input::from(file, self.bytes, footer, Order::Big);
        let expected = codec::footer(&mut input)?;
        let found = self.then(Self::of(footer.get(..FOOTER_BYTES - 8).unwrap_or_default())).crc;
        if found != expected {
            return Err(ErrorKind::Checksum { expected, found }.at(file, 0));
        }
        Ok(())
    }
}
