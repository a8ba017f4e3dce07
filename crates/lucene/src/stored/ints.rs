//! The two ways in which a chunk stores one number for each of its documents.

use crate::error::Error;
use crate::input::Input;
use crate::packed::Packed;

/// How a chunk's numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ints {
    /// Packed to any number of bits; the version is that of PackedInts. Until 8.11.
    Packed(u32),
    /// 8, 16 or 32 bits, 128 of them transposed so that one instruction unpacks several. Since 9.0.
    Transposed,
}

/// Numbers that are transposed together.
const BLOCK: usize = 128;

impl Ints {
    /// Reads `count` numbers to the end of `numbers`.
    pub(crate) fn read(
        self,
        input: &mut Input<'_>,
        count: usize,
        numbers: &mut Vec<u32>,
    ) -> Result<(), Error> {
        match self {
            Self::Packed(version) => {
                let bits = input.vint()?;
                if bits == 0 {
                    let number = input.vint()?;
                    numbers.extend(std::iter::repeat_n(number, count));
                } else if bits > 31 {
                    return Err(input.unexpected("at most 31 bits", bits));
                } else {
                    let packed = Packed::take(input, version, count, bits)?;
                    numbers.extend((0..count as u64).map(|index| packed.get(index) as u32));
                }
            }
            Self::Transposed => match input.u8()? {
                0 => {
                    let number = input.vint()?;
                    numbers.extend(std::iter::repeat_n(number, count));
                }
                bits @ (8 | 16 | 32) => transposed(input, count, bits.into(), numbers)?,
                other => return Err(input.unexpected("0, 8, 16 or 32 bits", other)),
            },
        }
        Ok(())
    }
}

fn transposed(input: &mut Input<'_>, count: usize, bits: usize, numbers: &mut Vec<u32>) -> Result<(), Error> {
    let words_per_block = BLOCK * bits / 64;
    for _ in 0..count / BLOCK {
        let mut words = [0u64; 64];
        for word in words.iter_mut().take(words_per_block) {
            *word = input.i64()? as u64;
        }
        // The first numbers are the high bits of all words.
        for part in 0..64 / bits {
            let shift = 64 - bits * (part + 1);
            let mask = u64::MAX >> (64 - bits);
            numbers.extend(words.iter().take(words_per_block).map(|word| (word >> shift & mask) as u32));
        }
    }
    for _ in 0..count % BLOCK {
        numbers.push(match bits {
            8 => input.u8()?.into(),
            16 => u32::from(input.i16()? as u16),
            _ => input.i32()? as u32,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::input::Order;

    /// As Lucene 9 writes them: of 128 numbers those in the high bits of all words come first.
    fn transpose(numbers: &[u32], bits: usize) -> Vec<u8> {
        let mut out = vec![bits as u8];
        let full = numbers.len() / BLOCK * BLOCK;
        for block in numbers[..full].chunks(BLOCK) {
            let words = BLOCK * bits / 64;
            for word in 0..words {
                let parts = (0..64 / bits).map(|part| u64::from(block[part * words + word]));
                let word = parts.fold(0u64, |word, part| word.checked_shl(bits as u32).unwrap_or(0) | part);
                out.extend(word.to_le_bytes());
            }
        }
        for number in &numbers[full..] {
            out.extend(&number.to_le_bytes()[..bits / 8]);
        }
        out
    }

    proptest! {
        #[test]
        fn transposed_numbers(numbers in prop::collection::vec(any::<u32>(), 2..400), bits in prop::sample::select(vec![8usize, 16, 32])) {
            let numbers: Vec<u32> = numbers.iter().map(|number| number >> (32 - bits)).collect();
            let bytes = transpose(&numbers, bits);
            let mut input = Input::from("_0.fdt", 0, &bytes, Order::Little);
            let mut found = Vec::new();
            Ints::Transposed.read(&mut input, numbers.len(), &mut found).expect("numbers");
            prop_assert_eq!(found, numbers);
            prop_assert_eq!(input.left(), 0);
        }
    }

    #[test]
    fn equal_numbers_are_stored_once() {
        for ints in [Ints::Packed(2), Ints::Transposed] {
            let mut found = Vec::new();
            ints.read(&mut Input::new("_0.fdt", &[0, 7]), 3, &mut found).expect("numbers");
            assert_eq!(found, [7, 7, 7]);
            assert!(ints.read(&mut Input::new("_0.fdt", &[40, 7]), 3, &mut found).is_err());
        }
    }
}
