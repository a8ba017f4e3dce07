//! What the shipper asks of Kafka, so that the simulation can answer in its place.

use std::sync::Arc;
use switchover_kafka::{
    DeliveryEvents, KafkaError, KafkaOptions, RecordProducer, RecordTooLarge, SendError, max_record_bytes,
    read_since,
};

/// Sends records in order, each key to one partition; dead after the first that fails.
pub trait Producer {
    /// Queues one record; see [`RecordProducer::send`].
    ///
    /// # Errors
    /// See [`SendError`]; the record was not taken.
    fn send(&self, key: &str, payload: &[u8], token: usize) -> Result<(), SendError>;
}

/// A topic.
pub trait Broker {
    /// Its producers.
    type Producer: Producer;

    /// A new producer that tells `events` what becomes of the records, and takes none longer than `max_record_bytes`.
    ///
    /// # Errors
    /// When the client can't be set up.
    fn producer(
        &self,
        events: Arc<dyn DeliveryEvents>,
        max_record_bytes: Option<usize>,
    ) -> Result<Self::Producer, KafkaError>;

    /// How long records may be by the topic's configuration, if it tells. Blocks for the answer.
    ///
    /// # Errors
    /// When no broker can be reached.
    fn topic_limit(&self) -> Result<Option<usize>, KafkaError> {
        Ok(None)
    }

    /// How long records may be, after one was refused as too long.
    fn record_limit(&self, refused: &RecordTooLarge) -> usize {
        refused.limit.filter(|limit| *limit < refused.size).unwrap_or(refused.size / 2)
    }

    /// Hands out what came since an instant; see [`read_since`].
    ///
    /// # Errors
    /// When the topic can't be read.
    fn visit_since(&self, since_ms: i64, visit: impl FnMut(&[u8])) -> Result<(), KafkaError>;
}

/// What to ship where: a topic of real brokers.
#[derive(Debug, Clone)]
pub struct ShipperOptions {
    /// The brokers.
    pub kafka: KafkaOptions,
    /// The topic.
    pub topic: String,
}

impl Producer for RecordProducer {
    fn send(&self, key: &str, payload: &[u8], token: usize) -> Result<(), SendError> {
        Self::send(self, key, payload, token)
    }
}

impl Broker for ShipperOptions {
    type Producer = RecordProducer;

    fn producer(
        &self,
        events: Arc<dyn DeliveryEvents>,
        max_record_bytes: Option<usize>,
    ) -> Result<RecordProducer, KafkaError> {
        RecordProducer::with_limit(&self.kafka, &self.topic, max_record_bytes, events)
    }

    fn topic_limit(&self) -> Result<Option<usize>, KafkaError> {
        match max_record_bytes(&self.kafka, &self.topic) {
            Err(error) if !matches!(error, KafkaError::Unreachable { .. }) => {
                tracing::info!(%error, "the topic does not tell how long records may be");
                Ok(None)
            }
            answered => answered,
        }
    }

    /// Asks the brokers; who may not ask tries half of what was refused.
    fn record_limit(&self, refused: &RecordTooLarge) -> usize {
        let asked = max_record_bytes(&self.kafka, &self.topic).ok().flatten();
        asked.filter(|limit| *limit < refused.size).unwrap_or(refused.size / 2)
    }

    fn visit_since(&self, since_ms: i64, visit: impl FnMut(&[u8])) -> Result<(), KafkaError> {
        read_since(&self.kafka, &self.topic, since_ms, visit)
    }
}
