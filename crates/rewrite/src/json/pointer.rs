//! JSON pointers (RFC 6901): `/query/match/0`.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// A way into a document. `""` is the document itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pointer {
    tokens: Vec<String>,
}

/// Not a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a JSON pointer: expected \"\" or /name/0/name, with ~1 for / and ~0 for ~")]
pub struct PointerError(String);

impl Pointer {
    /// Parses a pointer.
    ///
    /// # Errors
    /// When it does not begin with `/`, or a `~` stands alone.
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        let wrong = || PointerError(text.to_owned());
        let mut parts = text.split('/');
        if parts.next() != Some("") {
            return Err(wrong());
        }
        let tokens = parts.map(|part| unescape(part).ok_or_else(wrong)).collect::<Result<_, _>>()?;
        Ok(Self { tokens })
    }

    /// The names and indices on the way.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }
}

impl<'de> Deserialize<'de> for Pointer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A visitor of its own: its errors are told with their place in the file.
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Pointer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON pointer")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Pointer, E> {
                Pointer::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

fn unescape(token: &str) -> Option<String> {
    let mut plain = String::with_capacity(token.len());
    let mut rest = token.chars();
    while let Some(next) = rest.next() {
        plain.push(match next {
            '~' => match rest.next() {
                Some('0') => '~',
                Some('1') => '/',
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain)
}
