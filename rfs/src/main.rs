//! Wiring: settings, logging, runtime, signals, exit code.

use std::process::ExitCode;

use switchover_coordinate::End;
use switchover_rfs::cli::{ENVIRONMENT, Settings};
use switchover_rfs::run::{self, Outcome, RunError};
use tokio_util::sync::CancellationToken;

const EXIT_FAILED: u8 = 1;
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    switchover_sys::keep_heap_small();
    if let Err(error) = switchover_sys::keep_memory_secret() {
        eprintln!("warning: a core file of this process would hold secrets, and can't be forbidden: {error}");
    }
    let settings: Settings = switchover_settings::parse(ENVIRONMENT);
    switchover_telemetry::init_logging(settings.log_format);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::from(EXIT_FAILED);
        }
    };
    let ended = runtime.block_on(async {
        let stop = CancellationToken::new();
        let told = stop.clone();
        let terminated = switchover_telemetry::terminated().map_err(RunError::Signals)?;
        tokio::spawn(async move {
            terminated.await;
            told.cancel();
        });
        run::run(&settings, stop).await
    });
    match ended {
        Ok(outcome) => {
            tell(&outcome);
            ExitCode::from(outcome.exit_code())
        }
        Err(error @ (RunError::Usage(_) | RunError::Target(_))) => {
            eprintln!("error: {error}");
            ExitCode::from(EXIT_USAGE)
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(EXIT_FAILED)
        }
    }
}

fn tell(outcome: &Outcome) {
    let all = &outcome.overview.all;
    for (part, reason) in &outcome.overview.errors {
        eprintln!("{part}: {reason}");
    }
    let state = match outcome.exit_code() {
        0 => "everything in the snapshot is on the target",
        1 => "parts of the snapshot could not be loaded",
        4 => "done, but not everything is on the target",
        _ if outcome.told == Some(End::Paused) => "paused from the console; start again to go on",
        _ if outcome.told.is_some() => "stopped from the console",
        _ => "stopped before the end; start again to go on",
    };
    println!(
        "{state}: {} documents indexed, {} refused, {} parts failed, {} left out, {} not ended",
        all.documents.saturating_sub(all.failed_documents),
        all.failed_documents,
        all.failed,
        all.skipped,
        all.open
    );
    if all.dropped_documents > 0 {
        println!("dropped by rules: {} documents", all.dropped_documents);
    }
    if let Some(path) = &outcome.failed_documents {
        println!("refused documents: {}", path.display());
    }
}
