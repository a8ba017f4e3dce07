//! The scanner: where the values of a text begin and end. Strict RFC 8259; it allocates nothing but lists of ranges.

use std::borrow::Cow;
use std::ops::Range;

use super::{JsonError, JsonErrorKind};

/// Nesting that is followed; far beyond what clusters accept by default, and little stack.
pub const MAX_DEPTH: usize = 512;
/// Longest text that is edited.
pub const MAX_DOCUMENT_BYTES: usize = 512 * 1024 * 1024;

/// What a value is, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{}`
    Object,
    /// `[]`
    Array,
    /// `""`
    String,
    /// Numbers, `true`, `false`, `null`.
    Scalar,
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name, with the quotes.
    pub key: Range<usize>,
    /// Its value.
    pub value: Range<usize>,
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

/// The range of the one value that the text is made of.
///
/// # Errors
/// When it is not exactly one value.
pub fn check(text: &[u8]) -> Result<Range<usize>, JsonError> {
    let value =
        first_value(text, 0)?.ok_or(JsonError { kind: JsonErrorKind::Truncated, offset: text.len() })?;
    let mut scanner = Scanner { text, at: value.end };
    scanner.space();
    if scanner.at < text.len() { Err(scanner.error(JsonErrorKind::Unexpected)) } else { Ok(value) }
}

/// The first value from `at` on; `None` when only white space is left.
///
/// # Errors
/// When what follows is no value.
pub fn first_value(text: &[u8], at: usize) -> Result<Option<Range<usize>>, JsonError> {
    if text.len() > MAX_DOCUMENT_BYTES {
        return Err(JsonError { kind: JsonErrorKind::TooLong, offset: MAX_DOCUMENT_BYTES });
    }
    let mut scanner = Scanner { text, at };
    scanner.space();
    if scanner.at >= text.len() {
        return Ok(None);
    }
    scanner.value(0).map(Some)
}

/// The members of the object at `object`, in order, duplicates included.
///
/// # Errors
/// When there is no object.
pub fn members(text: &[u8], object: &Range<usize>) -> Result<Vec<Member>, JsonError> {
    let mut found = Vec::new();
    let mut scanner = Scanner { text, at: object.start };
    scanner.object(0, |member| found.push(member))?;
    Ok(found)
}

/// The one member of the object that the text is made of, which is an object itself, and the members of that: what
/// [`check`] and [`members`] find, in one pass.
///
/// # Errors
/// When it is anything else.
pub fn nested(text: &[u8]) -> Result<(Member, Vec<Member>), JsonError> {
    if text.len() > MAX_DOCUMENT_BYTES {
        return Err(JsonError { kind: JsonErrorKind::TooLong, offset: MAX_DOCUMENT_BYTES });
    }
    let mut scanner = Scanner { text, at: 0 };
    let (mut outer, mut count, mut inner) = (None, 0, Vec::new());
    scanner.space();
    scanner.sequence(b'{', b'}', 0, |scanner| {
        let key = scanner.key()?;
        let start = scanner.at;
        count += 1;
        if count == 1 && scanner.peek() == Some(b'{') {
            scanner.object(1, |member| inner.push(member))?;
            outer = Some(Member { key, value: start..scanner.at });
            return Ok(());
        }
        scanner.value(1).map(drop)
    })?;
    scanner.space();
    if scanner.at < text.len() {
        return Err(scanner.error(JsonErrorKind::Unexpected));
    }
    let outer = outer.filter(|_| count == 1);
    outer.map(|outer| (outer, inner)).ok_or(JsonError { kind: JsonErrorKind::Unexpected, offset: 0 })
}

/// The elements of the array at `array`.
///
/// # Errors
/// When there is no array.
pub fn elements(text: &[u8], array: &Range<usize>) -> Result<Vec<Range<usize>>, JsonError> {
    let mut found = Vec::new();
    let mut scanner = Scanner { text, at: array.start };
    scanner.array(0, |element| found.push(element))?;
    Ok(found)
}

/// What the value at `value` is.
#[must_use]
pub fn kind(text: &[u8], value: &Range<usize>) -> Kind {
    match text.get(value.start) {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::String,
        _ => Kind::Scalar,
    }
}

