//! Spans, pushed as they end. They wait in a bounded queue; whoever makes them leaves out what finds no place in it.

use super::collector::{LAST_PUSH_TIMEOUT, Outcomes};
use super::{CollectorEndpoint, Service, SpanId, TraceId, messages};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::trace::v1::{self as trace, ResourceSpans, ScopeSpans, Status, span, status};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

/// Spans that may wait for their push, which is also the most that are pushed in each interval.
pub const MAX_WAITING_SPANS: usize = 200;
/// Time between two pushes.
const SPANS_INTERVAL: Duration = Duration::from_secs(1);

/// On which side of a call a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Who answers.
    Server,
    /// Who asks.
    Client,
}

/// Something that took time.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Who it happened to.
    pub kind: Kind,
    /// The trace that it is part of.
    pub trace: TraceId,
    /// Itself.
    pub id: SpanId,
    /// What it happened in, at the client.
    pub parent: Option<SpanId>,
    /// Few different ones.
    pub name: String,
    /// Nanoseconds of the Unix epoch.
    pub began_unix_ns: u64,
    /// Nanoseconds of the Unix epoch.
    pub ended_unix_ns: u64,
    /// By name.
    pub attributes: Vec<(&'static str, Value)>,
    /// Why it did not end well.
    pub failed: Option<&'static str>,
}

/// Value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A duration in seconds.
    Seconds(f64),
}

/// Pushes what comes in `spans` at a pace until `ended`; then what is left, for at most a second.
pub async fn push_spans(
    endpoint: CollectorEndpoint,
    service: Service,
    mut spans: mpsc::Receiver<Span>,
    ended: CancellationToken,
) {
    let mut client = TraceServiceClient::new(endpoint.channel());
    let mut outcomes = Outcomes::new("spans", endpoint);
    let mut ticks = interval(SPANS_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let pushing = async {
        loop {
            ticks.tick().await;
            if let Some(outcome) = push_waiting(&mut client, &service, &mut spans).await {
                outcomes.tell(outcome);
            }
        }
    };
    tokio::select! {
        () = pushing => {}
        () = ended.cancelled() => {}
    }
    match timeout(LAST_PUSH_TIMEOUT, push_waiting(&mut client, &service, &mut spans)).await {
        Ok(Some(outcome)) => outcomes.tell(outcome),
        Ok(None) => {}
        Err(_) => tracing::debug!("the collector did not take the last spans in time"),
    }
}

/// `None` when none wait.
async fn push_waiting(
    client: &mut TraceServiceClient<Channel>,
    service: &Service,
    spans: &mut mpsc::Receiver<Span>,
) -> Option<Result<String, tonic::Status>> {
    let waiting: Vec<_> =
        std::iter::from_fn(|| spans.try_recv().ok()).take(MAX_WAITING_SPANS).map(message).collect();
    if waiting.is_empty() {
        return None;
    }
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(messages::resource(service)),
            scope_spans: vec![ScopeSpans {
                scope: Some(messages::scope(service)),
                spans: waiting,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    let answer = client.export(request).await;
    Some(
        answer.map(|answer| {
            answer.into_inner().partial_success.map(|part| part.error_message).unwrap_or_default()
        }),
    )
}

fn message(span: Span) -> trace::Span {
    let status = span
        .failed
        .map(|reason| Status { message: reason.to_owned(), code: status::StatusCode::Error.into() });
    trace::Span {
        trace_id: span.trace.to_vec(),
        span_id: span.id.to_vec(),
        parent_span_id: span.parent.map(|id| id.to_vec()).unwrap_or_default(),
        name: span.name,
        kind: match span.kind {
            Kind::Server => span::SpanKind::Server.into(),
            Kind::Client => span::SpanKind::Client.into(),
        },
        start_time_unix_nano: span.began_unix_ns,
        end_time_unix_nano: span.ended_unix_ns,
        attributes: span.attributes.into_iter().map(|(key, value)| messages::attribute(key, value)).collect(),
        status,
        ..trace::Span::default()
    }
}
