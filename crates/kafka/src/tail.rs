//! Reading the end of a topic without a group: what arrived since an instant.
//!
//! An agent that died may have shipped records whose acknowledgement it could not write down. Before it ships again
//! it looks here, so that each record is in the topic once.

use crate::reader::TopicReader;
use crate::{KafkaError, KafkaOptions};

/// Hands every record of `topic` that was produced at or after `since_ms` (Unix milliseconds) and is there now to
/// `visit`. A topic that does not exist has none.
///
/// # Errors
/// When the brokers can't be reached or do not let us read.
pub fn read_since(
    options: &KafkaOptions,
    topic: &str,
    since_ms: i64,
    visit: impl FnMut(&[u8]),
) -> Result<(), KafkaError> {
    match TopicReader::open(options, topic) {
        Err(KafkaError::TopicMissing { .. }) => Ok(()),
        reader => reader?.read_since(since_ms, visit),
    }
}
