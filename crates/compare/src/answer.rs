//! What of an answer is compared: status, three headers, and the body without its transfer and content codings.

use std::borrow::Cow;

use switchover_http1::RequestKind;
use switchover_http1::message::parse_response;

use crate::content;

/// An answer, ready to be compared.
#[derive(Debug, Clone, Default)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<Cow<'a, str>>,
    /// `Location`.
    pub location: Option<Cow<'a, str>>,
    /// Whether there is a `Warning`.
    pub warning: bool,
    /// Decoded.
    pub body: Cow<'a, [u8]>,
}

/// The content type's first part, for telling apart what can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Text,
    Other,
}

impl<'a> Answer<'a> {
    /// Reads an answer as it came over the wire.
    ///
    /// # Errors
    /// The reason, when it can't be parsed or its body not be decoded.
    pub fn parse(bytes: &'a [u8], kind: RequestKind) -> Result<Self, &'static str> {
        let (head, body) = parse_response(bytes, kind).map_err(|_| "an answer can't be parsed")?;
        let text = |name| head.header(name).map(String::from_utf8_lossy);
        let coding = head.header("content-encoding");
        Ok(Self {
            status: head.status,
            content_type: text("content-type"),
            location: text("location"),
            warning: head.header("warning").is_some(),
            body: content::decode(coding, body).map_err(|_| "a body can't be decompressed")?,
        })
    }

    pub(crate) fn format(&self) -> Option<Format> {
        let essence =
            self.content_type.as_deref()?.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Some(match essence.as_str() {
            "application/json" => Format::Json,
            vendor if vendor.starts_with("application/") && vendor.ends_with("+json") => Format::Json,
            "text/plain" => Format::Text,
            _ => Format::Other,
        })
    }
}
