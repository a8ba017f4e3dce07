//! A request as scripts see it: one JSON object, in the shape of the existing tool (opensearch-migrations).
//!
//! ```text
//! { "transformerMessageVersion": 2, "method": "PUT", "URI": "/a/_doc/1?x", "protocol": "HTTP/1.1",
//!   "headers": { "<as received>": ["v1", "v2"] },
//!   "payload": { "inlinedJsonBody": {...} } }
//! ```
//!
//! `payload` has one of `inlinedJsonBody`, `inlinedJsonSequenceBodies` (two JSON values or more), `inlinedTextBody`,
//! `inlinedFormEncodedBody`, `inlinedBase64Body`; text behind JSON values stands beside them in `inlinedTextBody`; without
//! a body it is empty. The text of JSON bodies is embedded as it stands, so numbers lose nothing on the way in. On the
//! way out only what differs is written into the body ([`crate::json::merge`]).

mod payload;

use crate::headers::Headers;
use crate::json::{self, JsonError, Kind, Numbers};
use crate::outcome::Stop;
use crate::request::Request;

use payload::Payload;

/// A request as JSON text, in two parts so that the payload is parsed only when a script looks at it.
#[derive(Debug)]
pub struct Message {
    /// Everything but `payload`.
    pub envelope: String,
    /// The value of `payload`.
    pub payload: String,
    parts: Payload,
}

/// Headers that follow from the body: rules can't set them.
const FRAMING: [&str; 3] = ["content-length", "transfer-encoding", "trailer"];

impl Message {
    /// Of a request.
    ///
    /// # Errors
    /// When its body can't be decompressed.
    pub fn new(request: &mut Request<'_>) -> Result<Self, Stop> {
        let headers: serde_json::Map<String, serde_json::Value> =
            request.headers().grouped().into_iter().map(|(name, values)| (name, values.into())).collect();
        let envelope = serde_json::json!({
            "transformerMessageVersion": 2,
            "method": request.method(),
            "URI": request.target(),
            "protocol": "HTTP/1.1",
            "headers": headers,
        });
        let is_form = request.headers().get("content-type").is_some_and(|value| {
            value.to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded")
        });
        let body = request.body().map_err(Stop::failed)?;
        let parts = Payload::of(body, is_form);
        Ok(Self { envelope: envelope.to_string(), payload: parts.json(body), parts })
    }

    /// All of it as one text.
    #[must_use]
    pub fn text(&self) -> String {
        let open = self.envelope.strip_suffix('}').unwrap_or(&self.envelope);
        format!("{open},\"payload\":{}}}", self.payload)
    }

    /// Changes the request to say what the message now says. `payload` `None`: not touched.
    ///
    /// # Errors
    /// When the message has not the shape that it should have.
    pub fn write_back(
        &self,
        request: &mut Request<'_>,
        envelope: &str,
        payload: Option<&str>,
        numbers: Numbers,
    ) -> Result<(), Stop> {
        let wrong = |error: JsonError| Stop::failed(format!("the result is no request: {error}"));
        self.write_envelope(request, envelope.as_bytes()).map_err(wrong)??;
        let Some(payload) = payload.filter(|payload| *payload != self.payload) else { return Ok(()) };
        let body = request.body().map_err(Stop::failed)?;
        if let Some(body) = self.parts.edited(body, payload.as_bytes(), numbers)? {
            request.set_body(body);
        }
        Ok(())
    }

    fn write_envelope(&self, request: &mut Request<'_>, text: &[u8]) -> Result<Result<(), Stop>, JsonError> {
        let object = json::check(text)?;
        if json::kind(text, &object) != Kind::Object {
            return Ok(Err(Stop::failed("the result is no request: not an object")));
        }
        let members = json::members(text, &object)?;
        let string = |name: &str| {
            json::value_of(text, &members, name)
                .and_then(|value| json::string(text, &value))
                .map(|it| it.into_owned())
        };
        let (Some(method), Some(uri)) = (string("method"), string("URI")) else {
            return Ok(Err(Stop::failed(
                "the result is no request: 'method' or 'URI' is missing or no string",
            )));
        };
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte > b' ' && byte != 0x7f);
        if !plain(&method) || !plain(&uri) || !uri.starts_with('/') {
            return Ok(Err(Stop::failed(format!("'{method} {uri}' can't be sent: not a method and a path"))));
        }
        request.set_method(method);
        let (path, query) = match uri.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (uri, None),
        };
        request.set_path(path);
        request.set_query(query);
        let headers = json::value_of(text, &members, "headers")
            .and_then(|value| serde_json::from_slice(text.get(value).unwrap_or_default()).ok());
        let Some(serde_json::Value::Object(headers)) = headers else {
            return Ok(Err(Stop::failed("the result is no request: 'headers' is missing or no object")));
        };
        request.edit_headers(|now| write_headers(now, &headers));
        Ok(Ok(()))
    }
}

fn write_headers(now: &mut Headers<'_>, wanted: &serde_json::Map<String, serde_json::Value>) -> bool {
    let is_framing = |name: &str| FRAMING.iter().any(|other| name.eq_ignore_ascii_case(other));
    let mut changed = false;
    for (name, _) in now.grouped() {
        if !is_framing(&name) && !wanted.keys().any(|other| other.eq_ignore_ascii_case(&name)) {
            changed |= now.remove(&name);
        }
    }
    for (name, value) in wanted.iter().filter(|(name, _)| !is_framing(name)) {
        let text = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let values: Vec<String> = match value {
            serde_json::Value::Array(values) => values.iter().map(text).collect(),
            serde_json::Value::Null => Vec::new(),
            one => vec![text(one)],
        };
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        changed |= if values.is_empty() { now.remove(name) } else { now.set(name, &values) };
    }
    changed
}

#[cfg(test)]
mod tests;
