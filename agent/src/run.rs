//! The agent's life: start the parts in order, serve, drain, end.

use crate::buffers::Buffers;
use crate::cli::{Cli, Durability};
use crate::clock::Clock;
use crate::counters::Counters;
use crate::durability::Gate;
use crate::flusher::Flusher;
use crate::identity::Identity;
use crate::journal::Journal;
use crate::listener;
use crate::relay::Relay;
use crate::shipper::{Checkpoint, Deliveries, Shipper, ShipperOptions};
use crate::status::{KafkaStatus, Status};
use crate::syncer::Syncer;
use crate::worker::Worker;
use anyhow::{Context as _, Result, anyhow};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchover_capture::{LogOptions, LogWriter};
use switchover_kafka::KafkaOptions;
use switchover_telemetry::{serve_admin, terminated};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// While no broker is in reach, the end is not delayed for shipping longer than this: the log keeps what is left.
const FINAL_SHIPPING_IN_OUTAGE: Duration = Duration::from_secs(1);
/// The least that shipping gets at the end, even when the connections took all of the drain timeout.
const FINAL_SHIPPING_MIN: Duration = Duration::from_secs(2);

/// Runs until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// When a part can't start (log, port, threads); the message names it and what to do.
pub async fn run(cli: Cli, durability: Durability) -> Result<()> {
    let agent = Agent::start(&cli, durability)?;
    let listener = listener::bind(cli.listen_address, cli.listen_port)?;
    let admin = TcpListener::bind(cli.admin_address).await.with_context(|| {
        format!(
            "cannot listen on the admin address {}; choose another with --adminAddress",
            cli.admin_address
        )
    })?;
    let (listening, admin_address) = (listener.local_addr()?, admin.local_addr()?);
    println!("listening {listening}\nadmin {admin_address}");
    tracing::info!(
        %listening,
        admin = %admin_address,
        destination = format!("{}:{}", cli.destination_uri.host, cli.destination_uri.port),
        capture_log = %agent.journal.directory().display(),
        kafka = cli.kafka_connection.as_deref().unwrap_or("none"),
        node_id = agent.identity.node_id(),
        "capturing"
    );

    let draining = agent.draining.clone();
    tokio::spawn(serve_admin(admin, Arc::new(agent.status(&cli)), CancellationToken::new()));
    let workers =
        (0..cli.num_threads).map(|number| agent.worker(number, &cli)).collect::<std::io::Result<Vec<_>>>()?;
    let accepting = async { listener::accept(listener, &workers, &draining).await };
    tokio::select! {
        ended = accepting => ended?,
        asked = terminated() => {
            asked?;
            tracing::info!(open_connections = agent.counters.open_connections(), "asked to end, draining");
            draining.cancel();
        }
    }
    tokio::task::spawn_blocking(move || agent.finish(workers, cli.drain_timeout)).await?;
    Ok(())
}

/// The parts that live as long as the process.
struct Agent {
    identity: Identity,
    clock: Clock,
    counters: Arc<Counters>,
    journal: Arc<Journal>,
    syncer: Syncer,
    shipping: Option<(Shipper, Arc<Deliveries>)>,
    recovered_records: u64,
    draining: CancellationToken,
}

impl Agent {
    fn start(cli: &Cli, durability: Durability) -> Result<Self> {
        let directory = cli.log_directory();
        let options = LogOptions {
            dir: directory.clone(),
            segment_bytes: cli.capture_log_segment_bytes,
            max_bytes: cli.capture_log_max_bytes,
        };
        let (writer, recovery) = LogWriter::open(options)?;
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
        let identity =
            Identity::load(&directory).with_context(|| format!("capture log {}", directory.display()))?;
        let checkpoint = Checkpoint::open(&directory)?;
        let next = writer.next_sequence();
        let acked_below = checkpoint.acked_below().max(writer.first_sequence()).min(next);
        let clock = Clock::start();
        let gate = Arc::new(Gate::new(durability, cli.ack_timeout, acked_below, next));
        let journal = Arc::new(Journal::new(writer, directory, Arc::clone(&gate), clock));
        let syncer = Syncer::start(&journal, &gate)?;
        let shipping = match &cli.kafka_connection {
            None => None,
            Some(brokers) => {
                let kafka = KafkaOptions { brokers: brokers.clone(), client_id: cli.kafka_client_id.clone() };
                let options = ShipperOptions { kafka, topic: cli.kafka_topic.clone() };
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
        Ok(Self {
            identity,
            clock,
            counters: Arc::new(Counters::default()),
            journal,
            syncer,
            shipping,
            recovered_records: next - acked_below,
            draining: CancellationToken::new(),
        })
    }

    fn status(&self, cli: &Cli) -> Status {
        let kafka = self.shipping.as_ref().map(|(_, deliveries)| KafkaStatus {
            brokers: cli.kafka_connection.clone().unwrap_or_default(),
            topic: cli.kafka_topic.clone(),
            deliveries: Arc::clone(deliveries),
        });
        Status {
            node_id: self.identity.node_id().to_owned(),
            journal: Arc::clone(&self.journal),
            counters: Arc::clone(&self.counters),
            kafka,
            recovered_records: self.recovered_records,
            draining: self.draining.clone(),
        }
    }

    fn worker(&self, number: u8, cli: &Cli) -> std::io::Result<Worker> {
        let (journal, counters) = (Arc::clone(&self.journal), Arc::clone(&self.counters));
        let (identity, clock, draining) = (self.identity.clone(), self.clock, self.draining.clone());
        let (destination, connect_timeout) = (cli.destination_uri.clone(), cli.connect_timeout);
        Worker::start(number, cli.drain_timeout, move || Relay {
            destination,
            connect_timeout,
            journal,
            identity,
            clock,
            counters,
            buffers: Rc::new(Buffers::default()),
            flusher: Rc::new(Flusher::default()),
            draining,
        })
    }

    /// Lets connections finish, then makes everything durable.
    fn finish(self, workers: Vec<Worker>, drain_timeout: Duration) {
        let started = Instant::now();
        let cut: usize = workers.into_iter().map(Worker::finish).sum();
        if cut > 0 {
            tracing::warn!(
                connections = cut,
                "connections did not finish within --drainTimeout and were cut"
            );
        }
        self.journal.close();
        self.syncer.stop();
        if let Some((shipper, deliveries)) = self.shipping {
            let limit = if deliveries.unreachable_reason().is_some() {
                FINAL_SHIPPING_IN_OUTAGE
            } else {
                drain_timeout.saturating_sub(started.elapsed()).max(FINAL_SHIPPING_MIN)
            };
            shipper.drain(&self.journal, limit);
        }
        tracing::info!(captured = ?self.journal.state().captured, "ended");
    }
}

/// The settings that depend on each other.
///
/// # Errors
/// What is wrong, for a usage error.
pub fn check(cli: &Cli) -> Result<Durability> {
    cli.effective_durability().map_err(|reason| anyhow!(reason))
}
