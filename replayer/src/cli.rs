//! The command line.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use switchover_kafka::{KafkaArgs, OptionsError, Resolved};
use switchover_settings::secret::SecretError;
use switchover_settings::{secret, value};
use switchover_telemetry::LogFormat;

use crate::client::Target;
use crate::pace::Speed;
use crate::rewrite::{RewriteArgs, RewriteUsageError, TargetAuth};
use crate::run::Options;
use crate::source::{Input, Until};

/// The name that brokers see unless the user says otherwise.
const KAFKA_CLIENT_ID: &str = "switchover-replayer";

/// Sends captured traffic to a target cluster, in the order and with the timing of the source, and compares every
/// answer.
///
/// Exit codes: 0 all replayed; 1 failed; 2 wrong usage; 3 more answers differ than --maxDifferences allows;
/// 4 traffic of the source is missing in the capture or could not be replayed.
#[derive(Debug, clap::Parser)]
#[command(name = "switchover-replayer", rename_all = "camelCase")]
pub struct Settings {
    /// Cluster that the requests are sent to: http://host:port
    #[arg(long, value_name = "URI", help_heading = "Target")]
    target_uri: String,
    /// User for basic authentication; replaces the captured Authorization header
    #[arg(
        long,
        value_name = "NAME",
        requires = "target_password_file",
        conflicts_with = "remove_auth_header",
        help_heading = "Target"
    )]
    target_username: Option<String>,
    /// File with the password
    #[arg(long, value_name = "FILE", requires = "target_username", help_heading = "Target")]
    target_password_file: Option<PathBuf>,
    /// Send requests without the captured Authorization header
    #[arg(long, help_heading = "Target")]
    remove_auth_header: bool,
    /// Longest wait for the target to go on with an answer
    #[arg(long, value_name = "DURATION", default_value = "150s", value_parser = value::duration, help_heading = "Target")]
    target_response_timeout: Duration,
    /// How long a request is tried while the target is down or overloaded; then the run fails
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = value::duration, help_heading = "Target")]
    retry_deadline: Duration,

    /// Input: the directory of an agent's capture log
    #[arg(long, value_name = "DIR", help_heading = "Input (one of)")]
    capture_log_dir: Option<PathBuf>,
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
    /// When to stop reading [default: end, for Kafka never]
    #[arg(long, value_enum, value_name = "WHEN", help_heading = "Input (one of)")]
    until: Option<Until>,

    #[command(flatten)]
    rewriting: RewriteArgs,

    /// How much faster than the source, or max for no waiting (the order is kept)
    #[arg(long, value_name = "FACTOR", default_value = "1.0", help_heading = "Replay")]
    speedup_factor: Speed,

    /// Directory for tuples.log, one JSON line for each request with both answers
    #[arg(long, value_name = "DIR", default_value = "tuples", help_heading = "Output")]
    tuple_dir: PathBuf,
    /// File for the report as JSON (the report for people goes to stdout)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub report_file: Option<PathBuf>,
    /// Answers that may differ without failing the run (exit 3)
    #[arg(long, value_name = "COUNT", default_value_t = 0, help_heading = "Output")]
    max_differences: u64,
    /// Address for /healthz, /readyz, /status and /metrics [default: none]
    #[arg(long, value_name = "HOST:PORT", help_heading = "Output")]
    pub admin_address: Option<String>,
    /// How log lines look
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Output", default_value = "text")]
    pub log_format: LogFormat,
}

/// A combination of flags that can't be meant. Exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// `--targetUri`.
    #[error("--targetUri '{uri}': {reason}; expected http://host:port")]
    TargetUri {
        /// As given.
        uri: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// Not exactly one input.
    #[error("{0}: give one of --captureLogDir DIR, --kafkaConnection BROKERS, --input FILE")]
    Input(&'static str),
    /// `--targetPasswordFile`.
    #[error("--targetPasswordFile: {0}")]
    Password(#[from] SecretError),
    /// A flag about Kafka.
    #[error(transparent)]
    Kafka(#[from] OptionsError),
    /// A rule or a flag about rewriting.
    #[error(transparent)]
    Rewriting(#[from] RewriteUsageError),
}

impl Settings {
    /// What a run needs; reads the password file.
    ///
    /// # Errors
    /// See [`UsageError`].
    pub fn options(&self) -> Result<Options, UsageError> {
        let input = self.input()?;
        let until = self.until.unwrap_or(match input {
            Input::Kafka { .. } => Until::Never,
            Input::Log(_) | Input::File(_) | Input::Stdin => Until::End,
        });
        let auth = match (&self.target_username, &self.target_password_file) {
            (Some(user), Some(file)) => {
                let credentials = format!("{user}:{}", secret::read_file(file)?);
                TargetAuth::Replace(format!("Basic {}", STANDARD.encode(credentials)))
            }
            _ if self.remove_auth_header => TargetAuth::Remove,
            _ => TargetAuth::Keep,
        };
        Ok(Options {
            target: target(&self.target_uri)?,
            input,
            until,
            speed: self.speedup_factor,
            auth,
            rewrite: Arc::new(self.rewriting.options()?),
            response_timeout: self.target_response_timeout,
            retry_deadline: self.retry_deadline,
            tuple_dir: self.tuple_dir.clone(),
            max_differences: self.max_differences,
        })
    }

    fn input(&self) -> Result<Input, UsageError> {
        let kafka = self.kafka.resolve(KAFKA_CLIENT_ID)?;
        match (&self.capture_log_dir, kafka, &self.input) {
            (Some(dir), None, None) => Ok(Input::Log(dir.clone())),
            (None, Some(Resolved { options, topic, warnings }), None) => {
                for warning in warnings {
                    tracing::warn!("{warning}");
                }
                Ok(Input::Kafka { options: Box::new(options), topic, group_id: self.kafka_group_id.clone() })
            }
            (None, None, Some(file)) if file.as_os_str() == "-" => Ok(Input::Stdin),
            (None, None, Some(file)) => Ok(Input::File(file.clone())),
            (None, None, None) => Err(UsageError::Input("no input")),
            _ => Err(UsageError::Input("more than one input")),
        }
    }
}

fn target(uri: &str) -> Result<Target, UsageError> {
    let wrong = |reason| UsageError::TargetUri { uri: uri.to_owned(), reason };
    let rest = match uri.split_once("://") {
        Some(("http", rest)) => rest,
        Some(("https", _)) => return Err(wrong("TLS to the target is not supported yet")),
        _ => return Err(wrong("no http:// in front")),
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#', ' ']) {
        return Err(wrong("a path has no meaning here"));
    }
    if authority.contains('@') {
        return Err(wrong("credentials belong in --targetUsername and --targetPasswordFile"));
    }
    let bracketed = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.is_empty() || (bracketed.is_none() && host.contains(':')) {
        return Err(wrong("the host is missing or an IPv6 address without brackets"));
    }
    let port = port.unwrap_or("80").parse().map_err(|_| wrong("the port is not a number up to 65535"))?;
    Ok(Target { host: host.to_owned(), port })
}

#[cfg(test)]
mod tests;
