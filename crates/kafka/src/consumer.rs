//! The consumer of capture records: a member of a group that starts where the group stopped and commits only what
//! it is told, because an offset may be committed only when the replay of its record is on disk.

use crate::client::{self, ClientState};
use crate::{KafkaError, KafkaOptions, error};
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, StreamConsumer};
use rdkafka::error::{KafkaError as Library, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::metadata::MetadataPartition;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::future::Future as _;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

/// How long a first answer of a broker, or a topic's appearance, is waited for.
const START_LIMIT: Duration = Duration::from_secs(30);
/// What is fetched ahead, and what one answer of a broker may hold: the library's own limits are 64 and 50 MiB, beyond the
/// memory that the reader was given.
const MAX_FETCHED_KIB: &str = "16384";
const MAX_FETCH_BYTES: &str = "16777216";
/// One question to a broker.
const QUESTION_LIMIT: Duration = Duration::from_secs(5);
/// The first question; between two of them the client's events are handled.
const METADATA_LIMIT: Duration = Duration::from_secs(1);
/// A topic that was just made has no leader for a moment.
const LEADER_WAIT: Duration = Duration::from_millis(100);

/// What a poll brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Polled {
    /// One record.
    Record {
        /// Where it stands.
        partition: i32,
        /// Where it stands in its partition.
        offset: i64,
        /// Unix milliseconds, as the producer or the broker stamped it.
        timestamp_ms: Option<i64>,
        /// The connection id.
        key: Option<Vec<u8>>,
        /// `TrafficStream` bytes.
        payload: Vec<u8>,
    },
    /// Everything that the partition holds at this moment was handed out.
    PartitionEnd {
        /// Which one.
        partition: i32,
    },
    /// The group gave us these partitions; reading starts at the committed offset, if there is one.
    Assigned(Vec<(i32, Option<Committed>)>),
    /// The group takes these partitions away. They stay ours, and nobody else reads them, until
    /// [`RecordConsumer::release`]; records of them may still come.
    Revoked(Vec<i32>),
    /// These partitions are gone already: the group believed us dead.
    Lost(Vec<i32>),
}

/// What was committed last for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The next offset to read.
    pub offset: i64,
    /// What the member that committed it called itself; may be empty.
    pub by: String,
}

/// A member of a consumer group on one topic.
pub struct RecordConsumer {
    inner: StreamConsumer<Context>,
    topic: String,
    partitions: Vec<i32>,
    /// What was received together with a change of the assignment, until that was handed out.
    behind_change: Mutex<Option<Polled>>,
}

impl fmt::Debug for RecordConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordConsumer")
            .field("topic", &self.topic)
            .field("partitions", &self.partitions)
            .finish_non_exhaustive()
    }
}

impl RecordConsumer {
    /// Joins `group_id` on `topic`. To be called within a tokio runtime. Blocks until a broker has answered (at most
    /// 30 s, with IAM 25 s more for credentials).
    ///
    /// # Errors
    /// [`KafkaError::Unreachable`], [`KafkaError::Refused`], [`KafkaError::Credentials`],
    /// [`KafkaError::TopicMissing`], [`KafkaError::TopicForbidden`], [`KafkaError::Setup`].
    pub fn subscribe(options: &KafkaOptions, topic: &str, group_id: &str) -> Result<Self, KafkaError> {
        let state = ClientState::prepare(options)?;
        let inner: StreamConsumer<Context> = options
            .client_config()
            .set("group.id", group_id)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("allow.auto.create.topics", "false")
            .set("enable.partition.eof", "true")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("queued.max.messages.kbytes", MAX_FETCHED_KIB)
            .set("fetch.max.bytes", MAX_FETCH_BYTES)
            .create_with_context(Context {
                state,
                changes: Mutex::default(),
                kept: Mutex::default(),
                closing: AtomicBool::new(false),
            })
            .map_err(|error| KafkaError::Setup {
                brokers: options.brokers.clone(),
                reason: error.to_string(),
            })?;
        // Nothing is subscribed yet, so no record can be lost by looking for events without waiting.
        let serve = || {
            let mut task = std::task::Context::from_waker(Waker::noop());
            let _ = pin!(inner.recv()).poll(&mut task);
        };
        let partitions = topic_partitions(&inner, &inner.context().state, &options.brokers, topic, serve)?;
        inner.subscribe(&[topic]).map_err(|error| KafkaError::operation(topic, "subscribing", &error))?;
        Ok(Self { inner, topic: topic.to_owned(), partitions, behind_change: Mutex::default() })
    }

    /// All partitions of the topic.
    #[must_use]
    pub fn partitions(&self) -> &[i32] {
        &self.partitions
    }

