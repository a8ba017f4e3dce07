//! A topic that takes less than our records hold: the producer learns it, and a split record is read as the whole one.

use crate::support::{Events, by_flags, noise, producer, send, topic};
use std::sync::Arc;
use switchover_capture::record::TrafficStream;
use switchover_capture::timestamp::Timestamp;
use switchover_capture::{MAX_RECORD_BYTES, StreamEncoder, split_record};
use switchover_e2e::records;
use switchover_kafka::{DeliveryEvents, KafkaOptions, RecordProducer, SendError, max_record_bytes};
use switchover_testkit::lab::Lab;
use switchover_testkit::program::eventually;

const TOPIC_BYTES: usize = 20_000;

fn small_topic(lab: &Lab) -> (KafkaOptions, String) {
    let topic = topic("small");
    lab.topics(&["--create", "--topic", &topic, "--config", &format!("max.message.bytes={TOPIC_BYTES}")]);
    (by_flags(&["--kafkaConnection", lab.bootstrap()]), topic)
}

fn limited(options: &KafkaOptions, topic: &str, limit: usize) -> (RecordProducer, Arc<Events>) {
    let events = Arc::new(Events::default());
    let theirs: Arc<dyn DeliveryEvents> = Arc::clone(&events) as _;
    (RecordProducer::with_limit(options, topic, Some(limit), theirs).unwrap(), events)
}

#[test]
fn the_limit_is_told_and_a_longer_record_refused() {
    let lab = Lab::kafka_secured();
    let (options, topic) = small_topic(&lab);
    let limit = max_record_bytes(&options, &topic).unwrap().expect("a limit");
    assert!(limit < TOPIC_BYTES && limit > TOPIC_BYTES - 1000, "{limit}");
    assert_eq!(max_record_bytes(&options, "there-is-no-such-topic").unwrap(), None);

    // Without knowing, the brokers' refusal is the first sign.
    let (unaware, events) = producer(&options, &topic);
    send(&unaware, "k", &noise(50_000, 1), 0);
    let refused = eventually("the refusal", || events.told(|told| told.too_large.first().cloned()));
    assert_eq!((refused.size, refused.limit, &refused.topic), (50_000, None, &topic));
    assert!(refused.to_string().contains("max.message.bytes"), "{refused}");

    let (aware, events) = limited(&options, &topic, limit);
    match aware.send("k", &noise(limit + 1, 2), 0) {
        Err(SendError::TooLarge(refused)) => {
            assert_eq!((refused.size, refused.limit), (limit + 1, Some(limit)))
        }
        other => panic!("{other:?}"),
    }
    // The longest record, and batches of short ones, which must not be too long together.
    send(&aware, "k", &noise(limit, 3), 0);
    for token in 1..500 {
        send(&aware, "k", &noise(2000, token as u64), token);
    }
    events.await_delivered(500);
    events.told(|told| assert!(told.failed.is_empty() && told.too_large.is_empty(), "{told:?}"));
}

#[test]
fn with_iam_the_limit_is_not_known_beforehand() {
    let lab = Lab::kafka_secured();
    let options = crate::support::msk(&lab, "lab-secret-key", std::time::Duration::from_secs(450));
    assert_eq!(max_record_bytes(&options, "any").unwrap(), None);
}

#[test]
fn a_split_record_is_read_as_the_whole_one() {
    let lab = Lab::kafka_secured();
    let (options, topic) = small_topic(&lab);
    let limit = max_record_bytes(&options, &topic).unwrap().expect("a limit");
    let body: String = noise(60_000, 7).iter().map(|byte| char::from(b'a' + byte % 26)).collect();
    let request = format!("POST /_bulk HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let (mut encoded, now) = (Vec::new(), Timestamp::now());
    let mut encoder = StreamEncoder::new("connection", "node", MAX_RECORD_BYTES);
    encoder.read(now, request.as_bytes(), &mut encoded);
    encoder.end_of_message(now, -1, -1, &mut encoded);
    encoder.write(now, answer.as_bytes(), &mut encoded);
    encoder.close(now, &mut encoded);
    let (producer, events) = limited(&options, &topic, limit);
    let parts: Vec<_> = encoded.iter().flat_map(|record| split_record(record, limit).unwrap()).collect();
    assert!(encoded.len() == 1 && parts.len() > 3);
    for (token, part) in parts.iter().enumerate() {
        send(&producer, "connection", part, token);
    }
    events.await_delivered(parts.len());
    let found = records::of_topic(lab.bootstrap(), &topic);
    let last = TrafficStream::decode_record(found.last().unwrap().payload.clone()).unwrap();
    assert!(last.is_last() && last.part().is_last());
    let transactions = records::transactions(&found);
    assert_eq!(transactions.len(), 1);
    assert_eq!(transactions[0].request.bytes, request.as_bytes());
    assert_eq!(transactions[0].response.as_ref().unwrap().bytes, answer.as_bytes());
}
