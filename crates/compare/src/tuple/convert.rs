//! From one shape of tuples to another. Secrets do not survive it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use switchover_rest::secrets::{Bodies, bodies};

use super::read::{Message, Tuple};
use super::{payload, redact, write_comparison, write_text};
use crate::compare::Comparer;
use crate::json::{Kind, Value};
use crate::verdict::REDACTED;

/// Shapes of tuples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Ours: `payload`, headers as lists, with `comparison`.
    Switchover,
    /// The existing tool's (opensearch-migrations) since version 2: the same without `comparison` and timestamps.
    OpensearchMigrations,
    /// Its older one, which its console reads: headers as texts, `body` in base64.
    Base64Body,
}

/// Fields that only our tuples have.
const OURS: [&[u8]; 6] =
    [b"comparison", b"nodeId", b"sourceTimestamp", b"targetTimestamp", b"sentItems", b"overtaken"];

/// Writes a tuple in a shape, with the line's end. Compares it when our shape is wanted.
pub fn convert(out: &mut Vec<u8>, tuple: &Tuple<'_>, shape: Shape, comparer: &mut Comparer) {
    let request = tuple.source_request();
    let target = request.and_then(|request| request.target()).unwrap_or_default();
    let secrecy = bodies(target.as_bytes());
    let start = out.len();
    out.push(b'{');
    let name = |out: &mut Vec<u8>, name: &[u8]| {
        if out.len() > start + 1 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(name);
        out.extend_from_slice(b"\":");
    };
    for (field, value) in tuple.fields() {
        match field {
            b"sourceRequest" | b"sourceResponse" | b"targetRequest" => {
                name(out, field);
                message(out, Message::new(value), shape, secrecy);
            }
            b"targetResponses" => {
                name(out, field);
                out.push(b'[');
                for (at, response) in value.items().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    message(out, Message::new(response), shape, secrecy);
                }
                out.push(b']');
            }
            b"comparison" => {}
            _ if shape != Shape::Switchover && OURS.contains(&field) => {}
            _ => {
                name(out, field);
                copy(out, value);
            }
        }
    }
    if shape == Shape::Switchover {
        name(out, b"comparison");
        let judged = super::judge(comparer, tuple);
        write_comparison(out, judged.comparison());
    }
    out.extend_from_slice(b"}\n");
}

fn message(out: &mut Vec<u8>, message: Message<'_>, shape: Shape, secrecy: Bodies) {
    if let Some(exception) = message.exception() {
        out.extend_from_slice(b"{\"Exception\":");
        write_text(out, &exception);
        out.push(b'}');
        return;
    }
    out.push(b'{');
    for (field, value) in message.fields() {
        if matches!(field, b"payload" | b"body") {
            continue;
        }
        out.push(b'"');
        out.extend_from_slice(field);
        out.extend_from_slice(b"\":");
        header(out, &String::from_utf8_lossy(field), value, shape);
        out.push(b',');
    }
    let body = redact::body(secrecy, message.body());
    match shape {
        Shape::Base64Body => {
            out.extend_from_slice(b"\"body\":\"");
            let shown = body.as_deref().unwrap_or(REDACTED.as_bytes());
            out.extend_from_slice(STANDARD.encode(shown).as_bytes());
            out.push(b'"');
        }
        Shape::Switchover | Shape::OpensearchMigrations => {
            out.extend_from_slice(b"\"payload\":");
            match body {
                Some(body) => payload::write(out, &body),
                None => redact::write_payload(out),
            }
        }
    }
    out.push(b'}');
}

/// Writes the value of a header, or of one of the fields that stand among the headers.
fn header(out: &mut Vec<u8>, name: &str, value: Value<'_>, shape: Shape) {
    let own = matches!(
        name,
        "Request-URI" | "Method" | "HTTP-Version" | "Status-Code" | "Reason-Phrase" | "response_time_ms"
    );
    // The older shape has an object in the place of the version.
    if name == "HTTP-Version" && value.kind() == Kind::Object {
        return write_text(out, "HTTP/1.1");
    }
    if name == "Request-URI"
        && let Some(target) = value.text()
    {
        return write_text(out, &redact::url(target));
    }
    if own {
        return copy(out, value);
    }
    let values: Vec<_> =
        value.text().into_iter().chain(value.items().filter_map(|item| item.text())).collect();
    let shown = |text: &Cow<'_, str>| redact::header(name, Cow::Borrowed(text.as_ref())).into_owned();
    if shape == Shape::Base64Body {
        return write_text(out, &values.iter().map(shown).collect::<Vec<_>>().join(", "));
    }
    out.push(b'[');
    for (at, text) in values.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_text(out, &shown(text));
    }
    out.push(b']');
}

/// Copies a value as it is spelled.
fn copy(out: &mut Vec<u8>, value: Value<'_>) {
    let quoted = value.kind() == Kind::Text;
    if quoted {
        out.push(b'"');
    }
    out.extend_from_slice(value.raw());
    if quoted {
        out.push(b'"');
    }
}
