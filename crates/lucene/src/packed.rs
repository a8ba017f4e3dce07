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
        let total = (count as u64).saturating_mul(bits.into());
        let bytes = if version == 0 { total.div_ceil(64).saturating_mul(8) } else { total.div_ceil(8) };
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bit after bit.
    fn pack(numbers: &[u64], bits: u32, order: Order) -> Vec<u8> {
        let mut out = vec![0; bytes(numbers.len() as u64, bits) as usize];
        for (index, number) in numbers.iter().enumerate() {
            for bit in 0..bits as usize {
                let at = index * bits as usize + bit;
                let (value, place) = match order {
                    Order::Big => (number >> (bits as usize - 1 - bit), 7 - at % 8),
                    Order::Little => (number >> bit, at % 8),
                };
                out[at / 8] |= ((value & 1) as u8) << place;
            }
        }
        out
    }

    proptest! {
        #[test]
        fn numbers_of_any_width(numbers in prop::collection::vec(any::<u64>(), 0..60), bits in 1..=64u32) {
            let numbers: Vec<u64> = numbers.iter().map(|number| number >> (64 - bits)).collect();
            for order in [Order::Big, Order::Little] {
                let bytes = pack(&numbers, bits, order);
                let packed = Packed { bytes: &bytes, bits, order };
                let found: Vec<_> = (0..numbers.len() as u64).map(|index| packed.get(index)).collect();
                prop_assert_eq!(&found, &numbers);
            }
        }
    }

    #[test]
    fn bytes_that_are_taken() {
        for (version, count, bits, expected) in
            [(0, 3, 5, 8), (0, 64, 3, 24), (1, 3, 5, 2), (2, 8, 1, 1), (2, 9, 0, 0)]
        {
            let bytes = [0; 100];
            let mut input = Input::new("_0.fdx", &bytes);
            Packed::take(&mut input, version, count, bits).expect("bytes");
            assert_eq!(input.position(), expected, "{version} {count} {bits}");
        }
        assert!(Packed::take(&mut Input::new("_0.fdx", &[0; 9]), 2, 80, 1).is_err());
        assert!(Packed::take(&mut Input::new("_0.fdx", &[0; 9]), 2, usize::MAX, 64).is_err());
    }

    #[test]
    fn zigzag_numbers() {
        assert_eq!([0, 1, 2, 3, u64::MAX].map(zigzag), [0, -1, 1, -2, i64::MIN]);
    }
}
