//! The flags that agent and replayer share, to be flattened into their own. What they mean together is in [`resolve`].

mod resolve;

pub use resolve::Resolved;

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The field's name for the topic of captured traffic.
pub const DEFAULT_TOPIC: &str = "logging-traffic-topic";

/// Flags about Kafka.
#[derive(Debug, Clone, Args)]
#[command(rename_all = "camelCase", next_help_heading = "Kafka")]
pub struct KafkaArgs {
    /// Kafka brokers, host:port,host:port
    #[arg(long, alias = "kafkaBrokers", alias = "kafkaTrafficBrokers", value_name = "BROKERS")]
    pub kafka_connection: Option<String>,
    /// Kafka topic
    #[arg(long, alias = "kafkaTrafficTopic", value_name = "TOPIC", default_value = DEFAULT_TOPIC)]
    pub kafka_topic: String,
    /// Name that the brokers see [default: the program's]
    #[arg(long, value_name = "ID")]
    pub kafka_client_id: Option<String>,
    /// How to log in; all but none use TLS [default: what other flags or the property file ask for, else none]
    #[arg(long, value_enum, value_name = "TYPE")]
    pub kafka_auth_type: Option<KafkaAuthType>,
    /// The same as --kafkaAuthType msk-iam
    #[arg(long = "enableMSKAuth", alias = "kafkaTrafficEnableMSKAuth")]
    pub enable_msk_auth: bool,
    /// User for scram and plain
    #[arg(long, value_name = "USER")]
    pub kafka_user_name: Option<String>,
    /// File that holds the user's password
    #[arg(long, value_name = "FILE")]
    pub kafka_password_file: Option<PathBuf>,
    /// The password itself; every user of this host can read it here, better is --kafkaPasswordFile or $KAFKA_PASSWORD
    #[arg(long, value_name = "PASSWORD")]
    pub kafka_password: Option<String>,
    /// PEM file of the authorities that sign the brokers' certificates [default: those that the host trusts]
    #[arg(long, value_name = "FILE")]
    pub kafka_ca_file: Option<PathBuf>,
    /// PEM file of our certificate, for brokers that ask for one
    #[arg(long, value_name = "FILE")]
    pub kafka_cert_file: Option<PathBuf>,
    /// PEM file of our certificate's private key
    #[arg(long, value_name = "FILE")]
    pub kafka_key_file: Option<PathBuf>,
    /// Log in with scram or plain without TLS
    #[arg(long)]
    pub kafka_without_tls: bool,
    /// Property file of a Java Kafka client; flags win over it
    #[arg(long, alias = "kafkaConfigFile", alias = "kafkaTrafficPropertyFile", value_name = "FILE")]
    pub kafka_property_file: Option<PathBuf>,

    /// Accepted for compatibility, without a use.
    #[arg(long, hide = true, value_name = "NAME")]
    pub kafka_listener_name: Option<String>,
    /// Accepted for compatibility, without a use.
    #[arg(long, hide = true, value_name = "NAME")]
    pub kafka_secret_name: Option<String>,
}

/// Ways to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KafkaAuthType {
    /// Neither credentials nor TLS
    None,
    /// IAM credentials, for Amazon MSK
    MskIam,
    /// User and password, SCRAM-SHA-512
    #[value(name = "scram-sha-512")]
    ScramSha512,
    /// User and password, SCRAM-SHA-256
    #[value(name = "scram-sha-256")]
    ScramSha256,
    /// User and password, PLAIN
    Plain,
    /// TLS, with a client certificate if one is given
    Ssl,
}

#[cfg(test)]
mod tests;
