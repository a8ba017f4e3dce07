//! The agent's flags.

mod existing_tool;
mod target;

pub use existing_tool::ExistingTool;
pub use target::TargetFlags;

use crate::rules::{AckPolicy, OnFull};
use clap::{Parser, ValueEnum};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use switchover_kafka::KafkaArgs;
use switchover_settings::{Environment, value};
use switchover_telemetry::LogFormat;
use switchover_telemetry::otlp::CollectorEndpoint;

/// Where settings are looked for in the environment: under our name, and under that of the existing tool's proxy.
pub const ENVIRONMENT: Environment<'static> =
    Environment { prefix: "SWITCHOVER_AGENT", existing_tool: Some("CAPTURE_PROXY") };
/// Traffic threads, unless the operator says otherwise.
const DEFAULT_THREADS: u8 = 2;

/// Captures the traffic of an Elasticsearch or OpenSearch node: takes the client port, forwards every byte to the
/// node's relocated port, and records requests and responses.
#[derive(Debug, Clone, Parser)]
#[command(name = "switchover-agent", rename_all = "camelCase")]
pub struct Cli {
    /// The relocated node, http(s)://host:port
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

    /// Accept any certificate of the node
    #[arg(long, help_heading = "TLS to the node")]
    pub insecure_destination: bool,
    /// PEM file of the authorities for the node's certificate [default: the system's]
    #[arg(long, value_name = "FILE", help_heading = "TLS to the node")]
    pub destination_ca_file: Option<PathBuf>,
    /// PEM file of the certificate to show the node
    #[arg(long, value_name = "FILE", help_heading = "TLS to the node", requires = "destination_key_file")]
    pub destination_cert_file: Option<PathBuf>,
    /// PEM file of that certificate's key
    #[arg(long, value_name = "FILE", help_heading = "TLS to the node", requires = "destination_cert_file")]
    pub destination_key_file: Option<PathBuf>,

    /// The target.
    #[command(flatten)]
    pub target: TargetFlags,

    /// PEM file of the certificate chain for clients: they speak TLS then
    #[arg(long, value_name = "FILE", help_heading = "TLS for clients", requires = "ssl_key_file")]
    pub ssl_cert_chain_file: Option<PathBuf>,
    /// PEM file of that certificate's key
    #[arg(long, value_name = "FILE", help_heading = "TLS for clients", requires = "ssl_cert_chain_file")]
    pub ssl_key_file: Option<PathBuf>,
    /// PEM file of the authorities whose client certificates are accepted
    #[arg(long, value_name = "FILE", help_heading = "TLS for clients", requires = "ssl_cert_chain_file")]
    pub ssl_trust_cert_file: Option<PathBuf>,
    /// Environment variable that holds these authorities as PEM
    #[arg(long, value_name = "NAME", help_heading = "TLS for clients", requires = "ssl_cert_chain_file")]
    pub ssl_trust_cert_pem_env_var: Option<String>,
    /// Refuse clients that show no certificate
    #[arg(long, help_heading = "TLS for clients")]
    pub require_client_auth: bool,

    /// Set a header of each request to the node; may be repeated
    #[arg(long, num_args = 2, value_names = ["NAME", "VALUE"], action = clap::ArgAction::Append, help_heading = "Capture")]
    pub set_header: Vec<String>,
    /// Capture nothing
    #[arg(long, help_heading = "Capture")]
    pub no_capture: bool,
    /// Do not capture requests whose method matches
    #[arg(long, value_name = "REGEX", help_heading = "Capture")]
    pub suppress_capture_for_method: Option<String>,
    /// Do not capture requests whose path (with or without its query) matches
    #[arg(long, value_name = "REGEX", help_heading = "Capture")]
    pub suppress_capture_for_uri_path: Option<String>,
    /// Do not capture requests whose "METHOD path" matches
    #[arg(long, value_name = "REGEX", help_heading = "Capture")]
    pub suppress_method_and_path: Option<String>,
    /// Do not capture requests that have a matching header; may be repeated
    #[arg(long, num_args = 2, value_names = ["NAME", "REGEX"], action = clap::ArgAction::Append, help_heading = "Capture")]
    pub suppress_capture_for_header_match: Vec<String>,
    /// Capture a keyed hash in place of this header's value; may be repeated; `none` for no header [default: authorization, proxy-authorization, cookie, set-cookie, x-api-key, x-amz-security-token, es-security-runas-user, es-secondary-authorization]
    #[arg(long, value_name = "NAME", help_heading = "Capture")]
    pub redact_header: Vec<String>,
    /// Whether secret values of queries, and users in URLs, are captured as keyed hashes
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Capture", default_value = "secrets")]
    pub redact_url: Redact,
    /// Whether requests about users, passwords and keys are left out of the capture, and secrets of settings captured as keyed hashes
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Capture", default_value = "secrets")]
    pub redact_body: Redact,
    /// File with the key of those hashes [default: redaction-key in the capture log's directory, made if missing]
    #[arg(long, value_name = "FILE", help_heading = "Capture")]
    pub redaction_key_file: Option<PathBuf>,

