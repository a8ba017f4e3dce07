//! Kafka as this product uses it: a producer that ships capture records in order and says when each is
//! acknowledged, and a group consumer that hands them out and commits only what it is told to. One set of options
//! for both. This crate is the only user of rdkafka, so that its settings and its traps stand in one place.

mod admin;
mod client;
mod consumer;
mod error;
mod group;
mod limits;
mod msk;
mod options;
mod producer;
mod properties;
mod reader;
mod tail;

pub use admin::{TopicShape, create_topic, delete_group, delete_topic};
pub use consumer::{Committed, Polled, RecordConsumer};
pub use error::KafkaError;
pub use group::{Group, GroupMember, GroupPlace, describe_group};
pub use limits::{RecordTooLarge, max_record_bytes};
pub use msk::{AwsCredentials, MskIam, RegionError};
pub use options::{
    Auth, DEFAULT_TOPIC, KafkaArgs, KafkaAuthType, KafkaOptions, Mechanism, OptionsError, Pem, Resolved,
    Secret, Tls, TlsIdentity, Tuning,
};
pub use producer::{DeliveryEvents, RecordProducer, SendError};
pub use reader::{Extent, TopicReader, TopicRecord};
pub use tail::read_since;
