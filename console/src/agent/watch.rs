//! When the redirect is on: a machine of states without a clock of its own, so that it can be tested.

use std::time::{Duration, Instant};

/// An agent that listens but does not answer for so long is taken for hung. With what one look takes, clients reach the node
/// within a second.
const HUNG_AFTER: Duration = Duration::from_millis(500);
/// An agent that came back must answer for so long before clients are led to it again.
const STEADY_AFTER: Duration = Duration::from_millis(300);

/// What a look at the agent shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Healthy,
    /// It listens and does not answer: hung, or a new program is taking over.
    Silent,
    /// Nothing listens on its port.
    Gone,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    On,
    /// And why.
    Off(&'static str),
}

/// The state of the switch.
#[derive(Debug, Default)]
pub(super) struct Watch {
    is_on: bool,
    /// Looks of one kind, since when.
    run: Option<(Look, Instant)>,
}

impl Watch {
    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Takes a look that began at `at` and ended at `now`.
    pub(super) fn next(&mut self, look: Look, at: Instant, now: Instant) -> Option<Turn> {
        let since = match self.run {
            Some((before, since)) if before == look => since,
            _ => at,
        };
        self.run = Some((look, since));
        let lasted = now.saturating_duration_since(since);
        let turn = match (self.is_on, look) {
            (true, Look::Gone) => Some(Turn::Off("the agent is gone")),
            (true, Look::Silent) if lasted >= HUNG_AFTER => Some(Turn::Off("the agent does not answer")),
            (false, Look::Healthy) if lasted >= STEADY_AFTER => Some(Turn::On),
            _ => None,
        };
        if let Some(turn) = turn {
            self.is_on = turn == Turn::On;
        }
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_at_once_without_a_listener_and_soon_without_answers() {
        let (mut watch, start) = (Watch::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        let mut look = |look, from, to| watch.next(look, at(from), at(to));
        assert_eq!(look(Look::Healthy, 0, 1), None);
        assert_eq!(look(Look::Healthy, 200, 299), None);
        assert_eq!(look(Look::Healthy, 300, 301), Some(Turn::On));
        assert_eq!(look(Look::Healthy, 400, 401), None);
        assert_eq!(look(Look::Gone, 500, 501), Some(Turn::Off("the agent is gone")));
        assert_eq!(look(Look::Gone, 600, 601), None);
        assert_eq!(look(Look::Healthy, 700, 701), None);
        // Not steady.
        assert_eq!(look(Look::Gone, 800, 801), None);
        assert_eq!(look(Look::Healthy, 900, 901), None);
        assert_eq!(look(Look::Healthy, 1300, 1301), Some(Turn::On));
        // A take-over of less than the limit.
        assert_eq!(look(Look::Silent, 1400, 1700), None);
        assert_eq!(look(Look::Silent, 1800, 1899), None);
        assert_eq!(look(Look::Healthy, 2000, 2001), None);
        // What took long, took long from its beginning.
        assert_eq!(look(Look::Silent, 3000, 3300), None);
        assert_eq!(look(Look::Silent, 3400, 3700), Some(Turn::Off("the agent does not answer")));
    }
}
