//! Sending until there is an answer that stands.
//!
//! A request that the target could not take (no connection, an overload status, items of a bulk that it refused for
//! now) is sent again, in its place: what the order puts behind it waits. Past the deadline it is handed back, to be
//! kept for later: giving it up would let the clusters part in silence.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use switchover_sigv4::Signer;
use tokio::time::Instant;

use super::bulk::{Bulk, Remainder};
use super::next::{self, Next};
use super::repeat::is_read;
use super::{Answer, Attempts, Concurrency, Connection, Connector, ExchangeError, RawRequest};
use crate::signing::Signing;

const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(5);
/// Reads are not tried for longer than this: nothing is lost with them, and writes wait behind them.
const MAX_READ_DEADLINE: Duration = Duration::from_secs(120);

/// How long to try, and what.
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    /// Of writes, from the first attempt on.
    pub deadline: Duration,
    /// Types of errors of bulk items that are not tried again, whatever their status.
    pub non_retryable: BTreeSet<String>,
}

impl RetryPolicy {
    fn deadline_of(&self, request: &RawRequest) -> Duration {
        if is_read(request) { self.deadline.min(MAX_READ_DEADLINE) } else { self.deadline }
    }
}

/// What the source answered: a failure that it had as well is an answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Source<'a> {
    /// Its status.
    pub status: Option<u16>,
    /// All of it.
    pub answer: Option<&'a [u8]>,
}

/// No answer stands, and no more is tried.
#[derive(Debug)]
pub struct GivenUp {
    /// What was tried.
    pub attempts: Attempts,
    /// Why no more is.
    pub reason: String,
    /// What is left of a bulk of which other items are done.
    pub remainder: Option<Remainder>,
}

/// Sends requests to one target; shared by all connections.
#[derive(Debug)]
pub struct Sender {
    /// Where to.
    pub connector: Arc<Connector>,
    /// Longest wait for progress on an answer.
    pub response_timeout: Duration,
    /// How long to try.
    pub policy: RetryPolicy,
    /// How many at once.
    pub concurrency: Concurrency,
    /// Signs what goes out.
    pub signer: Option<Arc<Signer>>,
}

impl Sender {
    /// A connection to be used with [`Sender::send`].
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection::new(Arc::clone(&self.connector), self.response_timeout)
    }

    /// Sends a request until an answer stands.
    ///
    /// # Errors
    /// When the deadline passes first, or another attempt would risk doing the request twice.
    pub async fn send(
        &self,
        connection: &mut Connection,
        request: &RawRequest,
        source: Source<'_>,
    ) -> Result<Attempts, GivenUp> {
        let (started, deadline) = (Instant::now(), self.policy.deadline_of(request));
        let mut attempts = Attempts::default();
        let mut backoff = FIRST_BACKOFF;
        let mut bulk = None;
        let mut current = Signing::new(self.signer.clone(), request.clone());
        loop {
            let at = SystemTime::now();
            let (outcome, left) = self.attempt(connection, &mut current).await;
            if attempts.count == 0 {
                attempts.left = left;
            }
            let next = match &outcome {
                Ok(answer) => next::after(answer, &current.request, source, &self.policy, &mut bulk),
                Err(error) => next::without_answer(error, &current.request, bulk.is_some()),
            };
            self.concurrency_learns(&outcome, &next);
            attempts.add(outcome, at);
            let reason = match next {
                Next::Stands => {
                    if let Some(bulk) = &bulk {
                        attempts.settle(bulk.merged());
                    }
                    connection.trouble.set(None);
                    return Ok(attempts);
                }
                Next::GiveUp(reason) => reason,
                Next::Again { last, pause, at_once } => {
                    let wait = if at_once { Duration::ZERO } else { jittered(backoff).max(pause) };
                    if started.elapsed() + wait <= deadline {
                        connection.trouble.set(Some(format!("{last} (attempt {})", attempts.count)));
                        tracing::debug!(%last, wait_ms = wait.as_millis() as u64, "request is sent again");
                        backoff = (backoff * 2).min(MAX_BACKOFF);
                        if let Some(bulk) = &bulk {
                            let rest = request.with_body(bulk.remainder().body);
                            if rest.body.len() < current.request.body.len() {
                                // It goes on, if slowly.
                                backoff = FIRST_BACKOFF;
                            }
                            current = Signing::new(self.signer.clone(), rest);
                        }
                        tokio::time::sleep(wait).await;
                        continue;
                    }
                    format!(
                        "{} attempts within {:.1?} brought no answer that stands; the last one: {last}",
                        attempts.count,
                        started.elapsed()
                    )
                }
            };
            connection.trouble.set(None);
            let remainder = bulk.as_ref().map(Bulk::remainder);
            return Err(GivenUp { attempts, reason, remainder });
        }
    }

    /// Also when the first byte left, unless it had to wait for its turn.
    async fn attempt(
        &self,
        connection: &mut Connection,
        request: &mut Signing,
    ) -> (Result<Answer, ExchangeError>, Option<Instant>) {
        let permit = self.concurrency.acquire().await;
        let signed = match request.signed().await {
            Ok(signed) => signed,
            Err(error) => return (Err(error.into()), None),
        };
        let outcome = connection.exchange(&signed).await;
        (outcome, connection.left().filter(|_| !permit.waited))
    }

    fn concurrency_learns(&self, outcome: &Result<Answer, ExchangeError>, next: &Next) {
        if let Ok(answer) = outcome {
            let items_refused = answer.status == next::OK && matches!(next, Next::Again { .. });
            self.concurrency.answered(items_refused || matches!(answer.status, 429 | 503));
        }
    }
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
    fn jitter_stays_within_half_and_all() {
        for _ in 0..1000 {
            let wait = jittered(MAX_BACKOFF);
            assert!(wait >= MAX_BACKOFF / 2 && wait <= MAX_BACKOFF);
        }
    }
}
