//! The memory budget: bytes of captured traffic between being read and being evaluated.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// What one captured request costs beside its bytes: its places in the queues, and the blocks that they lie in.
const TRANSACTION_OVERHEAD_BYTES: usize = 1536;

/// Counts what is buffered. Above the limit nothing more is read, unless the next request to send is not known yet without
/// reading on: one Kafka partition lies behind another, or a single request is larger than all of the budget.
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
    bytes: AtomicUsize,
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
        let lease = self.empty();
        lease.grow(bytes.saturating_add(TRANSACTION_OVERHEAD_BYTES));
        lease
    }

    /// A share of nothing, for now.
    #[must_use]
    pub fn empty(self: &Arc<Self>) -> Lease {
        Lease { budget: Arc::clone(self), bytes: AtomicUsize::new(0) }
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

    /// Returns once something was given back to a spent budget.
    pub async fn freed(&self) {
        self.freed.notified().await;
    }

    fn give_back(&self, bytes: usize) {
        let before = self.used.fetch_sub(bytes, Ordering::Relaxed);
        if bytes > 0 && before >= self.limit {
            self.freed.notify_one();
        }
    }
}

impl Lease {
    /// Takes more: what is kept of the request has become more.
    pub fn grow(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.budget.used.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes more or gives back, so that the share is this.
    pub fn set(&self, bytes: usize) {
        let before = self.bytes.swap(bytes, Ordering::Relaxed);
        if bytes >= before {
            self.budget.used.fetch_add(bytes - before, Ordering::Relaxed);
        } else {
            self.budget.give_back(before - bytes);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.budget.give_back(*self.bytes.get_mut());
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

    #[test]
    fn shares_grow_and_shrink_and_are_given_back_whole() {
        let budget = Arc::new(Budget::new(100));
        let lease = budget.empty();
        lease.set(70);
        lease.grow(50);
        assert_eq!((budget.used(), budget.is_spent()), (120, true));
        lease.set(30);
        assert_eq!((budget.used(), budget.is_spent()), (30, false));
        drop(lease);
        assert_eq!(budget.used(), 0);
    }
}
