//! What must change in a request so that the target understands it as the source did.
//!
//! The bytes of the request are kept; only what is named here is edited. In this order: the filter decides whether it
//! is sent; ids that the source made up (documents, scrolls, points in time, asynchronous searches) are put in; the
//! user's rules see it in the source's terms; what the target's version refuses is rewritten; the head is written for
//! the target.

mod auto_id;
mod cursor;
mod head;
mod options;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use switchover_capture::REDACTED_PREFIX;
use switchover_compare::items::SentItems;
use switchover_compare::tuple::WITHOUT_SECRETS;
pub use switchover_http1::message::with_body;
use switchover_http1::message::{MessageError, parse_request, parse_response};
use switchover_http1::{RequestHead, RequestKind};
use switchover_rewrite::bulk;
use switchover_rewrite::outcome::Stop;
use switchover_rewrite::request::Request;
use switchover_rewrite::types::TypeRouting;
use switchover_rewrite::version::Version;
use switchover_rewrite::versions::Versions;

use crate::captured::Captured;
use crate::content;
use crate::evaluate::{request_body, request_line};
use switchover_rest::Call;
use switchover_rest::secrets::Bodies;

use cursor::Cursors;
pub use head::{HeadLines, TargetAuth, header};
pub use options::{Rewrite, RewriteArgs, RewriteOptions};
pub use switchover_rewrite::args::OnTransformError;

/// Statuses of calls that a version doesn't know, or not so.
const REFUSED: [u16; 3] = [400, 405, 406];

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
    /// Of a bulk: which of the captured items it has.
    pub items: SentItems,
}

/// Why a request is not sent.
#[derive(Debug, thiserror::Error)]
pub enum Unsent {
    /// The captured bytes are not one whole HTTP/1 request.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A filter or a rule doesn't let it pass, as the operator wants it.
    #[error("filtered: {filter}")]
    Rejected {
        /// Which one.
        filter: String,
    },
    /// The agent captured hashes in the place of secrets in its body.
    #[error("{WITHOUT_SECRETS}: do on the target by hand what it did")]
    Redacted,
    /// A rule could not be followed.
    #[error("rewriting failed: {reason}")]
    Failed {
        /// Which one, and why.
        reason: String,
    },
}

impl Unsent {
    /// Whether it was meant not to be sent, so that nothing is missing on the target.
    #[must_use]
    pub fn is_meant(&self) -> bool {
        matches!(self, Self::Rejected { .. })
    }
}

impl From<Stop> for Unsent {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Rejected { filter } => Self::Rejected { filter },
            Stop::Failed { reason } => Self::Failed { reason },
        }
    }
}

/// What was rewritten, for the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notes {
    /// Documents that got the id that the source had generated.
    pub ids_taken: u64,
    /// Documents whose id the source generated and the capture doesn't tell.
    pub ids_unknown: u64,
    /// Ids of scrolls, points in time and asynchronous searches replaced by the target's.
    pub scroll_ids: u64,
}

/// Edits of one request, gathered before the head is written.
#[derive(Debug, Default)]
struct Edits<'e> {
    method: Option<&'e str>,
    target: Option<String>,
    body: Option<Vec<u8>>,
}

/// Rewrites requests for one target.
#[derive(Debug)]
pub struct Rewriter {
    authority: String,
    auth: TargetAuth,
    options: Arc<RewriteOptions>,
    versions: Versions,
    target: Option<Version>,
    /// With the version that the source was seen to be.
    seen: OnceLock<Versions>,
    cursors: Mutex<Cursors>,
}

impl Rewriter {
    /// `authority`: `host:port` for the `Host` header.
    #[must_use]
    pub fn new(authority: String, auth: TargetAuth) -> Self {
        Self {
            authority,
            auth,
            options: Arc::default(),
            versions: Versions::default(),
            target: None,
            seen: OnceLock::new(),
            cursors: Mutex::default(),
        }
    }

    /// Follows these rules. `detected`: what the target says it is.
    #[must_use]
    pub fn with(self, options: Arc<RewriteOptions>, detected: Option<Version>) -> Self {
        let target = options.target.or(detected);
        let versions = Versions::new(options.source, target, TypeRouting::default());
        Self { options, versions, target, ..self }
    }