    /// Directory of the capture log [default: $STATE_DIRECTORY/capture-log or ./capture-log]
    #[arg(long, value_name = "DIR", help_heading = "Capture log")]
    pub capture_log_dir: Option<PathBuf>,
    /// Most bytes that the capture log may hold
    #[arg(long, value_name = "SIZE", help_heading = "Capture log", default_value = "10GiB", value_parser = value::size)]
    pub capture_log_max_bytes: u64,
    /// Size at which a segment of the capture log is sealed
    #[arg(long, value_name = "SIZE", help_heading = "Capture log", default_value = "64MiB", value_parser = value::size)]
    pub capture_log_segment_bytes: u64,

    /// Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// What of a write waits until its record is durable
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Guarantees", default_value = "response")]
    pub ack_policy: AckPolicy,
    /// When a write counts as durable, so that its response may be released [default: kafka with Kafka, else disk]
    #[arg(long, value_enum, value_name = "WHERE", help_heading = "Guarantees")]
    pub durability: Option<Durability>,
    /// How long a response waits for Kafka before the local disk has to do
    #[arg(long, value_name = "DURATION", help_heading = "Guarantees", default_value = "10s", value_parser = value::duration)]
    pub ack_timeout: Duration,

    /// What happens when the capture log can't take a record
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Guarantees", default_value = "pass")]
    pub on_full: OnFull,

    /// Address of /healthz, /readyz, /status and /metrics
    #[arg(long, value_name = "IP:PORT", help_heading = "Operation", default_value = "127.0.0.1:9199")]
    pub admin_address: SocketAddr,
    /// Client connections served at once; more are answered with 503
    #[arg(long, value_name = "N", help_heading = "Operation", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_connections: u32,
    /// How long a client's connection may be open without a request [default: for ever]
    #[arg(long, value_name = "DURATION", help_heading = "Operation", value_parser = value::duration)]
    pub idle_timeout: Option<Duration>,
    /// How log lines look
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Operation", default_value = "text")]
    pub log_format: LogFormat,
    /// OpenTelemetry collector that gets the figures of /metrics, by OTLP over gRPC
    #[arg(long, value_name = "http://HOST:PORT", help_heading = "Operation", value_parser = CollectorEndpoint::parse)]
    pub otel_metrics_collector_endpoint: Option<CollectorEndpoint>,
    /// OpenTelemetry collector that gets a span for requests that may change the cluster, by OTLP over gRPC
    #[arg(long, value_name = "http://HOST:PORT", help_heading = "Operation", value_parser = CollectorEndpoint::parse)]
    pub otel_trace_collector_endpoint: Option<CollectorEndpoint>,
    /// Check all settings, files and addresses, and exit
    #[arg(long, help_heading = "Operation")]
    pub check_config: bool,
    /// Threads that carry traffic; 0 for the default
    #[arg(long, value_name = "N", help_heading = "Operation", default_value_t = DEFAULT_THREADS, value_parser = clap::value_parser!(u8).range(0..=64))]
    pub num_threads: u8,
    /// How long requests in flight may take to finish after SIGTERM
    #[arg(long, value_name = "DURATION", help_heading = "Operation", default_value = "30s", value_parser = value::duration)]
    pub drain_timeout: Duration,

    /// The existing tool's.
    #[command(flatten)]
    pub existing_tool: ExistingTool,
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

/// What is not captured as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Redact {
    /// What is known to be a secret
    Secrets,
    /// Nothing: everything is captured as it is
    None,
}

