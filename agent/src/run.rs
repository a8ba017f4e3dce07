//! The agent's life: start the parts in order, serve, drain, end.

use crate::buffers::Buffers;
use crate::capture::{self, Capture};
use crate::cli::Cli;
use crate::clock::Clock;
use crate::counters::Counters;
use crate::flusher::Flusher;
use crate::handover::{self, Connection, Handover, Uncaptured};
use crate::identity::Identity;
use crate::listener::{self, Acceptor};
use crate::metrics;
use crate::relay::{Relay, Routes};
use crate::routing::{self, Control, Lots};
use crate::rules::OnFull;
use crate::service_manager;
use crate::settings::Settings;
use crate::spans::Spans;
use crate::status::Status;
use crate::worker::Worker;
use anyhow::{Context as _, Result};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use switchover_telemetry::otlp::{Exports, Service, Span};
use switchover_telemetry::{serve_admin, terminated};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A traffic thread shows this often within the watchdog's limit that it moves: more often than systemd is answered.
const BEATS_PER_WATCHDOG: u32 = 2 * service_manager::WATCHDOG_SHARE;

/// A log that could not be opened is tried again at this pace.
const OPEN_RETRY: Duration = Duration::from_secs(2);

/// Sockets that were open before this program began.
#[derive(Debug, Default)]
pub struct Inherited {
    /// The client port.
    pub listener: Option<std::net::TcpListener>,
    /// Connections to go on with.
    pub connections: Vec<Connection>,
    /// What the program before could not capture.
    pub uncaptured: Option<Uncaptured>,
}

impl Inherited {
    /// From the program that this one replaces, or from systemd. To be called before anything else is opened.
    ///
    /// # Errors
    /// When what was passed can't be taken.
    pub fn take() -> Result<Self> {
        if let Some(Handover { listener, connections, uncaptured }) = Handover::received()? {
            return Ok(Self { listener: Some(listener), connections, uncaptured });
        }
        Ok(Self { listener: service_manager::listener()?, ..Self::default() })
    }
}

/// Runs until SIGTERM or SIGINT, then drains. After SIGUSR2 what comes back is to be given to the new program.
///
/// # Errors
/// When a part can't start (log, port, threads); the message names it and what to do.
pub async fn run(cli: Cli, settings: Settings, inherited: Inherited) -> Result<Option<Handover>> {
    // Before anybody can know of this process: each of these signals would kill it.
    let terminated = terminated().context("signals can't be caught")?;
    let upgrade = signal(SignalKind::user_defined2()).context("signals can't be caught")?;
    let _until_it_is_listened_to = signal(SignalKind::hangup()).context("signals can't be caught")?;
    let mut agent = Agent::start(&cli, settings)?;
    if let (Some(capture), Some(uncaptured)) = (&agent.capture, inherited.uncaptured) {
        capture.journal.record_uncaptured(uncaptured);
    }
    let listener = match inherited.listener {
        Some(listener) => listener::adopt(listener)?,
        None => listener::bind(cli.listen_address, cli.listen_port)?,
    };
    let admin = TcpListener::bind(cli.admin_address).await.with_context(|| {
        format!(
            "cannot listen on the admin address {}; choose another with --adminAddress",
            cli.admin_address
        )
    })?;
    let (listening, admin_address) = (listener.local_addr()?, admin.local_addr()?);
    agent.follow_routing(&cli);
    println!("listening {listening}\nadmin {admin_address}");
    let directory = agent.capture.as_ref().map(|capture| capture.journal.directory().display().to_string());
    tracing::info!(
        %listening,
        admin = %admin_address,
        destination = %cli.destination_uri,
        capture_log = directory.as_deref().unwrap_or("none"),
        kafka = agent.settings.kafka.as_ref().map_or("none", |kafka| kafka.options.brokers.as_str()),
        node_id = agent.identity.node_id(),
        taken_over = inherited.connections.len(),
        "serving"
    );

    let status = Arc::new(agent.status());
    tokio::spawn(serve_admin(admin, Arc::clone(&status), CancellationToken::new()));
    let exports = agent.exports(&cli, status);
    let tls = agent.settings.tls.clone();
    tokio::spawn(async move {
        if let Err(error) = tls.keep_fresh().await {
            tracing::error!(%error, "certificates will not be loaded again");
        }
    });
    let workers = (0..cli.traffic_threads())
        .map(|number| agent.worker(number, &cli))
        .collect::<std::io::Result<Vec<_>>>()?;
    if let Some(limit) = service_manager::watchdog() {
        let beats = workers.iter().map(|worker| Arc::clone(&worker.beat)).collect();
        tokio::spawn(service_manager::answer_watchdog(limit, beats));
    }
    service_manager::ready(&format!("{listening} to {}", cli.destination_uri));

    let mut acceptor = Acceptor::new(&workers, cli.max_connections, &agent.counters);
    acceptor.resume(inherited.connections).await?;
    tokio::select! {
        ended = acceptor.accept(&listener) => ended?,
        () = terminated => {
            service_manager::stopping();
            tracing::info!(open_connections = agent.counters.open_connections(), "asked to end, draining");
        }
        asked = upgrade_asked(upgrade) => {
            asked?;
            tracing::info!(open_connections = agent.counters.open_connections(), "a new program takes over");
            agent.handing_over.store(true, Ordering::Release);
        }
        () = agent.log_to_open(&cli) => {
            tracing::info!("the capture log can be opened now: starting again, with it");
            agent.handing_over.store(true, Ordering::Release);
        }
    }
    let upgrading = agent.handing_over.load(Ordering::Acquire);
    // Clients whose connections end now are turned to other nodes, unless a new program is there for them soon.
    let listener = upgrading.then_some(listener);
    agent.draining.cancel();
    let uncaptured = agent.uncaptured();
    let connections = tokio::task::spawn_blocking(move || agent.finish(workers, cli.drain_timeout)).await?;
    match listener {
        None => {
            exports.finish().await;
            Ok(None)
        }
        // Clients wait for the new program; it pushes what there is.
        Some(listener) => Ok(Some(Handover { listener: listener.into_std()?, connections, uncaptured })),
    }
}

