//! Why a worker stands still, for those who watch it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The reasons of all parts that stand still, and how many parts move.
#[derive(Debug, Default)]
pub struct Standstill {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    moving: usize,
    standing: usize,
    reason: String,
}

/// One part's say. It moves until it says otherwise.
#[derive(Debug)]
pub struct Part {
    all: Arc<Standstill>,
    stands: Mutex<bool>,
}

impl Standstill {
    /// A part that moves.
    #[must_use]
    pub fn guard(self: &Arc<Self>) -> Part {
        self.lock().moving += 1;
        Part { all: Arc::clone(self), stands: Mutex::new(false) }
    }

    /// The newest reason, if no part moves and some stand.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        let state = self.lock();
        (state.moving == 0 && state.standing > 0).then(|| state.reason.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part {
    /// It stands still, because of this.
    pub fn stands(&self, reason: &str) {
        let mut stands = self.stands.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.all.lock();
        if !*stands {
            state.moving -= 1;
            state.standing += 1;
        }
        reason.clone_into(&mut state.reason);
        *stands = true;
    }

    /// It goes on.
    pub fn moves(&self) {
        let mut stands = self.stands.lock().unwrap_or_else(PoisonError::into_inner);
        if *stands {
            let mut state = self.all.lock();
            state.moving += 1;
            state.standing -= 1;
        }
        *stands = false;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let stands = *self.stands.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.all.lock();
        if stands {
            state.standing -= 1;
        } else {
            state.moving -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_shows_only_while_nothing_moves() {
        let all = Arc::new(Standstill::default());
        assert_eq!(all.reason(), None);
        let (one, two) = (all.guard(), all.guard());
        one.stands("429");
        assert_eq!(all.reason(), None);
        two.stands("503");
        two.stands("still 503");
        assert_eq!(all.reason().unwrap(), "still 503");
        one.moves();
        one.moves();
        assert_eq!(all.reason(), None);
        drop(one);
        assert_eq!(all.reason().unwrap(), "still 503");
        drop(two);
        assert_eq!(all.reason(), None);
    }
}
