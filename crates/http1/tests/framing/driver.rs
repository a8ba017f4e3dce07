//! Runs a framer over pieces of a stream and keeps what it reported with the offset in the stream, so that two
//! runs can be compared. Holds it to its contract on the way.

use switchover_http1::{
    BodyKind, RequestEvent, RequestFramer, RequestHead, RequestKind, ResponseEof, ResponseEvent,
    ResponseFramer, ResponseHead, TunnelReason,
};

/// All that a head tells, detached from the buffers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) raw: Vec<u8>,
    /// The parts of the first line: method and target, or status and reason.
    pub(crate) start: (String, Vec<u8>),
    pub(crate) body: BodyKind,
    pub(crate) first_line_len: usize,
    pub(crate) headers_len: usize,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Interim(Head),
    Head(Head),
    End,
    Tunnel(TunnelReason),
}

/// Events, each with the offset in the stream up to which the framer had consumed.
pub(crate) type Trace = Vec<(usize, Seen)>;

/// Cuts `bytes` into pieces of these sizes (0 makes an empty piece), the rest being the last.
pub(crate) fn pieces<'a>(mut bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for &size in sizes {
        let (piece, rest) = bytes.split_at(size.min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces.push(bytes);
    pieces
}

/// What the requests in these pieces come to.
pub(crate) fn requests(pieces: &[&[u8]]) -> Trace {
    let mut framer = RequestFramer::new();
    let (mut trace, mut offset) = (Trace::new(), 0);
    for &piece in pieces {
        let mut rest = piece;
        loop {
            let (consumed, event) = framer.step(rest);
            let seen = event.map(|event| match event {
                RequestEvent::Head(head) => Seen::Head(request_head(&head)),
                RequestEvent::End => Seen::End,
                RequestEvent::Tunnel(reason) => Seen::Tunnel(reason),
            });
            let state = (framer.in_message(), framer.tunnel());
            if !keep(&mut trace, &mut offset, &mut rest, consumed, seen, state) {
                break;
            }
        }
    }
    trace
}

/// What the responses in these pieces come to, and the close behind them. `kinds` are the requests they answer.
pub(crate) fn responses(pieces: &[&[u8]], kinds: &[RequestKind]) -> (Trace, ResponseEof) {
    let mut framer = ResponseFramer::new();
    let (mut trace, mut offset) = (Trace::new(), 0);
    let mut kinds = kinds.iter().copied().peekable();
    for &piece in pieces {
        let mut rest = piece;
        loop {
            let (consumed, event) = framer.step(rest, kinds.peek().copied());
            let seen = event.map(|event| match event {
                ResponseEvent::Interim(head) => Seen::Interim(response_head(&head)),
                ResponseEvent::Head(head) => Seen::Head(response_head(&head)),
                ResponseEvent::End => Seen::End,
                ResponseEvent::Tunnel(reason) => Seen::Tunnel(reason),
            });
            if seen == Some(Seen::End) {
                kinds.next();
            }
            let state = (framer.in_message(), framer.tunnel());
            if !keep(&mut trace, &mut offset, &mut rest, consumed, seen, state) {
                break;
            }
        }
    }
    (trace, framer.eof())
}

/// Keeps an event and checks the step that gave it. False when the piece is done.
fn keep(
    trace: &mut Trace,
    offset: &mut usize,
    rest: &mut &[u8],
    consumed: usize,
    seen: Option<Seen>,
    (in_message, tunnel): (bool, Option<TunnelReason>),
) -> bool {
    assert!(consumed <= rest.len(), "consumed {consumed} of {} bytes", rest.len());
    *rest = &rest[consumed..];
    *offset += consumed;
    let Some(seen) = seen else {
        assert!(rest.is_empty(), "no event, but {} bytes are left", rest.len());
        return false;
    };
    match &seen {
        Seen::Head(_) => assert!(in_message && tunnel.is_none()),
        Seen::Interim(_) | Seen::End => assert!(!in_message && tunnel.is_none()),
        Seen::Tunnel(reason) => assert!(!in_message && tunnel == Some(*reason)),
    }
    assert!(!matches!(trace.last(), Some((_, Seen::Tunnel(_)))), "{seen:?} behind a tunnel");
    trace.push((*offset, seen));
    true
}

fn request_head(head: &RequestHead<'_>) -> Head {
    assert_eq!(head.first_line().len(), head.first_line_len);
    Head {
        raw: head.raw.to_vec(),
        start: (head.method.to_owned(), head.target.to_vec()),
        body: head.body,
        first_line_len: head.first_line_len,
        headers_len: head.headers_len,
        headers: head.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
    }
}

fn response_head(head: &ResponseHead<'_>) -> Head {
    Head {
        raw: head.raw.to_vec(),
        start: (head.status.to_string(), head.reason.to_vec()),
        body: head.body,
        first_line_len: head.first_line_len,
        headers_len: head.headers_len,
        headers: head.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
    }
}
