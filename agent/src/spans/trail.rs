//! What one connection's bytes say about its requests. No IO: told what passed, it frames both directions a second time,
//! as the traffic path's own framing has better things to do than to keep times.

use super::Spans;
use crate::identity::random;
use std::collections::VecDeque;
use switchover_http1::{
    RequestEvent, RequestFramer, RequestHead, RequestKind, ResponseEof, ResponseEvent, ResponseFramer,
};
use switchover_rest::is_mutating;
use switchover_rest::secrets::without_secrets;
use switchover_telemetry::otlp::{Kind, Span, TraceContext, Value};

/// What of a path is shown.
const MAX_PATH_BYTES: usize = 256;
/// What of a method is shown; it is the span's name.
const MAX_METHOD_BYTES: usize = 16;

/// The requests of a connection, and the span of the oldest that is not answered.
#[derive(Debug)]
pub(super) struct Trail {
    spans: Spans,
    connection_id: Box<str>,
    requests: RequestFramer,
    responses: ResponseFramer,
    /// Requests whose answer is not complete.
    unanswered: VecDeque<RequestKind>,
    /// Requests that began.
    begun: u64,
    /// Of the first of `unanswered`. A request that is pipelined behind another gets none: whose turn it was when the
    /// node worked can't be seen from here.
    current: Option<Box<Current>>,
    /// The bytes can't be framed any more.
    over: bool,
}

/// A span that has not ended. Times are nanoseconds of the Unix epoch.
#[derive(Debug)]
struct Current {
    method: String,
    path: String,
    number: u64,
    context: Option<TraceContext>,
    began: u64,
    /// The request was read.
    complete: Option<u64>,
    /// Its last byte was written to the node.
    forwarded: Option<u64>,
    /// The node's first byte after that was read.
    answering: Option<u64>,
    /// The last byte of the node so far was.
    answered: Option<u64>,
    status: Option<u16>,
}

impl Trail {
    pub(super) fn new(spans: Spans, connection_id: &str) -> Self {
        Self {
            spans,
            connection_id: connection_id.into(),
            requests: RequestFramer::new(),
            responses: ResponseFramer::new(),
            unanswered: VecDeque::new(),
            begun: 0,
            current: None,
            over: false,
        }
    }

    /// Bytes were read from the client.
    pub(super) fn client_sent(&mut self, bytes: &[u8]) {
        let (now, mut framed) = (self.now(), 0);
        while !self.over {
            let (consumed, event) = self.requests.step(bytes.get(framed..).unwrap_or_default());
            framed += consumed;
            match event {
                None => return,
                Some(RequestEvent::Head(head)) => {
                    if self.unanswered.is_empty() {
                        self.current = begin(&self.spans, &head, self.begun, now);
                    }
                    self.unanswered.push_back(head.kind());
                    self.begun += 1;
                }
                Some(RequestEvent::End) => {
                    if let Some(current) = self.alone() {
                        current.complete = Some(now);
                    }
                }
                Some(RequestEvent::Tunnel(_)) => self.give_up(),
            }
        }
    }

    /// Bytes were written to the node.
    pub(super) fn node_got(&mut self) {
        let now = self.now();
        if let Some(current) = self.alone().filter(|current| current.answering.is_none()) {
            current.forwarded = Some(now);
        }
    }

    /// Bytes were read from the node.
    pub(super) fn node_sent(&mut self) {
        let now = self.now();
        // What the node says before it has the request (100 Continue) does not answer it.
        if let Some(current) = self.current.as_mut().filter(|current| current.complete.is_some()) {
            current.answering.get_or_insert(now);
            current.answered = Some(now);
        }
    }

