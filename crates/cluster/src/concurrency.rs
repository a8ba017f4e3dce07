//! How many requests may be in flight at once: never more than the user allows, and fewer while the target says
//! that it is overloaded.
//!
//! Additive increase, multiplicative decrease, as TCP does it: many replayers and clients that share a target find a
//! fair share without talking to each other. A permit is held while a request is on the wire, not while it waits to be
//! tried again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// What the limit is multiplied with when the target is overloaded.
const DECREASE: f64 = 0.7;
/// Answers of one overload come together: they cut the limit once within this time.
const CUT_INTERVAL: Duration = Duration::from_millis(200);

/// The limit, shared by all connections.
#[derive(Debug)]
pub struct Concurrency {
    permits: Arc<Semaphore>,
    state: Mutex<State>,
    max: usize,
}

#[derive(Debug)]
struct State {
    limit: f64,
    /// Permits that the limit no longer allows and that are still out.
    debt: usize,
    cut: Option<Instant>,
}

/// The right to have one request in flight.
#[derive(Debug)]
pub struct Permit<'a> {
    concurrency: &'a Concurrency,
    permit: Option<OwnedSemaphorePermit>,
    /// It could not be given at once.
    pub waited: bool,
}

impl Concurrency {
    /// `max`: the most that is ever allowed, at least 1. It starts there.
    #[must_use]
    pub fn new(max: usize) -> Self {
        let max = max.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            permits: Arc::new(Semaphore::new(max)),
            state: Mutex::new(State { limit: max as f64, debt: 0, cut: None }),
            max,
        }
    }

    /// Waits for its turn; first come, first served.
    pub async fn acquire(&self) -> Permit<'_> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Permit { concurrency: self, permit: Some(permit), waited: false };
        }
        // The semaphore is never closed.
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        Permit { concurrency: self, permit, waited: true }
    }

    /// What is allowed now.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.state().limit as usize
    }

    /// A request was answered.
    pub fn answered(&self, overloaded: bool) {
        let mut state = self.state();
        let before = state.limit as usize;
        if overloaded {
            let now = Instant::now();
            if state.cut.is_none_or(|cut| now.duration_since(cut) >= CUT_INTERVAL) {
                state.cut = Some(now);
                state.limit = (state.limit * DECREASE).max(1.0);
            }
        } else {
            state.limit = (state.limit + 1.0 / state.limit).min(self.max as f64);
        }
        let after = state.limit as usize;
        if after < before {
            state.debt += before - after;
            state.debt -= self.permits.forget_permits(state.debt);
            tracing::debug!(limit = after, "the target is overloaded: fewer requests at once");
        } else {
            let repaid = (after - before).min(state.debt);
            state.debt -= repaid;
            self.permits.add_permits(after - before - repaid);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        let mut state = self.concurrency.state();
        if state.debt > 0 {
            state.debt -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(concurrency: &Concurrency) -> usize {
        concurrency.permits.available_permits()
    }

    #[tokio::test(start_paused = true)]
    async fn overload_cuts_the_limit_once_and_answers_raise_it_to_the_maximum() {
        let concurrency = Concurrency::new(10);
        for _ in 0..5 {
            concurrency.answered(true);
        }
        assert_eq!((concurrency.limit(), free(&concurrency)), (7, 7), "one burst is one cut");
        tokio::time::advance(CUT_INTERVAL).await;
        concurrency.answered(true);
        assert_eq!((concurrency.limit(), free(&concurrency)), (4, 4));
        for _ in 0..200 {
            concurrency.answered(false);
        }
        assert_eq!((concurrency.limit(), free(&concurrency)), (10, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn permits_that_are_out_when_the_limit_falls_are_not_given_again() {
        let concurrency = Concurrency::new(4);
        let out = [concurrency.acquire().await, concurrency.acquire().await, concurrency.acquire().await];
        concurrency.answered(true);
        assert_eq!((concurrency.limit(), free(&concurrency)), (2, 0));
        drop(out);
        assert_eq!(free(&concurrency), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_permit_is_never_taken() {
        let concurrency = Concurrency::new(3);
        for _ in 0..50 {
            tokio::time::advance(CUT_INTERVAL).await;
            concurrency.answered(true);
        }
        assert_eq!((concurrency.limit(), free(&concurrency)), (1, 1));
        drop(concurrency.acquire().await);
        assert_eq!(free(&concurrency), 1);
    }

    proptest::proptest! {
        #[test]
        fn never_more_in_flight_than_the_maximum(max in 1_usize..20, steps in proptest::collection::vec(0_u8..4, 1..300)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let concurrency = Concurrency::new(max);
                let mut out = Vec::new();
                for step in steps {
                    match step {
                        0 => concurrency.answered(false),
                        1 => {
                            tokio::time::advance(CUT_INTERVAL).await;
                            concurrency.answered(true);
                        }
                        2 if free(&concurrency) > 0 => out.push(concurrency.acquire().await),
                        _ => drop(out.pop()),
                    }
                    assert!(out.len() + free(&concurrency) <= max);
                }
                drop(out);
                assert_eq!(free(&concurrency), concurrency.limit());
            });
        }
    }
}
