//! Integers packed with as many bits as the largest needs.

use crate::error::Error;
use crate::input::{Input, Order};

/// Integers of `bits` bits each, one after the other without padding between them.
///
/// With the big end first a value's high bit comes first (Lucene's PackedInts, and DirectReader before 9.0), with the
/// little end first its low bit (DirectReader since 9.0).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packed<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) bits: u32,
    pub(crate) order: Order,
}

impl<'a> Packed<'a> {
    /// Takes `count` packed integers from PackedInts; `version` 0 fills up to 8 bytes.
    pub(crate) fn take(input: &mut Input<'a>, version: u32, count: usize, bits: u32) -> Result<Self, Error> {
        if bits > 64 {
            return Err(input.unexpected("at most 64 bits", bits));
        }
        let total = count as u64 * u64::from(bits);
        let bytes = if version == 0 { total.div_ceil(64) * 8 } else { total.div_ceil(8) };
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        Ok(Self { bytes: input.bytes(bytes)?, bits, order: Order::Big })
    }

    /// The value at an index; bits beyond the bytes are 0, which the caller has ruled out.
    pub(crate) fn get(&self, index: u64) -> u64 {
        if self.bits == 0 {
            return 0;
        }
        let bit = index.saturating_mul(self.bits.into());
        let first = usize::try_from(bit / 8).unwrap_or(usize::MAX);
        let mut window = [0; 16];
        let rest = self.bytes.get(first..).unwrap_or_default();
        let length = rest.len().min(9);
        window[..length].copy_from_slice(&rest[..length]);
        let (shift, mask) = ((bit % 8) as u32, u64::MAX >> (64 - self.bits));
        let value = match self.order {
            Order::Big => u128::from_be_bytes(window) << shift >> (128 - self.bits),
            Order::Little => u128::from_le_bytes(window) >> shift,
        };
        value as u64 & mask
    }
}

/// How many bytes `count` values of `bits` bits take.
pub(crate) fn bytes(count: u64, bits: u32) -> u64 {
    u64::try_from((u128::from(count) * u128::from(bits)).div_ceil(8)).unwrap_or(u64::MAX)
}

pub(crate) fn zigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}
