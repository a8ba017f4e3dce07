//! What must change in a request so that the target understands it as the source did.
//!
//! The bytes of the request are kept. Its head is edited line by line (host, credentials), its body only where it
//! names what the source made up: generated document ids and scroll ids.

mod auto_id;
mod head;
mod percent;
mod scroll;

use std::borrow::Cow;
use std::sync::Mutex;
use std::sync::PoisonError;

use bytes::Bytes;
use switchover_http1::message::{MessageError, parse_request, parse_response};
use switchover_http1::{RequestHead, RequestKind};

use crate::captured::Captured;
use crate::content;
use crate::endpoint::RequestTarget;

pub use head::{HeadLines, TargetAuth, header, with_body};
use scroll::ScrollMap;

/// A request as it goes to the target.
#[derive(Debug)]
pub struct Outgoing {
    /// Request line and headers, with the empty line.
    pub head: Bytes,
    /// The body as framed by the head.
    pub body: Bytes,
    /// Whether the body says something else than the source's.
    pub body_edited: bool,
    /// What the framing of its answer depends on.
    pub kind: RequestKind,
    /// What was done to it.
    pub notes: Notes,
}

/// What was rewritten, for the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notes {
    /// Documents that got the id that the source had generated.
    pub ids_taken: u64,
    /// Documents whose id the source generated and the capture doesn't tell.
    pub ids_unknown: u64,
    /// Scroll ids replaced by the target's.
    pub scroll_ids: u64,
}

/// Edits of one request, gathered before the head is written.
#[derive(Debug, Default)]
struct Edits {
    method: Option<&'static str>,
    target: Option<String>,
    body: Option<Vec<u8>>,
    notes: Notes,
}

/// Rewrites requests for one target.
#[derive(Debug)]
pub struct Rewriter {
    authority: String,
    auth: TargetAuth,
    scrolls: Mutex<ScrollMap>,
}

impl Rewriter {
    /// `authority`: `host:port` for the `Host` header.
    #[must_use]
    pub fn new(authority: String, auth: TargetAuth) -> Self {
        Self { authority, auth, scrolls: Mutex::default() }
    }

    /// The request for the target.
    ///
    /// # Errors
    /// When the captured bytes are not one whole HTTP/1 request: it can't be replayed.
    pub fn rewrite(&self, captured: &Captured) -> Result<Outgoing, MessageError> {
        let raw = &captured.request.bytes;
        let (head, body) = parse_request(raw)?;
        let mut edits = Edits::default();
        if let Some(target) = RequestTarget::parse(head.target) {
            self.edit(&head, &target, body, captured, &mut edits);
        }
        let body_edited = edits.body.is_some();
        let new_head = head::rewrite(&head, &edits, &self.authority, &self.auth);
        Ok(Outgoing {
            head: new_head.into(),
            body: edits.body.map_or_else(|| raw.slice(head.raw.len()..), Bytes::from),
            body_edited,
            kind: RequestKind::new(head.method, false),
            notes: edits.notes,
        })
    }

    fn edit(
        &self,
        head: &RequestHead<'_>,
        target: &RequestTarget<'_>,
        body: Cow<'_, [u8]>,
        captured: &Captured,
        edits: &mut Edits,
    ) {
        let coding = head.header("content-encoding");
        if target.is_scroll() {
            let map = self.scrolls.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(body) = content::decode(coding, body) {
                scroll::replace(&map, target, &body, edits);
            }
        } else if target.is_bulk() && matches!(head.method, "POST" | "PUT") {
            if let Ok(body) = content::decode(coding, body) {
                auto_id::bulk(&body, &source_body(captured), edits);
            }
        } else if head.method == "POST" {
            auto_id::index(target, captured.source_status(), &source_body(captured), edits);
        }
    }

    /// Remembers which of the target's scrolls stands for which of the source's. To be called before the request
    /// counts as complete, so that whatever follows it finds the id.
    pub fn learn(&self, captured: &Captured, answer: &[u8]) {
        let Some(target) = request_target(&captured.request.bytes) else { return };
        if !target.gives_scroll_id() {
            return;
        }
        let ids = scroll::id_in(&source_body(captured)).zip(scroll::id_in(&response_body(answer)));
        if let Some((source, target)) = ids {
            self.scrolls.lock().unwrap_or_else(PoisonError::into_inner).insert(source, target);
        }
    }
}

/// The target in a request's first line.
fn request_target(request: &[u8]) -> Option<RequestTarget<'_>> {
    let line = request.trim_ascii_start().split(|byte| *byte == b'\r').next()?;
    RequestTarget::parse(line.split(|byte| *byte == b' ').nth(1)?)
}

/// The decoded body of the source's answer; empty when there is none.
fn source_body(captured: &Captured) -> Cow<'_, [u8]> {
    captured.answer().map_or(Cow::Borrowed(&[]), |answer| response_body(&answer.bytes))
}

fn response_body(response: &[u8]) -> Cow<'_, [u8]> {
    match parse_response(response, RequestKind::Other) {
        Ok((head, body)) => content::decode(head.header("content-encoding"), body).unwrap_or_default(),
        Err(_) => Cow::Borrowed(&[]),
    }
}

#[cfg(test)]
mod tests;
