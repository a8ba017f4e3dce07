//! Elasticsearch's blocks of 128 numbers (`TSDBDocValuesEncoder` and its `ForUtil`): packed so that a processor can
//! unpack several at once, after what they have in common was taken out.

use crate::doc_values::entry::BLOCK_VALUES;
use crate::error::Error;
use crate::input::Input;
use crate::packed::zigzag;

const VALUES: usize = BLOCK_VALUES as usize;

/// The values of one block.
pub(crate) type Block = [i64; VALUES];

/// Numbers: after the packed ones come their common divisor, their minimum, and the first if the others are distances.
pub(crate) fn numbers(input: &mut Input<'_>) -> Result<Block, Error> {
    let token = input.vlong()?;
    let mut block = unpack(input, token >> 3)?;
    if token & 1 != 0 {
        let divisor = input.vlong()?.wrapping_add(2) as i64;
        block.iter_mut().for_each(|value| *value = value.wrapping_mul(divisor));
    }
    if token & 2 != 0 {
        let minimum = zigzag(input.vlong()?);
        block.iter_mut().for_each(|value| *value = value.wrapping_add(minimum));
    }
    if token & 4 != 0 {
        let mut sum = zigzag(input.vlong()?);
        for value in &mut block {
            sum = sum.wrapping_add(*value);
            *value = sum;
        }
    }
    Ok(block)
}

/// Numbers of terms, of so many bits: one or two runs, a cycle, or packed. The kind is told by the ones at the low end.
pub(crate) fn ordinals(input: &mut Input<'_>, bits: u32) -> Result<Block, Error> {
    let token = input.vlong()?;
    let kind = token.trailing_ones();
    let first = token.checked_shr(kind + 1).unwrap_or(0) as i64;
    match kind {
        0 => Ok([first; VALUES]),
        1 => {
            let run = input.vint()? as usize;
            let second = first.wrapping_add(zigzag(input.vlong()?));
            Ok(std::array::from_fn(|index| if index < run { first } else { second }))
        }
        2 => unpack(input, bits.into()),
        3 => {
            let length = input.in_range(first, BLOCK_VALUES, "a cycle of at most 128 values")? as usize;
            let cycle: Vec<i64> =
                (0..length).map(|_| Ok(input.vlong()? as i64)).collect::<Result<_, Error>>()?;
            let at = |index: usize| cycle.get(index % length.max(1)).copied().unwrap_or(0);
            Ok(std::array::from_fn(at))
        }
        _ => Err(input.unexpected("a block of numbers of terms of kind 0 to 3", kind)),
    }
}

fn unpack(input: &mut Input<'_>, bits: u64) -> Result<Block, Error> {
    match bits {
        0 => Ok([0; VALUES]),
        1..=8 => lanes(input, bits as usize, 8),
        9..=16 => lanes(input, bits as usize, 16),
        17..=24 => lanes(input, bits as usize, 32),
        // Two to a word, the high half first.
        25..=32 => lanes(input, 32, 32),
        40 | 48 | 56 | 64 => {
            let length = bits as usize / 8;
            let bytes = input.bytes(length * VALUES)?;
            let mut block = [0; VALUES];
            for (value, bytes) in block.iter_mut().zip(bytes.chunks_exact(length)) {
                let mut word = [0; 8];
                word[..length].copy_from_slice(bytes);
                *value = i64::from_le_bytes(word);
            }
            Ok(block)
        }
        other => Err(input.unexpected("a number of bits that blocks have", other)),
    }
}

