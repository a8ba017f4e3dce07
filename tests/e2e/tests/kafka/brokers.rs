//! Three brokers, one of which dies.

use crate::support::{by_flags, consumed, producer, send};
use std::time::Duration;
use switchover_kafka::{KafkaError, RecordConsumer, max_record_bytes};
use switchover_testkit::brokers::Brokers;
use switchover_testkit::program::eventually;

const KEYS: usize = 20;
const RECORDS: usize = 6000;

/// One test, since the cluster takes its time to start.
#[test]
fn a_broker_dies_and_comes_back_and_a_topic_is_missing() {
    let brokers = Brokers::start();
    let options = by_flags(&["--kafkaConnection", brokers.bootstrap()]);
    a_missing_topic(&options);

    let topic = "spread";
    brokers.all[0].topics(&["--create", "--topic", topic, "--partitions", "6"]);
    let (producer, events) = producer(&options, topic);
    let mut token = 0;
    let mut send_until = |end: usize| {
        while token < end {
            send(&producer, &format!("k{}", token % KEYS), format!("{token:06}").as_bytes(), token);
            token += 1;
        }
    };
    for (turn, victim) in brokers.all.iter().enumerate() {
        let begin = turn * RECORDS / 3;
        send_until(begin + 500);
        events.await_delivered(begin + 200);
        // Records are in flight now, some of them to this broker: each leads two partitions.
        victim.kill();
        send_until(begin + 1500);
        events.await_delivered(begin + 1500);
        victim.start();
        send_until((turn + 1) * RECORDS / 3);
        events.await_delivered((turn + 1) * RECORDS / 3);
    }
    assert!(producer.flush(Duration::from_secs(10)));
    events.told(|told| {
        assert!(told.failed.is_empty(), "{:?}", told.failed);
        let mut delivered = told.delivered.clone();
        delivered.sort_unstable();
        assert_eq!(delivered, (0..RECORDS).collect::<Vec<_>>());
    });
    let found = consumed(&options, topic);
    assert_eq!(found.len(), KEYS);
    for (key, payloads) in found {
        let first: usize = key[1..].parse().unwrap();
        let sent: Vec<_> = (first..RECORDS).step_by(KEYS).map(|token| format!("{token:06}")).collect();
        assert_eq!(payloads, sent, "records of {key}");
    }
}

fn a_missing_topic(options: &switchover_kafka::KafkaOptions) {
    let topic = "nobody-made-this";
    let (producer, events) = producer(options, topic);
    send(&producer, "k", b"x", 0);
    let reason = eventually("the failure", || events.told(|told| told.failed.first().cloned()));
    assert!(reason.contains(topic) && reason.contains("does not exist"), "{reason}");
    assert_eq!(max_record_bytes(options, topic).unwrap(), None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let error = RecordConsumer::subscribe(options, topic, "test").map(drop).unwrap_err();
    assert!(matches!(error, KafkaError::TopicMissing { .. }), "{error}");
}
