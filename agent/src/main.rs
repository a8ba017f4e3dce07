//! Reads settings, installs logging, builds the runtime and runs the agent.

use std::process::ExitCode;
use switchover_agent::cli::{Cli, ENV_PREFIX};
use switchover_agent::run;
use switchover_agent::settings::Settings;

fn main() -> ExitCode {
    switchover_sys::keep_heap_small();
    let cli: Cli = switchover_settings::parse(ENV_PREFIX);
    let settings = match Settings::new(&cli) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(2);
        }
    };
    if cli.check_config {
        println!("the settings are good");
        return ExitCode::SUCCESS;
    }
    switchover_telemetry::init_logging();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run::run(cli, settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
