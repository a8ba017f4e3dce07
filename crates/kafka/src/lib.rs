//! Kafka as this product uses it: a producer that ships capture records in order and says when each is
//! acknowledged, and a group consumer that hands them out and commits only what it is told to. One set of options
//! for both. This crate is the only user of rdkafka, so that its settings and its traps stand in one place.

mod client;
mod consumer;
mod error;
mod limits;
mod msk;
mod options;
mod producer;
mod properties;
mod tail;

pub use consumer::{Committed, Polled, RecordConsumer};
pub use error::KafkaError;
pub use limits::{RecordTooLarge, max_record_bytes};
pub use msk::{AwsCredentials, MskIam, RegionError};
pub use options::{
    Auth, KafkaArgs, KafkaAuthType, KafkaOptions, Mechanism, OptionsError, Pem, Resolved, Secret, Tls,
    TlsIdentity, Tuning,
};
pub use producer::{DeliveryEvents, RecordProducer, SendError};
pub use tail::read_since;
