//! When a request is due: the source's own timing, divided by the speed-up factor.
//!
//! The time base is set once, by the first request, and never moved: after a stall the replay catches up as fast as
//! the order allows. That can't flood the target: `--maxConcurrentRequests` bounds what is in flight.
//!
//! How well the time is kept is measured apart from how far behind the replay is: a request that waited for another one,
//! or for its record to be read, says nothing of the clock.

mod alarm;

use std::time::Duration;

use tokio::time::Instant;

pub use alarm::Alarm;

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
    /// Longer pauses of the source count as this, in nanoseconds.
    max_idle_gap: Option<i64>,
    base: Option<Base>,
    /// Since when nothing but the time holds the next request; `None` while something else does.
    free_since: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Base {
    /// The first request's time on the source, and when the replay began.
    first: i64,
    start: Instant,
    /// The latest request's time on the source.
    latest: i64,
    /// What was left out of the source's pauses.
    left_out: i64,
}

impl Pace {
    /// A clock that starts with the first request it is asked about. Pauses longer than `max_idle_gap`, in the source's
    /// time, are shortened to it.
    #[must_use]
    pub fn new(speed: Speed, max_idle_gap: Option<Duration>) -> Self {
        let max_idle_gap = max_idle_gap.map(|gap| i64::try_from(gap.as_nanos()).unwrap_or(i64::MAX));
        Self { speed, max_idle_gap, base: None, free_since: None }
    }

    /// When a request that the source saw at `first` (unix nanoseconds) is due. `None`: at once, whatever the time.
    pub fn due(&mut self, first: i64, now: Instant) -> Option<Instant> {
        let Speed::Factor(factor) = self.speed else { return None };
        let base = self.base.get_or_insert(Base { first, start: now, latest: first, left_out: 0 });
        let pause = first.saturating_sub(base.latest);
        if let Some(longest) = self.max_idle_gap.filter(|longest| pause > *longest) {
            base.left_out = base.left_out.saturating_add(pause - longest);
        }
        base.latest = base.latest.max(first);
        let after = first.saturating_sub(base.first).saturating_sub(base.left_out).max(0);
        let wait = Duration::from_nanos(after.unsigned_abs()).div_f64(factor);
        Some(base.start.checked_add(wait).unwrap_or(base.start))
    }

    /// Something else than the time holds the next request.
    pub fn hold(&mut self) {
        self.free_since = None;
    }

    /// Nothing holds the next request but its time, `due`. When it should leave: then, or now when it was held until now.
    pub fn schedule(&mut self, due: Option<Instant>, now: Instant) -> Option<Instant> {
        let free_since = *self.free_since.get_or_insert(now);
        due.map(|due| due.max(free_since))
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
        let mut pace = Pace::new(Speed::Factor(4.0), None);
        assert_eq!(pace.due(100 * SECOND, start), Some(start));
        tokio::time::sleep(Duration::from_secs(30)).await;
        let due = pace.due(140 * SECOND, Instant::now());
        assert_eq!(due, Some(start + Duration::from_secs(10)), "a stall moves nothing");
        assert_eq!(pace.due(90 * SECOND, Instant::now()), Some(start), "a clock set back is due at once");
    }

    #[tokio::test]
    async fn long_pauses_are_shortened() {
        let start = Instant::now();
        let mut pace = Pace::new(Speed::Factor(2.0), Some(Duration::from_secs(10)));
        let mut due = |second: i64| pace.due(second * SECOND, start).unwrap().duration_since(start).as_secs();
        assert_eq!([due(0), due(10), due(3610), due(3612), due(3600), due(7200)], [0, 5, 10, 11, 5, 16]);
    }

    #[test]
    fn what_was_held_should_leave_when_it_is_free() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut pace = Pace::new(Speed::Factor(1.0), None);
        assert_eq!(pace.schedule(Some(after(5)), start), Some(after(5)));
        assert_eq!(pace.schedule(Some(after(5)), after(6)), Some(after(5)), "woken a second late");
        assert_eq!(pace.schedule(Some(after(5)), after(7)), Some(after(5)), "so is the next one");
        pace.hold();
        assert_eq!(pace.schedule(Some(after(5)), after(8)), Some(after(8)), "it could not leave before");
        assert_eq!(pace.schedule(None, after(9)), None);
    }

    #[test]
    fn max_never_waits() {
        assert_eq!(Pace::new(Speed::Max, None).due(SECOND, Instant::now()), None);
    }
}
