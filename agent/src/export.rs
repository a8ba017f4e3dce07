//! What is pushed to OpenTelemetry collectors, from tasks on the main thread: the traffic threads never wait for them.

use crate::metrics;
use crate::status::Status;
use std::sync::Arc;
use switchover_telemetry::otlp::{CollectorEndpoint, Service, Span, push_metrics, push_spans};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The tasks that push.
#[derive(Debug, Default)]
pub struct Exports {
    tasks: JoinSet<()>,
    ended: CancellationToken,
}

impl Exports {
    /// Pushes the figures that `status` gives.
    pub fn metrics(&mut self, endpoint: CollectorEndpoint, service: Service, status: Arc<Status>) {
        let figures = move || metrics::figures(&status);
        self.tasks.spawn(push_metrics(endpoint, service, metrics::PREFIX, figures, self.ended.clone()));
    }

    /// Pushes what waits in `spans`.
    pub fn spans(&mut self, endpoint: CollectorEndpoint, service: Service, spans: mpsc::Receiver<Span>) {
        self.tasks.spawn(push_spans(endpoint, service, spans, self.ended.clone()));
    }

    /// Pushes what is left, within about a second.
    pub async fn finish(self) {
        self.ended.cancel();
        self.tasks.join_all().await;
    }
}