    /// The next thing that happens. May be dropped at any point without losing a record.
    ///
    /// # Errors
    /// Errors that waiting does not mend (not authorized, topic deleted). An outage is waited out and logged.
    pub async fn next(&self) -> Result<Polled, KafkaError> {
        loop {
            if let Some(change) = self.inner.context().next_change() {
                return Ok(self.with_committed(change));
            }
            if let Some(polled) = self.behind_change().take() {
                return Ok(polled);
            }
            // A rebalance does not by itself end a `recv`, so it is looked for in between.
            let Ok(received) = tokio::time::timeout(REBALANCE_LOOK, self.inner.recv()).await else {
                continue;
            };
            let polled = match received {
                Ok(message) => Polled::Record {
                    partition: message.partition(),
                    offset: message.offset(),
                    timestamp_ms: message.timestamp().to_millis(),
                    key: message.key().map(<[u8]>::to_vec),
                    payload: message.payload().unwrap_or_default().to_vec(),
                },
                Err(Library::PartitionEOF(partition)) => Polled::PartitionEnd { partition },
                Err(error) if error::is_outage(&error) => {
                    tracing::warn!(%error, topic = self.topic, "kafka unreachable, waiting for it");
                    continue;
                }
                Err(error) => return Err(KafkaError::operation(&self.topic, "reading", &error)),
            };
            // The same `recv` may have assigned a partition and brought its first record: that it is ours comes first.
            *self.behind_change() = Some(polled);
        }
    }

    fn behind_change(&self) -> MutexGuard<'_, Option<Polled>> {
        self.behind_change.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits the next offsets to read, waiting for the broker's word. `by` is kept beside them.
    ///
    /// # Errors
    /// When the broker refuses or can't be reached.
    pub fn commit(&self, offsets: &[(i32, i64)], by: &str) -> Result<(), KafkaError> {
        let mut list = TopicPartitionList::new();
        for &(partition, offset) in offsets {
            let mut element = list.add_partition(&self.topic, partition);
            element
                .set_offset(Offset::Offset(offset))
                .map_err(|error| KafkaError::operation(&self.topic, "committing", &error))?;
            element.set_metadata(by);
        }
        self.inner
            .commit(&list, CommitMode::Sync)
            .map_err(|error| KafkaError::operation(&self.topic, "committing", &error))
    }

    /// Gives revoked partitions to the group, all of one [`Polled::Revoked`] at once.
    ///
    /// # Errors
    /// When the library refuses, because they are gone already.
    pub fn release(&self, partitions: &[i32]) -> Result<(), KafkaError> {
        let list = self.list(partitions);
        let context = self.inner.context();
        context.kept().retain(|kept| !partitions.contains(kept));
        self.inner
            .incremental_unassign(&list)
            .map_err(|error| KafkaError::operation(&self.topic, "giving partitions back", &error))
    }

    /// Brings no more records until [`RecordConsumer::resume`], whatever is asked of [`RecordConsumer::next`] meanwhile:
    /// changes of the assignment still come, and who does not ask for them is taken for dead.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn pause(&self, partitions: &[i32]) -> Result<(), KafkaError> {
        let paused = self.inner.pause(&self.list(partitions));
        paused.map_err(|error| KafkaError::operation(&self.topic, "pausing", &error))
    }

    /// The opposite of [`RecordConsumer::pause`]. No record is lost.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn resume(&self, partitions: &[i32]) -> Result<(), KafkaError> {
        let resumed = self.inner.resume(&self.list(partitions));
        resumed.map_err(|error| KafkaError::operation(&self.topic, "resuming", &error))
    }

    fn list(&self, partitions: &[i32]) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for &partition in partitions {
            list.add_partition(&self.topic, partition);
        }
        list
    }

    /// The end offset of each partition now. Blocks for a broker's answer.
    ///
    /// # Errors
    /// When the broker can't be asked.
    pub fn end_offsets(&self) -> Result<Vec<(i32, i64)>, KafkaError> {
        self.partitions
            .iter()
            .map(|&partition| {
                let (_, high) = self
                    .inner
                    .fetch_watermarks(&self.topic, partition, QUESTION_LIMIT)
                    .map_err(|error| KafkaError::operation(&self.topic, "asking for end offsets", &error))?;
                Ok((partition, high))
            })
            .collect()
    }

    fn with_committed(&self, change: Change) -> Polled {
        match change {
            Change::Revoked(partitions) => Polled::Revoked(partitions),
            Change::Lost(partitions) => Polled::Lost(partitions),
            Change::Assigned(partitions) => {
                let list = self.list(&partitions);
                let committed = self.inner.committed_offsets(list, QUESTION_LIMIT).unwrap_or_else(|error| {
                    tracing::warn!(%error, topic = self.topic, "committed offsets unknown");
                    TopicPartitionList::new()
                });
                let start = |partition| {
                    let found = committed.find_partition(&self.topic, partition)?;
                    match found.offset() {
                        Offset::Offset(offset) => Some(Committed { offset, by: found.metadata().to_owned() }),
                        _ => None,
                    }
                };
                Polled::Assigned(
                    partitions.into_iter().map(|partition| (partition, start(partition))).collect(),
                )
            }
        }
    }
}

