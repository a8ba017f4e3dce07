//! Kafka: the topic of captured traffic and the group that replays it, as the services file names them.

use anyhow::Result;
use switchover_kafka::{KafkaError, TopicReader, describe_group};

use super::super::item::{At, Item, Kind, fingerprint};
use super::Found;
use crate::kafka;
use crate::services::Services;

/// Blocks for the brokers, at most some 30 s.
pub(super) fn look(services: &Services, group: &str, found: &mut Found) -> Result<()> {
    let Some(at) = kafka::of_services(services)? else { return Ok(()) };
    match TopicReader::open(&at.options, &at.topic).and_then(|reader| reader.extents()) {
        Err(KafkaError::TopicMissing { .. }) => {}
        Err(error) => return Err(error.into()),
        Ok(extents) => found.items.push(Item {
            at: At::Kafka,
            kind: Kind::Topic,
            name: at.topic.clone(),
            // Records may come until it is gone; that it is another topic can't be told.
            identity: fingerprint(format!("{} {}", at.options.brokers, extents.len()).as_bytes()),
            documents: Some(extents.iter().map(|one| u64::try_from(one.end - one.start).unwrap_or(0)).sum()),
            created_unix_ms: None,
            because: "captured traffic, as the services file names it".to_owned(),
        }),
    }
    let there = describe_group(&at.options, group)?;
    let places: Vec<&str> = there.places.iter().map(|place| place.topic.as_str()).collect();
    if !there.members.is_empty() {
        found.leave(At::Kafka, Kind::ConsumerGroup, group, "replayers are at work; stop them first");
    } else if places.iter().any(|topic| **topic != *at.topic) {
        found.leave(At::Kafka, Kind::ConsumerGroup, group, "it reads other topics, too");
    } else if !places.is_empty() || !there.state.is_empty() && there.state != "Dead" {
        found.items.push(Item {
            at: At::Kafka,
            kind: Kind::ConsumerGroup,
            name: group.to_owned(),
            identity: fingerprint(at.options.brokers.as_bytes()),
            documents: None,
            created_unix_ms: None,
            because: "the replayers' group".to_owned(),
        });
    }
    Ok(())
}
