//! Framing of the client's direction.

use crate::{
    RequestHead, TunnelReason,
    body::Body,
    head::{HEAD_LIMIT, HeadLines},
    section::{Progress, Section},
};

/// What the client's bytes came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestEvent<'a> {
    /// A request's head is complete. [`RequestEvent::End`] follows, or [`RequestEvent::Tunnel`].
    Head(RequestHead<'a>),
    /// The request ended.
    End,
    /// Messages are over, told once: what follows this event, and what of the current message came before it,
    /// is opaque. (Behind the head of a `CONNECT` request, only what follows.)
    Tunnel(TunnelReason),
}

/// Finds the requests in the client's bytes.
#[derive(Debug, Default)]
pub struct RequestFramer {
    state: State,
    section: Section,
}

#[derive(Debug)]
enum State {
    Head(HeadLines),
    Body(Body),
    Connect,
    Tunnel(TunnelReason),
}

impl Default for State {
    fn default() -> Self {
        State::Head(HeadLines::default())
    }
}

impl RequestFramer {
    /// A framer at the start of a connection.
    pub fn new() -> Self {
        RequestFramer::default()
    }

    /// Takes the client's next bytes, in any split, up to the end of the next event. Returns how many were
    /// consumed and the event.
    ///
    /// To be called with the rest until there is no event; then all was consumed. That includes calls with an
    /// empty rest: an event can come without bytes of its own (the end of a request without a body).
    pub fn step<'a>(&'a mut self, input: &'a [u8]) -> (usize, Option<RequestEvent<'a>>) {
        let (consumed, progress) = match &mut self.state {
            State::Head(lines) => self.section.feed(input, HEAD_LIMIT, |line| lines.request_line(line)),
            State::Body(body) => body.skip(&mut self.section, input),
            State::Connect => {
                self.state = State::Tunnel(TunnelReason::Connect);
                return (0, Some(RequestEvent::Tunnel(TunnelReason::Connect)));
            }
            State::Tunnel(_) => return (input.len(), None),
        };
        match progress {
            Progress::Partial => (consumed, None),
            Progress::Complete => (consumed, Some(self.complete(input.get(..consumed).unwrap_or_default()))),
            Progress::Refused(error) => {
                self.state = State::Tunnel(error.into());
                (consumed, Some(RequestEvent::Tunnel(error.into())))
            }
        }
    }

    /// Goes on from a head or body that is complete, given the bytes consumed last.
    fn complete<'a>(&'a mut self, consumed: &'a [u8]) -> RequestEvent<'a> {
        let State::Head(lines) = &self.state else {
            self.state = State::default();
            return RequestEvent::End;
        };
        match lines.request(self.section.bytes(consumed)) {
            Ok(head) => {
                self.state = match head.method {
                    "CONNECT" => State::Connect,
                    _ => State::Body(head.body.into()),
                };
                RequestEvent::Head(head)
            }
            Err(error) => {
                self.state = State::Tunnel(error.into());
                RequestEvent::Tunnel(error.into())
            }
        }
    }

    /// Whether bytes of a request that has not ended were consumed (or empty lines before one). False in a
    /// tunnel.
    pub fn in_message(&self) -> bool {
        match &self.state {
            State::Head(_) => self.section.is_open(),
            State::Body(_) | State::Connect => true,
            State::Tunnel(_) => false,
        }
    }

    /// Why this is a tunnel, if it is one.
    pub fn tunnel(&self) -> Option<TunnelReason> {
        match self.state {
            State::Tunnel(reason) => Some(reason),
            _ => None,
        }
    }

    /// Makes this a tunnel because the other direction became one. No event tells of it, and the first reason
    /// stays.
    pub fn enter_tunnel(&mut self, reason: TunnelReason) {
        if self.tunnel().is_none() {
            self.state = State::Tunnel(reason);
        }
    }
}
