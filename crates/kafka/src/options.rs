//! What reaching a broker takes, and how it becomes the library's settings.

mod args;
mod auth;
mod error;
mod files;

pub use args::{DEFAULT_TOPIC, KafkaArgs, KafkaAuthType, Resolved};
pub use auth::{Auth, Mechanism, Pem, Secret, Tls, TlsIdentity};
pub use error::OptionsError;

use crate::MskIam;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

/// How to reach the brokers.
#[derive(Debug, Clone)]
pub struct KafkaOptions {
    /// Bootstrap list, `host:port,host:port`.
    pub brokers: String,
    /// The name that the broker's logs and quotas see.
    pub client_id: String,
    /// Who we are.
    pub auth: Auth,
    /// Encryption; `None` sends everything, a password included, in the clear.
    pub tls: Option<Tls>,
    /// The library's own settings, from a property file.
    pub tuning: Tuning,
}

/// Settings of the library beyond those that have a place of their own. Names are librdkafka's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tuning {
    /// For producers and consumers.
    pub common: Vec<(String, String)>,
    /// For producers.
    pub producer: Vec<(String, String)>,
    /// The longest record that may be sent, in bytes, if one was set.
    pub max_record_bytes: Option<usize>,
}

/// How soon a lost broker is tried again, and at most how long between tries: an outage should end for us within a
/// second of its end.
const RECONNECT_BACKOFF_MS: &str = "100";
const RECONNECT_BACKOFF_MAX_MS: &str = "1000";

impl KafkaOptions {
    /// Without encryption and without credentials.
    #[must_use]
    pub fn plaintext(brokers: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            client_id: client_id.into(),
            auth: Auth::None,
            tls: None,
            tuning: Tuning::default(),
        }
    }

    /// The settings that producer and consumer share.
    pub(crate) fn client_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("reconnect.backoff.ms", RECONNECT_BACKOFF_MS)
            .set("reconnect.backoff.max.ms", RECONNECT_BACKOFF_MAX_MS)
            .set("socket.keepalive.enable", "true");
        config.extend(self.tuning.common.iter().cloned());
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", &self.client_id)
            .set_log_level(RDKafkaLogLevel::Warning);
        let sasl = !matches!(self.auth, Auth::None);
        let protocol = match (sasl, self.tls.is_some()) {
            (false, false) => "plaintext",
            (false, true) => "ssl",
            (true, false) => "sasl_plaintext",
            (true, true) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        if let Some(tls) = &self.tls {
            tls.apply(&mut config);
        }
        self.auth.apply(&mut config);
        config
    }

    /// In a few words, for a log line or a status page: `scram-sha-512 over TLS`.
    #[must_use]
    pub fn access(&self) -> String {
        let who = match &self.auth {
            Auth::None if self.tls.as_ref().is_some_and(|tls| tls.identity.is_some()) => {
                "client certificate".to_owned()
            }
            Auth::None => "no credentials".to_owned(),
            Auth::Password { mechanism, user, .. } => format!("{} as {user}", mechanism.flag_value()),
            Auth::MskIam(MskIam { region, .. }) => format!("msk-iam in {region}"),
        };
        format!("{who}, {}", if self.tls.is_some() { "TLS" } else { "no TLS" })
    }
}
