//! `_ignored_source`: what Elasticsearch stores of a document with a synthetic `_source` because no field keeps it:
//! parts as they were sent, each with its name and that of the object around it.

use serde_json::value::RawValue;

use crate::smile;
use crate::source;
use crate::sources::value::{text, vint};

/// Bytes of a part that was stored in another form than JSON.
const MAX_BYTES: usize = 512 * 1024 * 1024;

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The path of the object around it; empty for the root.
    pub(crate) parent: String,
    /// The path of the field.
    pub(crate) path: String,
    /// Its name in that object.
    pub(crate) name: String,
    /// `None`: the field is to be left out (others were copied to it).
    pub(crate) json: Option<String>,
}

/// The parts in one stored value. `coalesced`: the form since 9.2, with all values of a field together.
pub(crate) fn parts(bytes: &[u8], coalesced: bool) -> Option<Vec<Part>> {
    if coalesced {
        return several(bytes);
    }
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    let head = u32::from_le_bytes(*head);
    let (length, parent) = ((head & 0xffff) as usize, (head >> 16) as usize);
    // Lengths count as Java does.
    let (path, value) = split_at_unit(rest, length)?;
    Some(vec![part(path, parent, value)?])
}

fn several(bytes: &[u8]) -> Option<Vec<Part>> {
    let mut rest = bytes;
    let count = vint(&mut rest)?;
    let length = vint(&mut rest)?;
    let (path, after) = split_at_unit(rest, length)?;
    rest = after;
    let mut parts = Vec::new();
    for _ in 0..count {
        let parent = vint(&mut rest)?;
        let length = vint(&mut rest)?;
        let (value, after) = rest.split_at_checked(length)?;
        rest = after;
        parts.push(part(path, parent, value)?);
    }
    rest.is_empty().then_some(parts)
}

/// Text of so many units of UTF-16 at the front, and what follows it.
fn split_at_unit(bytes: &[u8], units: usize) -> Option<(&str, &[u8])> {
    let (mut length, mut left) = (0, units);
    while left > 0 {
        // Two units are a character beyond the first 65,536, which has four bytes.
        let (step, taken) = match *bytes.get(length)? {
            0x00..=0x7f => (1, 1),
            0xc0..=0xdf => (2, 1),
            0xe0..=0xef => (3, 1),
            0xf0..=0xf7 => (4, 2),
            _ => return None,
        };
        length += step;
        left = left.checked_sub(taken)?;
    }
    let (name, rest) = bytes.split_at_checked(length)?;
    Some((std::str::from_utf8(name).ok()?, rest))
}

fn part(path: &str, parent: usize, value: &[u8]) -> Option<Part> {
    let (parent, name) = match parent {
        0 => ("", path),
        offset => {
            let (parent, name) = split_at_unit(path.as_bytes(), offset)?;
            (parent.strip_suffix('.')?, std::str::from_utf8(name).ok()?)
        }
    };
    let json = if value == b"v" { None } else { Some(value_json(value)?) };
    Some(Part { parent: parent.to_owned(), path: path.to_owned(), name: name.to_owned(), json })
}

/// A value with its type before it.
pub(crate) fn value_json(value: &[u8]) -> Option<String> {
    let (kind, bytes) = value.split_first()?;
    match (kind, bytes) {
        (b'S', text_bytes) => Some(text(text_bytes)),
        (b't', []) => Some("true".to_owned()),
        (b'f', []) => Some("false".to_owned()),
        (b'n', []) => Some("null".to_owned()),
        (b'I', bytes) => Some(i32::from_le_bytes(bytes.try_into().ok()?).to_string()),
        (b'L', bytes) => Some(i64::from_le_bytes(bytes.try_into().ok()?).to_string()),
        (b'F', bytes) => json_of(&f32::from_le_bytes(bytes.try_into().ok()?)),
        (b'D', bytes) => json_of(&f64::from_le_bytes(bytes.try_into().ok()?)),
        (b'i', bytes) => integer(bytes),
        (b'd', bytes) => {
            let (scale, digits) = bytes.split_first_chunk::<4>()?;
            // 123 with the scale 2 is 1.23, which is 123e-2.
            let scale = i64::from(i32::from_le_bytes(*scale));
            Some(format!("{}e{}", integer(digits)?, -scale))
        }
        (b'j', json) => {
            let raw: &RawValue = serde_json::from_slice(json).ok()?;
            Some(raw.get().replace(['\n', '\r'], " "))
        }
        (b's', bytes) => String::from_utf8(smile::to_json(bytes, MAX_BYTES).ok()?).ok(),
        (b'c', bytes) => {
            let value: serde_json::Value = ciborium::from_reader(bytes).ok()?;
            Some(value.to_string())
        }
        (b'y', bytes) => String::from_utf8(source::to_json_line(bytes).ok()?.into_owned()).ok(),
        _ => None,
    }
}

