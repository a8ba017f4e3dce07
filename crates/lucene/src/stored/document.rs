//! The stored fields of one document: each is its field's number, its kind and its value.

use crate::error::Error;
use crate::fields::Fields;
use crate::input::{Input, Order};
use crate::packed::zigzag;
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
            let (number, value) = field(input, layout)?;
            let value = match value {
                StoredValue::Text(bytes) => Value { bytes, text: true },
                StoredValue::Bytes(bytes) => Value { bytes, text: false },
                _ => continue,
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

/// A value of a stored field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StoredValue<'a> {
    /// UTF-8, unchecked.
    Text(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Of 32 bits.
    Int(i32),
    /// Of 32 bits.
    Float(f32),
    /// Of 64 bits.
    Long(i64),
    /// Of 64 bits.
    Double(f64),
}

/// All stored fields of a document, in their order: a field with several values comes several times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentFields<'a> {
    pub(crate) file: &'a str,
    pub(crate) bytes: &'a [u8],
    pub(crate) count: u32,
    pub(crate) layout: Layout,
    pub(crate) order: Order,
    pub(crate) fields: &'a Fields,
}

impl<'a> DocumentFields<'a> {
    /// Each field's name and value.
    pub fn iter(&self) -> impl Iterator<Item = Result<(&'a str, StoredValue<'a>), Error>> + use<'a> {
        let mut input = Input::from(self.file, 0, self.bytes, self.order);
        let (layout, fields) = (self.layout, self.fields);
        (0..self.count).map(move |_| {
            let (number, value) = field(&mut input, layout)?;
            let name = u32::try_from(number).ok().and_then(|number| fields.name(number));
            Ok((name.ok_or_else(|| input.unexpected("the number of a field", number))?, value))
        })
    }
}

/// A field's number and value.
fn field<'a>(input: &mut Input<'a>, layout: Layout) -> Result<(u64, StoredValue<'a>), Error> {
    let key = input.vlong()?;
    let value = match key & 7 {
        kind @ (0 | 1) => {
            let length = input.vint()?;
            let bytes = input.bytes(length as usize)?;
            if kind == 0 { StoredValue::Text(bytes) } else { StoredValue::Bytes(bytes) }
        }
        2 if layout == Layout::Lucene41 => StoredValue::Int(input.i32()?),
        3 if layout == Layout::Lucene41 => StoredValue::Float(f32::from_bits(input.i32()? as u32)),
        4 if layout == Layout::Lucene41 => StoredValue::Long(input.i64()?),
        5 if layout == Layout::Lucene41 => StoredValue::Double(f64::from_bits(input.i64()? as u64)),
        2 => StoredValue::Int(zigzag(input.vlong()? & u64::from(u32::MAX)) as i32),
        3 => StoredValue::Float(float(input)?),
        4 => StoredValue::Long(long(input)?),
        5 => StoredValue::Double(double(input)?),
        other => return Err(input.unexpected("a kind of field of 0 to 5", other)),
    };
    Ok((key >> 3, value))
}

/// Since 5.0: all bits after a mark, or a small number in one byte, or a positive one without its sign. Since 9.0 the
/// parts have their low byte first.
fn float(input: &mut Input<'_>) -> Result<f32, Error> {
    let first = input.u8()?;
    Ok(match first {
        0xff => f32::from_bits(input.i32()? as u32),
        0x80.. => f32::from(i16::from(first & 0x7f) - 1),
        _ => {
            let (middle, last) = (input.i16()? as u16, input.u8()?);
            f32::from_bits(u32::from(first) << 24 | u32::from(middle) << 8 | u32::from(last))
        }
    })
}

/// The same of 64 bits, and a mark for those that 32 bits hold.
fn double(input: &mut Input<'_>) -> Result<f64, Error> {
    let first = input.u8()?;
    Ok(match first {
        0xff => f64::from_bits(input.i64()? as u64),
        0xfe => f32::from_bits(input.i32()? as u32).into(),
        0x80.. => f64::from(i16::from(first & 0x7f) - 1),
        _ => {
            let (high, middle, last) = (input.i32()? as u32, input.i16()? as u16, input.u8()?);
            let rest = u64::from(high) << 24 | u64::from(middle) << 8 | u64::from(last);
            f64::from_bits(u64::from(first) << 56 | rest)
        }
    })
}

/// Times are whole seconds, hours or days more often than not.
fn long(input: &mut Input<'_>) -> Result<i64, Error> {
    let first = input.u8()?;
    let mut bits = u64::from(first & 0x1f);
    if first & 0x20 != 0 {
        bits |= input.vlong()? << 5;
    }
    let unit = match first >> 6 {
        0 => 1,
        1 => 1000,
        2 => 3_600_000,
        _ => 86_400_000,
    };
    Ok(zigzag(bits).wrapping_mul(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], order: Order) -> StoredValue<'_> {
        let mut input = Input::from("_0.fdt", 0, bytes, order);
        let (number, value) = field(&mut input, Layout::Lucene90).expect("a field");
        assert_eq!((number, input.left()), (1, 0));
        value
    }

    #[test]
    fn numbers_in_every_length() {
        for (bytes, expected) in [
            (&[8 | 2, 3][..], StoredValue::Int(-2)),
            (&[8 | 2, 0xff, 0xff, 0xff, 0xff, 0x0f], StoredValue::Int(i32::MIN)),
            (&[8 | 3, 0x80], StoredValue::Float(-1.0)),
            (&[8 | 3, 0xfe], StoredValue::Float(125.0)),
            (&[8 | 4, 0x42], StoredValue::Long(1000)),
            (&[8 | 4, 0x21, 1], StoredValue::Long(-17)),
            (&[8 | 4, 0xc1], StoredValue::Long(-86_400_000)),
        ] {
            assert_eq!(read(bytes, Order::Big), expected);
            assert_eq!(read(bytes, Order::Little), expected);
        }
    }

    #[test]
    fn parts_of_numbers_in_both_orders() {
        let float = 0x3f81_0203u32;
        assert_eq!(read(&[8 | 3, 0x3f, 0x81, 2, 3], Order::Big), StoredValue::Float(f32::from_bits(float)));
        assert_eq!(
            read(&[8 | 3, 0x3f, 2, 0x81, 3], Order::Little),
            StoredValue::Float(f32::from_bits(float))
        );
        assert_eq!(read(&[8 | 3, 0xff, 0xbf, 0xc0, 0, 0], Order::Big), StoredValue::Float(-1.5));
        assert_eq!(read(&[8 | 3, 0xff, 0, 0, 0xc0, 0xbf], Order::Little), StoredValue::Float(-1.5));
        assert_eq!(read(&[8 | 5, 0xfe, 0, 0, 0xc0, 0xbf], Order::Little), StoredValue::Double(-1.5));
        let double = StoredValue::Double(f64::from_bits(0x3f81_0203_0405_0607));
        assert_eq!(read(&[8 | 5, 0x3f, 0x81, 2, 3, 4, 5, 6, 7], Order::Big), double);
        assert_eq!(read(&[8 | 5, 0x3f, 4, 3, 2, 0x81, 6, 5, 7], Order::Little), double);
    }
}
