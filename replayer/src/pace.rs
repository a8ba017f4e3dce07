//! When a request is due: the source's own timing, divided by the speed-up factor.
//!
//! The time base is set once, by the first request, and never moved: after a stall the replay catches up as fast as
//! the order allows. That can't flood the target, since the order never runs more at once than the source did.

use std::time::Duration;

use tokio::time::Instant;

/// How fast the source's time passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// No waiting for time at all; only the order holds a request back.
    Max,
    /// Source seconds per replay second; more than 0.
    Factor(f64),
}

impl std::str::FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match text.parse::<f64>() {
            Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(Self::Factor(factor)),
            _ => Err(format!("'{text}' is neither a number above 0 (1.0 is the source's speed) nor 'max'")),
        }
    }
}

/// The clock of one replay.
#[derive(Debug)]
pub struct Pace {
    speed: Speed,
    base: Option<(i64, Instant)>,
}

impl Pace {
    /// A clock that starts with the first request it is asked about.
    #[must_use]
    pub fn new(speed: Speed) -> Self {
        Self { speed, base: None }
    }

    /// When a request that the source saw at `first` (unix nanoseconds) is due. `None`: at once, whatever the time.
    pub fn due(&mut self, first: i64, now: Instant) -> Option<Instant> {
        let Speed::Factor(factor) = self.speed else { return None };
        let (first_request, start) = *self.base.get_or_insert((first, now));
        let after = first.saturating_sub(first_request).max(0);
        let wait = Duration::from_nanos(after.unsigned_abs()).div_f64(factor);
        Some(start.checked_add(wait).unwrap_or(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn speeds() {
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert_eq!("2".parse(), Ok(Speed::Factor(2.0)));
        for wrong in ["0", "-1", "NaN", "inf", "fast", ""] {
            assert!(wrong.parse::<Speed>().is_err(), "{wrong}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn source_time_is_divided_by_the_factor() {
        let start = Instant::now();
        let mut pace = Pace::new(Speed::Factor(4.0));
        assert_eq!(pace.due(100 * SECOND, start), Some(start));
        tokio::time::sleep(Duration::from_secs(30)).await;
        let due = pace.due(140 * SECOND, Instant::now());
        assert_eq!(due, Some(start + Duration::from_secs(10)), "a stall moves nothing");
        assert_eq!(pace.due(90 * SECOND, Instant::now()), Some(start), "a clock set back is due at once");
    }

    #[test]
    fn max_never_waits() {
        assert_eq!(Pace::new(Speed::Max).due(SECOND, Instant::now()), None);
    }
}
