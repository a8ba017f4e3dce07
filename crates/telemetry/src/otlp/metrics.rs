//! Figures, pushed at a pace. They are cumulative, so a push that fails is made up for by the next.

use super::collector::{LAST_PUSH_TIMEOUT, Outcomes};
use super::{CollectorEndpoint, Service, Value, messages, now_unix_ns};
use crate::figures::{Durations, Figure, FigureValue};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum, metric, number_data_point,
};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

/// Time between two pushes.
const METRICS_INTERVAL: Duration = Duration::from_secs(10);

/// Pushes what `figures` gives, at once and then at a pace, until `ended`; then once more, for at most a second.
/// `prefix` stands before each name.
pub async fn push_metrics(
    endpoint: CollectorEndpoint,
    service: Service,
    prefix: &'static str,
    figures: impl Fn() -> Vec<Figure>,
    ended: CancellationToken,
) {
    let mut client = MetricsServiceClient::new(endpoint.channel());
    let mut outcomes = Outcomes::new("metrics", endpoint);
    let mut ticks = interval(METRICS_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let request = || request(&service, prefix, figures());
    let pushing = async {
        loop {
            ticks.tick().await;
            outcomes.tell(push(&mut client, request()).await);
        }
    };
    tokio::select! {
        () = pushing => {}
        () = ended.cancelled() => {}
    }
    match timeout(LAST_PUSH_TIMEOUT, push(&mut client, request())).await {
        Ok(outcome) => outcomes.tell(outcome),
        Err(_) => tracing::debug!("the collector did not take the last metrics in time"),
    }
}

async fn push(
    client: &mut MetricsServiceClient<Channel>,
    request: ExportMetricsServiceRequest,
) -> Result<String, tonic::Status> {
    let answer = client.export(request).await?.into_inner();
    Ok(answer.partial_success.map(|part| part.error_message).unwrap_or_default())
}

fn request(service: &Service, prefix: &str, figures: Vec<Figure>) -> ExportMetricsServiceRequest {
    let (began, now) = (service.started_unix_ns, now_unix_ns());
    let metrics = figures.into_iter().map(|figure| metric(prefix, figure, began, now)).collect();
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(messages::resource(service)),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(messages::scope(service)),
                metrics,
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

fn metric(prefix: &str, figure: Figure, began: u64, now: u64) -> Metric {
    let Figure { name, help, value } = figure;
    let cumulative = AggregationTemporality::Cumulative.into();
    let point = |count: u64| {
        let value = number_data_point::Value::AsInt(i64::try_from(count).unwrap_or(i64::MAX));
        NumberDataPoint {
            start_time_unix_nano: began,
            time_unix_nano: now,
            value: Some(value),
            ..NumberDataPoint::default()
        }
    };
    let (unit, data) = match value {
        FigureValue::Counter(count) => {
            let data_points = vec![point(count)];
            let sum = Sum { data_points, aggregation_temporality: cumulative, is_monotonic: true };
            (unit_of(name), metric::Data::Sum(sum))
        }
        FigureValue::Level(level) => {
            (unit_of(name), metric::Data::Gauge(Gauge { data_points: vec![point(level)] }))
        }
        FigureValue::Levels { label, levels } => {
            let of = |(value, level)| NumberDataPoint {
                attributes: vec![messages::attribute(label, Value::Text(value))],
                ..point(level)
            };
            (unit_of(name), metric::Data::Gauge(Gauge { data_points: levels.into_iter().map(of).collect() }))
        }
        FigureValue::Durations(Durations { sum, buckets }) => {
            let point = HistogramDataPoint {
                start_time_unix_nano: began,
                time_unix_nano: now,
                count: buckets.iter().map(|(_, count)| count).sum(),
                sum: Some(sum),
                bucket_counts: buckets.iter().map(|(_, count)| *count).collect(),
                // The last bucket has no bound here.
                explicit_bounds: buckets.iter().rev().skip(1).rev().map(|(bound, _)| *bound).collect(),
                ..HistogramDataPoint::default()
            };
            let data_points = vec![point];
            ("s", metric::Data::Histogram(Histogram { data_points, aggregation_temporality: cumulative }))
        }
    };
    Metric {
        name: format!("{prefix}_{name}"),
        description: help.to_owned(),
        unit: unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

/// Only where a collector that writes for Prometheus makes the name of it that `/metrics` has: with a unit of "1" for
/// instance it would append `_ratio`.
fn unit_of(name: &str) -> &'static str {
    if name.ends_with("_bytes") { "By" } else { "" }
}
