//! The command line.

mod existing_tool;
mod fleet;
mod selection;
mod target;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use switchover_cluster::{ClusterOptions, TargetUsageError};
use switchover_kafka::{KafkaArgs, OptionsError, Resolved};
use switchover_rewrite::args::RuleArgsError;
use switchover_settings::{Environment, value};
use switchover_telemetry::LogFormat;
use switchover_telemetry::otlp::CollectorEndpoint;

use crate::client::DEFAULT_NON_RETRYABLE;
use crate::fleet::Fleet;
use crate::order::Policy;
use crate::pace::Speed;
use crate::rewrite::RewriteArgs;
use crate::run::Options;
use crate::source::{Input, Until};

/// As the existing tool has it.
const DEFAULT_PACKET_TIMEOUT_SECONDS: u32 = 360;
/// Where settings are looked for in the environment: under our name, and under that of the existing tool's replayer.
pub const ENVIRONMENT: Environment<'static> =
    Environment { prefix: "SWITCHOVER_REPLAYER", existing_tool: Some("TRAFFIC_REPLAYER") };
/// The name that brokers see unless the user says otherwise.
const KAFKA_CLIENT_ID: &str = "switchover-replayer";

/// Sends captured traffic to a target cluster, in the order and with the timing of the source, and compares every
/// answer.
///
/// Exit codes: 0 all replayed; 1 failed; 2 wrong usage; 3 more answers differ than --maxDifferences allows;
/// 4 traffic of the source is missing in the capture or could not be replayed (see --deadLetterDir); 5 stopped from the
/// console (with --coordinatorUri).
#[derive(Debug, clap::Parser)]
#[command(name = "switchover-replayer", rename_all = "camelCase")]
pub struct Settings {
    #[command(flatten)]
    target: target::ReplayTargetArgs,
    /// Longest wait for the target to go on with an answer
    #[arg(long, value_name = "DURATION", default_value = "150s", value_parser = value::duration, help_heading = "Target")]
    target_response_timeout: Duration,
    /// How long a write is tried while the target is down or overloaded; then it goes to --deadLetterDir (reads: at most
    /// 2m)
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = value::duration, help_heading = "Target")]
    retry_deadline: Duration,
    /// Error types of bulk items that are not sent again, whatever their status
    #[arg(long, value_name = "TYPE,...", value_delimiter = ',', default_values = DEFAULT_NON_RETRYABLE, hide_default_value = true, help_heading = "Target")]
    non_retryable_doc_exception_types: Vec<String>,
    /// Requests in flight at once, at most; fewer while the target is overloaded
    #[arg(long, value_name = "COUNT", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Target")]
    max_concurrent_requests: u32,

    /// Input: the directory of an agent's capture log; given again, the log of another agent
    #[arg(long, value_name = "DIR", help_heading = "Input (one of)")]
    capture_log_dir: Vec<PathBuf>,
    /// Input: Kafka.
    #[command(flatten)]
    kafka: KafkaArgs,
    /// Input: a file of capture records (plain, gzip or zstd), or - for standard input
    #[arg(long, short, value_name = "FILE", help_heading = "Input (one of)")]
    input: Option<PathBuf>,
    /// Kafka consumer group; a later run of the same group goes on where this one stopped
    #[arg(
        long,
        alias = "kafkaTrafficGroupId",
        value_name = "GROUP",
        default_value = "logging-group-default",
        help_heading = "Input (one of)"
    )]
    kafka_group_id: String,
    #[command(flatten)]
    selection: selection::SelectionArgs,
    /// When to stop reading [default: end, for Kafka never]
    #[arg(long, value_enum, value_name = "WHEN", help_heading = "Input (one of)")]
    until: Option<Until>,

    #[command(flatten)]
    rewriting: RewriteArgs,

    /// How much faster than the source, or max for no waiting (the order is kept)
    #[arg(long, value_name = "FACTOR", default_value = "1.0", help_heading = "Replay")]
    speedup_factor: Speed,

    /// Pauses of the source that are longer are shortened to this
    #[arg(long, value_name = "DURATION", value_parser = value::duration, help_heading = "Replay")]
    max_idle_gap: Option<Duration>,
    /// Captured traffic that is read ahead, at most
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = value::size, help_heading = "Replay")]
    max_memory: u64,
    /// Seconds without a sign of life of a connection, in the source's time, after which a request of it that is not whole
    /// is given up, and one without an answer is replayed without
    #[arg(
        long,
        alias = "observedPacketConnectionTimeout",
        value_name = "SECONDS",
        default_value_t = DEFAULT_PACKET_TIMEOUT_SECONDS,
        value_parser = clap::value_parser!(u32).range(1..),
        help_heading = "Replay"
    )]
    packet_timeout_seconds: u32,
    #[command(flatten)]
    existing_tool: existing_tool::ExistingTool,
    /// What keeps its order
    #[arg(long, value_enum, value_name = "POLICY", default_value = "document", help_heading = "Replay")]
    order: Policy,

    #[command(flatten)]
    fleet: fleet::FleetArgs,

    /// Directory for tuples.log, one JSON line for each request with both answers
    #[arg(long, value_name = "DIR", default_value = "tuples", help_heading = "Output")]
    tuple_dir: PathBuf,
    /// Directory for requests that were given up, in files that --input takes
    #[arg(long, value_name = "DIR", default_value = "dead-letters", help_heading = "Output")]
    dead_letter_dir: PathBuf,
    /// MiB at which tuples.log is closed and compressed, and a new one begun
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=1_048_576), help_heading = "Output")]
    tuple_max_file_size_mb: u64,
    /// File for the report as JSON; a page for people is written beside it, ending in .html
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub report_file: Option<PathBuf>,
    /// Answers that may differ without failing the run (exit 3)
    #[arg(long, value_name = "COUNT", default_value_t = 0, help_heading = "Output")]
    max_differences: u64,
    /// Address for /healthz, /readyz, /status and /metrics [default: none]
    #[arg(long, value_name = "HOST:PORT", help_heading = "Output")]
    pub admin_address: Option<String>,
    /// OpenTelemetry collector that gets the figures of /metrics, by OTLP over gRPC
    #[arg(long, value_name = "http://HOST:PORT", help_heading = "Output", value_parser = CollectorEndpoint::parse)]
    pub otel_metrics_collector_endpoint: Option<CollectorEndpoint>,
    /// OpenTelemetry collector that gets a span for each request that was sent, by OTLP over gRPC
    #[arg(long, value_name = "http://HOST:PORT", help_heading = "Output", value_parser = CollectorEndpoint::parse)]
    pub otel_trace_collector_endpoint: Option<CollectorEndpoint>,
    /// How log lines look
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Output", default_value = "text")]
    pub log_format: LogFormat,
}