/// What the string at `value` says; `None` when it is none, or not UTF-8.
#[must_use]
pub fn string<'a>(text: &'a [u8], value: &Range<usize>) -> Option<Cow<'a, str>> {
    let quoted = text.get(value.clone())?;
    let inner = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', inner).is_none() {
        return std::str::from_utf8(inner).ok().map(Cow::Borrowed);
    }
    serde_json::from_slice::<String>(quoted).ok().map(Cow::Owned)
}

/// Whether the string at `value` says `name`.
#[must_use]
pub fn is(text: &[u8], value: &Range<usize>, name: &str) -> bool {
    match plain(text, value) {
        Some(inner) => inner == name.as_bytes(),
        None => string(text, value).is_some_and(|value| value == name),
    }
}

/// What stands between the quotes of the string at `value`, which it says as it stands; `None` when it is no string, or
/// has escapes.
#[must_use]
pub fn plain<'a>(text: &'a [u8], value: &Range<usize>) -> Option<&'a [u8]> {
    let inner = text.get(value.clone())?.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    memchr::memchr(b'\\', inner).is_none().then_some(inner)
}

impl Scanner<'_> {
    fn error(&self, kind: JsonErrorKind) -> JsonError {
        JsonError { kind, offset: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn unexpected(&self) -> JsonError {
        self.error(if self.at < self.text.len() {
            JsonErrorKind::Unexpected
        } else {
            JsonErrorKind::Truncated
        })
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek() != Some(byte) {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Range<usize>, JsonError> {
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.object(depth, |_| ())?,
            Some(b'[') => self.array(depth, |_| ())?,
            Some(b'"') => self.string()?,
            Some(b't') => self.word(b"true")?,
            Some(b'f') => self.word(b"false")?,
            Some(b'n') => self.word(b"null")?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return Err(self.unexpected()),
        }
        Ok(start..self.at)
    }

    fn object(&mut self, depth: usize, mut found: impl FnMut(Member)) -> Result<(), JsonError> {
        self.sequence(b'{', b'}', depth, |scanner| {
            let key = scanner.key()?;
            let value = scanner.value(depth + 1)?;
            found(Member { key, value });
            Ok(())
        })
    }

    /// A name, and the colon behind it.
    fn key(&mut self) -> Result<Range<usize>, JsonError> {
        let start = self.at;
        self.string()?;
        let key = start..self.at;
        self.space();
        self.take(b':')?;
        self.space();
        Ok(key)
    }

    fn array(&mut self, depth: usize, mut found: impl FnMut(Range<usize>)) -> Result<(), JsonError> {
        self.sequence(b'[', b']', depth, |scanner| {
            found(scanner.value(depth + 1)?);
            Ok(())
        })
    }

    fn sequence(
        &mut self,
        open: u8,
        close: u8,
        depth: usize,
        mut one: impl FnMut(&mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        if depth >= MAX_DEPTH {
            return Err(self.error(JsonErrorKind::TooDeep));
        }
        self.take(open)?;
        self.space();
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        loop {
            one(self)?;
            self.space();
            if self.peek() == Some(close) {
                self.at += 1;
                return Ok(());
            }
            self.take(b',')?;
            self.space();
        }
    }

    fn string(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        self.take(b'"')?;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let length = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
            let run = rest.get(..length).unwrap_or_default();
            // A fold without early exit, because the compiler can vectorise that.
            if run.iter().fold(false, |found, byte| found | (*byte < b' ')) {
                self.at += run.iter().position(|byte| *byte < b' ').unwrap_or(length);
                return Err(self.unexpected());
            }
            self.at += length;
            match self.peek() {
                Some(b'"') => break,
                Some(_) => self.escape()?,
                None => return Err(self.unexpected()),
            }
        }
        self.at += 1;
        let inner = self.text.get(start..self.at).unwrap_or_default();
        if std::str::from_utf8(inner).is_err() {
            return Err(JsonError { kind: JsonErrorKind::Encoding, offset: start });
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let length = match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => {
                let digits = self.text.get(self.at + 2..self.at + 6).unwrap_or_default();
                if digits.len() < 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(self.error(JsonErrorKind::Encoding));
                }
                6
            }
            Some(_) => return Err(self.error(JsonErrorKind::Encoding)),
            None => return Err(self.error(JsonErrorKind::Truncated)),
        };
        self.at += length;
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), JsonError> {
        for byte in word {
            self.take(*byte)?;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.unexpected()) } else { Ok(()) }
    }
}
