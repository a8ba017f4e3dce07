//! Sending until there is an answer that stands.
//!
//! A request that the target could not take (no connection, an overload status) is sent again, in its place: what
//! the order puts behind it waits. Giving it up would let the clusters part in silence, so past the deadline the run
//! stops instead.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::{Answer, Connection, ExchangeError};
use crate::rewrite::Outgoing;

const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(5);
/// A longer `Retry-After` is cut to this.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);
/// Attempts kept for the tuple: the latest.
const MAX_ATTEMPTS_KEPT: usize = 16;

/// How long to try.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// From the first attempt on.
    pub deadline: Duration,
}

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
}

/// The deadline passed without an answer that stands.
#[derive(Debug, thiserror::Error)]
#[error("{attempts} attempts within {within:.1?} brought no answer; the last one: {last}")]
pub struct Exhausted {
    /// How often it was sent.
    pub attempts: u64,
    /// Time since the first.
    pub within: Duration,
    /// What the last one brought.
    pub last: String,
}

/// Sends a request until the answer stands. `source_status`: a status that the source gave as well is an answer.
///
/// # Errors
/// When the deadline of `policy` passes first.
pub async fn send(
    connection: &mut Connection,
    request: &Outgoing,
    source_status: Option<u16>,
    policy: RetryPolicy,
) -> Result<Attempts, Exhausted> {
    let started = Instant::now();
    let mut attempts = Attempts::default();
    let mut backoff = FIRST_BACKOFF;
    loop {
        let at = SystemTime::now();
        let outcome = connection.exchange(request).await;
        attempts.count += 1;
        let (last, wait) = match &outcome {
            Ok(answer) if !is_overload(answer.status, source_status) => {
                attempts.keep(Attempt { outcome, at });
                return Ok(attempts);
            }
            // A larger answer or a broken one would come again.
            Err(ExchangeError::TooLarge | ExchangeError::Unframable(_)) => {
                attempts.keep(Attempt { outcome, at });
                return Ok(attempts);
            }
            Ok(answer) => (format!("status {}", answer.status), answer.retry_after.unwrap_or_default()),
            Err(error) => (error.to_string(), Duration::ZERO),
        };
        attempts.keep(Attempt { outcome, at });
        let wait = jittered(backoff).max(wait.min(MAX_RETRY_AFTER));
        if started.elapsed() + wait > policy.deadline {
            return Err(Exhausted { attempts: attempts.count, within: started.elapsed(), last });
        }
        tracing::debug!(%last, wait_ms = wait.as_millis() as u64, "request is sent again");
        tokio::time::sleep(wait).await;
        backoff = (backoff * 2).min(MAX_BACKOFF);
    }
}

impl Attempts {
    fn keep(&mut self, attempt: Attempt) {
        if self.kept.len() == MAX_ATTEMPTS_KEPT {
            self.kept.remove(0);
        }
        self.kept.push(attempt);
    }

    /// The answer that stands.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        self.kept.last()?.outcome.as_ref().ok()
    }

    /// Whether an attempt before the last may have taken effect without an answer telling.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        let earlier = self.kept.split_last().map_or(&[][..], |(_, earlier)| earlier);
        earlier
            .iter()
            .any(|attempt| attempt.outcome.as_ref().is_err_and(ExchangeError::may_have_taken_effect))
    }
}

/// A status that says "later", where the source did not say so too.
fn is_overload(status: u16, source: Option<u16>) -> bool {
    matches!(status, 429 | 502 | 503 | 504) && source.is_none_or(|source| source < 500 && source != 429)
}

/// Between half of `backoff` and all of it, so that many connections don't come back at once.
fn jittered(backoff: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() % 1000;
    backoff.mul_f64(0.5 + random as f64 / 2000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overload_is_retried_unless_the_source_had_it_too() {
        for status in [429, 502, 503, 504] {
            assert!(
                is_overload(status, Some(200)) && is_overload(status, Some(404)) && is_overload(status, None)
            );
            assert!(!is_overload(status, Some(429)) && !is_overload(status, Some(503)));
        }
        assert!(!is_overload(500, Some(200)) && !is_overload(404, Some(200)));
    }

    #[test]
    fn jitter_stays_within_half_and_all() {
        for _ in 0..1000 {
            let wait = jittered(MAX_BACKOFF);
            assert!(wait >= MAX_BACKOFF / 2 && wait <= MAX_BACKOFF);
        }
    }
}
