//! The tasks of a daemon that push, ended together.

use super::{CollectorEndpoint, Service, Span, push_metrics, push_spans};
use crate::figures::Figure;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Pushes until it is finished. Whoever makes figures and spans never waits for it.
#[derive(Debug, Default)]
pub struct Exports {
    tasks: JoinSet<()>,
    ended: CancellationToken,
}

impl Exports {
    /// Pushes the figures that `figures` gives, `prefix` before each name. To be called within a tokio runtime.
    pub fn metrics(
        &mut self,
        endpoint: CollectorEndpoint,
        service: Service,
        prefix: &'static str,
        figures: impl Fn() -> Vec<Figure> + Send + Sync + 'static,
    ) {
        self.tasks.spawn(push_metrics(endpoint, service, prefix, figures, self.ended.clone()));
    }

    /// Pushes what waits in `spans`. To be called within a tokio runtime.
    pub fn spans(&mut self, endpoint: CollectorEndpoint, service: Service, spans: mpsc::Receiver<Span>) {
        self.tasks.spawn(push_spans(endpoint, service, spans, self.ended.clone()));
    }

    /// Pushes what is left, within about a second.
    pub async fn finish(self) {
        self.ended.cancel();
        self.tasks.join_all().await;
    }
}
