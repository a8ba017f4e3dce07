//! Reading a topic without a group: which offsets there are, and the records themselves. Nothing is joined and nothing
//! committed, so that looking at a topic never moves anybody's place in it.

use crate::client::{self, ClientState};
use crate::{KafkaError, KafkaOptions, consumer};
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError as Library;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

/// One question to a broker.
const QUESTION_LIMIT: Duration = Duration::from_secs(5);
/// The longest wait without any progress.
const STALL_LIMIT: Duration = Duration::from_secs(30);

/// Reads one topic.
pub struct TopicReader {
    inner: BaseConsumer<Context>,
    topic: String,
    partitions: Vec<i32>,
}

impl fmt::Debug for TopicReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopicReader").field("topic", &self.topic).finish_non_exhaustive()
    }
}

/// The offsets that a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The partition.
    pub partition: i32,
    /// Of the first record that is still there.
    pub start: i64,
    /// Of the next record to come.
    pub end: i64,
}

/// A record as it stands in its topic.
#[derive(Debug, Clone, Copy)]
pub struct TopicRecord<'a> {
    /// The partition.
    pub partition: i32,
    /// Where in it.
    pub offset: i64,
    /// Unix milliseconds, as the producer or the broker stamped it.
    pub timestamp_ms: Option<i64>,
    /// The connection id.
    pub key: Option<&'a [u8]>,
    /// `TrafficStream` bytes.
    pub payload: &'a [u8],
}

impl TopicReader {
    /// Asks the brokers for the topic, within 30 s (with IAM 25 s more for credentials).
    ///
    /// # Errors
    /// [`KafkaError::Unreachable`], [`KafkaError::Refused`], [`KafkaError::Credentials`],
    /// [`KafkaError::TopicMissing`], [`KafkaError::TopicForbidden`], [`KafkaError::Setup`].
    pub fn open(options: &KafkaOptions, topic: &str) -> Result<Self, KafkaError> {
        // A group is required by the library, and never joined.
        let inner = client(options, "switchover-tail")?;
        // Nothing is assigned yet, so a poll brings events only.
        let serve = || while inner.poll(Duration::ZERO).is_some() {};
        let state = &inner.context().state;
        let partitions = consumer::topic_partitions(&inner, state, &options.brokers, topic, serve)?;
        Ok(Self { inner, topic: topic.to_owned(), partitions })
    }

    /// What each partition holds now.
    ///
    /// # Errors
    /// When the brokers can't be asked.
    pub fn extents(&self) -> Result<Vec<Extent>, KafkaError> {
        let ask = |&partition: &i32| {
            let marks = self.inner.fetch_watermarks(&self.topic, partition, QUESTION_LIMIT);
            let (start, end) = marks.map_err(self.failed("asking for its offsets"))?;
            Ok(Extent { partition, start, end })
        };
        self.partitions.iter().map(ask).collect()
    }

    /// The time of the first record at or after `offset`, in Unix milliseconds; `None` when there is none, or it has no
    /// time, or none came within 5 s.
    ///
    /// # Errors
    /// When the brokers do not let us read.
    pub fn timestamp_at(&self, partition: i32, offset: i64) -> Result<Option<i64>, KafkaError> {
        self.assign(&[(partition, Offset::Offset(offset))])?;
        let begun = Instant::now();
        while let Some(left) = QUESTION_LIMIT.checked_sub(begun.elapsed()) {
            match self.inner.poll(left) {
                Some(Ok(message)) => return Ok(message.timestamp().to_millis()),
                Some(Err(Library::PartitionEOF(_))) | None => break,
                // An outage may pass.
                Some(Err(_)) => {}
            }
        }
        Ok(None)
    }

