//! What an earlier run of this agent shipped but could not write down before it died, asked of Kafka itself.
//!
//! Without this, a crash would leave a few records in the topic twice. Readers know a record by connection and number
//! and apply it once, so an agent that may not read the topic still ships; it only says so.

use super::Broker;
use crate::record_view;
use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use switchover_kafka::KafkaError;

/// Records are looked for from this long before the checkpoint: its file's time and the records' need not agree.
const MARGIN: Duration = Duration::from_secs(10);
/// More than this was not shipped within one checkpoint interval: something else is wrong, and memory is bounded.
const MAX_RECORDS: usize = 2_000_000;

/// Identities of records, connection id and number.
#[derive(Debug, Default)]
pub(super) struct Shipped(HashSet<(Box<str>, u64)>);

impl Shipped {
    /// Asks Kafka for records of `node_id` since a little before `since`.
    pub(super) fn ask(broker: &impl Broker, node_id: &str, since: SystemTime) -> Result<Self, String> {
        let since = since.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(MARGIN);
        let mut found = HashSet::new();
        let asked = broker.visit_since(since.as_millis() as i64, |record| {
            let number = record_view::number_and_node(record).filter(|(_, node)| *node == node_id.as_bytes());
            // A part does not say that all of its record is there; readers know a part that comes twice.
            if let (Some((number, _)), Some(connection)) = (number, record_view::connection_id(record))
                && !record_view::is_part(record)
                && found.len() < MAX_RECORDS
            {
                found.insert((connection.into(), number));
            }
        });
        match asked {
            Ok(()) => {
                tracing::info!(records = found.len(), "asked kafka what an earlier run shipped last");
                Ok(Self(found))
            }
            // What can be mended: the question is asked again then.
            Err(
                error @ (KafkaError::Unreachable { .. }
                | KafkaError::Refused { .. }
                | KafkaError::Credentials { .. }),
            ) => Err(error.to_string()),
            Err(error) => {
                tracing::warn!(%error, "cannot read the topic: records shipped just before the last crash may be in it twice");
                Ok(Self::default())
            }
        }
    }

    /// Whether Kafka has this record from an earlier run.
    pub(super) fn contains(&self, record: &[u8]) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let identity = record_view::number_and_node(record).zip(record_view::connection_id(record));
        identity.is_some_and(|((number, _), connection)| self.0.contains(&(connection.into(), number)))
    }
}
