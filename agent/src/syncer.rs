//! The fsync thread: one fsync makes durable what all connections have appended so far (group commit), so the cost
//! of the disk is shared and no connection's thread ever waits for it.

use crate::durability::{Gate, SyncWork};
use crate::journal::Journal;
use crate::wake::Pace;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// After the disk refused, it is asked again at this pace while responses wait.
const RETRY_AFTER_ERROR: Duration = Duration::from_millis(200);

/// The running thread.
#[derive(Debug)]
pub struct Syncer {
    thread: JoinHandle<()>,
    stop: Arc<AtomicBool>,
}

impl Syncer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(journal: &Arc<Journal>, gate: &Arc<Gate>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (journal, watched, stopping) = (Arc::clone(journal), Arc::clone(gate), Arc::clone(&stop));
        let thread = std::thread::Builder::new().name("log-sync".to_owned()).spawn(move || {
            while !stopping.load(Ordering::Acquire) {
                step(&journal, &watched).keep();
            }
            sync(&journal, &watched);
        })?;
        gate.syncer().set_thread(thread.thread().clone());
        Ok(Self { thread, stop })
    }

    /// Syncs a last time and ends the thread.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Release);
        self.thread.thread().unpark();
        if self.thread.join().is_err() {
            tracing::error!("the fsync thread had died");
        }
    }
}

/// What the thread does over and over: looks what the gate needs, and does it.
pub fn step(journal: &Journal, gate: &Gate) -> Pace {
    match gate.sync_needed() {
        SyncWork::None => Pace::Park,
        SyncWork::LookAgainIn(time) => Pace::ParkAtMost(time),
        SyncWork::Sync => sync(journal, gate),
    }
}

fn sync(journal: &Journal, gate: &Gate) -> Pace {
    match journal.sync_handle().sync() {
        Ok(below) => {
            gate.synced(below);
            Pace::Go
        }
        Err(error) => {
            if gate.sync_failed(error.to_string()) {
                tracing::error!(%error, "the capture log can't be made durable on the local disk");
            }
            Pace::Sleep(RETRY_AFTER_ERROR)
        }
    }
}
