//! The producer of capture records.
//!
//! Records must arrive once each and in order per key, through any outage of the broker. So: idempotence, acks=all,
//! no expiry (the capture log behind the producer is the place that bounds an outage), and gapless delivery: when one
//! record fails for good, all that follow fail too and the producer is dead. The owner then makes a new one and
//! sends again from the first record that was not acknowledged; it never has to mend a hole.

use crate::{KafkaError, KafkaOptions, error};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as Library, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use rdkafka::util::Timeout;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Waiting for company makes batches; this is as long as one record may wait for it.
const LINGER_MS: &str = "1";
/// What the library may hold in memory: 4 MiB and at most 100,000 records. Beyond it [`SendError::QueueFull`].
const QUEUE_KIB: &str = "4096";
const QUEUE_RECORDS: &str = "100000";
/// Records sent in one request: large enough to compress well, and several are in flight at once, so memory counts.
const BATCH_BYTES: &str = "262144";
/// A broker's default limit for one batch is 1 MiB; capture records are at most 500 bytes below that.
const MAX_MESSAGE_BYTES: &str = "1048576";

/// Told what becomes of the records, on the library's own thread: must not block.
pub trait DeliveryEvents: Send + Sync + 'static {
    /// The record sent with this token is acknowledged by all in-sync replicas.
    fn delivered(&self, token: usize);
    /// The record sent with this token will not be delivered by this producer.
    fn failed(&self, token: usize, reason: String);
    /// No broker can be reached at present. The producer goes on trying.
    fn unreachable(&self, reason: String);
}

/// Why a record was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The library's queue is at its limit: send again after some deliveries.
    #[error("the producer's queue is full")]
    QueueFull,
    /// This producer can't go on; make a new one.
    #[error("the producer can't go on: {0}")]
    Dead(String),
}

/// Sends capture records to one topic.
pub struct RecordProducer {
    inner: ThreadedProducer<Context>,
    topic: String,
}

impl fmt::Debug for RecordProducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordProducer").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl RecordProducer {
    /// A producer for `topic`. It connects in the background; brokers that are down are no error here.
    ///
    /// # Errors
    /// [`KafkaError::Setup`] when the options make no sense to the library.
    pub fn new(
        options: &KafkaOptions,
        topic: &str,
        events: Arc<dyn DeliveryEvents>,
    ) -> Result<Self, KafkaError> {
        let inner = options
            .client_config()
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("enable.gapless.guarantee", "true")
            .set("message.timeout.ms", "0")
            .set("partitioner", "murmur2_random")
            .set("compression.type", "zstd")
            .set("linger.ms", LINGER_MS)
            .set("queue.buffering.max.kbytes", QUEUE_KIB)
            .set("batch.size", BATCH_BYTES)
            .set("queue.buffering.max.messages", QUEUE_RECORDS)
            .set("message.max.bytes", MAX_MESSAGE_BYTES)
            .create_with_context(Context { events })
            .map_err(|error| KafkaError::Setup {
                brokers: options.brokers.clone(),
                reason: error.to_string(),
            })?;
        Ok(Self { inner, topic: topic.to_owned() })
    }

    /// Queues one record. `token` comes back in [`DeliveryEvents`].
    ///
    /// # Errors
    /// See [`SendError`]; the record was not taken.
    pub fn send(&self, key: &str, payload: &[u8], token: usize) -> Result<(), SendError> {
        let record = BaseRecord::with_opaque_to(&self.topic, token).key(key).payload(payload);
        match self.inner.send(record) {
            Ok(()) => Ok(()),
            Err((Library::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => Err(SendError::QueueFull),
            Err((error, _)) => {
                let reason = self.fatal_error().unwrap_or_else(|| error.to_string());
                Err(SendError::Dead(reason))
            }
        }
    }

    /// Why this producer can't go on, if so.
    #[must_use]
    pub fn fatal_error(&self) -> Option<String> {
        self.inner.client().fatal_error().map(|(code, reason)| format!("{code}: {reason}"))
    }

    /// Waits until everything queued is acknowledged, at most `limit`. True when it is.
    #[must_use]
    pub fn flush(&self, limit: Duration) -> bool {
        self.inner.flush(Timeout::After(limit)).is_ok()
    }
}

struct Context {
    events: Arc<dyn DeliveryEvents>,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: Library, reason: &str) {
        // One broker of several going away is no outage.
        if error::is_outage(&error)
            && error.rdkafka_error_code() != Some(RDKafkaErrorCode::BrokerTransportFailure)
        {
            self.events.unreachable(reason.to_owned());
        } else {
            tracing::warn!(%error, reason, "kafka client error");
        }
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, token: usize) {
        match result {
            Ok(_) => self.events.delivered(token),
            Err((error, _)) => self.events.failed(token, error.to_string()),
        }
    }
}

/// The library's own log lines, at most at warning: it calls a lost connection an error, which for us is an outage
/// that the owner of the client reports once.
pub(crate) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::warn!(facility, message, "kafka client");
        }
        _ => tracing::debug!(facility, message, "kafka client"),
    }
}
