//! The memory budget: bytes of captured traffic between being read and being evaluated.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// What one captured request costs beside its bytes.
const TRANSACTION_OVERHEAD_BYTES: usize = 512;

/// Counts what is buffered. Above the limit nothing more is read, unless the next request to send is not known yet without
/// reading on (one Kafka partition lies behind another).
#[derive(Debug)]
pub struct Budget {
    limit: usize,
    used: AtomicUsize,
    freed: Notify,
}

/// A share of the budget, given back when dropped.
#[derive(Debug)]
pub struct Lease {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    /// With a limit in bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, used: AtomicUsize::new(0), freed: Notify::new() }
    }

    /// Takes room for a transaction of this many bytes. Never refuses: the reader asks [`Budget::is_spent`] before it
    /// reads on.
    #[must_use]
    pub fn lease(self: &Arc<Self>, bytes: usize) -> Lease {
        let bytes = bytes.saturating_add(TRANSACTION_OVERHEAD_BYTES);
        self.used.fetch_add(bytes, Ordering::Relaxed);
        Lease { budget: Arc::clone(self), bytes }
    }

    /// Bytes in use.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether reading should rest.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.used() >= self.limit
    }

    /// Returns once the budget has gone from spent to not spent.
    pub async fn freed(&self) {
        self.freed.notified().await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let before = self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
        if before >= self.budget.limit && before - self.bytes < self.budget.limit {
            self.budget.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_spent_budget_wakes_the_reader_when_it_is_not_any_more() {
        const LIMIT: usize = 1024 * 1024;
        let budget = Arc::new(Budget::new(LIMIT));
        let small = budget.lease(1);
        let large = budget.lease(LIMIT);
        assert!(budget.is_spent());
        drop(large);
        budget.freed().await;
        assert!(!budget.is_spent());
        drop(small);
        assert_eq!(budget.used(), 0);
    }
}
