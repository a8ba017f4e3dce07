//! Figures and spans pushed to an OpenTelemetry collector, OTLP over gRPC.
//!
//! The messages are made here and sent by a plain gRPC client. OpenTelemetry's SDK would be a second place that counts,
//! with threads of its own; the daemon has its figures already ([`crate::figures`]). Whatever the collector does, the
//! daemon's work goes on: one push at a time with a time limit, nothing kept for later but a bounded queue of spans,
//! and one line in the log when it begins to fail and one when it works again.

mod collector;
mod endpoint;
mod exports;
mod messages;
mod metrics;
mod spans;
mod trace_context;

pub use endpoint::CollectorEndpoint;
pub use exports::Exports;
pub use metrics::push_metrics;
pub use spans::{Kind, MAX_WAITING_SPANS, Span, Value, push_spans};
pub use trace_context::{SpanId, TraceContext, TraceId};

/// Who pushes.
#[derive(Debug, Clone)]
pub struct Service {
    /// The program.
    pub name: &'static str,
    /// Which one of them: stays the same over restarts where there is a place to keep it.
    pub instance: String,
    /// When its counters began, in nanoseconds of the Unix epoch.
    pub started_unix_ns: u64,
}

/// Nanoseconds of the Unix epoch at present.
fn now_unix_ns() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
