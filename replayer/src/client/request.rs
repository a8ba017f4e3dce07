//! A request as bytes, ready to be written.

use std::borrow::Cow;

use bytes::Bytes;
use switchover_http1::RequestKind;
use switchover_http1::message::parse_request;

use crate::content;
use crate::evaluate::request_line;
use crate::rewrite::{Outgoing, header, with_body};
use switchover_rest::Call;

/// What goes out. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RawRequest {
    /// Request line and headers, with the empty line.
    pub head: Bytes,
    /// The body as framed by the head.
    pub body: Bytes,
    /// What the framing of its answer depends on.
    pub kind: RequestKind,
}

impl From<&Outgoing> for RawRequest {
    fn from(request: &Outgoing) -> Self {
        Self { head: request.head.clone(), body: request.body.clone(), kind: request.kind }
    }
}

impl RawRequest {
    /// The same request with another body, whose length is given and which is not compressed.
    #[must_use]
    pub fn with_body(&self, body: Bytes) -> Self {
        Self { head: with_body(&self.head, body.len()).into(), body, kind: self.kind }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        request_line(&self.head).0
    }

    /// Method, path and query, if they are text.
    #[must_use]
    pub fn call(&self) -> Option<Call<'_>> {
        let (method, target) = request_line(&self.head);
        Call::parse(method, target)
    }

    /// The body as the service sees it once the transfer coding is off. `None` when it isn't framed as its head says.
    #[must_use]
    pub fn payload(&self) -> Option<Cow<'_, [u8]>> {
        if header(&self.head, "transfer-encoding").is_none() {
            return Some(Cow::Borrowed(&self.body));
        }
        let whole = [&self.head[..], &self.body[..]].concat();
        let (_, body) = parse_request(&whole).ok()?;
        Some(Cow::Owned(body.into_owned()))
    }

    /// What the body says: without transfer and content coding.
    #[must_use]
    pub fn content(&self) -> Option<Cow<'_, [u8]>> {
        content::decode(header(&self.head, "content-encoding"), self.payload()?).ok()
    }
}
