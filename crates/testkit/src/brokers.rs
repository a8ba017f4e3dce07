//! Three Kafka brokers as one cluster, of a test's own: any one of them may be killed and started again.

use crate::lab::{Lab, described};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held by the cluster that there is: two at once are more than a small machine can keep alive.
static ALONE: Mutex<()> = Mutex::new(());

/// Replication factor 3, `min.insync.replicas` 2, no topics made by themselves.
#[derive(Debug)]
pub struct Brokers {
    bootstrap: String,
    /// In the order of their node ids, which begin with 1.
    pub all: Vec<Lab>,
    _alone: MutexGuard<'static, ()>,
}

impl Brokers {
    /// Starts them, when no other test of this process has such a cluster; they are gone with the handle.
    ///
    /// # Panics
    /// When they do not come up.
    #[must_use]
    pub fn start() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut cluster = described(&["kafka", "--brokers", "3", "--set", "auto.create.topics.enable=false"]);
        let bootstrap = cluster["bootstrap"].as_str().expect("addresses").to_owned();
        let brokers = cluster["brokers"].as_array_mut().expect("brokers");
        Self {
            bootstrap,
            all: brokers.drain(..).map(|broker| Lab::new(broker, true)).collect(),
            _alone: alone,
        }
    }

    /// `host:port` of all of them.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }
}
