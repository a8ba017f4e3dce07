//! Whether two sources say the same. What is compared is the JSON value: the order of keys, white space and the
//! spelling of texts do not count, numbers count by their exact decimal value (`1.0` is `1`, but 25 digits are 25
//! digits), of keys that stand twice the last one holds, as clusters have it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use switchover_compare::json::{Kind, MAX_DEPTH, Tape, Value};

/// Compares; keeps its memory for the next pair.
#[derive(Debug, Default)]
pub(super) struct Sources {
    snapshot: Tape,
    target: Tape,
}

/// What is with a pair of sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Same,
    /// Where the first difference is, as a JSON pointer.
    Different(String),
    /// Which one can't be read, and that it can't.
    Unreadable(String),
    /// The source has another one since.
    Written,
}

impl Sources {
    pub(super) fn compare(&mut self, snapshot: &[u8], target: &[u8]) -> Verdict {
        // A document is as a rule stored as it was sent.
        if snapshot == target {
            return Verdict::Same;
        }
        let unreadable = |whose: &str| {
            Verdict::Unreadable(format!(
                "its source {whose} is no JSON, or nested deeper than {MAX_DEPTH} levels"
            ))
        };
        let Some(snapshot) = self.snapshot.parse(snapshot) else { return unreadable("of the source") };
        let Some(target) = self.target.parse(target) else { return unreadable("on the target") };
        let mut path = String::new();
        if same(snapshot, target, &mut path) { Verdict::Same } else { Verdict::Different(path) }
    }
}

/// `path`: where the values are; when they differ, where they do. As deep as a tape is.
fn same(one: Value<'_>, other: Value<'_>, path: &mut String) -> bool {
    match (one.kind(), other.kind()) {
        (Kind::Object, Kind::Object) => same_fields(one, other, path),
        (Kind::Array, Kind::Array) => same_items(one, other, path),
        (Kind::Number, Kind::Number) => {
            one.raw() == other.raw()
                || Decimal::of(one.raw()).is_some_and(|n| Some(n) == Decimal::of(other.raw()))
        }
        (Kind::Text, Kind::Text) => one.raw() == other.raw() || spelled(one.raw()) == spelled(other.raw()),
        (kind, other) => kind == other,
    }
}

fn same_fields(one: Value<'_>, other: Value<'_>, path: &mut String) -> bool {
    // The last of a name replaces those before it.
    let fields: BTreeMap<_, _> = one.fields().map(|(name, value)| (spelled(name), value)).collect();
    let mut others: BTreeMap<_, _> = other.fields().map(|(name, value)| (spelled(name), value)).collect();
    let length = path.len();
    for (name, value) in &fields {
        push(path, &name.shown());
        if !others.remove(name).is_some_and(|other| same(*value, other, path)) {
            return false;
        }
        path.truncate(length);
    }
    match others.keys().next() {
        Some(more) => {
            push(path, &more.shown());
            false
        }
        None => true,
    }
}

fn same_items(one: Value<'_>, other: Value<'_>, path: &mut String) -> bool {
    let (mut items, mut others) = (one.items(), other.items());
    let length = path.len();
    for at in 0_usize.. {
        let (item, other) = (items.next(), others.next());
        push(path, &at.to_string());
        match (item, other) {
            (Some(item), Some(other)) if same(item, other, path) => path.truncate(length),
            (None, None) => break,
            _ => return false,
        }
    }
    path.truncate(length);
    true
}

/// One more step of a JSON pointer (RFC 6901).
fn push(path: &mut String, name: &str) {
    path.push('/');
    path.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

/// A string without its escapes; with them if it has half a surrogate pair, which no text has. The two are never equal.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Spelled<'a> {
    Text(Cow<'a, str>),
    Raw(&'a [u8]),
}

impl Spelled<'_> {
    fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Raw(raw) => String::from_utf8_lossy(raw),
        }
    }
}

fn spelled(raw: &[u8]) -> Spelled<'_> {
    let Ok(text) = std::str::from_utf8(raw) else { return Spelled::Raw(raw) };
    if !text.contains('\\') {
        return Spelled::Text(text.into());
    }
    match serde_json::from_str::<String>(&format!("\"{text}\"")) {
        Ok(text) => Spelled::Text(text.into()),
        Err(_) => Spelled::Raw(raw),
    }
}

