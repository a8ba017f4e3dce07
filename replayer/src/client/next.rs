//! What an attempt leads to: an answer that stands, another attempt, or the end of trying.

use std::time::Duration;

use super::attempts::is_untold;
use super::bulk::Bulk;
use super::repeat::is_repeatable;
use super::{Answer, ExchangeError, RawRequest, RetryPolicy, Source};

/// A longer `Retry-After` is cut to this.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);
pub(super) const OK: u16 = 200;

#[derive(Debug)]
pub(super) enum Next {
    /// The answer, or the failure, stands.
    Stands,
    /// Another attempt, after this pause at least.
    Again { last: String, pause: Duration, at_once: bool },
    /// Another attempt would do harm or can't help.
    GiveUp(String),
}

/// After an answer to `request`. `bulk` is begun when items of a bulk have to be sent again, and goes on until none has.
pub(super) fn after(
    answer: &Answer,
    request: &RawRequest,
    source: Source<'_>,
    policy: &RetryPolicy,
    bulk: &mut Option<Bulk>,
) -> Next {
    // What the source said to the whole bulk says nothing of the items that are left.
    if is_overload(answer.status, source.status.filter(|_| bulk.is_none())) {
        let last = format!("status {}", answer.status);
        if is_untold(answer.status) && !is_repeatable(request) {
            return Next::GiveUp(unrepeatable(&last));
        }
        let pause = answer.retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
        return Next::Again { last, pause, at_once: false };
    }
    let understood = match bulk {
        Some(begun) => answer.status == OK && begun.take(answer, &policy.non_retryable),
        None => {
            if answer.status == OK && request.call().is_some_and(|call| call.is_bulk()) {
                *bulk = Bulk::begin(request, answer, source.answer, &policy.non_retryable);
            }
            true
        }
    };
    match bulk {
        Some(_) if !understood => Next::GiveUp(format!(
            "the failed items of the bulk, sent again, were answered with status {} and without results",
            answer.status
        )),
        Some(bulk) if !bulk.is_done() => {
            Next::Again { last: bulk.describe(), pause: Duration::ZERO, at_once: false }
        }
        _ => Next::Stands,
    }
}

/// After an attempt that brought no answer. `items_left`: it was to finish a bulk.
pub(super) fn without_answer(error: &ExchangeError, request: &RawRequest, items_left: bool) -> Next {
    match error {
        // A larger answer or a broken one would come again.
        ExchangeError::TooLarge | ExchangeError::Unframable(_) if items_left => {
            Next::GiveUp(error.to_string())
        }
        ExchangeError::TooLarge | ExchangeError::Unframable(_) => Next::Stands,
        ExchangeError::Unsigned(error) if !error.passes() => {
            Next::GiveUp(format!("the request can't be signed: {error}"))
        }
        _ if error.may_have_taken_effect() && !is_repeatable(request) => {
            Next::GiveUp(unrepeatable(&error.to_string()))
        }
        _ => Next::Again {
            last: error.to_string(),
            pause: Duration::ZERO,
            at_once: matches!(error, ExchangeError::Stale(_)),
        },
    }
}

fn unrepeatable(last: &str) -> String {
    format!("{last}; the target may have acted on it, and doing it twice would not be the same as once")
}

/// A status that says "later", where the source did not say so too.
fn is_overload(status: u16, source: Option<u16>) -> bool {
    matches!(status, 429 | 502 | 503 | 504) && source.is_none_or(|source| source < 500 && source != 429)
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
}
