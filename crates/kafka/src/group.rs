//! Where a consumer group stands: its committed offsets, its members and what each of them reads. Looking at a group
//! does not join it.

mod assignment;

use crate::reader::{self, Context};
use crate::{KafkaError, KafkaOptions};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::time::{Duration, Instant};

/// One question to the brokers, and all of them until the first answer: logging in takes some of it.
const QUESTION_LIMIT: Duration = Duration::from_secs(5);
const START_LIMIT: Duration = Duration::from_secs(30);
/// Topics of Kafka itself.
const INTERNAL: &str = "__";

/// A consumer group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// `Stable`, `Empty`, `PreparingRebalance`...; empty where the brokers do not know the group.
    pub state: String,
    /// Those who read now.
    pub members: Vec<GroupMember>,
    /// Where it stands in each partition that it committed or reads, in order.
    pub places: Vec<GroupPlace>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// Given by the brokers.
    pub id: String,
    /// What it calls itself.
    pub client_id: String,
    /// Where it is.
    pub host: String,
}

/// A group's place in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPlace {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The next offset to read; `None` when none was committed.
    pub committed: Option<i64>,
    /// The first offset that is still there.
    pub start: i64,
    /// The offset of the next record to come.
    pub end: i64,
    /// Who reads it now, in [`Group::members`].
    pub member: Option<usize>,
}

/// Asks the brokers. A group that does not exist has no state, no members and no places.
///
/// # Errors
/// When the brokers can't be reached or do not let us ask.
pub fn describe_group(options: &KafkaOptions, group: &str) -> Result<Group, KafkaError> {
    let asking = Asking { client: reader::client(options, group)?, brokers: &options.brokers, group };
    let topics = asking.topics()?;
    let mut found = asking.members()?;
    let mut list = TopicPartitionList::new();
    for (topic, partition) in &topics {
        list.add_partition(topic, *partition);
    }
    let committed = asking.client.committed_offsets(list, QUESTION_LIMIT);
    let committed = committed.map_err(|error| asking.failed("asking for its offsets", &error))?;
    for (topic, partition) in topics {
        let offset = match committed.find_partition(&topic, partition).map(|found| found.offset()) {
            Some(Offset::Offset(offset)) => Some(offset),
            _ => None,
        };
        let mine = |read: &Vec<(String, i32)>| read.contains(&(topic.clone(), partition));
        let member = found.reads.iter().position(mine);
        if offset.is_none() && member.is_none() {
            continue;
        }
        let marks = asking.client.fetch_watermarks(&topic, partition, QUESTION_LIMIT);
        let (start, end) = marks.map_err(|error| asking.failed("asking for a topic's offsets", &error))?;
        found.group.places.push(GroupPlace { topic, partition, committed: offset, start, end, member });
    }
    found.group.places.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
    Ok(found.group)
}

struct Asking<'a> {
    client: BaseConsumer<Context>,
    brokers: &'a str,
    group: &'a str,
}

/// The group without places, and what each member reads.
struct Found {
    group: Group,
    reads: Vec<Vec<(String, i32)>>,
}

impl Asking<'_> {
    /// All partitions of all topics but Kafka's own.
    fn topics(&self) -> Result<Vec<(String, i32)>, KafkaError> {
        let begun = Instant::now();
        loop {
            // Events, such as the wish for a token, are handled by polling.
            while self.client.poll(Duration::ZERO).is_some() {}
            let state = &self.client.context().state;
            let error = match self.client.fetch_metadata(None, Duration::from_secs(1)) {
                Ok(metadata) => {
                    let topics = metadata.topics().iter().filter(|topic| !topic.name().starts_with(INTERNAL));
                    let partitions = topics.flat_map(|topic| {
                        topic.partitions().iter().map(|partition| (topic.name().to_owned(), partition.id()))
                    });
                    return Ok(partitions.collect());
                }
                Err(error) => error,
            };
            if let Some(refusal) = state.refusal() {
                return Err(refusal);
            }
            if begun.elapsed() >= START_LIMIT {
                return Err(state.unreachable(START_LIMIT.as_secs(), &error.to_string()));
            }
        }
    }

    fn members(&self) -> Result<Found, KafkaError> {
        let listed = self.client.fetch_group_list(Some(self.group), QUESTION_LIMIT);
        let listed = listed.map_err(|error| self.failed("asking for its members", &error))?;
        let mut found = Found { group: Group::default(), reads: Vec::new() };
        let Some(group) = listed.groups().iter().find(|group| group.name() == self.group) else {
            return Ok(found);
        };
        // The brokers say so of one that they do not know.
        if group.state() != "Dead" {
            found.group.state = group.state().to_owned();
        }
        for member in group.members() {
            found.reads.push(assignment::parse(member.assignment().unwrap_or_default()));
            found.group.members.push(GroupMember {
                id: member.id().to_owned(),
                client_id: member.client_id().to_owned(),
                host: member.client_host().to_owned(),
            });
        }
        Ok(found)
    }

    fn failed(&self, action: &str, error: &rdkafka::error::KafkaError) -> KafkaError {
        KafkaError::Group {
            brokers: self.brokers.to_owned(),
            group: self.group.to_owned(),
            reason: format!("{action} failed: {error}"),
        }
    }
}