/// A number as `digits * 10^exponent`, without zeros at both ends: equal numbers are equal here, of whatever size.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// `None` when the exponent itself is beyond 64 bits.
    fn of(raw: &[u8]) -> Option<Self> {
        let (negative, rest) = match raw.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, raw),
        };
        let mantissa_end = rest.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(rest.len());
        let (mantissa, exponent) = rest.split_at(mantissa_end);
        let exponent = match exponent {
            [_, digits @ ..] => std::str::from_utf8(digits).ok()?.parse::<i64>().ok()?,
            [] => 0,
        };
        let whole = mantissa.iter().position(|byte| *byte == b'.').unwrap_or(mantissa.len());
        let fraction = mantissa.len().saturating_sub(whole + 1);
        let mut digits: Vec<u8> = mantissa.iter().copied().filter(u8::is_ascii_digit).collect();
        let trailing = digits.iter().rev().take_while(|digit| **digit == b'0').count();
        digits.truncate(digits.len() - trailing);
        digits.drain(..digits.iter().take_while(|digit| **digit == b'0').count());
        if digits.is_empty() {
            return Some(Self { negative: false, digits, exponent: 0 });
        }
        let shift = i64::try_from(trailing).ok()?.checked_sub(i64::try_from(fraction).ok()?)?;
        Some(Self { negative, digits, exponent: exponent.checked_add(shift)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(one: &str, other: &str) -> Verdict {
        let mut sources = Sources::default();
        let there = sources.compare(one.as_bytes(), other.as_bytes());
        let back = sources.compare(other.as_bytes(), one.as_bytes());
        assert_eq!(there == Verdict::Same, back == Verdict::Same, "{one} {other}");
        there
    }

    #[test]
    fn what_is_the_same() {
        for (one, other) in [
            (r#"{"a":1,"b":[{},"x"]}"#, " {\"b\" : [ {}, \"x\" ],\r\n\"a\":1}"),
            (r#"{"a":1}"#, r#"{"a":2,"a":1.0}"#),
            (r#"{"\u0061":"\u00e9\/"}"#, r#"{"a":"é/"}"#),
            (r#"{"a":[1e2,100.00,0.1,-0,1E-3]}"#, r#"{"a":[100,1.0e+2,1e-1,0.0,0.001]}"#),
            (r#"{"a":12345678901234567890123450}"#, r#"{"a":1.234567890123456789012345e25}"#),
            (r#"{"a":"\ud800"}"#, r#"{ "a":"\ud800"}"#),
            (r#"{"a":1e99999999999999999999}"#, r#"{"a": 1e99999999999999999999}"#),
        ] {
            assert_eq!(compare(one, other), Verdict::Same, "{one} {other}");
        }
    }

    #[test]
    fn what_differs_and_where() {
        for (one, other, place) in [
            (r#"{"a":1}"#, r#"{"a":"1"}"#, "/a"),
            (r#"{"a":{"x/y":[1,2]}}"#, r#"{"a":{"x/y":[1,3]}}"#, "/a/x~1y/1"),
            (r#"{"a":[1]}"#, r#"{"a":[1,2]}"#, "/a/1"),
            (r#"{"a":[2,1]}"#, r#"{"a":[1,2]}"#, "/a/0"),
            (r#"{"a":1}"#, "{}", "/a"),
            ("{}", r#"{"b":null}"#, "/b"),
            (r#"{"a":1,"a":2}"#, r#"{"a":1}"#, "/a"),
            (r#"{"a":true}"#, r#"{"a":false}"#, "/a"),
            (r#"{"a":null}"#, r#"{"a":{}}"#, "/a"),
            (r#"{"a":0.1}"#, r#"{"a":0.10000000000000000001}"#, "/a"),
            (r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#, "/a"),
            (r#"{"a":1}"#, r#"{"a":-1}"#, "/a"),
            // Half a surrogate pair, and the text that is spelled like it.
            (r#"{"a":"\ud800"}"#, r#"{"a":"\\ud800"}"#, "/a"),
            (r#"{"a":"\ud800"}"#, r#"{"a":"\udfff"}"#, "/a"),
            (r#"{"a":1e99999999999999999999}"#, r#"{"a":1e99999999999999999998}"#, "/a"),
        ] {
            assert_eq!(compare(one, other), Verdict::Different(place.to_owned()), "{one} {other}");
        }
    }

    #[test]
    fn what_can_not_be_read_is_neither() {
        let deep = format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1));
        for (one, other, whose) in
            [("{", "{}", "of the source"), ("{}", "", "target"), ("{}", &deep, "target")]
        {
            let Verdict::Unreadable(problem) = compare(one, other) else { panic!("{one} {other}") };
            assert!(problem.contains(whose), "{problem}");
        }
        assert_eq!(compare(&deep, &deep), Verdict::Same, "the same bytes");
    }

    proptest::proptest! {
        #[test]
        fn a_number_is_itself_however_it_is_spelled(mantissa: i64, shift in 0_i32..30) {
            let plain = format!("[{mantissa}{}]", "0".repeat(shift.unsigned_abs() as usize));
            proptest::prop_assert_eq!(compare(&plain, &format!("[{mantissa}e{shift}]")), Verdict::Same);
            proptest::prop_assert_eq!(compare(&plain, &format!("[{mantissa}.00E+{shift}]")), Verdict::Same);
            let more = format!("[{mantissa}.01e{shift}]");
            proptest::prop_assert_eq!(compare(&plain, &more), Verdict::Different("/0".to_owned()));
        }
    }
}