impl Drop for RecordConsumer {
    /// The library waits for every partition to be given back.
    fn drop(&mut self) {
        let context = self.inner.context();
        context.closing.store(true, Ordering::Release);
        let kept = std::mem::take(&mut *context.kept());
        if !kept.is_empty()
            && let Err(error) = self.inner.incremental_unassign(&self.list(&kept))
        {
            tracing::debug!(%error, topic = self.topic, "partitions were gone at the end");
        }
    }
}

/// How often a waiting poll looks for a change of the assignment.
const REBALANCE_LOOK: Duration = Duration::from_millis(100);

/// How long, and how often, a reason is waited for when the brokers were not reached.
const REASON_LIMIT: Duration = Duration::from_secs(2);
const REASON_WAIT: Duration = Duration::from_millis(50);

/// The partitions of a topic, waiting for the brokers within [`START_LIMIT`]. `serve` handles the client's events: the
/// library asks for a token by one, and must have it before it can ask the brokers anything.
pub(crate) fn topic_partitions<C: ConsumerContext, T: Consumer<C>>(
    consumer: &T,
    state: &ClientState,
    brokers: &str,
    topic: &str,
    serve: impl Fn(),
) -> Result<Vec<i32>, KafkaError> {
    let start = Instant::now();
    let missing = || KafkaError::TopicMissing { brokers: brokers.to_owned(), topic: topic.to_owned() };
    loop {
        serve();
        let waiting = match consumer.fetch_metadata(Some(topic), METADATA_LIMIT) {
            Ok(metadata) => {
                let found = metadata.topics().iter().find(|found| found.name() == topic);
                let Some(found) = found else { return Err(missing()) };
                match found.error().map(RDKafkaErrorCode::from) {
                    None if !found.partitions().is_empty() => {
                        return Ok(found.partitions().iter().map(MetadataPartition::id).collect());
                    }
                    Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
                        return Err(KafkaError::TopicForbidden {
                            brokers: brokers.to_owned(),
                            topic: topic.to_owned(),
                            needed: "give this user the rights Read and Describe on it",
                        });
                    }
                    Some(RDKafkaErrorCode::LeaderNotAvailable) if start.elapsed() < START_LIMIT => {
                        std::thread::sleep(LEADER_WAIT);
                        continue;
                    }
                    _ => return Err(missing()),
                }
            }
            Err(error) => error,
        };
        serve();
        let over = start.elapsed() >= START_LIMIT;
        if over {
            // On a busy machine the library may tell why only after it gave up.
            let told = Instant::now();
            while state.refusal().is_none() && told.elapsed() < REASON_LIMIT {
                std::thread::sleep(REASON_WAIT);
                serve();
            }
        }
        if let Some(refusal) = state.refusal() {
            return Err(refusal);
        }
        if over {
            return Err(state.unreachable(start.elapsed().as_secs(), &waiting.to_string()));
        }
        tracing::debug!(error = %waiting, "kafka metadata not available yet");
    }
}

#[derive(Debug)]
enum Change {
    Assigned(Vec<i32>),
    Revoked(Vec<i32>),
    Lost(Vec<i32>),
}

/// Assignment changes, in order, until the poll hands them out. At most a few per rebalance.
struct Context {
    state: ClientState,
    changes: Mutex<VecDeque<Change>>,
    /// Revoked and not given back.
    kept: Mutex<Vec<i32>>,
    /// Nobody will give anything back any more.
    closing: AtomicBool,
}

impl Context {
    fn next_change(&self) -> Option<Change> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn kept(&self) -> MutexGuard<'_, Vec<i32>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, change: Change) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push_back(change);
    }
}

fn partitions_of(list: &TopicPartitionList) -> Vec<i32> {
    list.elements().iter().map(rdkafka::topic_partition_list::TopicPartitionListElem::partition).collect()
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client::log(level, facility, message);
    }

    fn error(&self, error: Library, reason: &str) {
        let problem = self.state.note(&error, reason);
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::PartitionEOF) {
            let reason = problem.map_or_else(|| reason.to_owned(), |problem| problem.reason);
            tracing::warn!(%error, reason, "kafka client error");
        }
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.state.oauth_token()
    }
}

impl ConsumerContext for Context {
    /// The library goes on with the rebalance when it is told of the new assignment, which may be later than here.
    fn rebalance(&self, consumer: &BaseConsumer<Self>, error: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let partitions = partitions_of(list);
        let (change, told) = match error {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                (Change::Assigned(partitions), consumer.incremental_assign(list))
            }
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS
                if !consumer.assignment_lost() && !self.closing.load(Ordering::Acquire) =>
            {
                self.kept().extend(&partitions);
                return self.push(Change::Revoked(partitions));
            }
            _ => {
                self.kept().retain(|kept| !partitions.contains(kept));
                (Change::Lost(partitions), consumer.incremental_unassign(list))
            }
        };
        if let Err(error) = told {
            tracing::warn!(%error, ?change, "kafka client refused a change of partitions");
        }
        self.push(change);
    }
}
