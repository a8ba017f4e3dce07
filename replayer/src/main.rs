//! Wiring: settings, logging, runtime, signals, report, exit code.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use switchover_replayer::cli::{ENVIRONMENT, Settings};
use switchover_replayer::fleet::Ended;
use switchover_replayer::open_files;
use switchover_replayer::progress::{self, Current};
use switchover_replayer::report::{self, EXIT_FAILED, Outcome};
use switchover_replayer::run::{self, Options};
use switchover_replayer::spans::Spans;
use switchover_telemetry::otlp::{Exports, Service};
use tokio_util::sync::CancellationToken;

const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    // Before any thread is there.
    switchover_sys::keep_heap_small();
    if let Err(error) = switchover_sys::keep_memory_secret() {
        eprintln!("warning: a core file of this process would hold secrets, and can't be forbidden: {error}");
    }
    let settings: Settings = switchover_settings::parse(ENVIRONMENT);
    switchover_telemetry::init_logging(settings.log_format);
    open_files::allow_many();
    let options = match settings.options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match replay(&settings, options) {
        Ok(ended) => ExitCode::from(ended.exit_code()),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(EXIT_FAILED)
        }
    }
}

fn replay(settings: &Settings, mut options: Options) -> anyhow::Result<Ended> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    let ended = runtime.block_on(async {
        let stop = CancellationToken::new();
        let (told, terminated) = (stop.clone(), switchover_telemetry::terminated());
        let terminated = terminated.context("signals can't be caught")?;
        tokio::spawn(async move {
            terminated.await;
            told.cancel();
        });
        let current = Arc::new(Current::default());
        if let Some(address) = &settings.admin_address {
            let listener = tokio::net::TcpListener::bind(address).await;
            let listener = listener.with_context(|| format!("--adminAddress {address}"))?;
            tokio::spawn(switchover_telemetry::serve_admin(
                listener,
                Arc::clone(&current),
                stop.child_token(),
            ));
        }
        let exports = exports(settings, &mut options, &current);
        let ended = match settings.fleet().await? {
            Some(fleet) => fleet.follow(options, current, stop).await.map_err(anyhow::Error::from),
            None => {
                // A task like those that send: what they tell each other needs no other thread to wake up.
                let running = tokio::spawn(run::run(options, current.begin(), stop)).await;
                let outcome = running.context("the run broke down").and_then(|ended| Ok(ended?));
                outcome.map(|outcome| Ended { outcomes: vec![outcome], told: None })
            }
        };
        exports.finish().await;
        ended
    });
    // A reader that is blocked on standard input must not keep the process.
    runtime.shutdown_background();
    let ended = ended?;
    for outcome in &ended.outcomes {
        tell(settings, outcome)?;
    }
    if ended.told.is_some() {
        println!("stopped from the console");
    }
    Ok(ended)
}

/// Of several runs the last one's report is kept in the file.
fn tell(settings: &Settings, outcome: &Outcome) -> anyhow::Result<()> {
    let document = outcome.document();
    if let Some(path) = &settings.report_file {
        let written = report::write_files(path, &document);
        written.with_context(|| format!("cannot write --reportFile {}", path.display()))?;
    }
    report::write_text(&mut std::io::stdout().lock(), &document).context("cannot write the report")
}

/// Starts what is pushed to collectors, if any are named.
fn exports(settings: &Settings, options: &mut Options, current: &Arc<Current>) -> Exports {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let service = Service {
        name: env!("CARGO_PKG_NAME"),
        instance: format!("{}-{}", host.trim(), std::process::id()),
        started_unix_ns: u64::try_from(started.as_nanos()).unwrap_or_default(),
    };
    let mut exports = Exports::default();
    if let Some(endpoint) = &settings.otel_metrics_collector_endpoint {
        let current = Arc::clone(current);
        exports.metrics(endpoint.clone(), service.clone(), progress::PREFIX, move || current.figures());
    }
    if let Some(endpoint) = &settings.otel_trace_collector_endpoint {
        let (spans, waiting) = Spans::new();
        options.spans = Some(spans);
        exports.spans(endpoint.clone(), service, waiting);
    }
    exports
}
