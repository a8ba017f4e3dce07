//! Durations by percentile.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Answers of a class that are needed on both sides before one is called slower.
const MIN_SAMPLES: u64 = 100;
/// Samples needed for the 99th percentile.
const MIN_SAMPLES_P99: u64 = 1000;
/// A class is slower when a percentile is this many times the source's: so far below 3 that 3 is never missed.
const SLOWER_FACTOR: f64 = 2.5;
/// ... and at least this much longer, which no client notices below.
const MIN_SLOWER_MS: f64 = 0.5;

/// A longer duration counts as this: a week.
const MAX_DURATION_US: u64 = 7 * 24 * 3600 * 1_000_000;

/// Durations, to three digits.
#[derive(Debug, Clone)]
pub struct Durations(Histogram<u64>);

impl Default for Durations {
    fn default() -> Self {
        let mut histogram = Histogram::new_with_bounds(1, 1_000_000, 3)
            .unwrap_or_else(|_| unreachable!("the bounds are constant and valid"));
        histogram.auto(true);
        Self(histogram)
    }
}

/// Percentiles in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Percentiles {
    /// How many there are.
    pub count: u64,
    /// Median.
    pub p50: f64,
    /// 90 %.
    pub p90: f64,
    /// 99 %.
    pub p99: f64,
    /// 99.9 %.
    #[serde(rename = "p99.9")]
    pub p999: f64,
    /// Largest.
    pub max: f64,
}

impl Durations {
    /// Counts one.
    pub fn add(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        // The histogram grows as needed, and does not refuse what is below its bound.
        let _ = self.0.record(micros.clamp(1, MAX_DURATION_US));
    }

    /// What they are.
    #[must_use]
    pub fn percentiles(&self) -> Percentiles {
        let at = |quantile| self.0.value_at_quantile(quantile) as f64 / 1000.0;
        Percentiles {
            count: self.0.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: self.0.max() as f64 / 1000.0,
        }
    }

    /// How many are in each bucket, by its upper bound in microseconds; the last one has none (`u64::MAX`).
    #[must_use]
    pub fn buckets(&self, bounds_us: &[u64]) -> Vec<(u64, u64)> {
        let mut below = 0;
        let bounds = bounds_us.iter().copied().chain([u64::MAX]);
        let count = |bound| {
            let to = self.0.count_between(0, bound);
            (bound, to - std::mem::replace(&mut below, to))
        };
        bounds.map(count).collect()
    }

    /// All of them together, to three digits.
    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_secs_f64(self.0.mean().max(0.0) * self.0.len() as f64 / 1e6)
    }
}

/// How much slower the target is, in words; `None` when it is not, or there are too few answers to tell.
pub(super) fn slower(source: &Durations, target: &Durations) -> Option<String> {
    let (one, other) = (source.percentiles(), target.percentiles());
    let samples = one.count.min(other.count);
    let candidates = [
        ("p50", one.p50, other.p50, MIN_SAMPLES),
        ("p90", one.p90, other.p90, MIN_SAMPLES),
        ("p99", one.p99, other.p99, MIN_SAMPLES_P99),
    ];
    let (name, one, other, _) = candidates.into_iter().find(|(_, one, other, needed)| {
        samples >= *needed && *other >= SLOWER_FACTOR * one && other - one >= MIN_SLOWER_MS
    })?;
    Some(format!(
        "{name} {other:.2} ms, source {one:.2} ms ({:.1}x) over {samples} answers",
        other / one.max(0.001)
    ))
}