/// 64-bit words of several lanes, of which the highest has the first values. In each lane the words hold as many whole
/// values as fit, from the high end on, and their low bits together the rest of the values.
fn lanes(input: &mut Input<'_>, bits: usize, width: usize) -> Result<Block, Error> {
    let words: Vec<u64> = (0..bits * 2).map(|_| Ok(input.i64()? as u64)).collect::<Result<_, Error>>()?;
    let (lanes, whole, rest) = (64 / width, width / bits, width % bits);
    let per_lane = VALUES / lanes;
    let mask = |bits: usize| if bits == 0 { 0 } else { u64::MAX >> (64 - bits) };
    let mut block = [0; VALUES];
    for lane in 0..lanes {
        let lane_of = |word: u64| word >> (64 - width * (lane + 1)) & mask(width);
        let mut values = block.iter_mut().skip(lane * per_lane).take(per_lane);
        for round in 0..whole {
            let shift = width - bits * (round + 1);
            for (word, value) in words.iter().zip(values.by_ref()) {
                *value = (lane_of(*word) >> shift & mask(bits)) as i64;
            }
        }
        let (mut gathered, mut have) = (0u64, 0);
        for word in words.iter().filter(|_| rest > 0) {
            gathered = gathered << rest | lane_of(*word) & mask(rest);
            have += rest;
            if have >= bits
                && let Some(value) = values.next()
            {
                have -= bits;
                *value = (gathered >> have & mask(bits)) as i64;
            }
        }
    }
    Ok(block)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::input::Order;

    fn input(bytes: &[u8]) -> Input<'_> {
        Input::from("_0.dvd", 0, bytes, Order::Little)
    }

    fn vlong(out: &mut Vec<u8>, mut number: u64) {
        while number >= 0x80 {
            out.push(number as u8 | 0x80);
            number >>= 7;
        }
        out.push(number as u8);
    }

    /// As Elasticsearch's `ForUtil.encode` does it, lane by lane.
    fn pack(values: &[u64], bits: usize) -> Vec<u8> {
        if bits > 32 {
            return values.iter().flat_map(|value| value.to_le_bytes()[..bits / 8].to_vec()).collect();
        }
        let (bits, width) = match bits {
            ..=8 => (bits, 8),
            9..=16 => (bits, 16),
            17..=24 => (bits, 32),
            _ => (32, 32),
        };
        let per_lane = 128 * width / 64;
        let mut words = vec![0u64; bits * 2];
        for lane in 0..64 / width {
            let mut lanes = vec![String::new(); bits * 2];
            let values = &values[lane * per_lane..][..per_lane];
            let whole = width / bits * bits * 2;
            for (index, value) in values[..whole.min(per_lane)].iter().enumerate() {
                lanes[index % (bits * 2)] += &format!("{value:0bits$b}");
            }
            let rest: String =
                values[whole.min(per_lane)..].iter().map(|it| format!("{it:0bits$b}")).collect();
            for (index, lane) in lanes.iter_mut().enumerate() {
                let low = width % bits;
                *lane += &rest[index * low..][..low];
            }
            for (word, bits) in words.iter_mut().zip(&lanes) {
                *word |= u64::from_str_radix(bits, 2).expect("bits") << (64 - width * (lane + 1));
            }
        }
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn blocks_of_any_width(values in prop::collection::vec(any::<u64>(), 128), bits in 1..=64usize) {
            let bits = if bits > 32 { bits.next_multiple_of(8) } else { bits };
            let values: Vec<u64> = values.iter().map(|value| value >> (64 - bits)).collect();
            let mut bytes = Vec::new();
            vlong(&mut bytes, (bits as u64) << 3);
            bytes.extend(pack(&values, bits));
            let found = numbers(&mut input(&bytes)).expect("numbers");
            prop_assert_eq!(&found.map(|value| value as u64)[..], &values[..]);
            let mut bytes = vec![0b11];
            bytes.extend(pack(&values, bits));
            let found = ordinals(&mut input(&bytes), bits as u32).expect("numbers");
            prop_assert_eq!(&found.map(|value| value as u64)[..], &values[..]);
        }
    }

    #[test]
    fn what_blocks_have_in_common() {
        // No bits: all 0; times 5, plus -3, as distances from 100.
        let mut bytes = Vec::new();
        for number in [7, 3, 5, 200] {
            vlong(&mut bytes, number);
        }
        let found = numbers(&mut input(&bytes)).expect("numbers");
        assert_eq!((found[0], found[1], found[127]), (97, 94, 100 - 3 * 128));
    }

    #[test]
    fn runs_and_cycles() {
        let found = ordinals(&mut input(&[7 << 1]), 3).expect("a run");
        assert_eq!(found, [7; 128]);
        let found = ordinals(&mut input(&[5 << 2 | 1, 100, 3]), 3).expect("two runs");
        assert_eq!((found[99], found[100]), (5, 3));
        let found = ordinals(&mut input(&[3 << 4 | 7, 9, 8, 7]), 3).expect("a cycle");
        assert_eq!((found[0], found[126], found[127]), (9, 9, 8));
        for damaged in [&[0xff, 1][..], &[15], &[3], &[]] {
            assert!(ordinals(&mut input(damaged), 3).is_err(), "{damaged:?}");
        }
        let too_long = [0xf7, 0x1f];
        assert!(ordinals(&mut input(&too_long), 3).is_err());
    }
}
