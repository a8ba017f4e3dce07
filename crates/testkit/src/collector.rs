//! An OpenTelemetry collector that keeps what it is sent, and fails in the ways in which one can.

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
pub use opentelemetry_proto::tonic::metrics::v1::{Metric, metric, number_data_point};
use opentelemetry_proto::tonic::resource::v1::Resource;
pub use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::{common::v1::KeyValue, common::v1::any_value};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::runtime::Runtime;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// How it answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mood {
    /// It takes everything.
    #[default]
    Well,
    /// It refuses everything.
    Refusing,
    /// It takes requests and does not answer.
    Silent,
}

/// What it was sent.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// Requests that came, also those that it refused or left unanswered.
    pub requests: usize,
    /// The metrics of the last request that it took.
    pub metrics: Vec<Metric>,
    /// All spans that it took.
    pub spans: Vec<Span>,
    /// Who sent last.
    pub resource: Option<Resource>,
}

/// A collector on a port of 127.0.0.1. It is gone with the handle.
#[derive(Debug)]
pub struct Collector {
    /// `http://127.0.0.1:port`.
    pub url: String,
    state: Arc<State>,
    /// Only without one while it is dropped.
    runtime: Option<Runtime>,
}

#[derive(Debug, Default)]
struct State {
    mood: Mutex<Mood>,
    sent: Mutex<Sent>,
}

impl Collector {
    /// Starts it.
    ///
    /// # Panics
    /// When there is no port.
    #[must_use]
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let state = Arc::new(State::default());
        let incoming = {
            let _entered = runtime.enter();
            TcpIncoming::bind("127.0.0.1:0".parse().expect("an address")).expect("a free port")
        };
        let url = format!("http://{}", incoming.local_addr().expect("its address"));
        let server = Server::builder()
            .add_service(MetricsServiceServer::from_arc(Arc::clone(&state)))
            .add_service(TraceServiceServer::from_arc(Arc::clone(&state)));
        runtime.spawn(server.serve_with_incoming(incoming));
        Self { url, state, runtime: Some(runtime) }
    }

    /// From now on it answers like this.
    pub fn be(&self, mood: Mood) {
        *locked(&self.state.mood) = mood;
    }

    /// What it was sent so far.
    #[must_use]
    pub fn sent(&self) -> Sent {
        locked(&self.state.sent).clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // Without waiting: a test may run on a runtime of its own, and requests may hang here.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl State {
    /// Counts a request and answers as the mood is; `keep` is for what is taken.
    async fn answer<T: Default>(&self, keep: impl FnOnce(&mut Sent)) -> Result<Response<T>, Status> {
        locked(&self.sent).requests += 1;
        let mood = *locked(&self.mood);
        match mood {
            Mood::Well => {
                keep(&mut locked(&self.sent));
                Ok(Response::new(T::default()))
            }
            Mood::Refusing => Err(Status::resource_exhausted("a full collector")),
            Mood::Silent => std::future::pending().await,
        }
    }
}

#[tonic::async_trait]
impl MetricsService for State {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.answer(|sent| {
            sent.metrics.clear();
            for resource in request.into_inner().resource_metrics {
                sent.resource = resource.resource;
                sent.metrics.extend(resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics));
            }
        })
        .await
    }
}

#[tonic::async_trait]
impl TraceService for State {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.answer(|sent| {
            for resource in request.into_inner().resource_spans {
                sent.resource = resource.resource;
                sent.spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
            }
        })
        .await
    }
}

/// An attribute's value as text; `None` when there is none of this name.
#[must_use]
pub fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        any_value::Value::StringValue(text) => Some(text.clone()),
        any_value::Value::IntValue(number) => Some(number.to_string()),
        any_value::Value::DoubleValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no handler panicked")
}