    /// The request for the target.
    ///
    /// # Errors
    /// Why it is not to be sent.
    pub fn rewrite(&self, captured: &Captured) -> Result<Outgoing, Unsent> {
        let raw = &captured.request.bytes;
        let (mut head, body) = parse_request(raw)?;
        let body_at = head.raw.len();
        let mut notes = Notes::default();
        let Some(target) = Call::parse(head.method, head.target) else {
            if self.options.has_rules() {
                return Err(Unsent::Failed {
                    reason: "the path is not UTF-8, rules can't be followed".to_owned(),
                });
            }
            let new_head = head::rewrite(&head, &Edits::default(), &self.authority, &self.auth);
            return Ok(outgoing(new_head, raw.slice(body_at..), false, head.method, notes));
        };
        if target.bodies() != Bodies::Open
            && memchr::memmem::find(&body, REDACTED_PREFIX.as_bytes()).is_some()
        {
            return Err(Unsent::Redacted);
        }
        if target.path == "/" {
            self.see_source(captured);
        }
        let headers = HeadLines::new(head.raw).skip(1).collect();
        let mut request = Request::new(head.method, target.path, target.query, headers, body, decoded);
        if let Some(filter) = &self.options.filter
            && !filter.test(&mut request).map_err(|stop| stop.by("--requestFilterConfig"))?
        {
            return Err(Unsent::Rejected { filter: "--requestFilterConfig is false for it".to_owned() });
        }
        self.put_ids_in(&mut request, &target, captured, &mut notes);
        let mut request = self.ruled(request, captured)?;

        let edited = request.edited();
        let items =
            if edited.body && target.is_bulk() { self.sent_items(&mut request, raw) } else { SentItems::All };
        let edited_head = edited.headers.then(|| with_headers(&head, &request));
        if let Some(edited_head) = &edited_head {
            head.raw = edited_head;
        }
        let method = request.method().to_owned();
        let target = edited.line.then(|| request.target());
        let edits = Edits { method: Some(method.as_str()), target, body: request.into_edited_body() };
        let new_head = head::rewrite(&head, &edits, &self.authority, &self.auth);
        let body = edits.body.map_or_else(|| raw.slice(body_at..), Bytes::from);
        Ok(Outgoing { items, ..outgoing(new_head, body, edited.body, &method, notes) })
    }

    /// What the rules have left of the items of a bulk.
    fn sent_items(&self, request: &mut Request<'_>, captured: &[u8]) -> SentItems {
        let kept = request.kept().cloned();
        // A user's rule may do anything to the lines.
        if self.options.has_rules() {
            let captured = request_body(captured);
            let before = kept.as_ref().map(|kept| kept.places.len());
            let before = before.or_else(|| captured.and_then(|body| count_items(&body)));
            if request.body().ok().and_then(count_items) != before {
                return SentItems::Others;
            }
        }
        kept.map_or(SentItems::All, |kept| SentItems::Some { places: kept.places, of: kept.of })
    }

    fn put_ids_in(
        &self,
        request: &mut Request<'_>,
        target: &Call<'_>,
        captured: &Captured,
        notes: &mut Notes,
    ) {
        if Cursors::gives_ids(target) {
            let cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
            notes.scroll_ids += cursors.replace(target, request);
        } else if target.is_bulk() && matches!(request.method(), "POST" | "PUT") {
            auto_id::bulk(&source_body(captured), request, notes);
        } else if request.method() == "POST" {
            auto_id::index(target, captured.source_status(), &source_body(captured), request, notes);
        }
    }

