//! How long a record may be. Brokers refuse a batch that is longer than the topic's `max.message.bytes`; a refused
//! record must be split, for which its sender has to know the limit.

use crate::KafkaError;
use crate::options::{Auth, KafkaOptions};
use rdkafka::admin::ResourceSpecifier;
use std::time::Duration;

/// What a batch of one record holds beside the record: headers of batch and record, and the key.
pub(crate) const RECORD_OVERHEAD_BYTES: usize = 512;
/// What a topic takes by default, less the overhead.
pub(crate) const DEFAULT_RECORD_BYTES: usize = 1024 * 1024 + 12 - RECORD_OVERHEAD_BYTES;
/// One question to the brokers.
const QUESTION_LIMIT: Duration = Duration::from_secs(3);

/// A record longer than the topic takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Kafka topic {topic} does not take a record of {size} bytes{}: raise the topic's max.message.bytes, or let the record be split",
    limit.map(|limit| format!(" (at most {limit})")).unwrap_or_default()
)]
pub struct RecordTooLarge {
    /// The topic.
    pub topic: String,
    /// Bytes of the record, without its key.
    pub size: usize,
    /// The longest record that is taken; `None` when the brokers only said no.
    pub limit: Option<usize>,
}

/// The longest record that `topic` takes by its present configuration. `None` when there is no such topic, when we
/// may not ask (the right to describe a topic's configuration is one of its own), or with IAM, where the library's
/// admin client can't log in. Blocks for the brokers' answer, at most 3 s.
///
/// # Errors
/// When no client can be made or no broker answers.
pub fn max_record_bytes(options: &KafkaOptions, topic: &str) -> Result<Option<usize>, KafkaError> {
    if matches!(options.auth, Auth::MskIam(_)) {
        return Ok(None);
    }
    crate::admin::with_admin(options, topic, QUESTION_LIMIT, async |admin, asked| {
        let resource = ResourceSpecifier::Topic(topic);
        let described = admin.describe_configs([&resource], &asked).await?;
        let limit = described.into_iter().flatten().find_map(|resource| {
            let value = resource.get("max.message.bytes")?.value.as_ref()?;
            value.parse::<usize>().ok()
        });
        Ok(limit.map(|bytes| bytes.saturating_sub(RECORD_OVERHEAD_BYTES)))
    })
}
