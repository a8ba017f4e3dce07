//! The body within a message.

use std::ops::Range;
use switchover_rest::percent;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::json::{self, JsonError, Numbers};
use crate::outcome::Stop;

const JSON: &str = "inlinedJsonBody";
const SEQUENCE: &str = "inlinedJsonSequenceBodies";
const TEXT: &str = "inlinedTextBody";
const FORM: &str = "inlinedFormEncodedBody";
const BASE64: &str = "inlinedBase64Body";

/// What a body is made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Payload {
    Empty,
    /// JSON values, and where the text behind them begins.
    Values(Vec<Range<usize>>, Option<usize>),
    Text,
    Form,
    Binary,
}

impl Payload {
    pub(super) fn of(body: &[u8], is_form: bool) -> Self {
        let mut values = Vec::new();
        let mut at = 0;
        let rest = loop {
            match json::first_value(body, at) {
                Ok(Some(value)) => {
                    at = value.end;
                    values.push(value);
                }
                Ok(None) => break None,
                Err(_) => break Some(at),
            }
        };
        let is_text = std::str::from_utf8(body).is_ok();
        match (values.is_empty(), is_text) {
            _ if body.is_empty() => Self::Empty,
            (false, true) => Self::Values(values, rest),
            (_, true) if is_form => Self::Form,
            (_, true) => Self::Text,
            (_, false) => Self::Binary,
        }
    }

    /// The JSON text for scripts.
    pub(super) fn json(&self, body: &[u8]) -> String {
        let text = |range: Range<usize>| String::from_utf8_lossy(body.get(range).unwrap_or_default());
        let string = |text: &str| Value::from(text).to_string();
        match self {
            Self::Empty => "{}".to_owned(),
            Self::Values(values, rest) => {
                let bodies = match &**values {
                    [one] => format!("\"{JSON}\":{}", text(one.clone())),
                    all => {
                        let all: Vec<_> = all.iter().cloned().map(text).collect();
                        format!("\"{SEQUENCE}\":[{}]", all.join(","))
                    }
                };
                match rest {
                    Some(at) => format!("{{{bodies},\"{TEXT}\":{}}}", string(&text(*at..body.len()))),
                    None => format!("{{{bodies}}}"),
                }
            }
            Self::Text => format!("{{\"{TEXT}\":{}}}", string(&text(0..body.len()))),
            Self::Form => format!("{{\"{FORM}\":{}}}", Value::Object(form(&text(0..body.len())))),
            Self::Binary => format!("{{\"{BASE64}\":\"{}\"}}", STANDARD.encode(body)),
        }
    }

    /// The body that says what `payload` says; `None` when it says so already.
    pub(super) fn edited(
        &self,
        body: &[u8],
        payload: &[u8],
        numbers: Numbers,
    ) -> Result<Option<Vec<u8>>, Stop> {
        let wrong = |error: JsonError| Stop::failed(format!("the result's payload: {error}"));
        let object = json::check(payload).map_err(wrong)?;
        if json::kind(payload, &object) != json::Kind::Object {
            return Err(Stop::failed("the result's payload is no object"));
        }
        let members = json::members(payload, &object).map_err(wrong)?;
        let value = |name: &str| json::value_of(payload, &members, name);
        let slice = |range: Range<usize>| payload.get(range).unwrap_or_default();
        let string = |name: &str| value(name).and_then(|value| json::string(payload, &value));
        let mut new = Vec::new();
        if let Some(sequence) = value(SEQUENCE) {
            let elements = if json::kind(payload, &sequence) == json::Kind::Array {
                json::elements(payload, &sequence).map_err(wrong)?
            } else {
                return Err(Stop::failed(format!("the result's {SEQUENCE} is no array")));
            };
            let elements: Vec<&[u8]> = elements.into_iter().map(slice).collect();
            new = self.values(body, &elements, numbers).map_err(wrong)?;
        } else if let Some(one) = value(JSON) {
            new = self.values(body, &[slice(one)], numbers).map_err(wrong)?;
        } else if let Some(form) = value(FORM) {
            let unchanged = *self == Self::Form
                && self.json(body).as_bytes().ends_with(&[slice(form.clone()), b"}"].concat());
            new = if unchanged { body.to_vec() } else { encoded_form(slice(form))? };
        } else if let Some(base64) = string(BASE64) {
            let decoded = STANDARD.decode(base64.as_bytes());
            new = decoded.map_err(|_| Stop::failed(format!("the result's {BASE64} is not base64")))?;
        }
        if let Some(text) = string(TEXT) {
            new.extend_from_slice(text.as_bytes());
        }
        Ok((new != body).then_some(new))
    }

    /// The values written where the body's stand; what differs in number is written one a line.
    fn values(&self, body: &[u8], new: &[&[u8]], numbers: Numbers) -> Result<Vec<u8>, JsonError> {
        let (old, end) = match self {
            Self::Values(old, rest) => (&**old, rest.unwrap_or(body.len())),
            _ => (&[][..], 0),
        };
        let old_text = |range: &Range<usize>| body.get(range.clone()).unwrap_or_default();
        let mut out = Vec::with_capacity(body.len());
        let same_count = old.len() == new.len();
        let mut copied = 0;
        for (at, new) in new.iter().enumerate() {
            let merged = match old.get(at) {
                Some(old) => {
                    json::merge(old_text(old), new, numbers)?.unwrap_or_else(|| old_text(old).to_vec())
                }
                None => new.to_vec(),
            };
            if let Some(old) = old.get(at).filter(|_| same_count) {
                out.extend_from_slice(body.get(copied..old.start).unwrap_or_default());
                copied = old.end;
            }
            // In lines of their own values must not hold line ends.
            let is_line = !same_count && new.len() > 1;
            out.extend(merged.into_iter().map(|byte| if is_line && byte == b'\n' { b' ' } else { byte }));
            if !same_count {
                out.push(b'\n');
            }
        }
        if same_count {
            out.extend_from_slice(body.get(copied..end).unwrap_or_default());
        }
        Ok(out)
    }
}

fn form(body: &str) -> Map<String, Value> {
    let mut fields: Map<String, Value> = Map::new();
    let decode = |text: &str| percent::decode(&text.replace('+', " ")).unwrap_or_else(|| text.to_owned());
    for pair in body.trim_end().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let values = fields.entry(decode(name)).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(values) = values {
            values.push(decode(value).into());
        }
    }
    fields
}

fn encoded_form(text: &[u8]) -> Result<Vec<u8>, Stop> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(text) else {
        return Err(Stop::failed(format!("the result's {FORM} is no object")));
    };
    let mut pairs = Vec::new();
    for (name, value) in fields {
        let values = match value {
            Value::Array(values) => values,
            one => vec![one],
        };
        for value in values {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            pairs.push(format!("{}={}", percent::encode(&name), percent::encode(&value)));
        }
    }
    Ok(pairs.join("&").into_bytes())
}
