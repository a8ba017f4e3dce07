//! The items that a process holds, for those who watch it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Their ids; at most one a worker.
#[derive(Debug, Default)]
pub struct UnderWay {
    items: Mutex<BTreeSet<String>>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Held {
    all: Arc<UnderWay>,
    item: String,
}

impl UnderWay {
    /// An item was claimed.
    #[must_use]
    pub fn hold(self: &Arc<Self>, item: String) -> Held {
        self.lock().insert(item.clone());
        Held { all: Arc::clone(self), item }
    }

    /// All of them.
    #[must_use]
    pub fn items(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.lock().remove(&self.item);
    }
}
