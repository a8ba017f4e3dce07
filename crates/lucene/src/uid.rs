//! Documents' ids, in the ways in which Elasticsearch stored them.
//!
//! Until 5.x (and in indices that come from there) `_uid` is the text `type#id`. Since 6.0 `_id` is binary and short:
//! digits as half bytes, base64url text as what it encodes, all else as UTF-8.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const UTF8: u8 = 0xff;
const NUMERIC: u8 = 0xfe;
const ESCAPED: u8 = 0xfd;

/// A document's id, as it is stored: it becomes text where it is written, without a string of its own before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id<'a>(Form<'a>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form<'a> {
    Text(&'a str),
    /// Two digits a byte, the high half first; a last half of 15 is no digit.
    Digits(&'a [u8]),
    Base64(&'a [u8]),
}

impl<'a> Id<'a> {
    /// An id that is stored as it is.
    pub(crate) fn text(text: &'a str) -> Self {
        Self(Form::Text(text))
    }

    /// The binary `_id` of 6.0 and later; `None`: no id can be stored so.
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (first, rest) = bytes.split_first()?;
        Some(Self(match *first {
            UTF8 => Form::Text(std::str::from_utf8(rest).ok()?),
            NUMERIC => {
                let (last, full) = rest.split_last()?;
                let digits = |byte: &u8| byte >> 4 < 10 && byte & 15 < 10;
                if !full.iter().all(digits) || last >> 4 >= 10 || !matches!(last & 15, 0..10 | 15) {
                    return None;
                }
                Form::Digits(rest)
            }
            // Bytes that begin with one of the marks have this one before them.
            ESCAPED => Form::Base64(rest),
            _ => Form::Base64(bytes),
        }))
    }

    /// Appends the id's text.
    pub fn append_to(&self, text: &mut String) {
        match self.0 {
            Form::Text(id) => text.push_str(id),
            Form::Digits(bytes) => {
                let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
                text.extend(halves.filter(|half| *half < 10).map(|half| char::from(b'0' + half)));
            }
            Form::Base64(bytes) => URL_SAFE_NO_PAD.encode_string(bytes, text),
        }
    }
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.append_to(&mut text);
        f.write_str(&text)
    }
}

/// `type#id` of a `_uid`, or of a `_parent`: the type has no `#`, the id may.
pub(crate) fn split(uid: &str) -> Option<(&str, &str)> {
    uid.split_once('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(bytes: &[u8]) -> Option<String> {
        Id::decode(bytes).map(|id| id.to_string())
    }

    #[test]
    fn every_kind_of_id() {
        assert_eq!(id(b"\xffcomplexdoc").as_deref(), Some("complexdoc"));
        assert_eq!(id(b"\xff").as_deref(), Some(""));
        assert_eq!(id(&[0xfe, 0x12, 0x34]).as_deref(), Some("1234"));
        assert_eq!(id(&[0xfe, 0x01, 0x2f]).as_deref(), Some("012"));
        assert_eq!(id(&[0, 0x10, 0x83]).as_deref(), Some("ABCD"));
        assert_eq!(id(&[0xfd, 0xfe, 0x12, 0x34]).as_deref(), Some("_hI0"));
    }

    #[test]
    fn what_no_id_is_stored_as() {
        for bytes in [&b""[..], b"\xfe", &[0xfe, 0xa1], &[0xfe, 0x1f, 0x11], &[0xfe, 0xf1], &[0xff, 0xff]] {
            assert_eq!(id(bytes), None, "{bytes:x?}");
        }
    }

    #[test]
    fn a_type_ends_at_the_first_number_sign() {
        assert_eq!(split("tweet#a#b"), Some(("tweet", "a#b")));
        assert_eq!(split("tweet#"), Some(("tweet", "")));
        assert_eq!(split("tweet"), None);
    }
}
