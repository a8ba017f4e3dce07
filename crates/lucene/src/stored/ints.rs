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
