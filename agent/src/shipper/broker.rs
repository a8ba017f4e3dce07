//! What the shipper asks of Kafka, so that the simulation can answer in its place.

use std::sync::Arc;
use switchover_kafka::{DeliveryEvents, KafkaError, KafkaOptions, RecordProducer, SendError, read_since};

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

    /// A new producer that tells `events` what becomes of the records.
    ///
    /// # Errors
    /// When the client can't be set up.
    fn producer(&self, events: Arc<dyn DeliveryEvents>) -> Result<Self::Producer, KafkaError>;

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

    fn producer(&self, events: Arc<dyn DeliveryEvents>) -> Result<RecordProducer, KafkaError> {
        RecordProducer::new(&self.kafka, &self.topic, events)
    }

    fn visit_since(&self, since_ms: i64, visit: impl FnMut(&[u8])) -> Result<(), KafkaError> {
        read_since(&self.kafka, &self.topic, since_ms, visit)
    }
}