/// A combination of flags that can't be meant. Exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// `--targetUri`.
    #[error("--targetUri '{uri}': {reason}; expected http://host:port or https://host:port")]
    TargetUri {
        /// As given.
        uri: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// Not exactly one input.
    #[error("{0}: give one of --captureLogDir DIR, --kafkaConnection BROKERS, --input FILE")]
    Input(&'static str),
    /// A flag about the target that does not fit.
    #[error("{0}")]
    Target(String),
    /// The same, of those that all parts have.
    #[error(transparent)]
    TargetUsage(#[from] TargetUsageError),
    /// A flag about Kafka.
    #[error(transparent)]
    Kafka(#[from] OptionsError),
    /// A rule or a flag about rewriting.
    #[error(transparent)]
    Rewriting(#[from] RuleArgsError),
}

impl Settings {
    /// What a run needs; reads the files with secrets.
    ///
    /// # Errors
    /// See [`UsageError`].
    pub fn options(&self) -> Result<Options, UsageError> {
        self.existing_tool.warnings().for_each(|warning| tracing::warn!("{warning}"));
        let input = self.input()?;
        let until = self.until.unwrap_or(match input {
            Input::Kafka { .. } => Until::Never,
            Input::Logs(_) | Input::File(_) | Input::Stdin => Until::End,
        });
        let (target, tls) = self.target.target()?;
        Ok(Options {
            target,
            tls,
            input,
            until,
            speed: self.speedup_factor,
            policy: self.order,
            packet_timeout: Duration::from_secs(self.packet_timeout_seconds.into()),
            max_idle_gap: self.max_idle_gap,
            max_memory: usize::try_from(self.max_memory).unwrap_or(usize::MAX),
            selection: self.selection.selection(),
            auth: self.target.auth()?,
            rewrite: Arc::new(self.rewriting.options()?),
            response_timeout: self.target_response_timeout,
            retry_deadline: self.retry_deadline,
            non_retryable: BTreeSet::from_iter(self.non_retryable_doc_exception_types.iter().cloned()),
            max_concurrent_requests: self.max_concurrent_requests as usize,
            dead_letter_dir: self.dead_letter_dir.clone(),
            tuple_dir: self.tuple_dir.clone(),
            tuple_max_file_bytes: self.tuple_max_file_size_mb * 1024 * 1024,
            max_differences: self.max_differences,
            spans: None,
        })
    }

    /// The fleet to follow, if one is named; reads the files with secrets.
    ///
    /// # Errors
    /// When these can't be read.
    pub async fn fleet(&self) -> Result<Option<Fleet>, UsageError> {
        let Some((coordinator, session)) = self.fleet.session() else { return Ok(None) };
        let options = self.target.cluster().await?;
        let uri = coordinator.unwrap_or_else(|| options.uri.clone());
        Ok(Some(Fleet { coordinator: ClusterOptions { uri, ..options }, session }))
    }

    fn input(&self) -> Result<Input, UsageError> {
        let kafka = self.kafka.resolve(KAFKA_CLIENT_ID)?;
        match (self.capture_log_dir.as_slice(), kafka, &self.input) {
            (dirs @ [_, ..], None, None) => Ok(Input::Logs(dirs.to_vec())),
            ([], Some(Resolved { options, topic, warnings }), None) => {
                for warning in warnings {
                    tracing::warn!("{warning}");
                }
                Ok(Input::Kafka { options: Box::new(options), topic, group_id: self.kafka_group_id.clone() })
            }
            ([], None, Some(file)) if file.as_os_str() == "-" => Ok(Input::Stdin),
            ([], None, Some(file)) => Ok(Input::File(file.clone())),
            ([], None, None) => Err(UsageError::Input("no input")),
            _ => Err(UsageError::Input("more than one input")),
        }
    }
}

#[cfg(test)]
mod tests;
