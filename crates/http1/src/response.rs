//! Framing of the server's direction.

use crate::{
    FramingError, RequestKind, ResponseHead, TunnelReason,
    body::Body,
    head::{HEAD_LIMIT, HeadLines},
    outcome::Outcome,
    section::{Progress, Section},
};

/// What the server's bytes came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseEvent<'a> {
    /// A 1xx response other than 101. It has no body and no [`ResponseEvent::End`], and does not answer the
    /// request: another head follows.
    Interim(ResponseHead<'a>),
    /// A response's head is complete. [`ResponseEvent::End`] follows, the close of the connection
    /// ([`ResponseFramer::eof`]), or [`ResponseEvent::Tunnel`].
    Head(ResponseHead<'a>),
    /// The response ended: the request is answered.
    End,
    /// Messages are over, told once: what follows this event, and what of the current message came before it,
    /// is opaque. The head of a response that opens a tunnel (101, or 2xx to `CONNECT`) is part of that.
    Tunnel(TunnelReason),
}

/// What the close of the connection by the server means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResponseEof {
    /// It came between two responses.
    Clean,
    /// It ends a response whose body lasts until the close: the request is answered.
    MessageEnd,
    /// It cuts a response short.
    Truncated,
    /// It ends a tunnel.
    Tunnel,
}

/// Finds the responses in the server's bytes.
#[derive(Debug, Default)]
pub struct ResponseFramer {
    state: State,
    section: Section,
}

#[derive(Debug)]
enum State {
    Head(HeadLines),
    Body(Body),
    Tunnel(TunnelReason),
}

impl Default for State {
    fn default() -> Self {
        State::Head(HeadLines::default())
    }
}

impl ResponseFramer {
    /// A framer at the start of a connection.
    pub fn new() -> Self {
        ResponseFramer::default()
    }

    /// Takes the server's next bytes, in any split, up to the end of the next event. Returns how many were
    /// consumed and the event.
    ///
    /// `request` is the oldest request that is not answered yet; the caller drops it at [`ResponseEvent::End`].
    /// Without one, the first byte makes this a tunnel ([`FramingError::UnsolicitedResponse`]): were it kept
    /// until the next request, the bytes would pass for the answer to that.
    ///
    /// To be called with the rest until there is no event; then all was consumed. That includes calls with an
    /// empty rest: an event can come without bytes of its own (the end of a response without a body).
    pub fn step<'a>(
        &'a mut self,
        input: &'a [u8],
        request: Option<RequestKind>,
    ) -> (usize, Option<ResponseEvent<'a>>) {
        let (consumed, progress) = match &mut self.state {
            State::Head(_) if request.is_none() => match input {
                [] => return (0, None),
                _ => (0, Progress::Refused(FramingError::UnsolicitedResponse)),
            },
            State::Head(lines) => self.section.feed(input, HEAD_LIMIT, |line| lines.status_line(line)),
            State::Body(body) => body.skip(&mut self.section, input),
            State::Tunnel(_) => return (input.len(), None),
        };
        match progress {
            Progress::Partial => (consumed, None),
            Progress::Complete => {
                let bytes = input.get(..consumed).unwrap_or_default();
                (consumed, Some(self.complete(bytes, request.unwrap_or(RequestKind::Other))))
            }
            Progress::Refused(error) => {
                self.state = State::Tunnel(error.into());
                (consumed, Some(ResponseEvent::Tunnel(error.into())))
            }
        }
    }

    /// Goes on from a head or body that is complete, given the bytes consumed last.
    fn complete<'a>(&'a mut self, consumed: &'a [u8], request: RequestKind) -> ResponseEvent<'a> {
        let State::Head(lines) = &self.state else {
            self.state = State::default();
            return ResponseEvent::End;
        };
        let (state, event) = match lines.response(self.section.bytes(consumed)) {
            Ok(head) => match Outcome::of(head, request) {
                Outcome::Interim(head) => (State::default(), ResponseEvent::Interim(head)),
                Outcome::Final(head) => (State::Body(head.body.into()), ResponseEvent::Head(head)),
                Outcome::Tunnel(reason) => (State::Tunnel(reason), ResponseEvent::Tunnel(reason)),
            },
            Err(error) => (State::Tunnel(error.into()), ResponseEvent::Tunnel(error.into())),
        };
        self.state = state;
        event
    }

    /// The server closed the connection: what that means for the response at hand.
    pub fn eof(&mut self) -> ResponseEof {
        match &self.state {
            State::Head(_) if self.section.is_open() => ResponseEof::Truncated,
            State::Head(_) => ResponseEof::Clean,
            State::Body(Body::UntilClose) => {
                self.state = State::default();
                ResponseEof::MessageEnd
            }
            State::Body(_) => ResponseEof::Truncated,
            State::Tunnel(_) => ResponseEof::Tunnel,
        }
    }

    /// Whether bytes of a response that has not ended were consumed. False in a tunnel, and between an interim
    /// response and the next.
    pub fn in_message(&self) -> bool {
        match &self.state {
            State::Head(_) => self.section.is_open(),
            State::Body(_) => true,
            State::Tunnel(_) => false,
        }
    }

    /// Whether the head of the response that is arriving is complete and its body is not.
    pub fn in_body(&self) -> bool {
        matches!(self.state, State::Body(_))
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
