//! What a response means for the framing, given the request it answers (RFC 9112 section 6.3).

use crate::{BodyKind, FramingError, ResponseHead, TunnelReason};

/// What the framing of a response depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// A `HEAD` request: its response has no body.
    Head,
    /// A `HEAD` request that offers to change protocols.
    HeadUpgrade,
    /// A `CONNECT` request: a 2xx response to it opens a tunnel.
    Connect,
    /// Any other request that offers to change protocols: a 101 response to it opens a tunnel.
    Upgrade,
    /// Any other request.
    Other,
}

impl RequestKind {
    /// The kind of a request with this method, with or without an `Upgrade` header.
    pub fn new(method: &str, upgrade: bool) -> Self {
        match (method, upgrade) {
            ("HEAD", false) => RequestKind::Head,
            ("HEAD", true) => RequestKind::HeadUpgrade,
            ("CONNECT", _) => RequestKind::Connect,
            (_, true) => RequestKind::Upgrade,
            (_, false) => RequestKind::Other,
        }
    }
}

/// What a response's head opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome<'a> {
    /// Nothing: another head follows, and this one does not answer the request.
    Interim(ResponseHead<'a>),
    /// The body of the answer.
    Final(ResponseHead<'a>),
    /// Bytes that are not HTTP/1 messages.
    Tunnel(TunnelReason),
}

impl<'a> Outcome<'a> {
    /// Judges a head whose `body` is what its headers declare; it comes back with the body there really is.
    pub(crate) fn of(head: ResponseHead<'a>, request: RequestKind) -> Self {
        use RequestKind::{Connect, Head, HeadUpgrade, Upgrade};
        let mut bodiless = head;
        bodiless.body = BodyKind::None;
        match (head.status, request) {
            (101, Upgrade | HeadUpgrade) => Outcome::Tunnel(TunnelReason::Upgrade),
            (101, _) => Outcome::Tunnel(FramingError::UnaskedUpgrade.into()),
            (100..=199, _) => Outcome::Interim(bodiless),
            (200..=299, Connect) => Outcome::Tunnel(TunnelReason::Connect),
            (204 | 304, _) | (_, Head | HeadUpgrade) => Outcome::Final(bodiless),
            _ => Outcome::Final(head),
        }
    }
}
