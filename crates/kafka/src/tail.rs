//! Reading the end of a topic without a group: what arrived since an instant.
//!
//! An agent that died may have shipped records whose acknowledgement it could not write down. Before it ships again
//! it looks here, so that each record is in the topic once.

use crate::{KafkaError, KafkaOptions, consumer};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError as Library;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// One question to a broker.
const QUESTION_LIMIT: Duration = Duration::from_secs(5);
/// The longest wait without any progress.
const STALL_LIMIT: Duration = Duration::from_secs(30);

/// Hands every record of `topic` that was produced at or after `since_ms` (Unix milliseconds) and is there now to
/// `visit`. A topic that does not exist has none.
///
/// # Errors
/// When the brokers can't be reached or do not let us read.
pub fn read_since(
    options: &KafkaOptions,
    topic: &str,
    since_ms: i64,
    mut visit: impl FnMut(&[u8]),
) -> Result<(), KafkaError> {
    let failed = |action| move |error: Library| KafkaError::operation(topic, action, &error);
    let reader: BaseConsumer = options
        .client_config()
        // Required by the library, never joined: offsets are neither read nor written.
        .set("group.id", "switchover-tail")
        .set("enable.auto.commit", "false")
        .set("allow.auto.create.topics", "false")
        .set("enable.partition.eof", "true")
        .create()
        .map_err(|error| KafkaError::Setup { brokers: options.brokers.clone(), reason: error.to_string() })?;
    let partitions = match consumer::topic_partitions(&reader, &options.brokers, topic) {
        Err(KafkaError::TopicMissing { .. }) => return Ok(()),
        partitions => partitions?,
    };
    let mut times = TopicPartitionList::new();
    for &partition in &partitions {
        times
            .add_partition_offset(topic, partition, Offset::Offset(since_ms))
            .map_err(failed("asking for offsets by time"))?;
    }
    let starts =
        reader.offsets_for_times(times, QUESTION_LIMIT).map_err(failed("asking for offsets by time"))?;
    reader.assign(&starts).map_err(failed("reading the end of the topic"))?;
    let mut open: HashSet<i32> = partitions.into_iter().collect();
    let mut progress = Instant::now();
    while !open.is_empty() {
        match reader.poll(QUESTION_LIMIT) {
            Some(Ok(message)) => {
                progress = Instant::now();
                visit(message.payload().unwrap_or_default());
            }
            Some(Err(Library::PartitionEOF(partition))) => {
                progress = Instant::now();
                open.remove(&partition);
            }
            Some(Err(error)) if progress.elapsed() > STALL_LIMIT => {
                return Err(failed("reading the end of the topic")(error));
            }
            None if progress.elapsed() > STALL_LIMIT => {
                return Err(KafkaError::Unreachable {
                    brokers: options.brokers.clone(),
                    waited_s: STALL_LIMIT.as_secs(),
                    reason: "no record and no end of partition came".to_owned(),
                });
            }
            Some(Err(_)) | None => {}
        }
    }
    Ok(())
}
