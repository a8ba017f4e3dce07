//! What the operator decided about capture and gates, the same for all connections.

use crate::header_edit::HeaderEdit;
use crate::redaction::Redaction;
use crate::suppression::Suppression;
use clap::ValueEnum;
use switchover_http1::{RequestHead, ResponseHead};
use switchover_rest::secrets::Bodies;

/// What of a mutating request waits until its record is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum AckPolicy {
    /// Its response: the node works meanwhile
    #[default]
    Response,
    /// The request itself
    Request,
    /// Nothing: it is in the log before it is forwarded, and durable soon
    None,
}

/// What happens to a request that the capture log can't take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OnFull {
    /// It goes on, and a gap is recorded
    #[default]
    Pass,
    /// A write is answered with 503; reads go on, and a gap is recorded
    Reject,
    /// Its connection waits until the log takes it
    Block,
}

/// Rules of one process.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Who waits.
    pub ack_policy: AckPolicy,
    /// What is not captured.
    pub suppression: Suppression,
    /// What is captured without its value.
    pub redaction: Option<Redaction>,
    /// What the node gets otherwise than the client sent it.
    pub edit: HeaderEdit,
    /// No capture log, and `--onFull reject`: no write goes on.
    pub refuse_writes: bool,
}

impl Rules {
    /// What of the bodies of this request and its answer may be captured.
    #[must_use]
    pub fn bodies(&self, target: &[u8]) -> Bodies {
        self.redaction.as_ref().map_or(Bodies::Open, |redaction| redaction.bodies(target))
    }

    /// A request's head as it may be captured; `None` when as it is.
    #[must_use]
    pub fn redacted_request(&self, head: &RequestHead<'_>) -> Option<Vec<u8>> {
        self.redaction.as_ref().and_then(|redaction| redaction.request(head))
    }

    /// An answer's head as it may be captured; `None` when as it is.
    #[must_use]
    pub fn redacted_response(&self, head: &ResponseHead<'_>) -> Option<Vec<u8>> {
        self.redaction.as_ref().and_then(|redaction| redaction.response(head))
    }
}
