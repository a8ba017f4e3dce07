//! Numbers, or numbers of terms, by their place among all of a field.

use bytes::Bytes;

use crate::doc_values::entry::BLOCK_VALUES;
use crate::doc_values::for_util::{self, Block};
use crate::doc_values::packed_values::PackedValues;
use crate::error::{Error, ErrorKind};
use crate::input::{Input, Order};
use crate::monotonic::Monotonic;

/// The values of a field.
#[derive(Debug)]
pub(crate) enum Values {
    Packed(PackedValues),
    Blocks {
        starts: Monotonic,
        bytes: Bytes,
        /// Where the bytes begin in the file.
        base: u64,
        /// For numbers of terms, how many each has.
        ordinal_bits: Option<u32>,
    },
    OneTerm,
    /// With which document each of so many terms begins.
    Runs {
        starts: Monotonic,
        terms: u64,
    },
}

/// The block that was read last: values are asked for in order.
#[derive(Debug, Default)]
pub(crate) struct LastBlock(Option<(u64, Box<Block>)>);

impl Values {
    /// The value at `index`, which is `document`'s. `file` is for errors.
    pub(crate) fn get(
        &self,
        index: u64,
        document: u32,
        last: &mut LastBlock,
        file: &str,
    ) -> Result<i64, Error> {
        let missing = || ErrorKind::unexpected("a value", format_args!("none at {index}")).at(file, 0);
        match self {
            Self::Packed(values) => values.get(index).ok_or_else(missing),
            Self::OneTerm => Ok(0),
            Self::Runs { starts, terms } => {
                // The last term that begins at the document or before it.
                let (mut low, mut high) = (0, *terms);
                while low + 1 < high {
                    let middle = low + (high - low) / 2;
                    let start = starts.get(middle).ok_or_else(missing)?;
                    if start <= document.into() { low = middle } else { high = middle }
                }
                Ok(low as i64)
            }
            Self::Blocks { starts, bytes, base, ordinal_bits } => {
                let number = index / BLOCK_VALUES;
                if last.0.as_ref().is_none_or(|(held, _)| *held != number) {
                    let start = starts.get(number).ok_or_else(missing)?;
                    let rest = usize::try_from(start).ok().and_then(|start| bytes.get(start..));
                    let rest = rest.ok_or_else(missing)?;
                    let mut input = Input::from(file, base + start, rest, Order::Little);
                    let block = match ordinal_bits {
                        Some(bits) => for_util::ordinals(&mut input, *bits)?,
                        None => for_util::numbers(&mut input)?,
                    };
                    last.0 = Some((number, Box::new(block)));
                }
                let block = last.0.as_ref().map(|(_, block)| block);
                let value = block.and_then(|block| block.get((index % BLOCK_VALUES) as usize));
                value.copied().ok_or_else(missing)
            }
        }
    }
}
