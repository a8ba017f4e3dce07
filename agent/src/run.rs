//! The agent's life: start the parts in order, serve, drain, end.

use crate::buffers::Buffers;
use crate::capture::Capture;
use crate::cli::Cli;
use crate::clock::Clock;
use crate::counters::Counters;
use crate::flusher::Flusher;
use crate::identity::Identity;
use crate::listener;
use crate::relay::Relay;
use crate::settings::Settings;
use crate::status::Status;
use crate::worker::Worker;
use anyhow::{Context as _, Result};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchover_telemetry::{serve_admin, terminated};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Runs until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// When a part can't start (log, port, threads); the message names it and what to do.
pub async fn run(cli: Cli, settings: Settings) -> Result<()> {
    let agent = Agent::start(&cli, settings)?;
    let listener = listener::bind(cli.listen_address, cli.listen_port)?;
    let admin = TcpListener::bind(cli.admin_address).await.with_context(|| {
        format!(
            "cannot listen on the admin address {}; choose another with --adminAddress",
            cli.admin_address
        )
    })?;
    let (listening, admin_address) = (listener.local_addr()?, admin.local_addr()?);
    println!("listening {listening}\nadmin {admin_address}");
    let directory = agent.capture.as_ref().map(|capture| capture.journal.directory().display().to_string());
    tracing::info!(
        %listening,
        admin = %admin_address,
        destination = %cli.destination_uri,
        capture_log = directory.as_deref().unwrap_or("none"),
        kafka = cli.kafka_connection.as_deref().unwrap_or("none"),
        node_id = agent.identity.node_id(),
        "serving"
    );

    let draining = agent.draining.clone();
    tokio::spawn(serve_admin(admin, Arc::new(agent.status(&cli)), CancellationToken::new()));
    let tls = agent.settings.tls.clone();
    tokio::spawn(async move {
        if let Err(error) = tls.keep_fresh().await {
            tracing::error!(%error, "certificates will not be loaded again");
        }
    });
    let workers =
        (0..cli.num_threads).map(|number| agent.worker(number, &cli)).collect::<std::io::Result<Vec<_>>>()?;
    let accepting = listener::accept(listener, &workers, cli.max_connections, &agent.counters, &draining);
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
    settings: Settings,
    identity: Identity,
    clock: Clock,
    counters: Arc<Counters>,
    /// `None` with `--noCapture`.
    capture: Option<Capture>,
    draining: CancellationToken,
}

impl Agent {
    fn start(cli: &Cli, settings: Settings) -> Result<Self> {
        let clock = Clock::start();
        let (identity, capture) = if cli.no_capture {
            (Identity::passing(), None)
        } else {
            let directory = cli.log_directory();
            let failed = || format!("capture log {}", directory.display());
            std::fs::create_dir_all(&directory).with_context(failed)?;
            let identity = Identity::load(&directory).with_context(failed)?;
            let capture = Capture::start(cli, settings.durability, &identity, clock)?;
            (identity, Some(capture))
        };
        Ok(Self {
            settings,
            identity,
            clock,
            counters: Arc::new(Counters::default()),
            capture,
            draining: CancellationToken::new(),
        })
    }

    fn status(&self, cli: &Cli) -> Status {
        Status {
            node_id: self.identity.node_id().to_owned(),
            journal: self.capture.as_ref().map(|capture| Arc::clone(&capture.journal)),
            counters: Arc::clone(&self.counters),
            kafka: self.capture.as_ref().and_then(|capture| capture.kafka_status(cli)),
            recovered_records: self.capture.as_ref().map_or(0, |capture| capture.recovered_records),
            draining: self.draining.clone(),
        }
    }

    fn worker(&self, number: u8, cli: &Cli) -> std::io::Result<Worker> {
        let journal = self.capture.as_ref().map(|capture| Arc::clone(&capture.journal));
        let (settings, counters) = (&self.settings, Arc::clone(&self.counters));
        let (node, server_tls) = (settings.node.clone(), settings.tls.server.clone());
        let (limits, rules) = (settings.limits, Arc::clone(&settings.rules));
        let (identity, clock, draining) = (self.identity.clone(), self.clock, self.draining.clone());
        Worker::start(number, cli.drain_timeout, move || Relay {
            node,
            server_tls,
            limits,
            journal,
            rules,
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
        let deadline = Instant::now() + drain_timeout;
        let cut: usize = workers.into_iter().map(Worker::finish).sum();
        if cut > 0 {
            tracing::warn!(
                connections = cut,
                "connections did not finish within --drainTimeout and were cut"
            );
        }
        if let Some(capture) = self.capture {
            capture.finish(deadline);
        }
    }
}
