//! A producer whose events are counted, and readers.

use clap::Parser;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use switchover_kafka::{
    Auth, AwsCredentials, DeliveryEvents, KafkaArgs, KafkaOptions, MskIam, Polled, RecordConsumer,
    RecordProducer, RecordTooLarge, Secret, SendError, Tls, read_since,
};
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{WAIT_LIMIT, eventually};

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    kafka: KafkaArgs,
}

/// What the flags come to, as in the product's programs.
pub(crate) fn by_flags(args: &[&str]) -> KafkaOptions {
    let args = std::iter::once("test").chain(args.iter().copied()).map(OsString::from);
    let flags: Flags = switchover_settings::try_parse_from("KAFKA_TEST", args).expect("flags");
    flags.kafka.resolve("test").expect("valid flags").expect("brokers").options
}

/// An IAM login with the secret given, on the lab's listener.
pub(crate) fn msk(lab: &Lab, secret: &str, renew_every: Duration) -> KafkaOptions {
    let credentials = AwsCredentials::Fixed {
        access_key_id: "AKIDLAB".to_owned(),
        secret_access_key: Secret::new(secret),
        session_token: None,
    };
    let mut options = KafkaOptions::plaintext(lab.listener("msk"), "test");
    options.auth = Auth::MskIam(MskIam::new("us-east-1", credentials).renew_every(renew_every));
    options.tls = Some(Tls { ca: Some(switchover_kafka::Pem::File(lab.ca().into())), ..Tls::default() });
    options
}

/// What a producer told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) delivered: Vec<usize>,
    pub(crate) failed: Vec<String>,
    pub(crate) unreachable: Vec<String>,
    pub(crate) too_large: Vec<RecordTooLarge>,
}

#[derive(Debug, Default)]
pub(crate) struct Events(pub(crate) Mutex<Told>);

impl Events {
    pub(crate) fn told<T>(&self, look: impl FnOnce(&Told) -> T) -> T {
        look(&self.0.lock().unwrap())
    }

    /// The same for callers that wait for each record.
    pub(crate) fn await_at_once(&self, count: usize) {
        let begun = Instant::now();
        while self.told(|told| told.delivered.len()) < count {
            assert!(begun.elapsed() < WAIT_LIMIT, "no delivery");
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    /// Waits for so many deliveries.
    pub(crate) fn await_delivered(&self, count: usize) {
        eventually("deliveries", || (self.told(|told| told.delivered.len()) >= count).then_some(()));
    }
}

impl DeliveryEvents for Events {
    fn delivered(&self, token: usize) {
        self.0.lock().unwrap().delivered.push(token);
    }
    fn failed(&self, _token: usize, reason: String) {
        self.0.lock().unwrap().failed.push(reason);
    }
    fn unreachable(&self, reason: String) {
        self.0.lock().unwrap().unreachable.push(reason);
    }
    fn too_large(&self, _token: usize, refused: RecordTooLarge) {
        self.0.lock().unwrap().too_large.push(refused);
    }
}

pub(crate) fn producer(options: &KafkaOptions, topic: &str) -> (RecordProducer, Arc<Events>) {
    let events = Arc::new(Events::default());
    let theirs: Arc<dyn DeliveryEvents> = Arc::clone(&events) as _;
    (RecordProducer::new(options, topic, theirs).expect("a producer"), events)
}

/// Sends, waiting for room.
pub(crate) fn send(producer: &RecordProducer, key: &str, payload: &[u8], token: usize) {
    eventually("room in the queue", || match producer.send(key, payload, token) {
        Ok(()) => Some(()),
        Err(SendError::QueueFull) => None,
        Err(error) => panic!("{error}"),
    });
}

/// Payloads by key, in the order in which they stand in the topic.
pub(crate) type ByKey = BTreeMap<String, Vec<String>>;

/// Everything in the topic, by a group of its own; each partition is told to be ours before its first record.
pub(crate) fn consumed(options: &KafkaOptions, topic: &str) -> ByKey {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let entered = runtime.enter();
    let group = format!("test-{topic}-{}", std::process::id());
    let consumer = RecordConsumer::subscribe(options, topic, &group).expect("the topic");
    drop(entered);
    let mut open: Vec<i32> = consumer.partitions().to_vec();
    let (mut found, mut ours) = (ByKey::new(), BTreeSet::new());
    runtime.block_on(async {
        while !open.is_empty() {
            let polled = tokio::time::timeout(Duration::from_secs(60), consumer.next()).await;
            match polled.expect("an answer of the broker").expect("a record") {
                Polled::Record { partition, key, payload, .. } => {
                    assert!(
                        ours.contains(&partition),
                        "a record of partition {partition}, which is not ours"
                    );
                    let key = String::from_utf8(key.expect("a key")).unwrap();
                    found.entry(key).or_default().push(String::from_utf8(payload).unwrap());
                }
                Polled::PartitionEnd { partition } => open.retain(|other| *other != partition),
                Polled::Assigned(partitions) => {
                    ours.extend(partitions.into_iter().map(|(partition, _)| partition))
                }
                Polled::Revoked(_) | Polled::Lost(_) => {}
            }
        }
    });
    found
}

/// A topic of this run's own: the lab's brokers live on.
pub(crate) fn topic(name: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("{name}-{:x}", now.as_nanos())
}

/// Records of a few keys go there, come back to a group, and are found by a reader of the end.
pub(crate) fn there_and_back(options: &KafkaOptions, name: &str) {
    const RECORDS: usize = 200;
    let topic = &topic(name);
    let (producer, events) = producer(options, topic);
    let mut sent = ByKey::new();
    for token in 0..RECORDS {
        let (key, payload) = (format!("k{}", token % 7), format!("record {token}"));
        send(&producer, &key, payload.as_bytes(), token);
        sent.entry(key).or_default().push(payload);
    }
    events.await_delivered(RECORDS);
    events.told(|told| assert!(told.failed.is_empty(), "{:?}", told.failed));
    assert_eq!(consumed(options, topic), sent);
    let mut at_end = 0;
    read_since(options, topic, 0, |_| at_end += 1).expect("the end of the topic");
    assert_eq!(at_end, RECORDS);
}

/// Bytes that can't be compressed, the same for the same seed.
pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| byte()).collect()
}
