//! How a run is going: counters for the progress line and the admin pages.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use switchover_telemetry::AdminPages;

use crate::commit::{Offsets, PartitionLag};

/// Counters of a run, shared by its parts.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    captured: AtomicU64,
    completed: AtomicU64,
    evaluated: AtomicU64,
    dead_lettered: AtomicU64,
    waiting: AtomicU64,
    in_flight: AtomicU64,
    buffered_bytes: AtomicU64,
    source_lag_ms: AtomicU64,
    ready: AtomicBool,
    holding: Mutex<&'static str>,
    report: Mutex<serde_json::Value>,
    oldest: Mutex<Option<Oldest>>,
    offsets: OnceLock<Arc<Offsets>>,
}

/// The request that has waited longest for its answer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Oldest {
    /// As in the tuples.
    pub request: String,
    /// The capturing process.
    pub node_id: Arc<str>,
    /// How long it has been in flight, retries included.
    pub seconds: u64,
    /// Why it is not complete.
    pub reason: &'static str,
}

/// What the run sees of itself.
#[derive(Debug)]
pub struct Seen {
    /// `replaying`, or why nothing moves.
    pub state: &'static str,
    /// Requests read and not sent.
    pub waiting: usize,
    /// Requests sent and not complete.
    pub in_flight: usize,
    /// Bytes of captured traffic in memory.
    pub buffered_bytes: usize,
    /// How far the request to be sent next lies in the past.
    pub lag: Duration,
    /// The oldest in flight.
    pub oldest: Option<Oldest>,
}

/// The counters at one moment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// `starting`, `replaying` or, when nothing moves, why.
    pub state: &'static str,
    /// Requests read.
    pub captured: u64,
    /// Requests complete on the target.
    pub completed: u64,
    /// Requests compared and written as tuples.
    pub evaluated: u64,
    /// Requests given up, in the dead-letter folder.
    pub dead_lettered: u64,
    /// Requests read and not sent.
    pub waiting: u64,
    /// Requests sent and not complete.
    pub in_flight: u64,
    /// Bytes of captured traffic in memory.
    pub buffered_bytes: u64,
    /// How far the request to be sent next lies in the past, in milliseconds.
    pub source_lag_ms: u64,
    /// Since the start.
    pub seconds: u64,
    /// The request that has waited longest for its answer.
    pub oldest: Option<Oldest>,
    /// How far each partition is replayed, with Kafka.
    pub partitions: Vec<PartitionLag>,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            captured: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            evaluated: AtomicU64::new(0),
            dead_lettered: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            buffered_bytes: AtomicU64::new(0),
            source_lag_ms: AtomicU64::new(0),
            ready: AtomicBool::new(false),
            holding: Mutex::new("starting"),
            report: Mutex::default(),
            oldest: Mutex::default(),
            offsets: OnceLock::new(),
        }
    }
}

impl Progress {
    /// The input is open and the target answers.
    pub fn started(&self) {
        self.ready.store(true, Ordering::Relaxed);
    }

