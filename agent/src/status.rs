//! The admin pages of the agent.

use crate::counters::Counters;
use crate::journal::{Journal, JournalState, Tally};
use crate::shipper::Deliveries;
use serde_json::{Value, json};
use std::sync::Arc;
use switchover_capture::log::Gap;
use switchover_telemetry::AdminPages;
use switchover_telemetry::prometheus_client::collector::Collector;
use switchover_telemetry::prometheus_client::encoding::text::encode;
use switchover_telemetry::prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use switchover_telemetry::prometheus_client::metrics::MetricType;
use switchover_telemetry::prometheus_client::metrics::counter::ConstCounter;
use switchover_telemetry::prometheus_client::metrics::gauge::ConstGauge;
use switchover_telemetry::prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

/// What the pages are made from.
#[derive(Debug)]
pub struct Status {
    /// This node.
    pub node_id: String,
    /// The capture log.
    pub journal: Arc<Journal>,
    /// The data path's figures.
    pub counters: Arc<Counters>,
    /// Kafka, when records are shipped.
    pub kafka: Option<KafkaStatus>,
    /// Records that the log held of earlier runs at the start and Kafka did not have.
    pub recovered_records: u64,
    /// Set when the process is asked to end.
    pub draining: CancellationToken,
}

/// The shipping side.
#[derive(Debug)]
pub struct KafkaStatus {
    /// Bootstrap list.
    pub brokers: String,
    /// Topic.
    pub topic: String,
    /// What became of the records.
    pub deliveries: Arc<Deliveries>,
}

impl Status {
    fn state(&self, journal: &JournalState) -> (&'static str, Option<String>) {
        if let Some(reason) = &journal.refusing {
            return ("uncaptured", Some(format!("the capture log takes no entries: {reason}")));
        }
        if self.draining.is_cancelled() {
            return ("draining", Some("asked to end".to_owned()));
        }
        match self.journal.gate().degraded() {
            Some(reason) => ("degraded", Some(reason)),
            None => ("capturing", None),
        }
    }

    fn delivered(&self) -> Tally {
        self.kafka.as_ref().map_or_else(Tally::default, |kafka| kafka.deliveries.delivered())
    }

    fn recovered_delivered(&self) -> u64 {
        self.kafka.as_ref().map_or(0, |kafka| kafka.deliveries.recovered_delivered())
    }
}

/// What of this run's records is in the log and not delivered.
fn held(appended: Tally, delivered: Tally) -> Tally {
    Tally {
        requests: appended.requests.saturating_sub(delivered.requests),
        records: appended.records.saturating_sub(delivered.records),
        bytes: appended.bytes.saturating_sub(delivered.bytes),
    }
}

fn tally(tally: Tally) -> Value {
    json!({ "requests": tally.requests, "records": tally.records, "bytes": tally.bytes })
}

fn gap(gap: &Gap) -> Value {
    json!({
        "from": gap.from_unix_ns / 1_000_000,
        "to": gap.to_unix_ns / 1_000_000,
        "requests": gap.requests,
        "connections": gap.connections,
        "records": gap.records,
        "bytes": gap.bytes,
        "reason": gap.reason,
    })
}

impl AdminPages for Status {
    fn ready(&self) -> Result<(), String> {
        match self.state(&self.journal.state()) {
            (_, None) => Ok(()),
            (state, Some(reason)) => Err(format!("{state}: {reason}")),
        }
    }

