//! How the backfill is going: for the log, the admin pages and, through the coordination index, for everybody.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;
use switchover_coordinate::{Beat, Board, CoordinationError, Desired, Overview};
use switchover_telemetry::AdminPages;
use switchover_telemetry::figures::{self, Figure, FigureValue};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::load::Loading;
use crate::standstill::Standstill;

/// How often the board is looked at and a sign of life is given.
const BEAT_INTERVAL: Duration = Duration::from_secs(5);
/// How often a line is logged, in beats.
const BEATS_A_LINE: u64 = 2;
/// What the newest rate counts in the one that is shown.
const NEWEST: f64 = 0.3;

/// What is known of the run.
#[derive(Debug)]
pub struct Progress {
    name: String,
    loading: Arc<Loading>,
    standstill: Arc<Standstill>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    overview: Option<Overview>,
    /// Of this process.
    source_bytes_per_second: f64,
    documents_per_second: f64,
    /// Of all workers, in bytes of the snapshot's files.
    bytes_per_second: f64,
    error: Option<String>,
}

impl Progress {
    /// `name`: of this process.
    #[must_use]
    pub fn new(name: String, loading: Arc<Loading>, standstill: Arc<Standstill>) -> Self {
        Self { name, loading, standstill, seen: Mutex::default() }
    }

