//! The admin pages of the agent.

use crate::counters::Counters;
use crate::journal::{Journal, JournalState, Tally};
use crate::metrics;
use crate::relay::Routes;
use crate::routing::{Epoch, Mode, Routing};
use crate::rules::OnFull;
use crate::shipper::Deliveries;
use serde_json::{Value, json};
use std::sync::Arc;
use switchover_capture::log::Gap;
use switchover_telemetry::AdminPages;
use tokio_util::sync::CancellationToken;

/// What the pages are made from.
#[derive(Debug)]
pub struct Status {
    /// This node.
    pub node_id: String,
    /// The capture log; `None` with `--noCapture`.
    pub journal: Option<Arc<Journal>>,
    /// The data path's figures.
    pub counters: Arc<Counters>,
    /// Kafka, when records are shipped.
    pub kafka: Option<KafkaStatus>,
    /// Records that the log held of earlier runs at the start and Kafka did not have.
    pub recovered_records: u64,
    /// Set when the process is asked to end.
    pub draining: CancellationToken,
    /// Who else may serve, with `--targetUri`.
    pub routes: Option<Arc<Routes>>,
    /// Why there is no capture log though there should be one.
    pub no_log: Option<String>,
}

/// The shipping side.
#[derive(Debug)]
pub struct KafkaStatus {
    /// Bootstrap list.
    pub brokers: String,
    /// Who we are there, and whether it is encrypted.
    pub access: String,
    /// Topic.
    pub topic: String,
    /// What became of the records.
    pub deliveries: Arc<Deliveries>,
}

/// Everything that changes, read at one time.
#[derive(Debug)]
pub struct Snapshot {
    /// In one word.
    pub state: &'static str,
    /// Why it is not `capturing`.
    pub reason: Option<String>,
    /// The log's figures.
    pub journal: JournalState,
    /// Records that Kafka acknowledged.
    pub delivered: Tally,
    /// Records in the log that it has not.
    pub held: Tally,
}

impl Status {
    /// The present.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        // Delivered before appended: what is delivered in between then shows as held for a moment, never as missing.
        let delivered = self.kafka.as_ref().map_or_else(Tally::default, |kafka| kafka.deliveries.delivered());
        let journal = self.journal.as_ref().map(|journal| journal.state()).unwrap_or_default();
        let (state, reason) = self.state(&journal);
        let held = held(journal.appended, delivered);
        Snapshot { state, reason, journal, delivered, held }
    }

    fn state(&self, state: &JournalState) -> (&'static str, Option<String>) {
        let Some(journal) = &self.journal else {
            return ("uncaptured", Some(self.no_log.clone().unwrap_or_else(|| "--noCapture".to_owned())));
        };
        let refuses =
            state.refusing.as_ref().map(|reason| format!("the capture log takes no entries: {reason}"));
        let broken = match (refuses, journal.gate().degraded()) {
            (Some(reason), _) => match journal.on_full() {
                OnFull::Pass => Some(("uncaptured", reason)),
                OnFull::Reject => Some(("degraded", format!("writes are answered with 503: {reason}"))),
                OnFull::Block => Some(("degraded", format!("connections wait: {reason}"))),
            },
            (None, Some(reason)) => Some(("degraded", reason)),
            (None, None) => None,
        };
        match broken {
            Some((state, reason)) => (state, Some(reason)),
            None if self.draining.is_cancelled() => ("draining", Some("asked to end".to_owned())),
            None => ("capturing", None),
        }
    }

    /// Records of earlier runs that Kafka acknowledged since.
    #[must_use]
    pub fn recovered_delivered(&self) -> u64 {
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
        "indices": gap.indices,
    })
}

/// What routing is, for people and for the console.
#[must_use]
pub fn routing_in_force(epoch: &Epoch) -> Value {
    let Routing { mode, weight, route_by } = epoch.routing;
    json!({
        "mode": mode,
        "weight": weight,
        "routeBy": route_by,
        "inForce": epoch.in_force().mode,
        "since": epoch.since,
        "fallback": epoch.fallback,
    })
}

impl Status {
    fn routing(&self) -> Value {
        let Some(routes) = &self.routes else { return json!({ "mode": Mode::Source, "weight": 0 }) };
        let counters = &self.counters;
        let target = counters.target_requests.get();
        let source = counters.requests.get().saturating_sub(target);
        let mut page = routing_in_force(&routes.control.current());
        page["target"] = json!(routes.target.node.to_string());
        page["requests"] = json!({ "source": source, "target": target });
        page["targetErrors"] = json!(counters.target_errors.get());
        page["diverted"] = json!(counters.diverted_requests.get());
        page["fallbacks"] = json!(counters.target_fallbacks.get());
        page
    }
}

impl AdminPages for Status {
    fn ready(&self) -> Result<(), String> {
        let Snapshot { state, reason, .. } = self.snapshot();
        match reason {
            // Not to capture is what was asked for.
            Some(reason) if self.journal.is_some() || self.no_log.is_some() => {
                Err(format!("{state}: {reason}"))
            }
            _ => Ok(()),
        }
    }

    fn status(&self) -> String {
        let Snapshot { state, reason, journal, delivered, held } = self.snapshot();
        let mut page = json!({
            "state": state,
            "reason": reason,
            "nodeId": self.node_id,
            "captured": tally(journal.captured),
            "delivered": tally(delivered),
            "held": tally(held),
            "lost": tally(journal.lost),
            "recovered": { "records": self.recovered_records, "delivered": self.recovered_delivered() },
            "gaps": journal.gaps.iter().map(gap).collect::<Vec<_>>(),
            "securityRequests": {
                "uncaptured": self.counters.security_requests.get(),
                "mutating": self.counters.mutating_security_requests.get(),
            },
            "connections": {
                "open": self.counters.open_connections(),
                "total": self.counters.connections.get(),
                "blocked": self.counters.blocked_connections.get(),
            },
        });
        page["routing"] = self.routing();
        let Some(members) = page.as_object_mut() else { return page.to_string() };
        if let Some(log) = &self.journal {
            let directory = log.directory().display().to_string();
            members.insert(
                "captureLog".to_owned(),
                json!({ "bytes": journal.log_bytes, "limitBytes": journal.log_limit_bytes, "directory": directory }),
            );
        }
        if let Some(kafka) = &self.kafka {
            let status = json!({
                "brokers": kafka.brokers,
                "access": kafka.access,
                "topic": kafka.topic,
                "inFlight": kafka.deliveries.in_flight(),
                "unreachable": kafka.deliveries.unreachable_reason(),
            });
            members.insert("kafka".to_owned(), status);
        }
        page.to_string()
    }

    fn metrics(&self) -> String {
        metrics::text(self)
    }
}
