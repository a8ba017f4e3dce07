//! `/metrics`: the agent's figures for Prometheus. docs/metrics.md lists them.

use crate::status::{Snapshot, Status};
use switchover_telemetry::prometheus_client::collector::Collector;
use switchover_telemetry::prometheus_client::encoding::text::encode;
use switchover_telemetry::prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use switchover_telemetry::prometheus_client::metrics::MetricType;
use switchover_telemetry::prometheus_client::metrics::counter::ConstCounter;
use switchover_telemetry::prometheus_client::metrics::gauge::ConstGauge;
use switchover_telemetry::prometheus_client::registry::{Registry, Unit};

/// All figures as text.
#[must_use]
pub fn text(status: &Status) -> String {
    let mut registry = Registry::with_prefix("switchover_agent");
    let gate_wait = status.counters.gate_wait.read();
    registry.register_collector(Box::new(Figures { figures: figures(status), gate_wait }));
    let mut text = String::new();
    if let Err(error) = encode(&mut text, &registry) {
        tracing::warn!(%error, "metrics could not be written");
    }
    text
}

/// One series: name, help, value, and whether it only grows.
type Figure = (&'static str, &'static str, u64, MetricType);

/// The figures of one scrape.
#[derive(Debug)]
struct Figures {
    figures: Vec<Figure>,
    gate_wait: (f64, u64, Vec<(f64, u64)>),
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        for &(name, help, value, kind) in &self.figures {
            let metric = encoder.encode_descriptor(name, help, None, kind)?;
            match kind {
                MetricType::Counter => ConstCounter::new(value).encode(metric)?,
                _ => ConstGauge::new(value).encode(metric)?,
            }
        }
        let help = "Time that responses (or requests) waited for their record to be durable";
        let (sum, count, buckets) = &self.gate_wait;
        encoder
            .encode_descriptor("gate_wait", help, Some(&Unit::Seconds), MetricType::Histogram)?
            .encode_histogram::<NoLabelSet>(*sum, *count, buckets, None)
    }
}

fn figures(status: &Status) -> Vec<Figure> {
    let Snapshot { state, journal, delivered, held, .. } = status.snapshot();
    let counters = &status.counters;
    let gate = status.journal.as_ref().map(|journal| journal.gate());
    let growing = [
        ("connections", "Client connections accepted", counters.connections.get()),
        (
            "rejected_connections",
            "Client connections turned away at --maxConnections",
            counters.rejected_connections.get(),
        ),
        (
            "client_handshake_failures",
            "TLS handshakes with clients that failed",
            counters.client_handshake_failures.get(),
        ),
        (
            "node_connect_failures",
            "Connections to the node that could not be opened",
            counters.node_connect_failures.get(),
        ),
        ("requests", "Requests framed to their end", counters.requests.get()),
        ("mutating_requests", "Requests that may change the cluster", counters.mutating_requests.get()),
        (
            "unrecorded_requests",
            "Requests not captured because the operator said so",
            counters.unrecorded_requests.get(),
        ),
        (
            "refused_requests",
            "Writes answered with 503 because they could not be captured",
            counters.refused_requests.get(),
        ),
        ("client_bytes", "Bytes from clients", counters.client_bytes.get()),
        ("node_bytes", "Bytes from the node", counters.node_bytes.get()),
        (
            "unframable_connections",
            "Connections whose bytes can't be framed as HTTP/1.1",
            counters.unframable.get(),
        ),
        (
            "upgraded_connections",
            "Connections that left HTTP/1.1 by CONNECT or an upgrade",
            counters.upgraded.get(),
        ),
        (
            "captured_requests",
            "Requests in the records that connections handed in",
            journal.captured.requests,
        ),
        ("captured_records", "Records that connections handed in", journal.captured.records),
        ("captured_bytes", "Bytes of these records", journal.captured.bytes),
        ("delivered_requests", "Requests in the records that Kafka acknowledged", delivered.requests),
        ("delivered_records", "Records of this run that Kafka acknowledged", delivered.records),
        ("delivered_bytes", "Bytes of these records", delivered.bytes),
        (
            "recovered_records",
            "Records of earlier runs that Kafka did not have at the start",
            status.recovered_records,
        ),
        (
            "recovered_delivered_records",
            "Records of earlier runs that Kafka acknowledged since",
            status.recovered_delivered(),
        ),
        ("lost_requests", "Requests in the records that the log did not take", journal.lost.requests),
        ("lost_records", "Records that the log did not take, recorded as gaps", journal.lost.records),
        ("lost_bytes", "Bytes of these records", journal.lost.bytes),
    ];
    let levels = [
        ("open_connections", "Client connections open", counters.open_connections()),
        (
            "blocked_connections",
            "Connections that wait for the capture log",
            counters.blocked_connections.get(),
        ),
        ("held_requests", "Requests in the records that Kafka has not acknowledged", held.requests),
        ("held_records", "Records of this run in the log that Kafka has not acknowledged", held.records),
        ("held_bytes", "Bytes of these records", held.bytes),
        (
            "waiting",
            "Responses (or requests) that wait at present for their record to be durable",
            gate.map_or(0, |gate| gate.waiting() as u64),
        ),
        (
            "in_flight_records",
            "Records sent to Kafka and not acknowledged",
            status.kafka.as_ref().map_or(0, |kafka| kafka.deliveries.in_flight() as u64),
        ),
        ("log_bytes", "Bytes of the capture log on disk", journal.log_bytes),
        ("degraded", "1 while the wanted durability can't be had", u64::from(state == "degraded")),
        ("uncaptured", "1 while traffic passes uncaptured", u64::from(state == "uncaptured")),
    ];
    let growing = growing.into_iter().map(|(name, help, value)| (name, help, value, MetricType::Counter));
    let levels = levels.into_iter().map(|(name, help, value)| (name, help, value, MetricType::Gauge));
    growing.chain(levels).collect()
}
