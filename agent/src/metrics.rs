//! The agent's figures, for `/metrics` and for OTLP. docs/metrics.md lists them.

use crate::status::{Snapshot, Status};
use switchover_telemetry::figures::{self, Durations, Figure, FigureValue};

/// Before each name.
pub const PREFIX: &str = "switchover_agent";

/// All figures as text.
#[must_use]
pub fn text(status: &Status) -> String {
    figures::text(PREFIX, figures(status))
}

/// All figures.
#[must_use]
pub fn figures(status: &Status) -> Vec<Figure> {
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
            "security_requests",
            "Requests about users, passwords and keys, which are not captured (--redactBody)",
            counters.security_requests.get(),
        ),
        (
            "mutating_security_requests",
            "Those of them that may change the cluster",
            counters.mutating_security_requests.get(),
        ),
        (
            "refused_requests",
            "Writes answered with 503 because they could not be captured",
            counters.refused_requests.get(),
        ),
        ("target_requests", "Requests that went to the target", counters.target_requests.get()),
        ("target_errors", "Requests that the target failed or did not answer", counters.target_errors.get()),
        (
            "diverted_requests",
            "Requests that went to the source as the target could not be connected to",
            counters.diverted_requests.get(),
        ),
        (
            "target_fallbacks",
            "Times that the source took everything back because the target failed",
            counters.target_fallbacks.get(),
        ),
        (
            "target_alarms",
            "Failures of the target with routing target, which takes nothing back by itself",
            counters.target_alarms.get(),
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
    let epoch = status.routes.as_ref().map(|routes| routes.control.current());
    let share = epoch.as_ref().map_or(0, |epoch| u64::from(epoch.in_force().target_percent()));
    let fallen_back = epoch.is_some_and(|epoch| epoch.fallback.is_some());
    let levels = [
        ("target_percent", "Percent of connections or reads that the target serves at present", share),
        (
            "fallen_back",
            "1 while the source serves everything because the target failed",
            u64::from(fallen_back),
        ),
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
        ("log_limit_bytes", "How many it may hold", journal.log_limit_bytes),
        ("degraded", "1 while the wanted durability can't be had", u64::from(state == "degraded")),
        ("uncaptured", "1 while traffic passes uncaptured", u64::from(state == "uncaptured")),
    ];
    let (sum, buckets) = counters.gate_wait.read();
    let gate_wait = Figure {
        name: "gate_wait",
        help: "Time that responses (or requests) waited for their record to be durable",
        value: FigureValue::Durations(Durations { sum, buckets }),
    };
    let figure = |name, help, value| Figure { name, help, value };
    let growing =
        growing.into_iter().map(|(name, help, value)| figure(name, help, FigureValue::Counter(value)));
    let levels = levels.into_iter().map(|(name, help, value)| figure(name, help, FigureValue::Level(value)));
    growing.chain(levels).chain([gate_wait]).collect()
}
