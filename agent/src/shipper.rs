//! Ships the capture log to Kafka, from the segments and in their order.
//!
//! There is one path, not two: the shipper always reads the log, right behind the writer. What was just appended is in
//! the page cache, so this costs a copy and no disk; and an outage, a restart or a slow broker is the same code as a
//! good day. Records of a connection stay in order because the log is in order, Kafka's partition is chosen by the
//! connection's id, and the producer is gapless: after a failure everything that is not acknowledged is sent again from
//! the first of it, by a new producer.

mod broker;
mod checkpoint;
mod deliveries;
mod shipped;
mod shipping;

pub use broker::{Broker, Producer, ShipperOptions};
pub use checkpoint::Checkpoint;
pub use deliveries::Deliveries;
pub use shipping::Shipping;

use crate::journal::Journal;
use shipped::Shipped;
use shipping::QUEUE_WAIT;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The running shipper.
#[derive(Debug)]
pub struct Shipper {
    thread: JoinHandle<()>,
    stop: Arc<AtomicBool>,
}

impl Shipper {
    /// Starts shipping from the first entry that is not acknowledged.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        journal: &Arc<Journal>,
        checkpoint: Checkpoint,
        deliveries: Arc<Deliveries>,
        options: ShipperOptions,
        node_id: &str,
    ) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let mut shipping = Shipping::new(Arc::clone(journal), checkpoint, deliveries, options, node_id);
        let thread = std::thread::Builder::new().name("shipper".to_owned()).spawn(move || {
            while !stopping.load(Ordering::Acquire) {
                shipping.step().keep();
            }
            shipping.finish();
        })?;
        journal.shipper().set_thread(thread.thread().clone());
        Ok(Self { thread, stop })
    }

    /// Ships what the log holds, for at most `limit`, and ends. What is left stays in the log for the next start.
    pub fn drain(self, journal: &Journal, limit: Duration) {
        let deadline = Instant::now() + limit;
        let end = journal.next_sequence();
        while journal.gate().acked_below() < end && Instant::now() < deadline {
            self.thread.thread().unpark();
            std::thread::sleep(QUEUE_WAIT);
        }
        self.stop.store(true, Ordering::Release);
        self.thread.thread().unpark();
        if self.thread.join().is_err() {
            tracing::error!("the shipping thread had died");
        }
        let left = end.saturating_sub(journal.gate().acked_below());
        if left > 0 {
            tracing::warn!(
                records = left,
                "kafka does not have everything yet; the rest stays in the capture log and is shipped at the next start"
            );
        }
    }
}
