//! Why a process stands still, for those who watch it.
//!
//! Workers say whether they work or wait, and what they send says whether it moves. A worker that works has at most one
//! request under way: the process stands still when all that is under way does, and nobody makes the next request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What keeps a process from moving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is to be done for now.
    Waits(String),
    /// Something is in the way.
    Blocked(String),
}

impl Standing {
    /// For people.
    #[must_use]
    pub fn reason(&self) -> &str {
        let (Self::Waits(reason) | Self::Blocked(reason)) = self;
        reason
    }
}

/// What all parts of a process say.
#[derive(Debug, Default)]
pub struct Standstill {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Requests that move.
    moving: usize,
    /// Requests that stand, and the newest reason.
    standing: usize,
    reason: String,
    /// Workers with an item.
    working: usize,
    /// Workers without one.
    waiting: usize,
    waits: String,
    /// Those of them that would like to have one.
    blocked: usize,
    blocks: String,
}

/// One request's say. It moves until it says otherwise.
#[derive(Debug)]
pub struct Part {
    all: Arc<Standstill>,
    stands: Mutex<bool>,
}

/// One worker's say. It waits for nothing in particular until it says something.
#[derive(Debug)]
pub struct WorkerPart {
    all: Arc<Standstill>,
    does: Mutex<Does>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Work,
    Wait,
    Block,
}

impl Standstill {
    /// A request that moves.
    #[must_use]
    pub fn guard(self: &Arc<Self>) -> Part {
        self.lock().moving += 1;
        Part { all: Arc::clone(self), stands: Mutex::new(false) }
    }

    /// A worker.
    #[must_use]
    pub fn worker(self: &Arc<Self>) -> WorkerPart {
        self.lock().waiting += 1;
        WorkerPart { all: Arc::clone(self), does: Mutex::new(Does::Wait) }
    }

    /// What keeps it from moving, if it does not move. What is in the way comes before what there is to wait for.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        let state = self.lock();
        match *state {
            State { moving: 1.., .. } => None,
            State { standing, working, .. } if standing < working => None,
            State { standing: 1.., .. } => Some(Standing::Blocked(state.reason.clone())),
            State { blocked: 1.., .. } => Some(Standing::Blocked(state.blocks.clone())),
            State { waiting: 1.., .. } if !state.waits.is_empty() => {
                Some(Standing::Waits(state.waits.clone()))
            }
            _ => None,
        }
    }

    /// The reason alone.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        self.standing().map(|standing| standing.reason().to_owned())
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

impl WorkerPart {
    /// It has an item.
    pub fn works(&self) {
        self.does(Does::Work);
    }

    /// There is nothing for it to do, because of this.
    pub fn waits(&self, reason: &str) {
        reason.clone_into(&mut self.all.lock().waits);
        self.does(Does::Wait);
    }

    /// It can't get an item, because of this.
    pub fn is_blocked(&self, reason: &str) {
        reason.clone_into(&mut self.all.lock().blocks);
        self.does(Does::Block);
    }

    fn does(&self, now: Does) {
        let mut does = self.does.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.all.lock();
        *state.count(*does) -= 1;
        *state.count(now) += 1;
        *does = now;
    }
}

impl Drop for WorkerPart {
    fn drop(&mut self) {
        let does = *self.does.lock().unwrap_or_else(PoisonError::into_inner);
        *self.all.lock().count(does) -= 1;
    }
}

impl State {
    fn count(&mut self, does: Does) -> &mut usize {
        match does {
            Does::Work => &mut self.working,
            Does::Wait => &mut self.waiting,
            Does::Block => &mut self.blocked,
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
        one.moves();
        one.moves();
        assert_eq!(all.reason(), None);
        one.stands("429");
        two.stands("still 503");
        assert_eq!(all.standing(), Some(Standing::Blocked("still 503".to_owned())));
        drop(one);
        assert_eq!(all.reason().unwrap(), "still 503");
        drop(two);
        assert_eq!(all.reason(), None);
    }

    #[test]
    fn a_worker_that_works_moves_unless_its_request_stands() {
        let all = Arc::new(Standstill::default());
        let (one, two) = (all.worker(), all.worker());
        one.works();
        two.waits("held by others");
        assert_eq!(all.standing(), None, "it reads or decodes");
        let sent = all.guard();
        assert_eq!(all.standing(), None);
        sent.stands("429");
        assert_eq!(all.reason().unwrap(), "429");
        two.works();
        assert_eq!(all.standing(), None, "the other one moves");
        two.is_blocked("no index");
        drop(sent);
        assert_eq!(all.standing(), None);
        one.waits("held by others");
        assert_eq!(all.standing(), Some(Standing::Blocked("no index".to_owned())));
        two.waits("all is done");
        assert_eq!(all.standing(), Some(Standing::Waits("all is done".to_owned())));
        drop((one, two));
        assert_eq!(all.standing(), None);
    }
}
