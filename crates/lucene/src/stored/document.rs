//! The stored fields of one document: each is its field's number, its kind and its value.

use crate::error::Error;
use crate::input::Input;
use crate::stored::format::Layout;

/// The numbers of the fields that make a document, in one segment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FieldNumbers {
    pub(crate) id: Option<u32>,
    pub(crate) uid: Option<u32>,
    pub(crate) routing: Option<u32>,
    pub(crate) parent: Option<u32>,
    pub(crate) source: Option<u32>,
    pub(crate) recovery_source: Option<u32>,
}

/// A text or binary value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) text: bool,
}

/// What was found of [`FieldNumbers`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stored<'a> {
    pub(crate) id: Option<Value<'a>>,
    pub(crate) uid: Option<Value<'a>>,
    pub(crate) routing: Option<Value<'a>>,
    pub(crate) parent: Option<Value<'a>>,
    pub(crate) source: Option<Value<'a>>,
    pub(crate) recovery_source: Option<Value<'a>>,
}

impl<'a> Stored<'a> {
    /// Reads all fields of a document.
    pub(crate) fn parse(
        input: &mut Input<'a>,
        fields: u32,
        numbers: &FieldNumbers,
        layout: Layout,
    ) -> Result<Self, Error> {
        let mut stored = Self::default();
        for _ in 0..fields {
            let key = input.vlong()?;
            let (number, kind) = (key >> 3, key & 7);
            let value = match kind {
                0 | 1 => {
                    let length = input.vint()?;
                    Value { bytes: input.bytes(length as usize)?, text: kind == 0 }
                }
                _ => {
                    skip_number(input, kind, layout)?;
                    continue;
                }
            };
            let is = |field: Option<u32>| field.is_some_and(|field| u64::from(field) == number);
            let place = if is(numbers.source) {
                &mut stored.source
            } else if is(numbers.id) {
                &mut stored.id
            } else if is(numbers.uid) {
                &mut stored.uid
            } else if is(numbers.routing) {
                &mut stored.routing
            } else if is(numbers.parent) {
                &mut stored.parent
            } else if is(numbers.recovery_source) {
                &mut stored.recovery_source
            } else {
                continue;
            };
            place.get_or_insert(value);
        }
        if input.left() > 0 {
            return Err(
                input.unexpected("the end of the document", format_args!("{} more bytes", input.left()))
            );
        }
        Ok(stored)
    }
}

/// Numbers have their full length until 4.10; since 5.0 frequent ones are short.
fn skip_number(input: &mut Input<'_>, kind: u64, layout: Layout) -> Result<(), Error> {
    let rest = match (kind, layout) {
        (2 | 3, Layout::Lucene41) => 4,
        (4 | 5, Layout::Lucene41) => 8,
        (2, _) => {
            input.vlong()?;
            0
        }
        (3, _) => match input.u8()? {
            0xff => 4,
            0x80.. => 0,
            _ => 3,
        },
        (4, _) => {
            if input.u8()? & 0x20 != 0 {
                input.vlong()?;
            }
            0
        }
        (5, _) => match input.u8()? {
            0xff => 8,
            0xfe => 4,
            0x80.. => 0,
            _ => 7,
        },
        (other, _) => return Err(input.unexpected("a kind of field of 0 to 5", other)),
    };
    input.bytes(rest).map(drop)
}
