//! A value of a field as JSON, from the number or the bytes that the index keeps of it.

use std::net::{IpAddr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use switchover_lucene::{ColumnValue, StoredValue};

use crate::sources::date::Instant;
use crate::sources::mapping::Kind;

/// A text as JSON. Servers replace what is no UTF-8.
pub(crate) fn text(bytes: &[u8]) -> String {
    quoted(&String::from_utf8_lossy(bytes))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn float(number: f32) -> Option<String> {
    serde_json::to_string(&number).ok().filter(|text| text != "null")
}

fn double(number: f64) -> Option<String> {
    serde_json::to_string(&number).ok().filter(|text| text != "null")
}

/// From doc values; `None`: it is no value of such a field.
pub(crate) fn of_column(kind: &Kind, value: ColumnValue<'_>) -> Option<String> {
    match (kind, value) {
        (Kind::Integer, ColumnValue::Number(number)) => Some(number.to_string()),
        (Kind::UnsignedLong { turned }, ColumnValue::Number(number)) => {
            let bits = if *turned { number ^ i64::MIN } else { number };
            Some(bits.cast_unsigned().to_string())
        }
        (Kind::Double, ColumnValue::Number(number)) => {
            double(f64::from_bits((number ^ (number >> 63 & i64::MAX)).cast_unsigned()))
        }
        (Kind::Float, ColumnValue::Number(number)) => {
            let bits = i32::try_from(number).ok()?;
            float(f32::from_bits((bits ^ (bits >> 31 & i32::MAX)).cast_unsigned()))
        }
        (Kind::HalfFloat, ColumnValue::Number(number)) => {
            let bits = i16::try_from(number).ok()?;
            float(half((bits ^ (bits >> 15 & i16::MAX)).cast_unsigned()))
        }
        (Kind::Boolean, ColumnValue::Number(number @ (0 | 1))) => Some((number == 1).to_string()),
        (Kind::Date { .. }, ColumnValue::Number(number)) => date(kind, number),
        (Kind::GeoPoint, ColumnValue::Number(number)) => {
            let (latitude, longitude) = ((number >> 32) as i32, number as i32);
            let scale = |degrees: f64| 1.0 / ((1u64 << 32) as f64 / degrees);
            let latitude = double(f64::from(latitude) * scale(180.0))?;
            let longitude = double(f64::from(longitude) * scale(360.0))?;
            Some(format!(r#"{{"lat":{latitude},"lon":{longitude}}}"#))
        }
        (Kind::Ip, ColumnValue::Bytes(bytes)) => ip(bytes),
        (Kind::Keyword, ColumnValue::Bytes(bytes)) => Some(text(bytes)),
        _ => None,
    }
}

/// From a stored field; `None`: it is no value of such a field.
pub(crate) fn of_stored(kind: &Kind, value: StoredValue<'_>) -> Option<String> {
    match (kind, value) {
        (Kind::Integer, StoredValue::Int(number)) => Some(number.to_string()),
        (Kind::Integer, StoredValue::Long(number)) => Some(number.to_string()),
        (Kind::Float | Kind::HalfFloat, StoredValue::Float(number)) => float(number),
        (Kind::Double, StoredValue::Double(number)) => double(number),
        (Kind::Boolean, StoredValue::Text(b"T")) => Some("true".to_owned()),
        (Kind::Boolean, StoredValue::Text(b"F")) => Some("false".to_owned()),
        (Kind::Date { .. }, StoredValue::Long(number)) => date(kind, number),
        (Kind::Ip, StoredValue::Bytes(bytes)) => ip(bytes),
        (Kind::Keyword, StoredValue::Bytes(bytes) | StoredValue::Text(bytes)) => Some(text(bytes)),
        (Kind::Text | Kind::MatchOnlyText, StoredValue::Text(bytes) | StoredValue::Bytes(bytes)) => {
            Some(text(bytes))
        }
        (Kind::Binary, StoredValue::Bytes(bytes)) => Some(quoted(&STANDARD.encode(bytes))),
        _ => None,
    }
}

/// The values in the doc values of a binary field: how many, and each with its length before it.
pub(crate) fn binaries(bytes: &[u8]) -> Option<Vec<String>> {
    let mut rest = bytes;
    let count = vint(&mut rest)?;
    let mut values = Vec::new();
    for _ in 0..count {
        let length = vint(&mut rest)?;
        let (value, after) = rest.split_at_checked(length)?;
        values.push(quoted(&STANDARD.encode(value)));
        rest = after;
    }
    rest.is_empty().then_some(values)
}

/// A length or count in 7-bit groups, the low one first.
pub(crate) fn vint(rest: &mut &[u8]) -> Option<usize> {
    let mut number = 0u64;
    for shift in (0..35).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return usize::try_from(number).ok();
        }
    }
    None
}

fn date(kind: &Kind, number: i64) -> Option<String> {
    let Kind::Date { format: Some(format), nanos, .. } = kind else { return None };
    let instant = Instant { nanos: i128::from(number) * if *nanos { 1 } else { 1_000_000 } };
    Some(quoted(&format.print(instant)?))
}

/// As Elasticsearch writes addresses: `::` for the longest run of zeros, IPv4 in its own form.
fn ip(bytes: &[u8]) -> Option<String> {
    let address = match <[u8; 16]>::try_from(bytes) {
        Ok(bytes) => {
            let address = Ipv6Addr::from(bytes);
            address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4)
        }
        Err(_) => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
    };
    Some(quoted(&address.to_string()))
}

/// A number of 16 bits; all of them are numbers of 32 bits too.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    match exponent {
        0 => sign * fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(kind: &Kind, number: i64) -> Option<String> {
        of_column(kind, ColumnValue::Number(number))
    }

    #[test]
    fn numbers_whose_bits_sort() {
        for value in [0.0, -0.0, 1.5, -1.5, -273.15, f64::MAX, f64::MIN_POSITIVE] {
            let bits = value.to_bits().cast_signed();
            let sortable = bits ^ (bits >> 63 & i64::MAX);
            let json = number(&Kind::Double, sortable).unwrap();
            assert_eq!(json.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{json}");
        }
        assert_eq!(
            number(&Kind::Float, i64::from((-0.25f32).to_bits().cast_signed() ^ i32::MAX)).unwrap(),
            "-0.25"
        );
        assert_eq!(number(&Kind::HalfFloat, 0x3e00).unwrap(), "1.5");
        assert_eq!(number(&Kind::HalfFloat, i64::from(0xbe00u16.cast_signed() ^ i16::MAX)).unwrap(), "-1.5");
        assert_eq!(number(&Kind::UnsignedLong { turned: true }, -1).unwrap(), "9223372036854775807");
        assert_eq!(number(&Kind::UnsignedLong { turned: true }, i64::MAX).unwrap(), u64::MAX.to_string());
        assert_eq!(number(&Kind::UnsignedLong { turned: false }, -1).unwrap(), u64::MAX.to_string());
        assert_eq!(number(&Kind::Boolean, 1).unwrap(), "true");
        assert_eq!(number(&Kind::Boolean, 2), None);
        assert_eq!(number(&Kind::Float, i64::MAX), None);
        assert_eq!(number(&Kind::Double, f64::NAN.to_bits().cast_signed()), None);
    }

    #[test]
    fn addresses() {
        let ip = |bytes: &[u8]| of_column(&Kind::Ip, ColumnValue::Bytes(bytes));
        let mut mapped = [0; 16];
        mapped[10..].copy_from_slice(&[0xff, 0xff, 192, 168, 0, 1]);
        assert_eq!(ip(&mapped).unwrap(), "\"192.168.0.1\"");
        let mut six = [0; 16];
        six[..4].copy_from_slice(&[0x20, 1, 0xd, 0xb8]);
        six[15] = 1;
        assert_eq!(ip(&six).unwrap(), "\"2001:db8::1\"");
        assert_eq!(ip(&[1, 2, 3]), None);
    }

    #[test]
    fn several_binary_values() {
        assert_eq!(binaries(&[2, 1, 0, 2, 255, 255]).unwrap(), ["\"AA==\"", "\"//8=\""]);
        for damaged in [&[][..], &[1], &[1, 5, 0], &[0, 0], &[0x80, 0x80, 0x80, 0x80, 0x80, 1]] {
            assert_eq!(binaries(damaged), None);
        }
    }
}