/// Completes at SIGUSR2, when the program at our path is one that accepts our settings.
async fn upgrade_asked(mut asked: Signal) -> std::io::Result<()> {
    loop {
        asked.recv().await;
        match tokio::task::spawn_blocking(handover::check_successor).await? {
            Ok(()) => return Ok(()),
            Err(error) => tracing::error!("the new program does not take over: {error:#}"),
        }
    }
}

/// The parts that live as long as the process.
struct Agent {
    settings: Settings,
    identity: Identity,
    clock: Clock,
    counters: Arc<Counters>,
    /// With `--targetUri`.
    routes: Option<Arc<Routes>>,
    /// `None` with `--noCapture`, and while the log can't be opened.
    capture: Option<Capture>,
    /// Why it can't.
    no_log: Option<String>,
    /// With a collector for them.
    spans: Option<Spans>,
    /// Those that wait to be pushed, until somebody does.
    waiting_spans: Option<mpsc::Receiver<Span>>,
    draining: CancellationToken,
    handing_over: Arc<AtomicBool>,
}

impl Agent {
    fn start(cli: &Cli, mut settings: Settings) -> Result<Self> {
        let clock = Clock::start();
        let (mut capture, mut no_log, mut identity) = (None, None, Identity::passing());
        if !cli.no_capture {
            match Self::start_capture(cli, &settings, clock) {
                Ok((known, started)) => (identity, capture) = (known, Some(started)),
                Err(error) if capture::may_open_later(cli, &error) && cli.on_full != OnFull::Block => {
                    tracing::error!(
                        "the capture log can't be opened, clients are served without it: {error:#}"
                    );
                    Arc::make_mut(&mut settings.rules).refuse_writes = cli.on_full == OnFull::Reject;
                    no_log = Some(format!("{error:#}"));
                }
                Err(error) => return Err(error),
            }
        }
        let (spans, waiting_spans) =
            cli.otel_trace_collector_endpoint.as_ref().map(|_| Spans::new(clock)).unzip();
        let (counters, draining) = (Arc::new(Counters::default()), CancellationToken::new());
        let routes = settings.target.take().map(|target| {
            let (file, limit) = (target.file.clone(), target.max_errors_percent);
            let (seen, ending) = (Arc::clone(&counters), draining.clone());
            let control = Control::start(target.routing, file, limit, clock, seen, ending)?;
            Ok::<_, std::io::Error>(Arc::new(Routes {
                control: Arc::new(control),
                lots: Lots::default(),
                target,
            }))
        });
        Ok(Self {
            settings,
            identity,
            clock,
            counters,
            routes: routes.transpose()?,
            capture,
            no_log,
            spans,
            waiting_spans,
            draining,
            handing_over: Arc::default(),
        })
    }

    fn start_capture(cli: &Cli, settings: &Settings, clock: Clock) -> Result<(Identity, Capture)> {
        let directory = cli.log_directory();
        let failed = || format!("capture log {}", directory.display());
        std::fs::create_dir_all(&directory).with_context(failed)?;
        let identity = Identity::load(&directory).with_context(failed)?;
        let capture = Capture::start(cli, settings, &identity, clock)?;
        Ok((identity, capture))
    }

    /// Completes when the log that could not be opened at the start can be.
    async fn log_to_open(&self, cli: &Cli) {
        if self.no_log.is_none() {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(OPEN_RETRY).await;
            if capture::log_opens(cli) {
                return;
            }
        }
    }