impl Cli {
    /// The directory of the capture log, given or by default.
    #[must_use]
    pub fn log_directory(&self) -> PathBuf {
        self.capture_log_dir.clone().unwrap_or_else(|| {
            std::env::var_os("STATE_DIRECTORY").map_or_else(PathBuf::new, PathBuf::from).join("capture-log")
        })
    }

    /// Threads that carry traffic.
    #[must_use]
    pub fn traffic_threads(&self) -> u8 {
        // Zero lets the existing tool choose by the number of processors, which a guest on the node should not.
        if self.num_threads == 0 { DEFAULT_THREADS } else { self.num_threads }
    }

    /// The durability in force.
    ///
    /// # Errors
    /// When Kafka is asked for and no broker is named.
    pub fn effective_durability(&self) -> Result<Durability, String> {
        match (self.durability, &self.kafka.kafka_connection) {
            (Some(Durability::Kafka), None) => {
                Err("--durability kafka needs --kafkaConnection; without Kafka use disk or append".to_owned())
            }
            (Some(durability), _) => Ok(durability),
            (None, Some(_)) => Ok(Durability::Kafka),
            (None, None) => Ok(Durability::Disk),
        }
    }
}

/// Scheme, host and port of the relocated node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// https.
    pub tls: bool,
    /// Host name or address, without the brackets of IPv6.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Destination {
    /// Reads `http(s)://host[:port]`; a path is not used, as the requests bring their own.
    fn parse(text: &str) -> Result<Self, String> {
        const ACCEPTED: &str = "expected http://host:port or https://host:port";
        let (tls, rest) = match text.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            _ => return Err(ACCEPTED.to_owned()),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(format!("credentials do not belong here: clients bring their own; {ACCEPTED}"));
        }
        let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        let port =
            port.map_or(Ok(if tls { 443 } else { 80 }), str::parse).map_err(|_| ACCEPTED.to_owned())?;
        if host.is_empty() || port == 0 {
            return Err(ACCEPTED.to_owned());
        }
        Ok(Self { tls, host: host.to_owned(), port })
    }
}

impl Destination {
    /// As in a `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations() {
        let parsed = |text| Destination::parse(text).map(|d| (d.host, d.port));
        assert_eq!(parsed("https://host"), Ok(("host".into(), 443)));
        assert_eq!(Destination::parse("https://[::1]").unwrap().to_string(), "https://[::1]:443");
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
    /// The example of the existing tool's documents and the settings that its Kubernetes workflow renders.
    #[test]
    fn command_lines_and_settings_of_the_existing_tool() {
        let parsed = |args: &[&str]| {
            let argv = std::iter::once("agent").chain(args.iter().copied()).map(Into::into);
            switchover_settings::try_parse_from::<Cli>("CLI_TEST", argv)
                .unwrap_or_else(|error| panic!("{error}"))
        };
        let flags = "--kafkaConnection k:9092 --destinationUri https://es:9200 --insecureDestination --listenPort 9200 \
                     --sslCertChainFile c.pem --sslKeyFile k.pem --destinationConnectionPoolSize 0 --numThreads 0";
        let cli = parsed(&flags.split_whitespace().collect::<Vec<_>>());
        assert_eq!((cli.existing_tool.warnings().len(), cli.traffic_threads()), (0, DEFAULT_THREADS));
        let json = r#"{"listenPort":9201,"destinationUri":"http://es:9200","kafkaConnection":"k:9092","kafkaTopic":"t",
            "kafkaAuthType":"none","numThreads":1,"maxTrafficBufferSize":1048576,"destinationConnectionPoolSize":10,
            "destinationConnectionPoolTimeout":"PT30S","kafkaClientId":"HttpCaptureProxyProducer","enableMSKAuth":false,
            "noCapture":false,"setHeader":["x-a","1","x-b","2"],"suppressCaptureForMethod":"",
            "otelMetricsCollectorEndpoint":"http://otel-collector:4317","insecureDestination":true}"#;
        let cli = parsed(&["---INLINE-JSON", json]);
        assert_eq!((cli.listen_port, cli.num_threads, cli.set_header.len()), (9201, 1, 4));
        assert!(cli.otel_metrics_collector_endpoint.is_some());
        let warnings = cli.existing_tool.warnings();
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        let traced = parsed(&["--traceDirectory", "/t", "--destinationUri", "http://h"]);
        assert!(traced.existing_tool.warnings()[0].contains("--captureLogDir"));
    }
}