    /// Hands every record that is there now to `visit`, in order per partition.
    ///
    /// # Errors
    /// Those of `visit`, and when the brokers are silent for 30 s.
    pub fn read_all<E: From<KafkaError>>(
        &self,
        mut visit: impl FnMut(TopicRecord<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let extents = self.extents()?;
        let starts: Vec<_> = extents.iter().map(|one| (one.partition, Offset::Offset(one.start))).collect();
        self.assign(&starts)?;
        let end = |partition| extents.iter().find(|one| one.partition == partition).map_or(0, |one| one.end);
        let holds = extents.iter().filter(|one| one.start < one.end).map(|one| one.partition);
        self.read_open(holds.collect(), |message, open| {
            let (partition, offset) = (message.partition(), message.offset());
            // What comes after the end that was is not waited for.
            if offset + 1 >= end(partition) {
                open.remove(&partition);
            }
            if offset >= end(partition) {
                return Ok(());
            }
            visit(TopicRecord {
                partition,
                offset,
                timestamp_ms: message.timestamp().to_millis(),
                key: message.key(),
                payload: message.payload().unwrap_or_default(),
            })
        })
    }

    /// Hands every record that was produced at or after `since_ms` and is there now to `visit`.
    pub(crate) fn read_since(&self, since_ms: i64, mut visit: impl FnMut(&[u8])) -> Result<(), KafkaError> {
        let step = "asking for offsets by time";
        let mut times = TopicPartitionList::new();
        for &partition in &self.partitions {
            let offset = Offset::Offset(since_ms);
            times.add_partition_offset(&self.topic, partition, offset).map_err(self.failed(step))?;
        }
        let starts = self.inner.offsets_for_times(times, QUESTION_LIMIT).map_err(self.failed(step))?;
        self.inner.assign(&starts).map_err(self.failed("reading the end of the topic"))?;
        self.read_open(self.partitions.iter().copied().collect(), |message, _| {
            visit(message.payload().unwrap_or_default());
            Ok(())
        })
    }

    /// Polls until no partition is open; the end of one closes it.
    fn read_open<E: From<KafkaError>>(
        &self,
        mut open: HashSet<i32>,
        mut visit: impl FnMut(&BorrowedMessage<'_>, &mut HashSet<i32>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut progress = Instant::now();
        while !open.is_empty() {
            match self.inner.poll(QUESTION_LIMIT) {
                Some(Ok(message)) => {
                    visit(&message, &mut open)?;
                    progress = Instant::now();
                }
                Some(Err(Library::PartitionEOF(partition))) => {
                    progress = Instant::now();
                    open.remove(&partition);
                }
                Some(Err(error)) if progress.elapsed() > STALL_LIMIT => {
                    return Err(self.failed("reading")(error).into());
                }
                None if progress.elapsed() > STALL_LIMIT => {
                    let silence = "no record and no end of partition came";
                    let state = &self.inner.context().state;
                    return Err(state.unreachable(STALL_LIMIT.as_secs(), silence).into());
                }
                Some(Err(_)) | None => {}
            }
        }
        Ok(())
    }

    fn assign(&self, starts: &[(i32, Offset)]) -> Result<(), KafkaError> {
        let mut list = TopicPartitionList::new();
        for &(partition, offset) in starts {
            list.add_partition_offset(&self.topic, partition, offset).map_err(self.failed("reading"))?;
        }
        self.inner.assign(&list).map_err(self.failed("reading"))
    }

    fn failed(&self, action: &'static str) -> impl Fn(Library) -> KafkaError + '_ {
        move |error| KafkaError::operation(&self.topic, action, &error)
    }
}

/// A consumer that commits nothing.
pub(crate) fn client(options: &KafkaOptions, group: &str) -> Result<BaseConsumer<Context>, KafkaError> {
    let state = ClientState::prepare(options)?;
    options
        .client_config()
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("allow.auto.create.topics", "false")
        .set("enable.partition.eof", "true")
        .create_with_context(Context { state })
        .map_err(|error| KafkaError::Setup { brokers: options.brokers.clone(), reason: error.to_string() })
}

pub(crate) struct Context {
    pub(crate) state: ClientState,
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