fn json_of(number: &impl serde::Serialize) -> Option<String> {
    serde_json::to_string(number).ok().filter(|json| json != "null")
}

/// A number of any length in two's complement, the high byte first, in decimal digits.
fn integer(bytes: &[u8]) -> Option<String> {
    /// Servers refuse numbers of more digits.
    const MAX_INTEGER_BYTES: usize = 512;
    let negative = bytes.first()? & 0x80 != 0;
    if bytes.len() > MAX_INTEGER_BYTES {
        return None;
    }
    let mut magnitude: Vec<u8> = bytes.to_vec();
    if negative {
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            let (sum, over) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (sum, over);
        }
    }
    let mut digits = Vec::new();
    while magnitude.iter().any(|byte| *byte != 0) {
        let mut remainder = 0u32;
        for byte in &mut magnitude {
            let value = remainder << 8 | u32::from(*byte);
            *byte = (value / 10) as u8;
            remainder = value % 10;
        }
        digits.push(char::from_digit(remainder, 10)?);
    }
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    let sign = if negative { "-" } else { "" };
    Some(sign.chars().chain(digits.into_iter().rev()).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_parts_or_not(bytes in prop::collection::vec(any::<u8>(), 0..60), coalesced: bool) {
            for part in parts(&bytes, coalesced).into_iter().flatten() {
                prop_assert!(part.path.ends_with(&part.name) && part.path.starts_with(&part.parent));
            }
        }
    }

    #[test]
    fn values_of_every_type() {
        for (bytes, json) in [
            (&b"Sa\"b"[..], r#""a\"b""#),
            (b"t", "true"),
            (b"n", "null"),
            (b"I\xff\xff\xff\xff", "-1"),
            (b"L\x00\x00\x00\x00\x01\x00\x00\x00", "4294967296"),
            (b"D\x00\x00\x00\x00\x00\x00\xf8\x3f", "1.5"),
            (b"i\x01\x00\x00\x00\x00\x00\x00\x00\x00", "18446744073709551616"),
            (b"i\xff", "-1"),
            (b"i\x00", "0"),
            (b"d\x02\x00\x00\x00\x7b", "123e-2"),
            (b"j{\"a\":\n[1.10]}", r#"{"a": [1.10]}"#),
            (b"c\xbf\x61a\x01\xff", r#"{"a":1}"#),
            (b"s:)\n\x00\xfa\x80a\xc2\xfb", r#"{"a":1}"#),
        ] {
            assert_eq!(value_json(bytes).as_deref(), Some(json), "{}", bytes.escape_ascii());
        }
        for damaged in [&b""[..], b"I\x01", b"t1", b"j{", b"x", b"s", b"d\x01"] {
            assert_eq!(value_json(damaged), None);
        }
    }

    #[test]
    fn names_and_the_objects_around_them() {
        let part = |parent: &str, path: &str, name: &str, json: Option<&str>| Part {
            parent: parent.to_owned(),
            path: path.to_owned(),
            name: name.to_owned(),
            json: json.map(str::to_owned),
        };
        let old = |length: u16, parent: u16, rest: &str| {
            [&length.to_le_bytes()[..], &parent.to_le_bytes(), rest.as_bytes()].concat()
        };
        assert_eq!(parts(&old(3, 0, "a.bt"), false).unwrap(), [part("", "a.b", "a.b", Some("true"))]);
        assert_eq!(parts(&old(4, 3, "é𐀀bv"), false), None, "the parent ends with a dot");
        assert_eq!(parts(&old(5, 4, "é𐀀.bv"), false).unwrap(), [part("é𐀀", "é𐀀.b", "b", None)]);
        let new = b"\x02\x03a.b\x02\x01t\x02\x01f";
        let expected = [part("a", "a.b", "b", Some("true")), part("a", "a.b", "b", Some("false"))];
        assert_eq!(parts(new, true).unwrap(), expected);
        assert_eq!(parts(&new[..7], true), None);
        assert_eq!(parts(&[9, 0, 0, 0, b'a'], false), None);
    }
}
