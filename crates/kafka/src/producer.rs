//! The producer of capture records.
//!
//! Records must arrive once each and in order per key, through any outage of the broker. So: idempotence, acks=all,
//! no expiry (the capture log behind the producer is the place that bounds an outage), and gapless delivery: when one
//! record fails for good, all that follow fail too and the producer is dead. The owner then makes a new one and
//! sends again from the first record that was not acknowledged; it never has to mend a hole.

use crate::client::{self, ClientState};
use crate::limits::{DEFAULT_RECORD_BYTES, RECORD_OVERHEAD_BYTES};
use crate::{KafkaError, KafkaOptions, RecordTooLarge};
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as Library, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use rdkafka::util::Timeout;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Waiting for company makes batches; this is as long as one record may wait for it.
const LINGER_MS: &str = "1";
/// JSON takes 0.27 of its length, with zstd 0.15. But the library sets zstd up anew for each batch, which costs more than
/// all else when writes are small: they are acknowledged at two thirds of the rate.
const COMPRESSION: &str = "lz4";
/// What the library may hold in memory: 4 MiB and at most 100,000 records. Beyond it [`SendError::QueueFull`].
const QUEUE_KIB: &str = "4096";
const QUEUE_RECORDS: &str = "100000";
/// The library's own limit of a batch, which was measured to be better than a smaller one; a batch must also stay below
/// the topic's limit, which counts for all of it.
const BATCH_BYTES: usize = 1_000_000;
/// The library takes no smaller limit.
const MIN_MESSAGE_BYTES: usize = 1000;
/// A topic that is not known for this long fails what is sent to it; it may just have been made.
const TOPIC_WAIT_MS: &str = "10000";

/// Told what becomes of the records, on the library's own thread: must not block.
pub trait DeliveryEvents: Send + Sync + 'static {
    /// The record sent with this token is acknowledged by all in-sync replicas.
    fn delivered(&self, token: usize);
    /// The record sent with this token will not be delivered by this producer.
    fn failed(&self, token: usize, reason: String);
    /// The topic does not take a record of this size; as with [`Self::failed`], nothing more is delivered. The limit
    /// is what [`crate::max_record_bytes`] says now, or not known.
    fn too_large(&self, token: usize, refused: RecordTooLarge) {
        self.failed(token, refused.to_string());
    }
    /// No broker can be reached at present. The producer goes on trying.
    fn unreachable(&self, reason: String);
}

/// Why a record was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The library's queue is at its limit: send again after some deliveries.
    #[error("the producer's queue is full")]
    QueueFull,
    /// Longer than this producer's limit. The producer goes on; the record must be split.
    #[error(transparent)]
    TooLarge(RecordTooLarge),
    /// This producer can't go on; make a new one.
    #[error("the producer can't go on: {0}")]
    Dead(String),
}

/// Sends capture records to one topic.
pub struct RecordProducer {
    inner: ThreadedProducer<Context>,
    topic: String,
    max_record_bytes: usize,
}

