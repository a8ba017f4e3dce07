//! The command lines of the daemons, as they take them: with every spelling of a flag.

use clap::Command;
use switchover_settings::Environment;

/// Of the agent, the replayer and the backfill worker.
#[must_use]
pub fn daemons() -> [Command; 3] {
    use switchover_settings::command;
    use {switchover_agent::cli as agent, switchover_replayer::cli as replayer, switchover_rfs::cli as rfs};
    [
        command::<agent::Cli>(prefix(agent::ENVIRONMENT)),
        command::<replayer::Settings>(prefix(replayer::ENVIRONMENT)),
        command::<rfs::Settings>(prefix(rfs::ENVIRONMENT)),
    ]
}

fn prefix(environment: impl Into<Environment<'static>>) -> &'static str {
    environment.into().prefix
}
