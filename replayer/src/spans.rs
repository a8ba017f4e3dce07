//! Spans for `--otelTraceCollectorEndpoint`: what each request that was sent cost on the target, and its verdict.
//!
//! They are made where requests are evaluated, away from the sockets, and only as long as the queue to the collector has
//! room: a busy replay shows as many as the collector is sent, one whose collector is away shows none and waits for
//! nothing. Each has a trace of its own: the client's trace ended on the source.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use switchover_compare::verdict::Comparison;
use switchover_rest::Call;
use switchover_telemetry::otlp::{Kind, MAX_WAITING_SPANS, Span, Value};
use tokio::sync::mpsc;

use crate::evaluate::{Finished, Sending, request_line};

/// Paths are cut to this.
const MAX_PATH_BYTES: usize = 256;

/// Where the spans go.
#[derive(Debug, Clone)]
pub struct Spans(mpsc::Sender<Span>);

impl Spans {
    /// Spans, and the queue in which they wait for their push.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Span>) {
        let (queue, waiting) = mpsc::channel(MAX_WAITING_SPANS);
        (Self(queue), waiting)
    }

    /// Makes a span of a request that was sent, if there is room.
    pub fn tell(&self, finished: &Finished, comparison: &Comparison) {
        let Ok(place) = self.0.try_reserve() else { return };
        let Some(span) = span(finished, comparison) else { return };
        place.send(span);
    }
}

fn span(finished: &Finished, comparison: &Comparison) -> Option<Span> {
    let (attempts, failed) = match &finished.sending {
        Sending::Answered { attempts, .. } => (attempts, attempts.answer().is_none()),
        Sending::DeadLettered { attempts, .. } => (attempts, true),
        Sending::Unreplayable(_) => return None,
    };
    let (first, last) = (attempts.kept.first()?, attempts.kept.last()?);
    let latency = last.outcome.as_ref().map(|answer| answer.latency).unwrap_or_default();
    let captured = &finished.captured;
    let (method, target) = request_line(&captured.request.bytes);
    let path: String = Call::parse(method, target).map(|call| call.path).unwrap_or_default().into();
    let path = path.get(..path.floor_char_boundary(MAX_PATH_BYTES)).unwrap_or_default().to_owned();
    let text = |text: &str| Value::Text(text.to_owned());
    let whole = |number: u64| Value::Whole(i64::try_from(number).unwrap_or(i64::MAX));
    let mut attributes = vec![
        ("http.request.method", text(method)),
        ("url.path", Value::Text(path)),
        ("switchover.connection_id", text(&captured.connection_id)),
        ("switchover.request_number", whole(captured.index.into())),
        ("switchover.attempts", whole(attempts.count)),
        ("switchover.verdict", text(comparison.verdict.name())),
    ];
    if let Some(answer) = attempts.answer() {
        attributes.push(("http.response.status_code", whole(answer.status.into())));
    }
    if let Some(lag) = finished.lag {
        attributes.push(("switchover.lag", Value::Seconds(lag.as_secs_f64())));
    }
    let random = || RandomState::new().build_hasher().finish();
    let trace = (u128::from(random()) << 64) | u128::from(random());
    Some(Span {
        kind: Kind::Client,
        trace: trace.to_be_bytes(),
        id: random().to_be_bytes(),
        parent: None,
        name: method.to_owned(),
        began_unix_ns: unix_ns(first.at),
        ended_unix_ns: unix_ns(last.at + latency),
        attributes,
        failed: failed.then_some("no answer stands"),
    })
}

fn unix_ns(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}