    fn status(&self) -> String {
        // Delivered before appended: what is delivered in between then shows as held for a moment, never as missing.
        let delivered = self.delivered();
        let journal = self.journal.state();
        let (state, reason) = self.state(&journal);
        let mut page = json!({
            "state": state,
            "reason": reason,
            "nodeId": self.node_id,
            "captured": tally(journal.captured),
            "delivered": tally(delivered),
            "held": tally(held(journal.appended, delivered)),
            "lost": tally(journal.lost),
            "recovered": { "records": self.recovered_records, "delivered": self.recovered_delivered() },
            "gaps": journal.gaps.iter().map(gap).collect::<Vec<_>>(),
            "connections": { "open": self.counters.open_connections(), "total": self.counters.connections.get() },
            "captureLog": { "bytes": journal.log_bytes, "directory": self.journal.directory().display().to_string() },
        });
        if let (Some(kafka), Some(page)) = (&self.kafka, page.as_object_mut()) {
            let status = json!({
                "brokers": kafka.brokers,
                "topic": kafka.topic,
                "inFlight": kafka.deliveries.in_flight(),
                "unreachable": kafka.deliveries.unreachable_reason(),
            });
            page.insert("kafka".to_owned(), status);
        }
        page.to_string()
    }

    fn metrics(&self) -> String {
        let mut registry = Registry::with_prefix("switchover_agent");
        registry.register_collector(Box::new(Figures(self.figures())));
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &registry) {
            tracing::warn!(%error, "metrics could not be written");
        }
        text
    }
}

/// One series: name, help, value, and whether it only grows.
type Figure = (&'static str, &'static str, u64, MetricType);

/// The figures of one scrape.
#[derive(Debug)]
struct Figures(Vec<Figure>);

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        for &(name, help, value, kind) in &self.0 {
            match kind {
                MetricType::Counter => {
                    let metric = ConstCounter::new(value);
                    metric.encode(encoder.encode_descriptor(name, help, None, kind)?)?;
                }
                _ => {
                    let metric = ConstGauge::new(value);
                    metric.encode(encoder.encode_descriptor(name, help, None, kind)?)?;
                }
            }
        }
        Ok(())
    }
}

impl Status {
    fn figures(&self) -> Vec<Figure> {
        let delivered = self.delivered();
        let journal = self.journal.state();
        let held = held(journal.appended, delivered);
        let (counters, gate) = (&self.counters, self.journal.gate());
        let growing = [
            ("connections", "Client connections accepted", counters.connections.get()),
            (
                "node_connect_failures",
                "Connections to the node that could not be opened",
                counters.node_connect_failures.get(),
            ),
            ("requests", "Requests framed to their end", counters.requests.get()),
            ("mutating_requests", "Requests that may change the cluster", counters.mutating_requests.get()),
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
                "gated_responses",
                "Responses that waited for their record to be durable",
                counters.gated_responses.get(),
            ),
            (
                "gate_wait_microseconds",
                "Time that responses waited for their record to be durable",
                counters.gate_wait_micros.get(),
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
                self.recovered_records,
            ),
            (
                "recovered_delivered_records",
                "Records of earlier runs that Kafka acknowledged since",
                self.recovered_delivered(),
            ),
            ("lost_requests", "Requests in the records that the log did not take", journal.lost.requests),
            ("lost_records", "Records that the log did not take, recorded as gaps", journal.lost.records),
        ];
        let levels = [
            ("open_connections", "Client connections open", counters.open_connections()),
            ("held_records", "Records of this run in the log that Kafka has not acknowledged", held.records),
            ("held_bytes", "Bytes of these records", held.bytes),
            (
                "waiting_responses",
                "Responses that wait at present for their record to be durable",
                gate.waiting() as u64,
            ),
            ("log_bytes", "Bytes of the capture log on disk", journal.log_bytes),
            ("degraded", "1 while the wanted durability can't be had", u64::from(gate.degraded().is_some())),
            ("uncaptured", "1 while traffic passes uncaptured", u64::from(journal.refusing.is_some())),
        ];
        let as_counter = |(name, help, value)| (name, help, value, MetricType::Counter);
        let as_gauge = |(name, help, value)| (name, help, value, MetricType::Gauge);
        growing.into_iter().map(as_counter).chain(levels.into_iter().map(as_gauge)).collect()
    }
}
