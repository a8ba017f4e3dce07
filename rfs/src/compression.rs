//! Whether bodies are compressed: where the network is the limit it pays, where the processor is it does not.
//!
//! Which of the two it is can't be known from here, so it is tried: from time to time some requests go the other way, and
//! the way that takes less time for a byte of documents is kept.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use switchover_cluster::Body;

/// One of so many requests goes the way that seems slower.
const TRY_ONE_OF: u64 = 128;
/// So many requests of each way come first.
const FIRST_TRIES: u64 = 1;
/// Compressed requests must take less than this share of a plain one's time: a target that is the limit answers both
/// ways after about the same time, now faster and now slower, and the processor time would be spent for nothing.
const WORTH: f64 = 0.8;
/// What the newest of the measurements counts.
const NEWEST: f64 = 0.3;

/// What the user wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Gzip {
    /// Where it pays.
    #[default]
    Auto,
    /// All requests.
    Always,
    /// No request.
    Never,
}

/// Decides for each request.
#[derive(Debug)]
pub(crate) struct Compression {
    wanted: Gzip,
    requests: AtomicU64,
    /// Nanoseconds a byte, plain and compressed.
    cost: Mutex<[Option<f64>; 2]>,
}

/// A body and how it came to be.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) body: Body,
    compressed: bool,
    preparation: Duration,
}

impl Compression {
    pub(crate) fn new(wanted: Gzip) -> Self {
        Self { wanted, requests: AtomicU64::new(0), cost: Mutex::default() }
    }

    pub(crate) fn apply(&self, body: Body) -> Prepared {
        let begun = Instant::now();
        let plain = |body| Prepared { body, compressed: false, preparation: Duration::ZERO };
        if !self.compresses() {
            return plain(body);
        }
        match body.clone().gzipped() {
            Ok(body) => Prepared { body, compressed: true, preparation: begun.elapsed() },
            Err(_) => plain(body),
        }
    }

    /// `raw_bytes`: of the body before; `elapsed`: from sending to the answer.
    pub(crate) fn took(&self, prepared: &Prepared, raw_bytes: usize, elapsed: Duration) {
        let nanos = (prepared.preparation + elapsed).as_nanos() as f64 / raw_bytes.max(1) as f64;
        let mut cost = self.cost.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let cost = &mut cost[usize::from(prepared.compressed)];
        *cost = Some(cost.map_or(nanos, |before| before * (1.0 - NEWEST) + nanos * NEWEST));
    }

    fn compresses(&self) -> bool {
        match self.wanted {
            Gzip::Always => return true,
            Gzip::Never => return false,
            Gzip::Auto => {}
        }
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        if request < 2 * FIRST_TRIES {
            return !request.is_multiple_of(2);
        }
        let cost = *self.cost.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let better = match cost {
            [Some(plain), Some(compressed)] => compressed < plain * WORTH,
            _ => false,
        };
        better != request.is_multiple_of(TRY_ONE_OF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(wanted: Gzip, plain_ns: u64, compressed_ns: u64) -> usize {
        let compression = Compression::new(wanted);
        let mut compressed = 0;
        for _ in 0..1000 {
            let prepared = Prepared { preparation: Duration::ZERO, ..compression.apply(Body::lines("{}\n")) };
            compressed += usize::from(prepared.compressed);
            let nanos = if prepared.compressed { compressed_ns } else { plain_ns };
            compression.took(&prepared, 3, Duration::from_nanos(nanos));
        }
        compressed
    }

    #[test]
    fn a_target_that_is_the_limit_gets_plain_requests() {
        let seldom = run(Gzip::Auto, 1000, 900);
        assert!((5..40).contains(&seldom), "{seldom}");
    }

    #[test]
    fn the_faster_way_is_taken_and_the_other_tried_now_and_then() {
        assert_eq!(run(Gzip::Always, 1, 100), 1000);
        assert_eq!(run(Gzip::Never, 100, 1), 0);
        let pays = run(Gzip::Auto, 3000, 1000);
        assert!((960..1000).contains(&pays), "{pays}");
        let costs = run(Gzip::Auto, 1000, 3000);
        assert!((5..40).contains(&costs), "{costs}");
    }
}
