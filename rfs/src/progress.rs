//! How the backfill is going: for the terminal, the log, the admin pages and, through the coordination index, for
//! everybody.

pub mod display;
mod line;
mod pages;
mod rates;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use switchover_coordinate::{
    Account, Board, CoordinationError, Desired, MemberState, Order, Orders, Overview, Rest, Said,
};
use tokio::sync::watch;

use crate::load::Loading;
use crate::standstill::{Standing, Standstill};
use crate::under_way::UnderWay;
use rates::Rates;

/// What is known of the run.
#[derive(Debug)]
pub struct Progress {
    name: String,
    loading: Arc<Loading>,
    standstill: Arc<Standstill>,
    under_way: Arc<UnderWay>,
    orders: watch::Receiver<Orders>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    overview: Option<Overview>,
    rates: Rates,
    desired: Option<Desired>,
    /// When the board was read last.
    at: Option<Instant>,
    error: Option<String>,
}

impl Progress {
    /// `name`: of this process.
    #[must_use]
    pub fn new(
        name: String,
        loading: Arc<Loading>,
        standstill: Arc<Standstill>,
        under_way: Arc<UnderWay>,
        orders: watch::Receiver<Orders>,
    ) -> Self {
        Self { name, loading, standstill, under_way, orders, seen: Mutex::default() }
    }

    /// The board was read.
    pub fn note(&self, desired: Option<Desired>, overview: Overview) {
        let done = &self.loading.done;
        let here = (done.documents.load(Ordering::Relaxed), done.source_bytes.load(Ordering::Relaxed));
        let mut seen = self.lock();
        seen.rates.note(here, &overview);
        seen.overview = Some(overview);
        seen.desired = desired;
        seen.at = Some(Instant::now());
        seen.error = None;
    }

    /// What was seen last of all work.
    #[must_use]
    pub fn overview(&self) -> Option<Overview> {
        self.lock().overview.clone()
    }

    fn say(&self, state: MemberState, reason: Option<String>, items: Vec<String>) -> Said {
        let done = &self.loading.done;
        let seen = self.lock();
        Said {
            state,
            reason,
            items,
            documents: done.documents.load(Ordering::Relaxed),
            source_bytes: done.source_bytes.load(Ordering::Relaxed),
            documents_per_second: seen.rates.documents.round(),
            source_bytes_per_second: seen.rates.source_bytes.round(),
            all_bytes_per_second: seen.rates.all.round(),
            replay: None,
        }
    }

    fn order(&self) -> Order {
        self.orders.borrow().order
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account for Progress {
    async fn look(&self, board: &Board, desired: Option<Desired>) -> Result<(), CoordinationError> {
        self.note(desired, board.overview().await?);
        Ok(())
    }

    fn note_error(&self, error: &CoordinationError) {
        let error = error.to_string();
        let mut seen = self.lock();
        if seen.error.as_ref() != Some(&error) {
            tracing::warn!(error, "the coordination index can't be read; what was wanted last still holds");
        }
        seen.error = Some(error);
    }

    fn said(&self, order: Order) -> Said {
        let items = self.under_way.items();
        let standing = self.standstill.standing();
        let (state, reason) = state(order, standing.as_ref(), !items.is_empty());
        self.say(state, reason, items)
    }

    fn last_words(&self) -> Said {
        self.say(MemberState::Ended, None, Vec::new())
    }
}

/// One word for what a process does, and why it does not work.
fn state(order: Order, standing: Option<&Standing>, holds: bool) -> (MemberState, Option<String>) {
    let resting = |why: Rest| match why {
        Rest::Paused => MemberState::Paused,
        Rest::NotStarted | Rest::TooMany { .. } => MemberState::Idle,
    };
    match (order, standing) {
        // What is under way is finished first.
        (Order::Rest(why), _) if !holds => (resting(why), Some(why.to_string())),
        (Order::Rest(_) | Order::End(_), _) | (Order::Work, None) => (MemberState::Working, None),
        (Order::Work, Some(Standing::Waits(reason))) => (MemberState::Waiting, Some(reason.clone())),
        (Order::Work, Some(Standing::Blocked(reason))) => (MemberState::Blocked, Some(reason.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_paused_when_nothing_is_under_way_any_more() {
        let paused = Order::Rest(Rest::Paused);
        assert_eq!(state(paused, None, true).0, MemberState::Working);
        assert_eq!(state(paused, None, false).0, MemberState::Paused);
        let (idle, reason) = state(Order::Rest(Rest::TooMany { scale: 1 }), None, false);
        assert_eq!(idle, MemberState::Idle);
        assert!(reason.unwrap().contains("the scale is 1"));
        let blocked = Standing::Blocked("429".to_owned());
        assert_eq!(state(Order::Work, Some(&blocked), true), (MemberState::Blocked, Some("429".to_owned())));
    }
}
