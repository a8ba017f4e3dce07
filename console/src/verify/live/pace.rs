//! No faster than the operator allows.

use std::cell::Cell;
use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, sleep_until};

#[derive(Debug, Clone, Default, Args)]
#[command(rename_all = "camelCase")]
pub(crate) struct PaceArgs {
    /// Read no more documents of the source a second [default: as many as come]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_docs_per_second: Option<u64>,
    /// Read no more bytes of the source a second [default: as many as come]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_bytes_per_second: Option<u64>,
}

/// When the next page may be read. Shared by all readers, on one thread.
#[derive(Debug)]
pub(super) struct Pace {
    limits: PaceArgs,
    free: Cell<Instant>,
}

impl Pace {
    pub(super) fn new(limits: PaceArgs) -> Self {
        Self { limits, free: Cell::new(Instant::now()) }
    }

    /// Waits as long as what was read takes at most.
    pub(super) async fn spend(&self, documents: usize, bytes: usize) {
        let part = |count: usize, limit: Option<u64>| {
            limit.map_or(Duration::ZERO, |limit| Duration::from_secs_f64(count as f64 / limit as f64))
        };
        let cost = part(documents, self.limits.max_docs_per_second)
            .max(part(bytes, self.limits.max_bytes_per_second));
        if cost > Duration::ZERO {
            let free = self.free.get().max(Instant::now()) + cost;
            self.free.set(free);
            sleep_until(free).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn readers_together_are_no_faster_than_one() {
        let limits = PaceArgs { max_docs_per_second: Some(1000), max_bytes_per_second: Some(10_000) };
        let (pace, begun) = (Pace::new(limits), Instant::now());
        tokio::join!(pace.spend(50, 1), pace.spend(50, 1000));
        assert!(begun.elapsed().as_millis() >= 150, "{:?}", begun.elapsed());
        // It would take for ever.
        Pace::new(PaceArgs::default()).spend(usize::MAX, usize::MAX).await;
    }
}
