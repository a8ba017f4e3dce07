//! How a run is going: counters for the progress line and the admin pages.

mod current;
mod figures;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use switchover_compare::report::{Durations, Percentiles};
use switchover_telemetry::AdminPages;
use switchover_telemetry::figures::{self as metrics, Figure};

use crate::client::Trouble;
use crate::commit::{Offsets, PartitionLag};
use crate::counts::Losses;
pub use current::Current;
pub use figures::PREFIX;

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
    reaching: Arc<Trouble>,
    holding: Mutex<&'static str>,
    report: Mutex<serde_json::Value>,
    oldest: Mutex<Option<Oldest>>,
    behind: Mutex<Option<Duration>>,
    losses: Mutex<Losses>,
    offsets: OnceLock<Arc<Offsets>>,
    pacing_error: Mutex<Durations>,
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
    pub reason: String,
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
    /// How far the oldest request that is not complete lies in the past; nothing when there is none. `None`: not known, as
    /// what there is was not read yet.
    pub behind: Option<Duration>,
    /// What of the input can't be replayed.
    pub losses: Losses,
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
    /// How much later than scheduled requests left that nothing but the time held.
    pub pacing_error_ms: Percentiles,
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
            reaching: Arc::default(),
            holding: Mutex::new("starting"),
            report: Mutex::default(),
            oldest: Mutex::default(),
            behind: Mutex::default(),
            losses: Mutex::default(),
            offsets: OnceLock::new(),
            pacing_error: Mutex::default(),
        }
    }
}

impl Progress {
    /// The input is open and the target answers.
    pub fn started(&self) {
        self.ready.store(true, Ordering::Relaxed);
    }

    /// Where it is kept why the target does not answer, before the start.
    #[must_use]
    pub fn reaching(&self) -> Arc<Trouble> {
        Arc::clone(&self.reaching)
    }

    /// The request that has waited longest; before the start that is our own.
    fn oldest(&self) -> Option<Oldest> {
        if self.ready.load(Ordering::Relaxed) {
            return self.oldest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        }
        let seconds = self.started.elapsed().as_secs();
        let reason = self.reaching.get()?;
        Some(Oldest { request: "GET /".to_owned(), node_id: "the replayer".into(), seconds, reason })
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

    /// A request that nothing but the time held left so much later than it was scheduled.
    pub fn paced(&self, error: Duration) {
        self.pacing_error.lock().unwrap_or_else(PoisonError::into_inner).add(error);
    }

    /// How well the schedule was kept.
    #[must_use]
    pub fn pacing_error(&self) -> Percentiles {
        self.pacing_error.lock().unwrap_or_else(PoisonError::into_inner).percentiles()
    }

    /// Everything that is counted.
    #[must_use]
    pub fn figures(&self) -> Vec<Figure> {
        let now = self.snapshot();
        let pacing_error = self.pacing_error.lock().unwrap_or_else(PoisonError::into_inner);
        figures::figures(&now, &pacing_error)
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
        *self.behind.lock().unwrap_or_else(PoisonError::into_inner) = seen.behind;
        *self.losses.lock().unwrap_or_else(PoisonError::into_inner) = seen.losses;
    }

    /// How far behind the source the run is; see [`Seen::behind`].
    #[must_use]
    pub fn behind(&self) -> Option<Duration> {
        *self.behind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What of the input can't be replayed.
    #[must_use]
    pub fn losses(&self) -> Losses {
        *self.losses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the comparison found so far: null until there is something.
    #[must_use]
    pub fn found(&self) -> serde_json::Value {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
            oldest: self.oldest(),
            pacing_error_ms: self.pacing_error(),
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
        metrics::text(PREFIX, self.figures())
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
        progress.paced(Duration::from_micros(1500));
        progress.paced(Duration::from_secs(7));
        progress.observe(Seen {
            state: "replaying",
            waiting: 2,
            in_flight: 1,
            buffered_bytes: 77,
            lag: Duration::from_millis(5),
            behind: Some(Duration::from_millis(9)),
            losses: Losses { gaps: 2, ..Losses::default() },
            oldest: None,
        });
        assert_eq!((progress.behind(), progress.losses().gaps), (Some(Duration::from_millis(9)), 2));
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
        assert_eq!(
            (&status["pacingErrorMs"]["count"], &status["pacingErrorMs"]["p50"]),
            (&2.into(), &1.5.into())
        );
        let metrics = progress.metrics();
        for line in [
            "pacing_error_seconds_bucket{le=\"0.001\"} 0",
            "pacing_error_seconds_bucket{le=\"0.002\"} 1",
            "pacing_error_seconds_bucket{le=\"0.005\"} 1",
            "pacing_error_seconds_bucket{le=\"5.0\"} 1",
            "pacing_error_seconds_bucket{le=\"+Inf\"} 2",
            "pacing_error_seconds_count 2",
        ] {
            assert!(metrics.contains(&format!("switchover_replayer_{line}\n")), "{line} in {metrics}");
        }
        assert!(metrics.contains("switchover_replayer_partition_lag_records{partition=\"3\"} 7\n"));
        assert!(
            metrics.contains("switchover_replayer_captured_requests_total 3\n")
                && metrics.ends_with("# EOF\n")
        );
    }
}
