//! Several replayers in one group: partitions move while requests are under way, one replayer dies, one is stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use switchover_capture::{MAX_RECORD_BYTES, StreamEncoder, Timestamp};
use switchover_e2e::scripted::Node;
use switchover_kafka::KafkaOptions;
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{Program, WAIT_LIMIT, eventually, run};

use crate::support::{producer, send, topic};

const PARTITIONS: &str = "6";
/// Each writes one document, version after version.
const CONNECTIONS: usize = 24;
const VERSIONS: usize = 60;
const TOTAL: usize = CONNECTIONS * VERSIONS;
const ANSWER_TIME: Duration = Duration::from_millis(250);
/// Some writes take long, the first time: such a write must not come through after its partition has moved on.
const SLOW_ANSWER_TIME: Duration = Duration::from_secs(5);
const SLOW_EVERY: usize = 15;

/// Names the index, or every request might concern all of the cluster.
fn created(document: usize) -> Vec<u8> {
    let body = format!(r#"{{"_index":"i","_id":"{document}","result":"created"}}"#);
    format!(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// What took effect on the target, in order: who sent it, the document and the version.
#[derive(Debug, Default)]
struct Effects {
    all: Vec<(&'static str, usize, usize)>,
    seen: BTreeSet<(usize, usize)>,
}

type Shared = Arc<Mutex<Effects>>;

/// The target as one of the replayers sees it.
fn target(effects: &Shared, who: &'static str) -> Node {
    let effects = Arc::clone(effects);
    Node::start_with(move |_, path| {
        let Some(write) = path.strip_prefix("/i/_doc/").and_then(|rest| rest.split_once("?v=")) else {
            return Some(created(0));
        };
        let (document, version) = (write.0.parse().unwrap(), write.1.parse().unwrap());
        let first = effects.lock().unwrap().seen.insert((document, version));
        let slow = first && version % SLOW_EVERY == SLOW_EVERY / 2;
        std::thread::sleep(if slow { SLOW_ANSWER_TIME } else { ANSWER_TIME });
        effects.lock().unwrap().all.push((who, document, version));
        Some(created(document))
    })
}

fn sent_by(effects: &Shared, who: &str) -> usize {
    effects.lock().unwrap().all.iter().filter(|(by, ..)| *by == who).count()
}

fn fill(brokers: &str, topic: &str) {
    let (producer, events) = producer(&KafkaOptions::plaintext(brokers, "test"), topic);
    let begun = Timestamp::now().unix_nanos() - 3_600_000_000_000;
    let at = |millis: usize| Timestamp::from_unix_nanos(begun + millis as i128 * 1_000_000);
    let name = |connection: usize| format!("c{connection}");
    let mut encoders: Vec<_> = (0..CONNECTIONS)
        .map(|connection| StreamEncoder::new(&name(connection), "node", MAX_RECORD_BYTES))
        .collect();
    let mut token = 0;
    for version in 0..VERSIONS {
        for (connection, encoder) in encoders.iter_mut().enumerate() {
            let time = version * 1000 + connection * 10;
            let request = format!(
                "PUT /i/_doc/{connection}?v={version} HTTP/1.1\r\nHost: s\r\nContent-Length: 2\r\n\r\n{{}}"
            );
            let mut records: Vec<Vec<u8>> = Vec::new();
            encoder.read(at(time), request.as_bytes(), &mut records);
            encoder.end_of_message(at(time), -1, -1, &mut records);
            encoder.write(at(time + 5), &created(connection), &mut records);
            encoder.flush(&mut records);
            if version + 1 == VERSIONS {
                encoder.close(at(time + 6), &mut records);
            }
            for record in records {
                send(&producer, &name(connection), &record, token);
                token += 1;
            }
        }
    }
    events.await_delivered(token);
}

fn flags(brokers: &str, topic: &str, target: &Node, directory: &Path, until: &str) -> Vec<String> {
    let path = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    let flags = [
        ("--targetUri", target.url.clone()),
        ("--kafkaConnection", brokers.to_owned()),
        ("--kafkaTopic", topic.to_owned()),
        ("--kafkaGroupId", topic.to_owned()),
        ("--speedupFactor", "max".to_owned()),
        ("--until", until.to_owned()),
        ("--tupleDir", path("tuples")),
        ("--deadLetterDir", path("dead-letters")),
        ("--reportFile", path("report.json")),
    ];
    flags.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
}

#[test]
fn partitions_move_between_replayers_and_no_write_is_lost_or_comes_late() {
    let kafka = Lab::kafka();
    let (topic, brokers) = (topic("rebalance"), kafka.bootstrap());
    kafka.topics(&["--create", "--topic", &topic, "--partitions", PARTITIONS]);
    fill(brokers, &topic);
    let effects = Shared::default();
    let directory = tempfile::tempdir().unwrap();
    let start = |who: &'static str| {
        let node = target(&effects, who);
        let own = directory.path().join(who);
        std::fs::create_dir(&own).unwrap();
        let flags = flags(brokers, &topic, &node, &own, "never");
        Program::start("switchover-replayer", flags, own.join("log.txt"))
    };
    let sends = |who: &str, more: usize| {
        let before = sent_by(&effects, who);
        eventually(&format!("{who} sends"), || (sent_by(&effects, who) >= before + more).then_some(()));
    };

    let (mut stays, mut dies) = (start("stays"), start("dies"));
    sends("stays", 30);
    sends("dies", 30);
    let mut stops = start("stops");
    sends("stops", 30);
    dies.kill();
    sends("stays", 30);
    let stopped = stops.terminate();
    assert_eq!(stopped.code(), Some(0), "{}", stops.log_text());
    let last = |all: &[(&str, usize, usize)]| -> BTreeMap<usize, usize> {
        all.iter().map(|(_, document, version)| (*document, *version)).collect()
    };
    let done: BTreeMap<usize, usize> = (0..CONNECTIONS).map(|document| (document, VERSIONS - 1)).collect();
    let begun = Instant::now();
    while last(&effects.lock().unwrap().all) != done {
        assert!(
            begun.elapsed() < WAIT_LIMIT,
            "not every document has its last version: {:?}\n{}",
            last(&effects.lock().unwrap().all),
            stays.log_text()
        );
        std::thread::sleep(ANSWER_TIME);
    }
    let ended = stays.terminate();
    assert_eq!(ended.code(), Some(0), "{}", stays.log_text());

    let effects_now = effects.lock().unwrap().all.clone();
    assert_eq!(last(&effects_now), done, "nothing came behind");
    let mut by_document: BTreeMap<usize, Vec<(&str, usize)>> = BTreeMap::new();
    let mut times: BTreeMap<(usize, usize), Vec<&str>> = BTreeMap::new();
    for (who, document, version) in &effects_now {
        by_document.entry(*document).or_default().push((*who, *version));
        times.entry((*document, *version)).or_default().push(*who);
    }
    assert_eq!(times.len(), TOTAL, "every write took effect");
    for (document, writes) in &by_document {
        for (before, after) in writes.iter().zip(&writes[1..]) {
            // Repeating may go back; nothing is left out, and nobody writes once another has gone on.
            assert!(after.1 <= before.1 + 1, "document {document}: {before:?}, then {after:?}: {writes:?}");
            assert!(before.0 != after.0 || after.1 == before.1 + 1, "document {document}: {writes:?}");
        }
    }
    // What is repeated was finished beyond the offset of an unfinished one, or in the last moments of who died.
    let repeated = times.values().filter(|who| who.len() > 1).count();
    println!("{repeated} of {TOTAL} writes were repeated");
    assert!(repeated <= TOTAL / 4, "{repeated} of {TOTAL} writes were repeated");

    let node = target(&effects, "later");
    let finished = run("switchover-replayer", flags(brokers, &topic, &node, directory.path(), "end"));
    assert_eq!((finished.code, sent_by(&effects, "later")), (Some(0), 0), "{finished:?}");
}
