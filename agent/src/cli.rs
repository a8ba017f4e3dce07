//! The agent's flags.

use clap::{Parser, ValueEnum};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use switchover_settings::value;

/// Prefix of the environment variables.
pub const ENV_PREFIX: &str = "SWITCHOVER_AGENT";

/// Captures the traffic of an Elasticsearch or OpenSearch node: takes the client port, forwards every byte to the
/// node's relocated port, and records requests and responses.
#[derive(Debug, Clone, Parser)]
#[command(name = "switchover-agent", rename_all = "camelCase")]
pub struct Cli {
    /// The relocated node, http://host:port
    #[arg(long, value_name = "URI", help_heading = "Traffic", value_parser = Destination::parse)]
    pub destination_uri: Destination,
    /// Port for clients; 0 picks a free one and prints it
    #[arg(long, value_name = "PORT", help_heading = "Traffic", default_value_t = 9200)]
    pub listen_port: u16,
    /// Address for clients [default: all, IPv6 and IPv4]
    #[arg(long, value_name = "IP", help_heading = "Traffic")]
    pub listen_address: Option<IpAddr>,
    /// How long a connection to the node may take to open
    #[arg(long, value_name = "DURATION", help_heading = "Traffic", default_value = "5s", value_parser = value::duration)]
    pub connect_timeout: Duration,

    /// Directory of the capture log [default: $STATE_DIRECTORY/capture-log or ./capture-log]
    #[arg(long, value_name = "DIR", help_heading = "Capture log")]
    pub capture_log_dir: Option<PathBuf>,
    /// Most bytes that the capture log may hold
    #[arg(long, value_name = "SIZE", help_heading = "Capture log", default_value = "10GiB", value_parser = value::size)]
    pub capture_log_max_bytes: u64,
    /// Size at which a segment of the capture log is sealed
    #[arg(long, value_name = "SIZE", help_heading = "Capture log", default_value = "64MiB", value_parser = value::size)]
    pub capture_log_segment_bytes: u64,

    /// Kafka brokers to ship to, host:port,host:port [default: none, the capture log is the output]
    #[arg(long, alias = "kafkaBrokers", value_name = "BROKERS", help_heading = "Kafka")]
    pub kafka_connection: Option<String>,
    /// Kafka topic
    #[arg(long, value_name = "TOPIC", help_heading = "Kafka", default_value = "logging-traffic-topic")]
    pub kafka_topic: String,
    /// Name that the brokers see
    #[arg(long, value_name = "ID", help_heading = "Kafka", default_value = "switchover-agent")]
    pub kafka_client_id: String,

    /// When a write counts as durable, so that its response may be released [default: kafka with Kafka, else disk]
    #[arg(long, value_enum, value_name = "WHERE", help_heading = "Guarantees")]
    pub durability: Option<Durability>,
    /// How long a response waits for Kafka before the local disk has to do
    #[arg(long, value_name = "DURATION", help_heading = "Guarantees", default_value = "10s", value_parser = value::duration)]
    pub ack_timeout: Duration,

    /// Address of /healthz, /readyz, /status and /metrics
    #[arg(long, value_name = "IP:PORT", help_heading = "Operation", default_value = "127.0.0.1:9199")]
    pub admin_address: SocketAddr,
    /// Threads that carry traffic
    #[arg(long, value_name = "N", help_heading = "Operation", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub num_threads: u8,
    /// How long requests in flight may take to finish after SIGTERM
    #[arg(long, value_name = "DURATION", help_heading = "Operation", default_value = "30s", value_parser = value::duration)]
    pub drain_timeout: Duration,
}

/// What makes a captured write durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Durability {
    /// Acknowledged by all in-sync replicas of Kafka
    Kafka,
    /// On the local disk (fsync in a group)
    Disk,
    /// In the page cache: survives the agent's death, not the host's
    Append,
}

impl Cli {
    /// The directory of the capture log, given or by default.
    #[must_use]
    pub fn log_directory(&self) -> PathBuf {
        self.capture_log_dir.clone().unwrap_or_else(|| {
            std::env::var_os("STATE_DIRECTORY").map_or_else(PathBuf::new, PathBuf::from).join("capture-log")
        })
    }

    /// The durability in force.
    ///
    /// # Errors
    /// When Kafka is asked for and no broker is named.
    pub fn effective_durability(&self) -> Result<Durability, String> {
        match (self.durability, &self.kafka_connection) {
            (Some(Durability::Kafka), None) => {
                Err("--durability kafka needs --kafkaConnection; without Kafka use disk or append".to_owned())
            }
            (Some(durability), _) => Ok(durability),
            (None, Some(_)) => Ok(Durability::Kafka),
            (None, None) => Ok(Durability::Disk),
        }
    }
}

/// Host and port of the relocated node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Host name or address, without the brackets of IPv6.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Destination {
    /// Reads `http://host[:port]`; a path is not used, as the requests bring their own.
    fn parse(text: &str) -> Result<Self, String> {
        const ACCEPTED: &str = "expected http://host:port";
        let authority = match text.split_once("://") {
            Some(("http", rest)) => rest.split(['/', '?', '#']).next().unwrap_or_default(),
            Some(("https", _)) => {
                return Err("https to the node is not supported yet; expected http://host:port".into());
            }
            _ => return Err(ACCEPTED.to_owned()),
        };
        if authority.contains('@') {
            return Err(
                "credentials do not belong here: clients bring their own; expected http://host:port".into()
            );
        }
        let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        let port = port.map_or(Ok(80), str::parse).map_err(|_| ACCEPTED.to_owned())?;
        if host.is_empty() || port == 0 {
            return Err(ACCEPTED.to_owned());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations() {
        let parsed = |text| Destination::parse(text).map(|d| (d.host, d.port));
        assert_eq!(parsed("http://localhost:19200"), Ok(("localhost".into(), 19200)));
        assert_eq!(parsed("http://localhost:19200/ignored"), Ok(("localhost".into(), 19200)));
        assert_eq!(parsed("http://[::1]:19200"), Ok(("::1".into(), 19200)));
        assert_eq!(parsed("http://host"), Ok(("host".into(), 80)));
        for wrong in [
            "localhost:19200",
            "ftp://h",
            "http://",
            "http://h:x",
            "http://h:0",
            "http://h:70000",
            "http://u:p@h:1",
            "https://h",
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durability_follows_kafka() {
        let cli = |more: &[&str]| {
            let base = ["agent", "--destinationUri", "http://h:1"];
            Cli::try_parse_from(base.iter().chain(more)).unwrap().effective_durability()
        };
        assert_eq!(cli(&[]), Ok(Durability::Disk));
        assert_eq!(cli(&["--kafkaConnection", "k:1"]), Ok(Durability::Kafka));
        assert_eq!(cli(&["--kafkaConnection", "k:1", "--durability", "append"]), Ok(Durability::Append));
        assert!(cli(&["--durability", "kafka"]).is_err());
    }
}
