//! Bodies in a tuple: JSON as JSON, text as text, anything else in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

/// Writes `{"inlined...": body}` for a decoded body.
pub fn write(out: &mut Vec<u8>, body: &[u8]) {
    let Ok(text) = std::str::from_utf8(body) else {
        out.extend_from_slice(b"{\"inlinedBase64Body\":\"");
        out.extend_from_slice(STANDARD.encode(body).as_bytes());
        out.extend_from_slice(b"\"}");
        return;
    };
    match values(text).as_deref() {
        Some([value]) => {
            out.extend_from_slice(b"{\"inlinedJsonBody\":");
            one_line(out, value.get());
            out.push(b'}');
        }
        Some(values) => {
            out.extend_from_slice(b"{\"inlinedJsonSequenceBodies\":[");
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                one_line(out, value.get());
            }
            out.extend_from_slice(b"]}");
        }
        None => {
            out.extend_from_slice(b"{\"inlinedTextBody\":");
            super::write_text(out, text);
            out.push(b'}');
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
fn one_line(out: &mut Vec<u8>, json: &str) {
    for line in json.split(['\r', '\n']) {
        out.extend_from_slice(line.as_bytes());
    }
}