impl fmt::Debug for RecordProducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordProducer").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl RecordProducer {
    /// A producer for `topic`. It connects in the background; brokers that are down are no error here. With IAM it waits
    /// for credentials (at most 25 s).
    ///
    /// # Errors
    /// [`KafkaError::Setup`] when the options make no sense to the library, [`KafkaError::Credentials`].
    pub fn new(
        options: &KafkaOptions,
        topic: &str,
        events: Arc<dyn DeliveryEvents>,
    ) -> Result<Self, KafkaError> {
        Self::with_limit(options, topic, None, events)
    }

    /// The same for a topic that takes records of at most `max_record_bytes` (see [`crate::max_record_bytes`]).
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_limit(
        options: &KafkaOptions,
        topic: &str,
        max_record_bytes: Option<usize>,
        events: Arc<dyn DeliveryEvents>,
    ) -> Result<Self, KafkaError> {
        let limits = [max_record_bytes, options.tuning.max_record_bytes];
        let max_record_bytes = limits.into_iter().flatten().min().unwrap_or(DEFAULT_RECORD_BYTES);
        let message_bytes = max_record_bytes.saturating_add(RECORD_OVERHEAD_BYTES).max(MIN_MESSAGE_BYTES);
        let state = ClientState::prepare(options)?;
        let mut config = options.client_config();
        config
            .set("compression.type", COMPRESSION)
            .set("linger.ms", LINGER_MS)
            .set("queue.buffering.max.kbytes", QUEUE_KIB)
            .set("queue.buffering.max.messages", QUEUE_RECORDS)
            .set("topic.metadata.propagation.max.ms", TOPIC_WAIT_MS)
            .set("batch.size", BATCH_BYTES.to_string())
            .extend(options.tuning.producer.iter().cloned());
        let batch = config.get("batch.size").and_then(|size| size.parse().ok()).unwrap_or(BATCH_BYTES);
        let inner = config
            .set("batch.size", batch.min(message_bytes - RECORD_OVERHEAD_BYTES / 2).to_string())
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("enable.gapless.guarantee", "true")
            .set("message.timeout.ms", "0")
            .set("partitioner", "murmur2_random")
            .set("message.max.bytes", message_bytes.to_string())
            .create_with_context(Context { events, state, topic: topic.to_owned() })
            .map_err(|error| KafkaError::Setup {
                brokers: options.brokers.clone(),
                reason: error.to_string(),
            })?;
        Ok(Self { inner, topic: topic.to_owned(), max_record_bytes })
    }

    /// The longest record that is taken.
    #[must_use]
    pub fn max_record_bytes(&self) -> usize {
        self.max_record_bytes
    }

    /// Queues one record. `token` comes back in [`DeliveryEvents`].
    ///
    /// # Errors
    /// See [`SendError`]; the record was not taken.
    pub fn send(&self, key: &str, payload: &[u8], token: usize) -> Result<(), SendError> {
        let too_large = || RecordTooLarge {
            topic: self.topic.clone(),
            size: payload.len(),
            limit: Some(self.max_record_bytes),
        };
        if payload.len() > self.max_record_bytes {
            return Err(SendError::TooLarge(too_large()));
        }
        let record = BaseRecord::with_opaque_to(&self.topic, token).key(key).payload(payload);
        match self.inner.send(record) {
            Ok(()) => Ok(()),
            Err((Library::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => Err(SendError::QueueFull),
            Err((Library::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge), _)) => {
                Err(SendError::TooLarge(too_large()))
            }
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
    state: ClientState,
    topic: String,
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client::log(level, facility, message);
    }

    fn error(&self, error: Library, reason: &str) {
        let problem = self.state.note(&error, reason);
        match (problem, error.rdkafka_error_code()) {
            // One broker of several going away is no outage.
            (Some(problem), Some(code))
                if problem.refused || code != RDKafkaErrorCode::BrokerTransportFailure =>
            {
                self.events.unreachable(problem.reason);
            }
            _ => tracing::warn!(%error, reason, "kafka client error"),
        }
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.state.oauth_token()
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, token: usize) {
        match result {
            Ok(_) => self.events.delivered(token),
            Err((error, message))
                if error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge) =>
            {
                let size = message.payload_len();
                let refused = RecordTooLarge { topic: self.topic.clone(), size, limit: None };
                self.events.too_large(token, refused);
            }
            Err((error, _)) => self.events.failed(token, self.explain(error)),
        }
    }
}

impl Context {
    fn explain(&self, error: &Library) -> String {
        let what_to_do = match error.rdkafka_error_code() {
            Some(
                RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownPartition,
            ) => {
                "the topic does not exist and the brokers do not make it by themselves: create it, or check --kafkaTopic"
            }
            Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
                "not allowed to write to the topic: give this user the rights Write and Describe on it"
            }
            Some(RDKafkaErrorCode::ClusterAuthorizationFailed) => {
                "not allowed to write with idempotence: give this user the right IdempotentWrite on the cluster"
            }
            _ => return format!("Kafka topic {}: {error}", self.topic),
        };
        format!("Kafka topic {}: {what_to_do} ({error})", self.topic)
    }
}
