//! The capture side as one thing: log, gate, fsync thread, shipper. Started before the first connection, ended after
//! the last.

use crate::cli::Cli;
use crate::clock::Clock;
use crate::durability::Gate;
use crate::identity::Identity;
use crate::journal::Journal;
use crate::settings::Settings;
use crate::shipper::{Checkpoint, Deliveries, Shipper, ShipperOptions};
use crate::status::KafkaStatus;
use crate::syncer::Syncer;
use anyhow::Result;
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchover_capture::log::Recovery;
use switchover_capture::{LogError, LogErrorKind, LogOptions, LogWriter};

/// While no broker is in reach, the end is not delayed for shipping longer than this: the log keeps what is left.
const FINAL_SHIPPING_IN_OUTAGE: Duration = Duration::from_secs(1);
/// The least that shipping gets at the end, even when the connections took all of the drain timeout.
const FINAL_SHIPPING_MIN: Duration = Duration::from_millis(500);

/// The parts, running.
#[derive(Debug)]
pub struct Capture {
    /// Where connections append.
    pub journal: Arc<Journal>,
    syncer: Syncer,
    shipping: Option<(Shipper, Arc<Deliveries>)>,
    /// Records that the log held of earlier runs at the start and Kafka did not have.
    pub recovered_records: u64,
}

impl Capture {
    /// Opens the log, brings it in order and starts what works on it.
    ///
    /// # Errors
    /// When the log can't be used; the message names the file and what to do.
    pub fn start(cli: &Cli, settings: &Settings, identity: &Identity, clock: Clock) -> Result<Self> {
        let directory = cli.log_directory();
        let (writer, recovery) = LogWriter::open(log_options(cli))?;
        tell(&recovery);
        let checkpoint = Checkpoint::open(&directory)?;
        let next = writer.next_sequence();
        let acked_below = checkpoint.acked_below().max(writer.first_sequence()).min(next);
        let gate = Arc::new(Gate::new(settings.durability, cli.ack_timeout, cli.on_full, acked_below, next));
        let journal = Arc::new(Journal::new(writer, directory, Arc::clone(&gate), cli.on_full, clock));
        let syncer = Syncer::start(&journal, &gate)?;
        let shipping = match &settings.kafka {
            None => None,
            Some(kafka) => {
                for warning in &kafka.warnings {
                    tracing::warn!("{warning}");
                }
                let options = ShipperOptions { kafka: kafka.options.clone(), topic: kafka.topic.clone() };
                let deliveries = Arc::new(Deliveries::new(gate, acked_below..next));
                let shipper = Shipper::start(
                    &journal,
                    checkpoint,
                    Arc::clone(&deliveries),
                    options,
                    identity.node_id(),
                )?;
                Some((shipper, deliveries))
            }
        };
        Ok(Self { journal, syncer, shipping, recovered_records: next - acked_below })
    }

    /// What `/status` shows of Kafka.
    #[must_use]
    pub fn kafka_status(&self, settings: &Settings) -> Option<KafkaStatus> {
        let ((_, deliveries), kafka) = self.shipping.as_ref().zip(settings.kafka.as_ref())?;
        Some(KafkaStatus {
            brokers: kafka.options.brokers.clone(),
            access: kafka.options.access(),
            topic: kafka.topic.clone(),
            deliveries: Arc::clone(deliveries),
        })
    }

    /// Makes everything durable and ends, by about `deadline`.
    pub fn finish(self, deadline: Instant) {
        self.journal.close();
        self.syncer.stop();
        if let Some((shipper, deliveries)) = self.shipping {
            let limit = if deliveries.unreachable_reason().is_some() {
                FINAL_SHIPPING_IN_OUTAGE
            } else {
                deadline.saturating_duration_since(Instant::now()).max(FINAL_SHIPPING_MIN)
            };
            shipper.drain(&self.journal, limit);
        }
        tracing::info!(captured = ?self.journal.state().captured, "ended");
    }
}

/// Whether the log can be opened now.
#[must_use]
pub fn log_opens(cli: &Cli) -> bool {
    LogWriter::open(log_options(cli)).is_ok()
}

/// Whether a log that can't be opened may come to be: its directory is there, and nobody else writes to it. Then the
/// node's clients are served without it; a wrong path or a second agent must be seen at once instead.
#[must_use]
pub fn may_open_later(cli: &Cli, error: &anyhow::Error) -> bool {
    let locked = error
        .downcast_ref::<LogError>()
        .is_some_and(|error| matches!(error.kind, LogErrorKind::Locked { .. }));
    !locked && cli.log_directory().is_dir()
}

fn log_options(cli: &Cli) -> LogOptions {
    LogOptions {
        dir: cli.log_directory(),
        segment_bytes: cli.capture_log_segment_bytes,
        max_bytes: cli.capture_log_max_bytes,
    }
}

fn tell(recovery: &Recovery) {
    if let Some(torn) = &recovery.torn_tail {
        tracing::warn!(
            segment = %torn.segment.display(), offset = torn.offset, bytes = torn.bytes,
            "cut an unfinished write off the end of the capture log"
        );
    }
    for damage in &recovery.damage {
        tracing::error!(
            segment = %damage.segment.display(), offset = damage.offset, reason = damage.reason,
            "the capture log is damaged; `switchover capture stat` shows what is affected"
        );
    }
}
