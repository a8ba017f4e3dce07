//! One tuple, of any of the shapes.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::answer::Answer;
use crate::json::{Kind, Value};
use switchover_rest::Call;

/// A line of a tuple file.
#[derive(Debug, Clone, Copy)]
pub struct Tuple<'a>(Value<'a>);

/// A request or an answer in it.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a>(Value<'a>);

impl<'a> Tuple<'a> {
    /// `None` when this is JSON, but no tuple.
    #[must_use]
    pub fn new(value: Value<'a>) -> Option<Self> {
        (value.get("sourceRequest").is_some() || value.get("targetResponses").is_some())
            .then_some(Self(value))
    }

    /// `<connection>.<request index>`.
    #[must_use]
    pub fn id(&self) -> Cow<'a, str> {
        self.0.get("connectionId").and_then(|id| id.text()).unwrap_or_default()
    }

    /// A field that this module has no name for.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Value<'a>> {
        self.0.get(name)
    }

    /// All fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'a [u8], Value<'a>)> + use<'a> {
        self.0.fields()
    }

    /// As captured.
    #[must_use]
    pub fn source_request(&self) -> Option<Message<'a>> {
        self.0.get("sourceRequest").map(Message)
    }

    /// As captured.
    #[must_use]
    pub fn source_response(&self) -> Option<Message<'a>> {
        self.0.get("sourceResponse").map(Message)
    }

    /// One for each attempt.
    pub fn target_responses(&self) -> impl Iterator<Item = Message<'a>> + use<'a> {
        self.0.get("targetResponses").map(|list| list.items()).into_iter().flatten().map(Message)
    }

    /// The verdict that stands in it.
    #[must_use]
    pub fn verdict(&self) -> Option<Cow<'a, str>> {
        self.0.get("comparison")?.get("verdict")?.text()
    }
}

impl<'a> Message<'a> {
    pub(super) fn new(value: Value<'a>) -> Self {
        Self(value)
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (&'a [u8], Value<'a>)> + use<'a> {
        self.0.fields()
    }

    /// Why there is no message here.
    #[must_use]
    pub fn exception(&self) -> Option<Cow<'a, str>> {
        self.text("Exception")
    }

    /// Of a request.
    #[must_use]
    pub fn method(&self) -> Option<Cow<'a, str>> {
        self.text("Method")
    }

    /// Of a request.
    #[must_use]
    pub fn target(&self) -> Option<Cow<'a, str>> {
        self.text("Request-URI")
    }

    /// Of an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        std::str::from_utf8(self.0.get("Status-Code")?.raw()).ok()?.parse().ok()
    }

    /// Of an answer.
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        let ms = self.0.get("response_time_ms")?.number()?;
        Duration::try_from_secs_f64(ms / 1000.0).ok()
    }

    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        let named = |(other, _): &(&[u8], Value<'_>)| other.eq_ignore_ascii_case(name.as_bytes());
        let value = self.0.fields().find(named)?.1;
        value.text().or_else(|| value.items().next()?.text())
    }

    /// The decoded body. Tuples hold bodies decompressed.
    #[must_use]
    pub fn body(&self) -> Cow<'a, [u8]> {
        let owned = |text: Cow<'a, str>| match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        let decoded = |text: Cow<'_, str>| match STANDARD.decode(text.as_bytes()) {
            Ok(bytes) => Cow::Owned(bytes),
            Err(_) => Cow::Owned(text.into_owned().into_bytes()),
        };
        if let Some(body) = self.0.get("body").and_then(|body| body.text()) {
            return decoded(body);
        }
        let Some(payload) = self.0.get("payload") else { return Cow::Borrowed(&[]) };
        // JSON with something behind it has both; then the text is what is left.
        if let Some(json) = payload.get("inlinedJsonBody") {
            return if json.kind() == Kind::Text {
                Cow::Owned(json.shown(usize::MAX).into_bytes())
            } else {
                Cow::Borrowed(json.raw())
            };
        }
        if let Some(values) = payload.get("inlinedJsonSequenceBodies") {
            let mut lines = Vec::new();
            for value in values.items() {
                lines.extend_from_slice(value.raw());
                lines.push(b'\n');
            }
            return Cow::Owned(lines);
        }
        if let Some(text) = payload.get("inlinedTextBody").and_then(|text| text.text()) {
            return owned(text);
        }
        payload.get("inlinedBase64Body").and_then(|text| text.text()).map(decoded).unwrap_or_default()
    }

    /// An answer, ready to be compared.
    #[must_use]
    pub fn answer(&self) -> Option<Answer<'a>> {
        Some(Answer {
            status: self.status()?,
            content_type: self.header("content-type"),
            location: self.header("location"),
            warning: self.header("warning").is_some(),
            body: self.body(),
        })
    }

    fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.0.get(name)?.text()
    }
}

/// The call that a method and a target make.
pub(super) fn call<'a>(method: &'a str, target: &'a str) -> Option<Call<'a>> {
    Call::parse(method, target.as_bytes())
}
