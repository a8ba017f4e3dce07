//! Are the brokers there, do they let us in, and is the topic there?

use switchover_kafka::{KafkaArgs, KafkaError, TopicReader};

use super::{Findings, Severity};
use crate::kafka::resolved;
use crate::services::Services;

#[derive(clap::Parser)]
struct NoFlags {
    #[command(flatten)]
    kafka: KafkaArgs,
}

/// Blocks for the brokers, at most some 30 s.
pub(super) fn check(services: &Services, findings: &mut Findings) {
    let Some((block, folder)) = services.kafka() else { return };
    let at = ("kafka", "topic");
    let flags = <NoFlags as clap::Parser>::try_parse_from(["switchover"]).map_err(anyhow::Error::from);
    let args = flags.and_then(|flags| block.args(folder, flags.kafka));
    let resolved = args
        .map_err(|error| format!("{error:#}"))
        .and_then(|args| resolved(&args).map_err(|failure| failure.to_string()));
    let resolved = match resolved {
        Ok(resolved) => resolved,
        Err(message) => return findings.add(Severity::Error, at, message, "mend the kafka block"),
    };
    let topic = &resolved.topic;
    let extents = TopicReader::open(&resolved.options, topic).and_then(|reader| reader.extents());
    match extents {
        Ok(extents) => {
            let records: i64 = extents.iter().map(|one| one.end - one.start).sum();
            let message = format!(
                "{topic} has {} partitions, {records} records ({})",
                extents.len(),
                resolved.options.access()
            );
            findings.ok(at.0, at.1, message);
        }
        Err(KafkaError::TopicMissing { .. }) => {
            let message = format!("there is no topic {topic}");
            findings.add(
                Severity::Warning,
                at,
                message,
                "`switchover kafka create-topic`, or let the agent's first record make it",
            );
        }
        Err(error @ KafkaError::TopicForbidden { .. }) => {
            findings.add(
                Severity::Error,
                at,
                error.to_string(),
                "the agent needs Write and Describe, the replayer Read, Describe and Read on its group",
            );
        }
        Err(error) => {
            findings.add(Severity::Error, at, error.to_string(), "nothing else of Kafka was checked")
        }
    }
}
