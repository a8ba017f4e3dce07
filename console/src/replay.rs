//! `replay ...`: starts, steers and shows the replay of captured traffic. `switchover-replayer` itself replays.
//!
//! What is wanted goes through a coordination index, which the replayers of all hosts read; on this host the console also
//! starts them. How far they are, their input remembers: with Kafka a start goes on where the group is.

mod control;
mod overview;
pub(crate) mod phase;
pub(crate) mod picture;
pub(crate) mod settings;
mod status;
mod worker_config;

use std::path::Path;

use clap::Subcommand;
use serde_json::json;

use crate::failure::Failure;
use crate::output::Output;
use crate::runtime::block_on;
use crate::services::MAX_SCALE;
pub(crate) use overview::ask as overview;
use settings::Settings;

/// Of the JSON of `describe`.
const DESCRIBE_SCHEMA: &str = "switchover.replay.describe/1";

#[derive(Debug, Subcommand)]
pub(crate) enum ReplayCommand {
    /// Show what the services file says of the replay.
    Describe,
    /// Replay captured traffic to the target, or go on after a stop. Starts the replayers that are missing on this host.
    Start,
    /// Let replayers finish what is under way, commit and end. `start` goes on.
    Stop,
    /// Let this many replayers work, on all hosts. Starts those that are missing on this host, also after a stop.
    Scale {
        /// How many.
        #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SCALE)))]
        replayers: u32,
    },
    /// Show how far it is. Exit code 1: that can't be known.
    Status,
}

pub(crate) fn run(command: ReplayCommand, config: &Path, json: bool) -> Result<(), Failure> {
    block_on(async {
        let settings = Settings::load(config).await?;
        match command {
            ReplayCommand::Describe => describe(&settings, json),
            ReplayCommand::Start => control::start(&settings, None, json).await,
            ReplayCommand::Scale { replayers } => control::start(&settings, Some(replayers), json).await,
            ReplayCommand::Stop => control::stop(&settings, json).await,
            ReplayCommand::Status => status::run(&settings, json).await,
        }
    })
}

fn describe(settings: &Settings, as_json: bool) -> Result<(), Failure> {
    let mut out = Output::stdout();
    let described = settings.describe();
    if as_json {
        out.json(&json!({"schema": DESCRIBE_SCHEMA, "replay": described}))?;
    } else {
        let text = yaml_serde::to_string(&described).map_err(|error| anyhow::anyhow!("{error}"))?;
        out.bytes(text.as_bytes())?;
    }
    out.flush()
}
