//! How fast it goes, over the last beats.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What is older says nothing of now.
const WINDOW: Duration = Duration::from_secs(20);
/// Closer than this the source is caught up with.
const LIVE: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(super) struct Rates {
    /// When, requests that were complete, and how far behind the source.
    seen: VecDeque<(Instant, u64, Option<Duration>)>,
}

impl Rates {
    pub(super) fn note(&mut self, at: Instant, completed: u64, behind: Option<Duration>) {
        while self.seen.front().is_some_and(|(then, ..)| at.duration_since(*then) > WINDOW) {
            self.seen.pop_front();
        }
        self.seen.push_back((at, completed, behind));
    }

    /// Another run counts from nothing.
    pub(super) fn forget(&mut self) {
        self.seen.clear();
    }

    pub(super) fn requests_per_second(&self) -> f64 {
        let (Some((from, before, _)), Some((to, after, _))) = (self.seen.front(), self.seen.back()) else {
            return 0.0;
        };
        let seconds = to.duration_since(*from).as_secs_f64();
        if seconds > 0.0 { after.saturating_sub(*before) as f64 / seconds } else { 0.0 }
    }

    /// Until the source is caught up with; `None` when it is, or never would be.
    pub(super) fn live_in(&self) -> Option<Duration> {
        let (from, _, before) = self.seen.front()?;
        let (to, _, after) = self.seen.back()?;
        let (before, after) = ((*before)?, (*after)?);
        let caught_up = before.checked_sub(after)?.as_secs_f64();
        let seconds = to.duration_since(*from).as_secs_f64();
        if after < LIVE || seconds <= 0.0 || caught_up <= 0.0 {
            return None;
        }
        Duration::try_from_secs_f64(after.as_secs_f64() * seconds / caught_up).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_beats_count() {
        let begun = Instant::now();
        let second = Duration::from_secs;
        let mut rates = Rates::default();
        assert_eq!((rates.requests_per_second(), rates.live_in()), (0.0, None));
        rates.note(begun, 1000, Some(second(900)));
        assert_eq!(rates.requests_per_second(), 0.0);
        rates.note(begun + second(100), 1000, Some(second(1000)));
        rates.note(begun + second(110), 1500, Some(second(900)));
        assert_eq!(rates.requests_per_second(), 50.0);
        assert_eq!(rates.live_in(), Some(second(90)), "ten times as fast as the source, and it goes on");
        rates.note(begun + second(115), 1500, Some(second(1005)));
        assert_eq!(rates.live_in(), None, "it falls behind");
        rates.note(begun + second(118), 1600, None);
        assert_eq!(rates.live_in(), None);
        rates.note(begun + second(119), 1600, Some(second(3)));
        assert_eq!(rates.live_in(), None, "it is live");
        rates.forget();
        assert_eq!(rates.requests_per_second(), 0.0);
    }
}
