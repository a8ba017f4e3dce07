//! Header and trailer lines: `name: value` (RFC 9110 section 5, RFC 9112 section 5).

use memchr::memchr;

use crate::FramingError;

/// The name and value of a line, the value without the blanks around it.
pub(crate) fn parse_field(line: &[u8]) -> Result<(&[u8], &[u8]), FramingError> {
    if line.first().is_some_and(|&byte| is_blank(byte)) {
        return Err(FramingError::FoldedHeader);
    }
    match split_field(line) {
        Some((name, value)) if is_token(name) => Ok((name, value)),
        _ => Err(FramingError::BadHeaderName),
    }
}

fn split_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, rest) = line.split_at_checked(memchr(b':', line)?)?;
    let value = rest.strip_prefix(b":")?;
    Some((name, trim_blanks(value)))
}

fn trim_blanks(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether `text` is a token: a field name or a method.
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| TOKEN[usize::from(byte)])
}

static TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"!#$%&'*+-.^_`|~";
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = true;
        at += 1;
    }
    table
};

/// The headers of a head in their order, as `(name, value)`. Values are without the blanks around them and may
/// hold any byte but control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers<'a> {
    /// Lines with their CRLF, already found good by [`parse_field`].
    lines: &'a [u8],
}

impl<'a> Headers<'a> {
    pub(crate) fn new(lines: &'a [u8]) -> Self {
        Headers { lines }
    }

    /// The value of the first header of this name, in any case.
    pub(crate) fn first(mut self, name: &str) -> Option<&'a [u8]> {
        self.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (line, rest) = self.lines.split_at_checked(memchr(b'\n', self.lines)? + 1)?;
        self.lines = rest;
        let (name, value) = split_field(line.strip_suffix(b"\r\n")?)?;
        Some((str::from_utf8(name).ok()?, value))
    }
}
