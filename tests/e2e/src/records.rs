//! What a capture log and a topic hold.

use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;
use switchover_capture::log::{EntryKind, LogReader, Start};
use switchover_capture::reassembly::{Reassembled, Reassembler, Transaction};
use switchover_capture::record::TrafficStream;
use switchover_kafka::{KafkaOptions, Polled, RecordConsumer};

/// A record's identity: node, connection, number.
pub type Identity = (String, String, u32);

/// A record as it was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its bytes.
    pub payload: Bytes,
    /// Partition, 0 in a log.
    pub partition: i32,
    /// Offset, or sequence in a log.
    pub offset: i64,
}

/// All records of a capture log.
///
/// # Panics
/// When it is damaged.
#[must_use]
pub fn of_log(directory: &Path) -> Vec<Found> {
    let mut reader = LogReader::open(directory, Start::Oldest).expect("a capture log");
    let mut records = Vec::new();
    while let Some(entry) = reader.next().expect("a sound capture log") {
        if entry.kind == EntryKind::Record {
            records.push(Found { payload: entry.payload, partition: 0, offset: entry.sequence as i64 });
        }
    }
    records
}

/// All records of a topic, read to the end of each partition.
///
/// # Panics
/// When the broker refuses or is silent for long.
#[must_use]
pub fn of_topic(brokers: &str, topic: &str) -> Vec<Found> {
    let options = KafkaOptions::plaintext(brokers, "test");
    let group = format!("test-{topic}-{}", std::process::id());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let entered = runtime.enter();
    let consumer = RecordConsumer::subscribe(&options, topic, &group).expect("the topic");
    let mut open: Vec<i32> = consumer.partitions().to_vec();
    let mut records = Vec::new();
    drop(entered);
    runtime.block_on(async {
        while !open.is_empty() {
            let polled = tokio::time::timeout(Duration::from_secs(60), consumer.next()).await;
            match polled.expect("an answer of the broker").expect("a record") {
                Polled::Record { partition, offset, payload, .. } => {
                    records.push(Found { payload: payload.into(), partition, offset });
                }
                Polled::PartitionEnd { partition } => open.retain(|other| *other != partition),
                Polled::Assigned(_) | Polled::Revoked(_) | Polled::Lost(_) => {}
            }
        }
    });
    records
}

fn decoded(found: &Found) -> TrafficStream {
    TrafficStream::decode_record(found.payload.clone()).expect("a record")
}

/// The records by identity.
///
/// # Panics
/// When one identity occurs twice, or a connection's records are out of order within a partition.
#[must_use]
pub fn once_each_in_order(records: &[Found]) -> BTreeMap<Identity, Bytes> {
    let mut by_identity = BTreeMap::new();
    let mut last: HashMap<(String, String), (u32, i32)> = HashMap::new();
    for found in records {
        let stream = decoded(found);
        let number = stream.number().expect("a number");
        let connection = (stream.node_id.clone(), stream.connection_id.clone());
        if let Some((before, partition)) = last.insert(connection.clone(), (number, found.partition)) {
            assert_eq!(partition, found.partition, "a connection is in two partitions");
            assert!(number > before, "record {number} of {connection:?} comes after {before}");
        }
        let twice = by_identity.insert((connection.0, connection.1, number), found.payload.clone());
        assert!(twice.is_none(), "record {number} of a connection is there twice");
    }
    by_identity
}

/// The records without those that were there before, and how many of those there were.
///
/// # Panics
/// When two records of one identity are not the same.
#[must_use]
pub fn without_repeats(records: &[Found]) -> (Vec<Found>, usize) {
    let mut seen: HashMap<Identity, Bytes> = HashMap::new();
    let mut first = Vec::new();
    for found in records {
        let stream = decoded(found);
        let identity =
            (stream.node_id.clone(), stream.connection_id.clone(), stream.number().expect("a number"));
        match seen.insert(identity, found.payload.clone()) {
            None => first.push(found.clone()),
            Some(before) => assert_eq!(before, found.payload, "two records of one identity"),
        }
    }
    let repeated = records.len() - first.len();
    (first, repeated)
}

/// Requests with their answers.
///
/// # Panics
/// When there is a gap or a part that can't be framed.
#[must_use]
pub fn transactions(records: &[Found]) -> Vec<Transaction<()>> {
    reassembled(records)
        .into_iter()
        .filter_map(|part| match part {
            Reassembled::Transaction(transaction) => Some(transaction),
            Reassembled::ConnectionClosed { .. } => None,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// The requests with their answers, of records that are not all there.
#[must_use]
pub fn transactions_despite_gaps(records: &[Found]) -> Vec<Transaction<()>> {
    let whole = |part| match part {
        Reassembled::Transaction(transaction) => Some(transaction),
        _ => None,
    };
    reassembled(records).into_iter().filter_map(whole).collect()
}

fn reassembled(records: &[Found]) -> Vec<Reassembled<()>> {
    let (mut reassembler, mut out) = (Reassembler::default(), Vec::new());
    for found in records {
        reassembler.push(decoded(found), (), &mut out);
    }
    reassembler.finish(&mut out);
    out
}

/// First lines of the requests (`PUT /i/_doc/1 HTTP/1.1`).
#[must_use]
pub fn request_lines(transactions: &[Transaction<()>]) -> Vec<String> {
    let line = |bytes: &[u8]| {
        let end = bytes.iter().position(|byte| *byte == b'\r').unwrap_or(bytes.len());
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    };
    transactions.iter().map(|transaction| line(&transaction.request.bytes)).collect()
}
