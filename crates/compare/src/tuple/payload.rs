//! Bodies in a tuple: JSON as JSON, text as text, anything else in base64.

use std::io::{self, Write};

use base64::engine::general_purpose::STANDARD;
use base64::write::EncoderWriter;
use serde_json::value::RawValue;

/// Writes `{"inlined...": body}` for a decoded body, piece by piece: it may be larger than what `out` keeps in memory.
pub fn write(out: &mut impl Write, body: &[u8]) {
    // A vector can't fail, and what can keeps its error.
    let _ = try_write(out, body);
}

fn try_write(out: &mut impl Write, body: &[u8]) -> io::Result<()> {
    let Ok(text) = std::str::from_utf8(body) else {
        out.write_all(b"{\"inlinedBase64Body\":\"")?;
        let mut encoder = EncoderWriter::new(&mut *out, &STANDARD);
        encoder.write_all(body)?;
        encoder.finish()?;
        drop(encoder);
        return out.write_all(b"\"}");
    };
    match values(text).as_deref() {
        Some([value]) => {
            out.write_all(b"{\"inlinedJsonBody\":")?;
            one_line(out, value.get())?;
            out.write_all(b"}")
        }
        Some(values) => {
            out.write_all(b"{\"inlinedJsonSequenceBodies\":[")?;
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.write_all(b",")?;
                }
                one_line(out, value.get())?;
            }
            out.write_all(b"]}")
        }
        None => {
            out.write_all(b"{\"inlinedTextBody\":")?;
            super::write_text(out, text);
            out.write_all(b"}")
        }
    }
}

/// The JSON values that the body consists of, if it consists of such. A bare number or word is text: so are the
/// tables of `_cat`.
fn values(text: &str) -> Option<Vec<&RawValue>> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let mut values = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        values.push(value.ok()?);
    }
    Some(values)
}

/// Copies JSON without its line breaks: in valid JSON they stand only between tokens.
fn one_line(out: &mut impl Write, json: &str) -> io::Result<()> {
    let mut rest = json.as_bytes();
    while let Some(at) = memchr::memchr2(b'\r', b'\n', rest) {
        let (line, behind) = rest.split_at(at);
        out.write_all(line)?;
        rest = behind.get(1..).unwrap_or_default();
    }
    out.write_all(rest)
}
