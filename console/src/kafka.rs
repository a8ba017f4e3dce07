//! `kafka ...`: the topic of captured traffic and the group that replays it, with every way to log in that agent and
//! replayer have. Nothing here moves a group's place.

mod export;
mod group;
mod load;
mod records;
mod topic;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};
use switchover_kafka::{KafkaArgs, KafkaError, Resolved};

use crate::failure::Failure;
use crate::services::Services;

/// What the brokers see.
const CLIENT_ID: &str = "switchover";

#[derive(Debug, Subcommand)]
pub(crate) enum KafkaCommand {
    /// Make the topic, if it does not exist.
    CreateTopic {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        shape: topic::Shape,
    },
    /// Delete the topic with all captured traffic in it.
    DeleteTopic {
        #[command(flatten)]
        at: At,
        /// Do not ask.
        #[arg(long)]
        acknowledge_risk: bool,
    },
    /// Count the records of each partition.
    DescribeTopicRecords {
        #[command(flatten)]
        at: At,
    },
    /// Show where a consumer group stands, in records and in time.
    DescribeConsumerGroup {
        #[command(flatten)]
        access: Access,
        /// The group.
        #[arg(value_name = "GROUP", default_value = "logging-group-default")]
        group: String,
    },
    /// Write all records of the topic to a file that `load`, the replayer and `capture cat` read.
    Export {
        #[command(flatten)]
        at: At,
        /// Where the file is made.
        #[arg(long, value_name = "DIR", default_value = ".")]
        output_dir: PathBuf,
    },
    /// Send the records of a file to the topic.
    Load {
        #[command(flatten)]
        at: At,
        /// A file of `export`, of the existing console's kafkaExport.sh, or lines of base64; plain, gzip or zstd; - is stdin.
        #[arg(long, value_name = "FILE")]
        input_file: PathBuf,
    },
}

/// Where the brokers are and how to log in: flags, or else the services file.
#[derive(Debug, Args)]
pub(crate) struct Access {
    #[command(flatten)]
    kafka: KafkaArgs,
}

/// The same, and a topic.
#[derive(Debug, Args)]
pub(crate) struct At {
    #[command(flatten)]
    access: Access,
    /// The topic [default: what --kafkaTopic or the services file says]
    #[arg(value_name = "TOPIC")]
    name: Option<String>,
}

impl Access {
    fn resolve(self, config: &Path) -> Result<Resolved, Failure> {
        let mut args = self.kafka;
        if args.kafka_connection.is_none() && args.kafka_property_file.is_none() {
            let services = Services::load(config)?;
            let Some((block, folder)) = services.kafka() else {
                let message =
                    "Kafka is not set: add a kafka block to the services file, or give --kafkaConnection";
                return Err(Failure::Usage(message.to_owned()));
            };
            args = block.args(folder, args)?;
        }
        resolved(&args)
    }
}

/// What the services file says; `None` when it says nothing of Kafka.
pub(crate) fn of_services(services: &Services) -> anyhow::Result<Option<Resolved>> {
    #[derive(clap::Parser)]
    struct NoFlags {
        #[command(flatten)]
        kafka: KafkaArgs,
    }
    let Some((block, folder)) = services.kafka() else { return Ok(None) };
    let flags = <NoFlags as clap::Parser>::try_parse_from(["switchover"])?;
    let args = block.args(folder, flags.kafka)?;
    resolved(&args).map(Some).map_err(|failure| anyhow::anyhow!("{failure}"))
}

/// What flags come to; warnings are told.
pub(crate) fn resolved(args: &KafkaArgs) -> Result<Resolved, Failure> {
    let resolved = args.resolve(CLIENT_ID).map_err(|error| Failure::Usage(error.to_string()))?;
    let resolved = resolved.ok_or_else(|| Failure::Usage("no Kafka brokers are named".to_owned()))?;
    for warning in &resolved.warnings {
        eprintln!("warning: {warning}");
    }
    Ok(resolved)
}

impl At {
    fn resolve(self, config: &Path) -> Result<Resolved, Failure> {
        let mut access = self.access;
        if let Some(name) = self.name {
            access.kafka.kafka_topic = name;
        }
        access.resolve(config)
    }
}

pub(crate) fn run(command: KafkaCommand, config: &Path, json: bool) -> Result<(), Failure> {
    match command {
        KafkaCommand::CreateTopic { at, shape } => {
            naming(at.resolve(config)?, |at| topic::create(at, shape, json))
        }
        KafkaCommand::DeleteTopic { at, acknowledge_risk } => {
            naming(at.resolve(config)?, |at| topic::delete(at, acknowledge_risk, json))
        }
        KafkaCommand::DescribeTopicRecords { at } => {
            naming(at.resolve(config)?, |at| records::describe(at, json))
        }
        KafkaCommand::DescribeConsumerGroup { access, group } => {
            naming(access.resolve(config)?, |at| group::describe(at, &group, json))
        }
        KafkaCommand::Export { at, output_dir } => {
            naming(at.resolve(config)?, |at| export::run(at, &output_dir, json))
        }
        KafkaCommand::Load { at, input_file } => {
            naming(at.resolve(config)?, |at| load::run(at, &input_file, json))
        }
    }
}

/// Errors of Kafka's library name a topic or a group, and not always whom it asked.
fn naming(at: Resolved, command: impl FnOnce(&Resolved) -> Result<(), Failure>) -> Result<(), Failure> {
    let brokers = &at.options.brokers;
    command(&at).map_err(|failure| match failure {
        Failure::Failed(error) if !format!("{error:#}").contains(brokers.as_str()) => {
            Failure::Failed(error.context(format!("brokers {brokers}")))
        }
        other => other,
    })
}

fn failed(error: KafkaError) -> Failure {
    Failure::Failed(error.into())
}

/// How long ago that was; a stamp of the future is now.
fn age(timestamp_ms: i64) -> Duration {
    let stamp = UNIX_EPOCH + Duration::from_millis(u64::try_from(timestamp_ms).unwrap_or_default());
    SystemTime::now().duration_since(stamp).unwrap_or_default()
}

/// `2d 3h`, `3h 5m`, `5m 7s` or `7s`.
fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds}s"),
        (0, 0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (0, hours, minutes, _) => format!("{hours}h {minutes}m"),
        (days, hours, ..) => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_words() {
        let shown = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!([0, 59, 61, 3_661, 90_000].map(shown), ["0s", "59s", "1m 1s", "1h 1m", "1d 1h"]);
        assert_eq!(age(i64::MAX), Duration::ZERO);
        assert!(age(-1) > Duration::from_secs(1_000_000_000));
    }
}
