//! Reading the end of a topic without a group: what arrived since an instant.
//!
//! An agent that died may have shipped records whose acknowledgement it could not write down. Before it ships again
//! it looks here, so that each record is in the topic once.

use crate::client::{self, ClientState};
use crate::{KafkaError, KafkaOptions, consumer};
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError as Library;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::HashSet;
use std::error::Error;
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
    let state = ClientState::prepare(options)?;
    let reader: BaseConsumer<Context> = options
        .client_config()
        // Required by the library, never joined: offsets are neither read nor written.
        .set("group.id", "switchover-tail")
        .set("enable.auto.commit", "false")
        .set("allow.auto.create.topics", "false")
        .set("enable.partition.eof", "true")
        .create_with_context(Context { state })
        .map_err(|error| KafkaError::Setup { brokers: options.brokers.clone(), reason: error.to_string() })?;
    let state = &reader.context().state;
    // Nothing is assigned yet, so a poll brings events only.
    let serve = || while reader.poll(Duration::ZERO).is_some() {};
    let partitions = match consumer::topic_partitions(&reader, state, &options.brokers, topic, serve) {
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
                let silence = "no record and no end of partition came";
                return Err(state.unreachable(STALL_LIMIT.as_secs(), silence));
            }
            Some(Err(_)) | None => {}
        }
    }
    Ok(())
}

struct Context {
    state: ClientState,
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client::log(level, facility, message);
    }

    fn error(&self, error: Library, reason: &str) {
        self.state.note(&error, reason);
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.state.oauth_token()
    }
}

impl ConsumerContext for Context {}
