//! Properties that what this program promises depends on: every record once and in order, and none lost.

use super::{FromFile, Left};
use crate::options::OptionsError;

/// The most requests in flight with which an idempotent producer keeps the order.
const MAX_IN_FLIGHT: u32 = 5;

/// Not settable, and nothing is lost by that.
const DECIDED_HERE: [(&str, &str); 17] = [
    ("delivery.timeout.ms", "records do not expire: the capture log bounds an outage"),
    ("message.timeout.ms", "records do not expire: the capture log bounds an outage"),
    ("retries", "records are tried until they are acknowledged"),
    ("message.send.max.retries", "records are tried until they are acknowledged"),
    ("partitioner.class", "the records of a connection must share a partition"),
    ("partitioner", "the records of a connection must share a partition"),
    ("transactional.id", "no transactions are used"),
    ("transaction.timeout.ms", "no transactions are used"),
    ("group.id", "the consumer group is set by its own flag"),
    ("auto.offset.reset", "a new group starts at the oldest record"),
    ("enable.auto.commit", "an offset is committed when its record is dealt with"),
    ("auto.commit.interval.ms", "an offset is committed when its record is dealt with"),
    ("enable.auto.offset.store", "an offset is committed when its record is dealt with"),
    ("partition.assignment.strategy", "partitions are shared out cooperatively"),
    ("allow.auto.create.topics", "a topic that is read must exist"),
    ("enable.partition.eof", "ends of partitions are always looked for"),
    ("plugin.library.paths", "no code is loaded"),
];

pub(super) fn take(left: &mut Left<'_>, file: &mut FromFile) -> Result<(), OptionsError> {
    for name in ["acks", "request.required.acks"] {
        must_be(
            left,
            name,
            &["all", "-1"],
            "a record counts as delivered when all in-sync replicas have it",
        )?;
    }
    for name in ["enable.idempotence", "enable.gapless.guarantee"] {
        must_be(left, name, &["true"], "each record must arrive once and in order")?;
    }
    for name in ["max.in.flight", "max.in.flight.requests.per.connection"] {
        let Some((line, value)) = left.take(name) else { continue };
        match value.trim().parse::<u32>() {
            Ok(count @ 1..=MAX_IN_FLIGHT) => {
                file.tuning.producer.push(("max.in.flight".to_owned(), count.to_string()));
            }
            _ => {
                let reason = format!(
                    "'{value}' is not between 1 and {MAX_IN_FLIGHT}: with more, retries would change the order of records"
                );
                return Err(left.error(line, name, reason));
            }
        }
    }
    for (name, why) in DECIDED_HERE {
        if let Some((line, _)) = left.take(name) {
            file.warnings.push(format!("line {line}: {name} is not used: {why}"));
        }
    }
    Ok(())
}

fn must_be(left: &mut Left<'_>, name: &str, accepted: &[&str], why: &str) -> Result<(), OptionsError> {
    match left.take(name) {
        Some((line, value)) if !accepted.contains(&value.trim().to_ascii_lowercase().as_str()) => {
            let reason =
                format!("'{value}' can't be set: {why}; write {name}={} or remove the line", accepted[0]);
            Err(left.error(line, name, reason))
        }
        _ => Ok(()),
    }
}