    /// The request as the user and the target's version want it.
    fn ruled<'a>(&self, request: Request<'a>, captured: &Captured) -> Result<Request<'a>, Unsent> {
        let mut request = request;
        if self.options.has_rules() {
            request = self.attempt(request, captured, |request| {
                self.options.transformers.apply(request)?;
                self.options.rules.apply(request)?;
                request.settle()
            })?;
        }
        if self.options.rewrite == Rewrite::Auto
            && let Some(versions) = self.versions_for(captured)
        {
            request = self.attempt(request, captured, |request| versions.rewrite(request))?;
        }
        Ok(request)
    }

    /// As long as the source's version isn't known, what it refused is left alone: made acceptable, the target would
    /// do what the source did not.
    fn versions_for(&self, captured: &Captured) -> Option<&Versions> {
        let known = self.seen.get().or(self.options.source.is_some().then_some(&self.versions));
        known.or_else(|| {
            (!captured.source_status().is_some_and(|status| REFUSED.contains(&status)))
                .then_some(&self.versions)
        })
    }

    /// The source tells its version in its answers to `GET /`, which most clients ask first.
    fn see_source(&self, captured: &Captured) {
        if self.options.source.is_none()
            && self.seen.get().is_none()
            && let Some(source) = Version::in_answer(&source_body(captured))
        {
            tracing::info!(%source, "version of the source seen");
            let versions = Versions::new(Some(source), self.target, TypeRouting::default());
            // Another session was faster, with the same answer.
            let _ = self.seen.set(versions);
        }
    }

    fn attempt<'a>(
        &self,
        mut request: Request<'a>,
        captured: &Captured,
        rules: impl FnOnce(&mut Request<'a>) -> Result<(), Stop>,
    ) -> Result<Request<'a>, Unsent> {
        let before = (self.options.on_error == OnTransformError::Send).then(|| request.clone());
        match (rules(&mut request), before) {
            (Ok(()), _) => Ok(request),
            (Err(Stop::Failed { reason }), Some(before)) => {
                tracing::warn!(request = captured.id(), reason, "a rule failed: sent without it");
                Ok(before)
            }
            (Err(stop), _) => Err(stop.into()),
        }
    }

    /// Remembers which of the target's ids stands for which of the source's. To be called before the request counts as
    /// complete, so that whatever follows it finds the id.
    pub fn learn(&self, captured: &Captured, answer: &[u8]) {
        let (method, target) = request_line(&captured.request.bytes);
        let Some(target) = Call::parse(method, target) else { return };
        if !Cursors::gives_ids(&target) {
            return;
        }
        let (source, answer) = (source_body(captured), response_body(answer));
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner).learn(&target, &source, &answer);
    }
}

fn outgoing(head: Vec<u8>, body: Bytes, body_edited: bool, method: &str, notes: Notes) -> Outgoing {
    let kind = RequestKind::new(method, false);
    Outgoing { head: head.into(), body, body_edited, kind, notes, items: SentItems::All }
}

/// How many items a bulk has; `None` when it is none.
fn count_items(body: &[u8]) -> Option<usize> {
    bulk::actions(body).try_fold(0, |count, action| action.is_ok().then_some(count + 1))
}

/// Takes off a content coding.
fn decoded(coding: &[u8], body: &[u8]) -> Result<Vec<u8>, String> {
    let decoded = content::decode(Some(coding), Cow::Borrowed(body));
    decoded.map(Cow::into_owned).map_err(|error| error.to_string())
}

/// The captured head with the lines that the rules have left.
fn with_headers(head: &RequestHead<'_>, request: &Request<'_>) -> Vec<u8> {
    let first_line = HeadLines::new(head.raw).next().unwrap_or_default();
    let mut lines = first_line.to_vec();
    for line in request.headers().lines() {
        lines.extend_from_slice(b"\r\n");
        lines.extend_from_slice(line);
    }
    lines.extend_from_slice(b"\r\n\r\n");
    lines
}

/// The decoded body of the source's answer; empty when there is none.
pub(crate) fn source_body(captured: &Captured) -> Cow<'_, [u8]> {
    captured.answer().map_or(Cow::Borrowed(&[]), |answer| response_body(&answer.bytes))
}

/// What a cluster that answers `GET /` so is.
#[must_use]
pub fn version(answer: &[u8]) -> Option<Version> {
    Version::in_answer(&response_body(answer))
}

fn response_body(response: &[u8]) -> Cow<'_, [u8]> {
    match parse_response(response, RequestKind::Other) {
        Ok((head, body)) => content::decode(head.header("content-encoding"), body).unwrap_or_default(),
        Err(_) => Cow::Borrowed(&[]),
    }
}

#[cfg(test)]
mod tests;