    /// What passed for want of a log.
    fn uncaptured(&self) -> Option<Uncaptured> {
        self.no_log.as_ref().map(|reason| Uncaptured {
            from_unix_ns: i64::try_from(self.clock.started().unix_nanos()).unwrap_or(i64::MAX),
            requests: self.counters.unrecorded_requests.get(),
            connections: self.counters.connections.get(),
            reason: reason.clone(),
        })
    }

    fn status(&self) -> Status {
        Status {
            node_id: self.identity.node_id().to_owned(),
            journal: self.capture.as_ref().map(|capture| Arc::clone(&capture.journal)),
            counters: Arc::clone(&self.counters),
            kafka: self.capture.as_ref().and_then(|capture| capture.kafka_status(&self.settings)),
            recovered_records: self.capture.as_ref().map_or(0, |capture| capture.recovered_records),
            draining: self.draining.clone(),
            routes: self.routes.clone(),
            no_log: self.no_log.clone(),
        }
    }

    /// Starts what changes routing: the socket, the file, and a target that fails.
    fn follow_routing(&self, cli: &Cli) {
        let Some(routes) = &self.routes else { return };
        let epoch = routes.control.current();
        tracing::info!(
            to = %routes.target.node,
            routing = %epoch.routing,
            fallback = epoch.fallback.as_ref().map(|it| it.reason.as_str()),
            file = %routes.target.file.path().display(),
            "clients may be routed to the target"
        );
        let told = |what: &'static str, ended: std::io::Result<()>| {
            if let Err(error) = ended {
                tracing::error!(%error, "{what}");
            }
        };
        let (kept, asked) = (Arc::clone(&routes.control), Arc::clone(&routes.control));
        tokio::spawn(async move { told("the routing file will not be looked at", kept.keep().await) });
        match routing::bind_socket(&cli.log_directory()) {
            Ok(socket) => drop(tokio::spawn(routing::serve_socket(socket, asked))),
            error => {
                told("routing can't be set through its socket; its file and SIGHUP remain", error.map(drop))
            }
        }
        tokio::spawn(routing::probe(Arc::clone(&routes.control), routes.target.node.clone()));
    }

    /// Starts what is pushed to collectors, if any are named.
    fn exports(&mut self, cli: &Cli, status: Arc<Status>) -> Exports {
        let service = Service {
            name: env!("CARGO_PKG_NAME"),
            instance: self.identity.node_id().to_owned(),
            started_unix_ns: u64::try_from(self.clock.started().unix_nanos()).unwrap_or_default(),
        };
        let mut exports = Exports::default();
        if let Some(endpoint) = &cli.otel_metrics_collector_endpoint {
            let figures = move || metrics::figures(&status);
            exports.metrics(endpoint.clone(), service.clone(), metrics::PREFIX, figures);
        }
        if let Some((endpoint, spans)) =
            cli.otel_trace_collector_endpoint.as_ref().zip(self.waiting_spans.take())
        {
            exports.spans(endpoint.clone(), service, spans);
        }
        exports
    }

    fn worker(&self, number: u8, cli: &Cli) -> std::io::Result<Worker> {
        let journal = self.capture.as_ref().map(|capture| Arc::clone(&capture.journal));
        let (settings, counters) = (&self.settings, Arc::clone(&self.counters));
        let (node, server_tls) = (settings.node.clone(), settings.tls.server.clone());
        let (limits, rules) = (settings.limits, Arc::clone(&settings.rules));
        let (identity, clock, draining) = (self.identity.clone(), self.clock, self.draining.clone());
        let routes = self.routes.clone();
        let (handing_over, spans) = (Arc::clone(&self.handing_over), self.spans.clone());
        let beat = service_manager::watchdog().map(|limit| limit / BEATS_PER_WATCHDOG);
        Worker::start(number, cli.drain_timeout, beat, move || Relay {
            node,
            routes,
            server_tls,
            limits,
            journal,
            rules,
            identity,
            clock,
            counters,
            spans,
            buffers: Rc::new(Buffers::default()),
            flusher: Rc::new(Flusher::default()),
            draining,
            handing_over,
            handed_over: RefCell::default(),
        })
    }

    /// Lets connections finish, then makes everything durable. Those that a new program goes on with.
    fn finish(self, workers: Vec<Worker>, drain_timeout: Duration) -> Vec<Connection> {
        let upgrading = self.handing_over.load(Ordering::Acquire);
        let deadline = Instant::now() + drain_timeout;
        let (mut cut, mut handed_over) = (0, Vec::new());
        for ended in workers.into_iter().map(Worker::finish) {
            cut += ended.cut;
            handed_over.extend(ended.handed_over);
        }
        if cut > 0 {
            tracing::warn!(
                connections = cut,
                "connections did not finish within --drainTimeout and were cut"
            );
        }
        if let Some(capture) = self.capture {
            // The new program ships what is left: clients wait for it.
            capture.finish(if upgrading { Instant::now() } else { deadline });
        }
        handed_over
    }
}
