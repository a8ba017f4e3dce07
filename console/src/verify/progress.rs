//! A line on stderr now and then, so that hours of comparing are not silent.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use crate::utc;

const INTERVAL: Duration = Duration::from_secs(10);

/// Shared by all that compare; on one thread.
#[derive(Debug)]
pub(super) struct Progress(RefCell<State>);

#[derive(Debug)]
struct State {
    begun: Instant,
    told: Instant,
    documents: u64,
    /// Of the parts that are done, and of what is read of the present one.
    done: u64,
    present: u64,
    all: u64,
    /// What these are: `the snapshot's bytes`.
    what: &'static str,
}

impl Progress {
    /// `all`: of all parts; `what` these count.
    pub(super) fn new(all: u64, what: &'static str) -> Self {
        let now = Instant::now();
        Self(RefCell::new(State { begun: now, told: now, documents: 0, done: 0, present: 0, all, what }))
    }

    /// A piece of the present part was read.
    pub(super) fn read(&self, count: u64) {
        self.0.borrow_mut().present += count;
    }

    pub(super) fn compared(&self, documents: u64) {
        let mut state = self.0.borrow_mut();
        state.documents += documents;
        let now = Instant::now();
        if now.duration_since(state.told) >= INTERVAL {
            state.told = now;
            eprintln!("{}", state.line(now.duration_since(state.begun)));
        }
    }

    /// A part is done, which counts so much.
    pub(super) fn part(&self, count: u64) {
        let mut state = self.0.borrow_mut();
        state.done = state.done.saturating_add(count);
        state.present = 0;
    }

    /// A part need not be done.
    pub(super) fn left_out(&self, count: u64) {
        let mut state = self.0.borrow_mut();
        state.all = state.all.saturating_sub(count);
    }
}

impl State {
    fn line(&self, elapsed: Duration) -> String {
        let done = self.done.saturating_add(self.present).min(self.all);
        let percent = u128::from(done) * 100 / u128::from(self.all.max(1));
        let rate = self.documents as f64 / elapsed.as_secs_f64().max(0.001);
        let left = match done {
            0 => "unknown".to_owned(),
            _ => {
                let rest = u128::from(self.all - done) * elapsed.as_millis() / u128::from(done);
                utc::duration(u64::try_from(rest).unwrap_or(u64::MAX))
            }
        };
        let (documents, what) = (self.documents, self.what);
        format!("{documents} documents compared, {rate:.0}/s, {percent} % of {what}, {left} left")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_rate_percent_and_time_left() {
        let line = |progress: &Progress, seconds| progress.0.borrow().line(Duration::from_secs(seconds));
        let progress = Progress::new(1000, "the snapshot's bytes");
        progress.part(300);
        progress.read(200);
        progress.compared(50);
        let expected = "50 documents compared, 25/s, 50 % of the snapshot's bytes, 0h 0m 2s left";
        assert_eq!(line(&progress, 2), expected);
        progress.left_out(400);
        assert!(line(&progress, 2).contains("83 %"), "{}", line(&progress, 2));
        progress.part(u64::MAX);
        assert!(line(&progress, 0).contains("100 %"));
        let none = Progress::new(0, "x");
        assert!(line(&none, 0).starts_with("0 documents compared, 0/s, 0 % of x, unknown"));
    }
}
