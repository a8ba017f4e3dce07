//! What reaching a broker takes.

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

/// How to reach the brokers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaOptions {
    /// Bootstrap list, `host:port,host:port`.
    pub brokers: String,
    /// The name that the broker's logs and quotas see.
    pub client_id: String,
}

/// How soon a lost broker is tried again, and at most how long between tries: an outage should end for us within a
/// second of its end.
const RECONNECT_BACKOFF_MS: &str = "100";
const RECONNECT_BACKOFF_MAX_MS: &str = "1000";

impl KafkaOptions {
    /// The settings that producer and consumer share.
    pub(crate) fn client_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", &self.client_id)
            .set("reconnect.backoff.ms", RECONNECT_BACKOFF_MS)
            .set("reconnect.backoff.max.ms", RECONNECT_BACKOFF_MAX_MS)
            .set("socket.keepalive.enable", "true")
            .set_log_level(RDKafkaLogLevel::Warning);
        config
    }
}
