//! How a thread of the capture side sleeps and is woken: the same steps run on threads and in the simulation, which has
//! none.

use std::fmt;
use std::sync::OnceLock;
use std::thread::Thread;
use std::time::Duration;

/// What a thread does after one step of its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// The next step at once.
    Go,
    /// Sleeps until woken.
    Park,
    /// Sleeps until woken, at most this long.
    ParkAtMost(Duration),
    /// Sleeps this long, whoever wakes it.
    Sleep(Duration),
}

impl Pace {
    /// Sleeps as told.
    pub fn keep(self) {
        match self {
            Self::Go => {}
            Self::Park => std::thread::park(),
            Self::ParkAtMost(time) => std::thread::park_timeout(time),
            Self::Sleep(time) => std::thread::sleep(time),
        }
    }
}

/// Wakes one sleeper, once it is known.
#[derive(Default)]
pub struct Waker(OnceLock<Box<dyn Fn() + Send + Sync>>);

impl Waker {
    /// Names what wakes the sleeper.
    pub fn set(&self, wake: impl Fn() + Send + Sync + 'static) {
        if self.0.set(Box::new(wake)).is_err() {
            tracing::debug!("the thread to be woken was already named");
        }
    }

    /// Names the thread to be woken.
    pub fn set_thread(&self, thread: Thread) {
        self.set(move || thread.unpark());
    }

    /// Wakes it; nothing before there is one.
    pub fn wake(&self) {
        if let Some(wake) = self.0.get() {
            wake();
        }
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waker").field("set", &self.0.get().is_some()).finish()
    }
}
