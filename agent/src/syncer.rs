//! The fsync thread: one fsync makes durable what all connections have appended so far (group commit), so the cost
//! of the disk is shared and no connection's thread ever waits for it.

use crate::durability::{Gate, SyncWork};
use crate::journal::Journal;
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
                match watched.sync_needed() {
                    SyncWork::None => std::thread::park(),
                    SyncWork::LookAgainIn(time) => std::thread::park_timeout(time),
                    SyncWork::Sync => sync(&journal, &watched),
                }
            }
            sync(&journal, &watched);
        })?;
        gate.set_syncer(thread.thread().clone());
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

fn sync(journal: &Journal, gate: &Gate) {
    match journal.sync_handle().sync() {
        Ok(below) => gate.synced(below),
        Err(error) => {
            if !gate.disk_fails() {
                tracing::error!(%error, "the capture log can't be made durable on the local disk");
            }
            gate.sync_failed(error.to_string());
            std::thread::sleep(RETRY_AFTER_ERROR);
        }
    }
}
