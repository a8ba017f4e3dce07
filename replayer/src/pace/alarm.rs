//! A clock that rings on time.
//!
//! The runtime's own timer counts whole milliseconds and its sleep is rounded up to them once more: it wakes up to 2 ms
//! late, which is all that a request may be late. A thread that waits on a condition variable wakes within some 0.1 ms.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

/// One alarm clock; setting it anew replaces the time that was set.
#[derive(Debug)]
pub struct Alarm {
    shared: Arc<Shared>,
    set_to: Option<Instant>,
}

#[derive(Debug, Default)]
struct Shared {
    wanted: Mutex<Wanted>,
    changed: Condvar,
    rang: Notify,
}

#[derive(Debug, Default)]
struct Wanted {
    at: Option<Instant>,
    ended: bool,
}

impl Alarm {
    /// Starts the thread, which ends with the alarm.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn new() -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let waiting = Arc::clone(&shared);
        std::thread::Builder::new().name("pace".to_owned()).spawn(move || waiting.ring())?;
        Ok(Self { shared, set_to: None })
    }

    /// Completes at `deadline`, never before. May be dropped and asked again.
    pub async fn at(&mut self, deadline: Instant) {
        while Instant::now() < deadline {
            if self.set_to != Some(deadline) {
                self.shared.wanted().at = Some(deadline);
                self.shared.changed.notify_one();
                self.set_to = Some(deadline);
            }
            self.shared.rang.notified().await;
            // It may have rung for an earlier time that nobody waits for any more.
            self.set_to = None;
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.shared.wanted().ended = true;
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        let mut wanted = self.wanted();
        while !wanted.ended {
            let Some(at) = wanted.at else {
                wanted = self.changed.wait(wanted).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = at.saturating_duration_since(Instant::now());
            if left.is_zero() {
                wanted.at = None;
                self.rang.notify_one();
            } else {
                (wanted, _) = self.changed.wait_timeout(wanted, left).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn it_rings_on_time_and_never_before() {
        let mut alarm = Alarm::new().unwrap();
        let mut late = Vec::new();
        for at in 0..200 {
            let deadline = Instant::now() + Duration::from_micros(at * 37);
            alarm.at(deadline).await;
            late.push(Instant::now().checked_duration_since(deadline).unwrap());
        }
        late.sort_unstable();
        assert!(late[100] < Duration::from_millis(1), "the median is {:?} late", late[100]);
    }

    #[tokio::test]
    async fn what_was_set_before_is_forgotten() {
        let mut alarm = Alarm::new().unwrap();
        let begun = Instant::now();
        for deadline in [Duration::from_millis(5), Duration::from_secs(3600), Duration::from_millis(1)] {
            // Asked once and dropped, whether it is time or not.
            let _ = tokio::time::timeout(Duration::ZERO, alarm.at(begun + deadline)).await;
        }
        // Rings for one that was dropped must not count.
        std::thread::sleep(Duration::from_millis(10));
        let deadline = Instant::now() + Duration::from_millis(30);
        alarm.at(deadline).await;
        assert!(Instant::now() >= deadline);
    }
}
