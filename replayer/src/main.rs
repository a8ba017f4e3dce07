//! Wiring: settings, logging, runtime, signals, report, exit code.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use switchover_replayer::cli::{ENVIRONMENT, Settings};
use switchover_replayer::open_files;
use switchover_replayer::progress::Progress;
use switchover_replayer::report::{self, EXIT_FAILED, Outcome};
use switchover_replayer::run::{self, Options};
use tokio_util::sync::CancellationToken;

const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    // Before any thread is there.
    switchover_sys::keep_heap_small();
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
        Ok(outcome) => ExitCode::from(outcome.exit_code()),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(EXIT_FAILED)
        }
    }
}

fn replay(settings: &Settings, options: Options) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    let outcome = runtime.block_on(async {
        let stop = CancellationToken::new();
        let progress = Arc::new(Progress::default());
        if let Some(address) = &settings.admin_address {
            let listener = tokio::net::TcpListener::bind(address).await;
            let listener = listener.with_context(|| format!("--adminAddress {address}"))?;
            tokio::spawn(switchover_telemetry::serve_admin(
                listener,
                Arc::clone(&progress),
                stop.child_token(),
            ));
        }
        let told = stop.clone();
        tokio::spawn(async move {
            if let Err(error) = switchover_telemetry::terminated().await {
                tracing::warn!(%error, "signals can't be caught: stopping will not be orderly");
                return;
            }
            told.cancel();
        });
        // A task like those that send: what they tell each other needs no other thread to wake up.
        let running = tokio::spawn(run::run(options, progress, stop));
        running.await.context("the run broke down")?.map_err(anyhow::Error::from)
    });
    // A reader that is blocked on standard input must not keep the process.
    runtime.shutdown_background();
    let outcome = outcome?;
    let document = outcome.document();
    if let Some(path) = &settings.report_file {
        let written = report::write_files(path, &document);
        written.with_context(|| format!("cannot write --reportFile {}", path.display()))?;
    }
    report::write_text(&mut std::io::stdout().lock(), &document).context("cannot write the report")?;
    Ok(outcome)
}