    /// Looks, tells and listens until `stop`.
    pub async fn run(&self, board: Board, desired: watch::Sender<Desired>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(BEAT_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut before, mut last) = (Instant::now(), (0, 0, 0));
        for beat in 1.. {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => return,
            }
            let seconds = before.elapsed().as_secs_f64().max(0.001);
            before = Instant::now();
            let looked = self.look(&board, &desired).await;
            let done = &self.loading.done;
            let (documents, source_bytes) =
                (done.documents.load(Ordering::Relaxed), done.source_bytes.load(Ordering::Relaxed));
            {
                let mut seen = self.lock();
                seen.error = looked.as_ref().err().map(ToString::to_string);
                if let Ok(overview) = looked {
                    let bytes = overview.all.bytes;
                    let rate = |before: f64, now: u64, last: u64| {
                        before * (1.0 - NEWEST) + (now.saturating_sub(last)) as f64 / seconds * NEWEST
                    };
                    seen.documents_per_second = rate(seen.documents_per_second, documents, last.0);
                    seen.source_bytes_per_second = rate(seen.source_bytes_per_second, source_bytes, last.1);
                    seen.bytes_per_second = rate(seen.bytes_per_second, bytes, last.2);
                    last = (documents, source_bytes, bytes);
                    seen.overview = Some(overview);
                }
            }
            let reason = self.standstill.reason();
            let state = if reason.is_some() { "waiting" } else { "working" };
            let said = Beat {
                beat,
                state: state.to_owned(),
                reason,
                documents,
                bytes: source_bytes,
                bytes_per_second: self.lock().source_bytes_per_second as u64,
                at_unix_ms: u64::try_from(
                    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis(),
                )
                .unwrap_or_default(),
            };
            if let Err(error) = board.beat(&self.name, said).await {
                tracing::debug!(%error, "no sign of life could be given");
            }
            if beat % BEATS_A_LINE == 0 {
                tracing::info!("{}", self.line());
            }
        }
    }

    async fn look(
        &self,
        board: &Board,
        desired: &watch::Sender<Desired>,
    ) -> Result<Overview, CoordinationError> {
        let wanted = board.desired().await?;
        desired.send_if_modified(|now| std::mem::replace(now, wanted) != wanted);
        board.overview().await
    }

    /// One line for a person.
    #[must_use]
    pub fn line(&self) -> String {
        let seen = self.lock();
        let Some(overview) = &seen.overview else {
            return seen.error.clone().unwrap_or_else(|| "starting".to_owned());
        };
        let all = &overview.all;
        let percent = percent(overview);
        let mut line = format!(
            "{percent:.1} % of {} in {} indices, {} documents, {:.0} documents/s and {:.1} MB/s here",
            size(all.size),
            overview.groups.keys().filter(|name| name.as_str() != "*").count(),
            all.documents,
            seen.documents_per_second,
            seen.source_bytes_per_second / 1e6,
        );
        if let Some(eta) = eta_seconds(&seen, overview) {
            line.push_str(&format!(", {} left", time(eta)));
        }
        for (count, what) in [
            (all.failed_documents, "documents refused"),
            (all.dropped_documents, "documents dropped by rules"),
            (all.failed, "parts failed"),
            (all.skipped, "parts left out"),
        ] {
            if count > 0 {
                line.push_str(&format!(", {count} {what}"));
            }
        }
        if let Some(reason) = self.standstill.reason() {
            line.push_str(&format!("; stands still: {reason}"));
        }
        line
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn percent(overview: &Overview) -> f64 {
    match (overview.all.size, overview.all.open) {
        (_, 0) if overview.all.items > 0 => 100.0,
        (0, _) => 0.0,
        (size, _) => 100.0 * overview.all.bytes as f64 / size as f64,
    }
}

fn eta_seconds(seen: &Seen, overview: &Overview) -> Option<u64> {
    let left = overview.all.size.saturating_sub(overview.all.bytes);
    (left > 0 && seen.bytes_per_second >= 1.0).then(|| (left as f64 / seen.bytes_per_second) as u64)
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        10_000_000..10_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

fn time(seconds: u64) -> String {
    match seconds {
        0..100 => format!("{seconds} s"),
        100..6000 => format!("{} min", seconds / 60),
        _ => format!("{:.1} h", seconds as f64 / 3600.0),
    }
}

impl AdminPages for Progress {
    fn ready(&self) -> Result<(), String> {
        let seen = self.lock();
        match (&seen.overview, &seen.error) {
            (_, Some(error)) => Err(error.clone()),
            (Some(_), None) => Ok(()),
            (None, None) => Err("starting".to_owned()),
        }
    }

    fn status(&self) -> String {
        let reason = self.standstill.reason();
        let seen = self.lock();
        let overview = seen.overview.clone().unwrap_or_default();
        let done = &self.loading.done;
        json!({
            "worker": self.name,
            "state": if reason.is_some() { "waiting" } else { "working" },
            "reason": reason,
            "percent": percent(&overview),
            "etaSeconds": eta_seconds(&seen, &overview),
            "here": {
                "documents": done.documents.load(Ordering::Relaxed),
                "sourceBytes": done.source_bytes.load(Ordering::Relaxed),
                "failedDocuments": done.failed.load(Ordering::Relaxed),
                "droppedDocuments": done.dropped.load(Ordering::Relaxed),
                "documentsPerSecond": seen.documents_per_second.round(),
                "sourceBytesPerSecond": seen.source_bytes_per_second.round(),
                "bulkRequestsAllowed": self.loading.sender.limit(),
            },
            "all": overview.all,
            "indices": overview.groups,
            "errors": overview.errors,
            "coordinationError": seen.error,
        })
        .to_string()
    }

    fn metrics(&self) -> String {
        let done = &self.loading.done;
        let get = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let figure = |name, help, value| Figure { name, help, value };
        let all = self.lock().overview.clone().unwrap_or_default().all;
        figures::text(
            "switchover_rfs",
            vec![
                figure(
                    "documents",
                    "Documents that this process has indexed",
                    FigureValue::Counter(get(&done.documents)),
                ),
                figure(
                    "source_bytes",
                    "Bytes of their sources",
                    FigureValue::Counter(get(&done.source_bytes)),
                ),
                figure(
                    "failed_documents",
                    "Documents that the target refused",
                    FigureValue::Counter(get(&done.failed)),
                ),
                figure(
                    "dropped_documents",
                    "Documents that rules left out",
                    FigureValue::Counter(get(&done.dropped)),
                ),
                figure(
                    "repeated_documents",
                    "Documents sent again because the target had no room",
                    FigureValue::Counter(get(&self.loading.sender.repeated)),
                ),
                figure(
                    "bulk_requests_allowed",
                    "Bulk requests in flight that the target can take",
                    FigureValue::Level(self.loading.sender.limit() as u64),
                ),
                figure(
                    "standstill",
                    "1 while nothing moves, see /status",
                    FigureValue::Level(self.standstill.reason().is_some().into()),
                ),
                figure(
                    "snapshot_bytes_size",
                    "Bytes of stored fields of all workers' indices",
                    FigureValue::Level(all.size),
                ),
                figure(
                    "snapshot_bytes_done",
                    "Those that are loaded, by all workers",
                    FigureValue::Level(all.bytes),
                ),
                figure(
                    "failed_parts",
                    "Parts of the snapshot that could not be loaded",
                    FigureValue::Level(all.failed),
                ),
            ],
        )
    }
}
