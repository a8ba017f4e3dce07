//! Whether the target can be trusted with requests: how many it fails, and whether it can be connected to.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The error rate is that of so many seconds.
const WINDOW_SECONDS: u64 = 10;
/// With fewer requests than this in the window a rate says nothing.
const MIN_REQUESTS: u64 = 20;
/// So many connections in a row that can't be opened are not chance.
const MAX_CONNECT_FAILURES_IN_A_ROW: u32 = 2;

/// What became of a request, or of a connection, at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happened {
    /// It answered.
    Answered,
    /// It answered that it failed, or did not answer.
    Failed,
    /// A connection was opened.
    Connected,
    /// None could be.
    Unreachable,
}

/// The target's last seconds.
#[derive(Debug)]
pub(super) struct Health {
    max_errors_percent: u8,
    began: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Oldest first, at most [`WINDOW_SECONDS`].
    seconds: VecDeque<Second>,
    unreachable_in_a_row: u32,
}

#[derive(Debug)]
struct Second {
    number: u64,
    requests: u64,
    errors: u64,
}

impl Health {
    /// Above `max_errors_percent` the target is not trusted.
    pub(super) fn new(max_errors_percent: u8) -> Self {
        Self { max_errors_percent, began: Instant::now(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note; why the target is not to be trusted any more, if so.
    pub(super) fn note(&self, happened: Happened) -> Option<String> {
        self.note_at(happened, self.began.elapsed())
    }

    fn note_at(&self, happened: Happened, at: Duration) -> Option<String> {
        let mut state = self.state();
        match happened {
            Happened::Connected => {
                state.unreachable_in_a_row = 0;
                return None;
            }
            Happened::Unreachable => {
                state.unreachable_in_a_row += 1;
                let many = state.unreachable_in_a_row;
                return (many >= MAX_CONNECT_FAILURES_IN_A_ROW)
                    .then(|| format!("{many} connections in a row could not be opened"));
            }
            Happened::Answered | Happened::Failed => {}
        }
        let number = at.as_secs();
        if state.seconds.back().is_none_or(|last| last.number < number) {
            state.seconds.push_back(Second { number, requests: 0, errors: 0 });
        }
        state.seconds.retain(|second| second.number + WINDOW_SECONDS > number);
        if let Some(second) = state.seconds.back_mut() {
            second.requests += 1;
            second.errors += u64::from(happened == Happened::Failed);
        }
        let requests: u64 = state.seconds.iter().map(|second| second.requests).sum();
        let errors: u64 = state.seconds.iter().map(|second| second.errors).sum();
        let too_many =
            requests >= MIN_REQUESTS && errors * 100 > requests * u64::from(self.max_errors_percent);
        too_many.then(|| {
            format!(
                "{errors} of {requests} requests failed in {WINDOW_SECONDS} s (--maxTargetErrors {})",
                self.max_errors_percent
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_rate_above_the_limit_counts_once_there_are_enough_requests() {
        let health = Health::new(5);
        for _ in 0..MIN_REQUESTS - 1 {
            assert_eq!(health.note_at(Happened::Failed, at(0)), None);
        }
        assert!(health.note_at(Happened::Failed, at(0)).unwrap().contains("20 of 20"));
        let health = Health::new(5);
        for number in 0..1000 {
            let happened = if number % 20 == 19 { Happened::Failed } else { Happened::Answered };
            assert_eq!(health.note_at(happened, at(number / 100)), None, "5 % are allowed");
        }
        assert!(health.note_at(Happened::Failed, at(9)).is_some());
    }

    #[test]
    fn what_is_long_ago_does_not_count() {
        let health = Health::new(50);
        (0..MIN_REQUESTS).for_each(|_| drop(health.note_at(Happened::Failed, at(0))));
        assert_eq!(health.note_at(Happened::Answered, at(WINDOW_SECONDS)), None);
        assert_eq!(health.state().seconds.len(), 1);
    }

    #[test]
    fn connections_that_fail_in_a_row_count_and_one_that_opens_begins_anew() {
        let health = Health::new(100);
        assert_eq!(health.note(Happened::Unreachable), None);
        assert_eq!(health.note(Happened::Connected), None);
        assert_eq!(health.note(Happened::Unreachable), None);
        assert!(health.note(Happened::Unreachable).is_some());
    }
}
