//! Errors that name the broker and the topic and say what to do next.

use rdkafka::error::{KafkaError as Library, RDKafkaErrorCode};

/// What went wrong with Kafka.
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    /// The client could not be created: a setting is wrong.
    #[error("cannot set up a Kafka client for {brokers}: {reason}")]
    Setup {
        /// Bootstrap list.
        brokers: String,
        /// What the library says.
        reason: String,
    },
    /// No broker answered in time.
    #[error(
        "no Kafka broker of {brokers} answered within {waited_s} s: {reason}; check the address, the port and that the broker runs"
    )]
    Unreachable {
        /// Bootstrap list.
        brokers: String,
        /// How long was waited, in seconds.
        waited_s: u64,
        /// What the library says.
        reason: String,
    },
    /// The brokers answered and do not let us in.
    #[error("the Kafka brokers {brokers} refuse us: {reason}")]
    Refused {
        /// Bootstrap list.
        brokers: String,
        /// What was refused, and what to check.
        reason: String,
    },
    /// No credentials for Amazon MSK.
    #[error("cannot log in to the Kafka brokers {brokers}: {reason}")]
    Credentials {
        /// Bootstrap list.
        brokers: String,
        /// What was tried, and what to do.
        reason: String,
    },
    /// The topic may not be used by us.
    #[error("Kafka topic {topic} on {brokers}: not allowed; {needed}")]
    TopicForbidden {
        /// Bootstrap list.
        brokers: String,
        /// The topic asked for.
        topic: String,
        /// The right that is missing.
        needed: &'static str,
    },
    /// The topic is not there.
    #[error(
        "Kafka topic {topic} does not exist on {brokers}; check --kafkaTopic, or create the topic (the agent creates it with its first record where the broker allows that)"
    )]
    TopicMissing {
        /// Bootstrap list.
        brokers: String,
        /// The topic asked for.
        topic: String,
    },
    /// A consumer group can't be described.
    #[error("Kafka group {group} on {brokers}: {reason}")]
    Group {
        /// Bootstrap list.
        brokers: String,
        /// The group asked for.
        group: String,
        /// What was being done, and what the library says.
        reason: String,
    },
    /// Anything else, with what was being done.
    #[error("Kafka topic {topic}: {action} failed: {reason}")]
    Operation {
        /// The topic in use.
        topic: String,
        /// What was being done.
        action: &'static str,
        /// What the library says.
        reason: String,
    },
}

impl KafkaError {
    pub(crate) fn operation(topic: &str, action: &'static str, error: &Library) -> Self {
        Self::Operation { topic: topic.to_owned(), action, reason: error.to_string() }
    }
}

/// Whether an error says that no broker can be reached at present.
pub(crate) fn is_outage(error: &Library) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::Resolve
        )
    )
}

/// Whether an error says that no answer came in time.
pub(crate) fn is_timeout(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::OperationTimedOut
            | RDKafkaErrorCode::RequestTimedOut
            | RDKafkaErrorCode::MessageTimedOut
    )
}
