//! Reads settings, installs logging, builds the runtime and runs the agent.

use std::process::ExitCode;
use switchover_agent::cli::{Cli, ENVIRONMENT};
use switchover_agent::run::{self, Inherited};
use switchover_agent::settings::Settings;

fn main() -> ExitCode {
    switchover_sys::keep_heap_small();
    if let Err(error) = switchover_sys::keep_memory_secret() {
        eprintln!("warning: a core file of this process would hold secrets, and can't be forbidden: {error}");
    }
    // Before anything opens a descriptor.
    let inherited = match Inherited::take() {
        Ok(inherited) => inherited,
        Err(error) => {
            eprintln!("error: the sockets that were passed can't be used: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let cli: Cli = switchover_settings::parse(ENVIRONMENT);
    let settings = match Settings::new(&cli) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(2);
        }
    };
    if cli.check_config {
        settings.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
        println!("the settings are good");
        return ExitCode::SUCCESS;
    }
    switchover_telemetry::init_logging(cli.log_format);
    settings.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(run::run(cli, settings, inherited));
    // What blocks at the end (a name that is being looked up) must not hold up the next program.
    runtime.shutdown_background();
    let failure = match ended {
        Ok(None) => return ExitCode::SUCCESS,
        Ok(Some(handover)) => match handover.execute() {
            Ok(never) => match never {},
            Err(error) => error,
        },
        Err(error) => error,
    };
    eprintln!("error: {failure:#}");
    ExitCode::FAILURE
}
