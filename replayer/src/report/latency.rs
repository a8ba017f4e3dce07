//! Durations by percentile.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Durations, to three digits.
#[derive(Debug)]
pub(super) struct Micros(Histogram<u64>);

impl Default for Micros {
    fn default() -> Self {
        let mut histogram = Histogram::new_with_bounds(1, 3_600_000_000, 3)
            .unwrap_or_else(|_| unreachable!("the bounds are constant and valid"));
        histogram.auto(true);
        Self(histogram)
    }
}

/// Percentiles in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Percentiles {
    /// Median.
    pub p50: f64,
    /// 90 %.
    pub p90: f64,
    /// 99 %.
    pub p99: f64,
    /// Largest.
    pub max: f64,
}

impl Micros {
    pub(super) fn add(&mut self, duration: Duration) {
        self.0.saturating_record(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    pub(super) fn percentiles(&self) -> Percentiles {
        let at = |quantile| self.0.value_at_quantile(quantile) as f64 / 1000.0;
        Percentiles { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: self.0.max() as f64 / 1000.0 }
    }
}
