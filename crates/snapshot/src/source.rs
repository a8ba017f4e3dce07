//! A document's `_source` as JSON on one line.
//!
//! Servers store what the client sent: JSON with any white space, or SMILE, CBOR or YAML; in 1.x perhaps compressed.
//! JSON keeps its bytes but for line ends between values, which are white space there and would end the line here.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::blob_format::{self, BlobFormatError};
use crate::smile::{self, SmileError};

/// Bytes of a document that was stored in another form than JSON. Servers take 100 MiB in a request by default.
const MAX_BYTES: usize = 512 * 1024 * 1024;

/// A source that can't be told as JSON.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SourceError {
    /// It is in no form that servers take.
    #[error("its source begins with {0}, which is neither JSON, SMILE, CBOR nor YAML")]
    Unknown(String),
    /// Its JSON is not JSON, though a lenient server took it.
    #[error("its source is no valid JSON: {0}")]
    Json(String),
    /// It can't be decoded.
    #[error("its source can't be read as {form}: {cause}")]
    Form {
        /// The form that it begins as.
        form: &'static str,
        /// Why.
        cause: String,
    },
    /// Its SMILE is damaged.
    #[error("its source can't be read: {0}")]
    Smile(#[from] SmileError),
    /// The index does not keep it.
    #[error("its _source is not stored and can't be made from what is: {0}")]
    NotKept(String),
    /// The index keeps a part of it somewhere else.
    #[error("its _source is not whole: {0}")]
    NotWhole(String),
    /// What it would be made from is damaged.
    #[error(transparent)]
    Fields(#[from] switchover_lucene::Error),
    /// It can't be decompressed.
    #[error("its source can't be read: {0}")]
    Compressed(#[from] BlobFormatError),
}

/// The source as JSON without a line end. JSON on one line is given back as it is, and not checked.
///
/// # Errors
/// When it is no JSON and in no other form that servers take.
pub fn to_json_line(source: &[u8]) -> Result<Cow<'_, [u8]>, SourceError> {
    let first = source.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    match (first, source) {
        (Some(b'{'), _) => json_line(source),
        (_, [b':', b')', b'\n', ..]) => Ok(Cow::Owned(smile::to_json(source, MAX_BYTES)?)),
        (_, [b'Z', b'V', ..] | [b'D', b'F', b'L', 0, ..]) => {
            let json = blob_format::body_to_json(source, MAX_BYTES)?;
            json_line(&json).map(|line| Cow::Owned(line.into_owned()))
        }
        (_, [0xa0..=0xbb | 0xbf, ..] | [0xd9, 0xd9, 0xf7, ..]) => {
            // The tag that says "this is CBOR", which servers put before what they write.
            let value: Result<Value, _> =
                ciborium::from_reader(source.strip_prefix(&[0xd9, 0xd9, 0xf7]).unwrap_or(source));
            other("CBOR", value.map_err(|error| error.to_string()))
        }
        (_, [b'-', b'-', b'-', ..]) => {
            other("YAML", yaml_serde::from_slice(source).map_err(|error| error.to_string()))
        }
        _ => {
            let start = source.get(..source.len().min(8)).unwrap_or_default();
            Err(SourceError::Unknown(format!("{start:02x?}")))
        }
    }
}

fn json_line(source: &[u8]) -> Result<Cow<'_, [u8]>, SourceError> {
    if memchr::memchr2(b'\n', b'\r', source).is_none() {
        return Ok(Cow::Borrowed(source));
    }
    // In valid JSON a line end is between values. Lenient servers took comments, which end with their line.
    serde_json::from_slice::<&RawValue>(source).map_err(|error| SourceError::Json(error.to_string()))?;
    let mut line = source.to_vec();
    for byte in &mut line {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    Ok(Cow::Owned(line))
}

fn other(form: &'static str, value: Result<Value, String>) -> Result<Cow<'static, [u8]>, SourceError> {
    match value {
        Ok(value @ Value::Object(_)) => Ok(Cow::Owned(value.to_string().into_bytes())),
        Ok(_) => Err(SourceError::Form { form, cause: "it is no object".to_owned() }),
        Err(cause) => Err(SourceError::Form { form, cause }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(source: &[u8]) -> Result<String, SourceError> {
        to_json_line(source).map(|line| String::from_utf8(line.into_owned()).unwrap())
    }

    #[test]
    fn json_keeps_its_bytes_but_for_line_ends() {
        let one_line = br#" {"b":1.50, "a":"\ud800\n","b":1e2}"#;
        assert!(matches!(to_json_line(one_line).unwrap(), Cow::Borrowed(bytes) if bytes == one_line));
        assert_eq!(line(b"\r\n{\n  \"a\": \"x\\n\"\n}\n").unwrap(), "  {   \"a\": \"x\\n\" } ");
    }

    #[test]
    fn every_form_that_servers_take() {
        let expected = r#"{"a":[1,"é",true]}"#;
        assert_eq!(line(b":)\n\x00\xfa\x80a\xf8\xc2\x80\xc3\xa9\x23\xf9\xfb").unwrap(), expected);
        assert_eq!(line(b"\xbf\x61a\x83\x01\x62\xc3\xa9\xf5\xff").unwrap(), expected);
        assert_eq!(line(b"\xd9\xd9\xf7\xa1\x61a\x83\x01\x62\xc3\xa9\xf5").unwrap(), expected);
        assert_eq!(line("---\na:\n- 1\n- é\n- true\n".as_bytes()).unwrap(), expected);
        assert_eq!(line(b"ZV\x00\x00\x08{\"a\":\n1}").unwrap(), "{\"a\": 1}");
    }

    #[test]
    fn what_is_none_of_them_is_told() {
        assert!(matches!(line(b"").unwrap_err(), SourceError::Unknown(_)));
        assert!(matches!(line(b"<x/>").unwrap_err(), SourceError::Unknown(_)));
        assert!(matches!(line(b"{ // a comment\n}").unwrap_err(), SourceError::Json(_)));
        assert!(matches!(line(b"--- text").unwrap_err(), SourceError::Form { .. }));
        assert!(matches!(line(b"\xbf\x61").unwrap_err(), SourceError::Form { .. }));
        assert!(matches!(line(b":)\n\x00\xfa").unwrap_err(), SourceError::Smile(_)));
    }
}