    /// These bytes were written to the client.
    pub(super) fn client_got(&mut self, bytes: &[u8]) {
        let mut framed = 0;
        while !self.over {
            let kind = self.unanswered.front().copied();
            let (consumed, event) = self.responses.step(bytes.get(framed..).unwrap_or_default(), kind);
            framed += consumed;
            match event {
                None => return,
                Some(ResponseEvent::Interim(_)) => {}
                Some(ResponseEvent::Head(head)) => {
                    if let Some(current) = &mut self.current {
                        current.status = Some(head.status);
                    }
                }
                Some(ResponseEvent::End) => {
                    self.unanswered.pop_front();
                    self.end(None);
                }
                Some(ResponseEvent::Tunnel(_)) => self.give_up(),
            }
        }
    }

    /// The client was told that no more comes.
    pub(super) fn client_told_end(&mut self) {
        if !self.over && self.responses.eof() == ResponseEof::MessageEnd {
            self.unanswered.pop_front();
            self.end(None);
        }
    }

    /// The current request, while no other is on its way.
    fn alone(&mut self) -> Option<&mut Current> {
        self.current.as_deref_mut().filter(|_| self.unanswered.len() == 1)
    }

    fn give_up(&mut self) {
        self.over = true;
        self.current = None;
    }

    fn end(&mut self, failed: Option<&'static str>) {
        let Some(current) = self.current.take() else { return };
        let span = current.ended(self.now(), &self.connection_id, failed);
        // No place: it is left out, as the requests that begin now are.
        let _ = self.spans.queue.try_send(span);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.spans.clock.now().unix_nanos()).unwrap_or_default()
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        self.end(Some("the connection ended before the answer did"));
    }
}

/// A span for this request, if it is to have one.
fn begin(spans: &Spans, head: &RequestHead<'_>, number: u64, now: u64) -> Option<Box<Current>> {
    if spans.queue.capacity() == 0 || !is_mutating(head.method, head.target) {
        return None;
    }
    let context = head.header("traceparent").and_then(TraceContext::parse);
    if context.is_some_and(|context| !context.sampled) {
        return None;
    }
    let path = head.target.split(|byte| *byte == b'?').next().unwrap_or_default();
    let path = String::from_utf8_lossy(path.get(..MAX_PATH_BYTES).unwrap_or(path));
    Some(Box::new(Current {
        method: head.method.chars().take(MAX_METHOD_BYTES).collect(),
        // Of a target with scheme and host, who is in it is nobody's business.
        path: without_secrets(&path).into_owned(),
        number,
        context,
        began: now,
        complete: None,
        forwarded: None,
        answering: None,
        answered: None,
        status: None,
    }))
}

impl Current {
    /// Names are those of OpenTelemetry's conventions where these have one.
    fn ended(self, now: u64, connection_id: &str, failed: Option<&'static str>) -> Span {
        let Self { method, path, number, context, began, complete, forwarded, answering, answered, status } =
            self;
        let mut attributes = vec![
            ("http.request.method", Value::Text(method.clone())),
            ("url.path", Value::Text(path)),
            ("switchover.connection_id", Value::Text(connection_id.to_owned())),
            ("switchover.request_number", Value::Whole(i64::try_from(number).unwrap_or(i64::MAX))),
        ];
        attributes.extend(status.map(|status| ("http.response.status_code", Value::Whole(status.into()))));
        let mut between = |name, from: Option<u64>, to: Option<u64>| {
            let nanos = from.zip(to).map(|(from, to)| to.saturating_sub(from));
            attributes.extend(nanos.map(|nanos| (name, Value::Seconds(nanos as f64 / 1e9))));
        };
        between("switchover.request_wait", complete, forwarded);
        between("switchover.node_wait", forwarded, answering);
        between("switchover.answer_wait", answered, Some(now));
        let fresh = || (u128::from(random()) << 64 | u128::from(random()) | 1).to_be_bytes();
        Span {
            kind: Kind::Server,
            trace: context.map_or_else(fresh, |context| context.trace),
            id: (random() | 1).to_be_bytes(),
            parent: context.map(|context| context.parent),
            name: method,
            began_unix_ns: began,
            ended_unix_ns: now,
            attributes,
            failed,
        }
    }
}

#[cfg(test)]
mod tests;
