//! Appends what connections leave pending.
//!
//! Reads are recorded in memory and appended with the next mutation or when enough has come together. One task per
//! worker appends the rest in time, so that a replay is at most [`FLUSH_AGE`] behind and the agent's death loses no
//! more than that of reads (mutations are appended at once). One task and one timer, not a timer per request.

use crate::tap::Tap;
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::time::Duration;
use tokio::sync::Notify;

/// The longest that a read's record stays in memory.
pub const FLUSH_AGE: Duration = Duration::from_millis(200);
/// Connections flushed in one go before others get their turn.
const FLUSH_BATCH: usize = 64;

/// Connections of a worker with something pending.
#[derive(Debug, Default)]
pub struct Flusher {
    watched: RefCell<Vec<Weak<RefCell<Tap>>>>,
    wake: Notify,
}

impl Flusher {
    /// Remembers a connection that has something pending. At most one entry for each.
    pub fn watch(&self, tap: &Rc<RefCell<Tap>>) {
        if !tap.borrow_mut().to_be_watched() {
            return;
        }
        let mut watched = self.watched.borrow_mut();
        if watched.is_empty() {
            self.wake.notify_one();
        }
        watched.push(Rc::downgrade(tap));
    }

    /// Appends for as long as the worker lives.
    pub async fn run(&self) {
        loop {
            self.wake.notified().await;
            tokio::time::sleep(FLUSH_AGE).await;
            let due = std::mem::take(&mut *self.watched.borrow_mut());
            for batch in due.chunks(FLUSH_BATCH) {
                for tap in batch.iter().filter_map(Weak::upgrade) {
                    tap.borrow_mut().flush_watched();
                }
                tokio::task::yield_now().await;
            }
        }
    }
}
