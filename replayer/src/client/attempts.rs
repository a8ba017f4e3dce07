//! What was tried for one request.

use std::time::SystemTime;

use tokio::time::Instant;

use super::{Answer, ExchangeError};

/// Attempts kept for the tuple: the latest.
const MAX_ATTEMPTS_KEPT: usize = 16;

/// One sending of a request.
#[derive(Debug)]
pub struct Attempt {
    /// The answer, or why there was none.
    pub outcome: Result<Answer, ExchangeError>,
    /// When it was made.
    pub at: SystemTime,
}

/// Everything that was tried for one request.
#[derive(Debug, Default)]
pub struct Attempts {
    /// The latest, in order. The last one stands.
    pub kept: Vec<Attempt>,
    /// How many there were.
    pub count: u64,
    /// How many of them may have taken effect without an answer telling.
    pub untold: u64,
    /// When the first byte of the first one left. `None` when none did, or when it had to wait for a place among the
    /// requests in flight.
    pub left: Option<Instant>,
}

impl Attempts {
    pub(super) fn add(&mut self, outcome: Result<Answer, ExchangeError>, at: SystemTime) {
        let untold = match &outcome {
            Ok(answer) => is_untold(answer.status),
            Err(error) => error.may_have_taken_effect(),
        };
        self.count += 1;
        self.untold += u64::from(untold);
        if self.kept.len() == MAX_ATTEMPTS_KEPT {
            self.kept.remove(0);
        }
        self.kept.push(Attempt { outcome, at });
    }

    /// Puts the answer that stands for all attempts together in the place of the last one.
    pub(super) fn settle(&mut self, answer: Answer) {
        if let Some(last) = self.kept.last_mut() {
            last.outcome = Ok(answer);
        }
    }

    /// The answer that stands.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        self.kept.last()?.outcome.as_ref().ok()
    }

    /// Whether an attempt before the last may have taken effect without an answer telling.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        let last = self.kept.last().map(|attempt| match &attempt.outcome {
            Ok(answer) => is_untold(answer.status),
            Err(error) => error.may_have_taken_effect(),
        });
        self.untold > u64::from(last == Some(true))
    }

    /// Whether any attempt may have taken effect without an answer telling.
    #[must_use]
    pub fn may_have_taken_effect(&self) -> bool {
        self.untold > 0
    }
}

/// A gateway in front of the target gave up waiting; what lies behind it may still have acted.
pub(super) fn is_untold(status: u16) -> bool {
    matches!(status, 502 | 504)
}