    /// Requests were read.
    pub fn captured(&self, count: usize) {
        self.captured.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// A request is complete on the target.
    pub fn completed(&self) {
        self.completed.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was compared and its tuple written.
    pub fn evaluated(&self) {
        self.evaluated.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether every request that is complete was evaluated.
    #[must_use]
    pub fn is_all_evaluated(&self) -> bool {
        // In this order: what is completed in between counts as not evaluated.
        let evaluated = self.evaluated.load(Ordering::Acquire);
        evaluated == self.completed.load(Ordering::Acquire)
    }

    /// A request was given up and lies in the dead-letter folder. How many do now.
    pub fn dead_lettered(&self) -> u64 {
        self.dead_lettered.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What the comparison found so far.
    pub fn report(&self, report: serde_json::Value) {
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = report;
    }

    /// What the run sees of itself.
    pub fn observe(&self, seen: Seen) {
        self.waiting.store(seen.waiting as u64, Ordering::Relaxed);
        self.in_flight.store(seen.in_flight as u64, Ordering::Relaxed);
        self.buffered_bytes.store(seen.buffered_bytes as u64, Ordering::Relaxed);
        let lag_ms = u64::try_from(seen.lag.as_millis()).unwrap_or(u64::MAX);
        self.source_lag_ms.store(lag_ms, Ordering::Relaxed);
        *self.holding.lock().unwrap_or_else(PoisonError::into_inner) = seen.state;
        *self.oldest.lock().unwrap_or_else(PoisonError::into_inner) = seen.oldest;
    }

    /// Where the offsets of a consumer group are.
    pub fn show_offsets(&self, offsets: Arc<Offsets>) {
        self.offsets.get_or_init(|| offsets);
    }

    /// The counters now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            state: *self.holding.lock().unwrap_or_else(PoisonError::into_inner),
            captured: get(&self.captured),
            completed: get(&self.completed),
            evaluated: get(&self.evaluated),
            dead_lettered: get(&self.dead_lettered),
            waiting: get(&self.waiting),
            in_flight: get(&self.in_flight),
            buffered_bytes: get(&self.buffered_bytes),
            source_lag_ms: get(&self.source_lag_ms),
            seconds: self.started.elapsed().as_secs(),
            oldest: self.oldest.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            partitions: self.offsets.get().map(|offsets| offsets.lag()).unwrap_or_default(),
        }
    }
}

impl AdminPages for Progress {
    fn ready(&self) -> Result<(), String> {
        if self.ready.load(Ordering::Relaxed) {
            Ok(())
        } else {
            Err("waiting for the input and the target".to_owned())
        }
    }

    fn status(&self) -> String {
        let mut status = serde_json::to_value(self.snapshot()).unwrap_or_default();
        if let Some(fields) = status.as_object_mut() {
            let report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
            fields.insert("report".to_owned(), report.clone());
        }
        status.to_string()
    }

    fn metrics(&self) -> String {
        let now = self.snapshot();
        let counters = [
            ("captured_requests", "Requests read from the input", now.captured),
            ("completed_requests", "Requests complete on the target", now.completed),
            ("evaluated_requests", "Requests compared and written as tuples", now.evaluated),
            ("dead_lettered_requests", "Requests given up, in the dead-letter folder", now.dead_lettered),
        ];
        let gauges = [
            ("waiting_requests", "Requests read and not sent", now.waiting),
            ("inflight_requests", "Requests sent and not complete", now.in_flight),
            ("buffered_bytes", "Captured traffic in memory", now.buffered_bytes),
            ("source_lag_milliseconds", "Age of the request to be sent next", now.source_lag_ms),
        ];
        let mut text = String::new();
        for (name, help, value) in counters {
            text += &format!(
                "# TYPE switchover_replayer_{name} counter\n# HELP switchover_replayer_{name} {help}.\n\
                 switchover_replayer_{name}_total {value}\n"
            );
        }
        for (name, help, value) in gauges {
            text += &format!(
                "# TYPE switchover_replayer_{name} gauge\n# HELP switchover_replayer_{name} {help}.\n\
                 switchover_replayer_{name} {value}\n"
            );
        }
        if !now.partitions.is_empty() {
            text += "# TYPE switchover_replayer_partition_lag_records gauge\n\
                     # HELP switchover_replayer_partition_lag_records Records in the topic and not replayed.\n";
        }
        for PartitionLag { partition, lag, .. } in &now.partitions {
            text +=
                &format!("switchover_replayer_partition_lag_records{{partition=\"{partition}\"}} {lag}\n");
        }
        text + "# EOF\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_tell_the_counters() {
        let progress = Progress::default();
        assert!(progress.ready().is_err());
        progress.started();
        progress.report(serde_json::json!({"requests": {"same": 2}}));
        progress.captured(3);
        progress.completed();
        progress.observe(Seen {
            state: "replaying",
            waiting: 2,
            in_flight: 1,
            buffered_bytes: 77,
            lag: Duration::from_millis(5),
            oldest: None,
        });
        let offsets = Arc::new(Offsets::default());
        let _unfinished = offsets.begin(3, 10);
        offsets.ends(&[(3, 17), (4, 5)]);
        progress.show_offsets(offsets);
        assert!(progress.ready().is_ok());
        let status: serde_json::Value = serde_json::from_str(&progress.status()).unwrap();
        assert_eq!(
            (&status["captured"], &status["inFlight"], &status["sourceLagMs"]),
            (&3.into(), &1.into(), &5.into())
        );
        assert_eq!(status["report"]["requests"]["same"], 2);
        assert_eq!(status["partitions"][0]["lag"], 7);
        let metrics = progress.metrics();
        assert!(metrics.contains("switchover_replayer_partition_lag_records{partition=\"3\"} 7\n"));
        assert!(
            metrics.contains("switchover_replayer_captured_requests_total 3\n")
                && metrics.ends_with("# EOF\n")
        );
    }
}
