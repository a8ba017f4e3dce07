//! The capture side as one thing: log, gate, fsync thread, shipper. Started before the first connection, ended after
//! the last.

mod opening;

pub use opening::{Opened, Promise};

use crate::cli::Cli;
use crate::clock::Clock;
use crate::identity::Identity;
use crate::journal::Journal;
use crate::settings::Settings;
use crate::shipper::{Deliveries, Shipper, ShipperOptions};
use crate::status::KafkaStatus;
use crate::syncer::Syncer;
use anyhow::Result;
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchover_capture::log::System;
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
        let promise =
            Promise { durability: settings.durability, ack_timeout: cli.ack_timeout, on_full: cli.on_full };
        let Opened { journal, gate, checkpoint, deliveries, recovered_records } =
            Opened::open(Arc::new(System), log_options(cli), promise, clock)?;
        let syncer = Syncer::start(&journal, &gate)?;
        let shipping = match &settings.kafka {
            None => None,
            Some(kafka) => {
                for warning in &kafka.warnings {
                    tracing::warn!("{warning}");
                }
                let options = ShipperOptions { kafka: kafka.options.clone(), topic: kafka.topic.clone() };
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
        Ok(Self { journal, syncer, shipping, recovered_records })
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
