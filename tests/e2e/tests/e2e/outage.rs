//! Kafka goes away while clients write.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use switchover_e2e::records;
use switchover_testkit::agent::Agent;
use switchover_testkit::http::{Connection, ask};
use switchover_testkit::lab::Lab;
use switchover_testkit::program::eventually;

const CLIENTS: usize = 8;
const OUTAGE: Duration = Duration::from_secs(20);
/// A client library gives up after ten seconds by default.
const SLOWEST_ANSWER: Duration = Duration::from_secs(8);

#[test]
fn an_outage_of_20_seconds_costs_no_error_and_no_record() {
    let (source, kafka) = (Lab::elasticsearch("7.10.2"), Lab::private_kafka());
    let directory = tempfile::tempdir().unwrap();
    let topic = "outage";
    let agent = Agent::start(
        source.url(),
        directory.path(),
        &["--kafkaConnection", kafka.bootstrap(), "--kafkaTopic", topic],
    );
    let (written, phase) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let more = |count: usize| {
        let before = written.load(Ordering::Relaxed);
        eventually("more writes", || (written.load(Ordering::Relaxed) >= before + count).then_some(()));
    };
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (address, written, phase) = (agent.address.clone(), &written, &phase);
            scope.spawn(move || {
                let mut connection = Connection::open(&address).unwrap();
                for number in 0.. {
                    if phase.load(Ordering::Relaxed) == 1 {
                        return;
                    }
                    let begun = Instant::now();
                    let path = format!("/outage/_doc/{client}-{number}");
                    let answer = connection.send("PUT", &path, "{}").expect("no client error");
                    assert!(answer.status < 300, "{}", String::from_utf8_lossy(&answer.raw));
                    assert!(begun.elapsed() < SLOWEST_ANSWER, "an answer took {:?}", begun.elapsed());
                    written.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        more(200);
        kafka.kill();
        let gone = Instant::now();
        agent.await_status("the outage is noticed", |status| status["state"] == "degraded");
        assert_eq!(agent.page("/readyz").0, 503);
        eventually("the outage lasts", || (gone.elapsed() >= OUTAGE).then_some(()));
        more(50);
        kafka.start();
        agent.await_status("kafka is back", |status| status["state"] == "capturing");
        more(200);
        phase.store(1, Ordering::Relaxed);
    });
    let status = agent.await_delivery();
    assert_eq!(status["lost"]["records"], 0, "{status}");
    assert_eq!(status["captured"], status["delivered"], "{status}");
    let found = records::of_topic(kafka.bootstrap(), topic);
    assert_eq!(records::once_each_in_order(&found).len(), found.len());
    let requests = records::request_lines(&records::transactions(&found)).len();
    assert_eq!(requests, written.load(Ordering::Relaxed), "requests in kafka");
}

#[test]
fn an_agent_that_starts_without_kafka_serves_and_ships_later() {
    let (source, kafka) = (Lab::elasticsearch("7.10.2"), Lab::private_kafka());
    let directory = tempfile::tempdir().unwrap();
    kafka.kill();
    let agent = Agent::start(
        source.url(),
        directory.path(),
        &["--kafkaConnection", kafka.bootstrap(), "--kafkaTopic", "late", "--ackTimeout", "2s"],
    );
    let mut connection = Connection::open(&agent.address).unwrap();
    for number in 0..20 {
        assert!(connection.send("PUT", &format!("/late/_doc/{number}"), "{}").unwrap().status < 300);
    }
    kafka.start();
    agent.await_delivery();
    let lines = records::request_lines(&records::transactions(&records::of_topic(kafka.bootstrap(), "late")));
    assert_eq!(lines.len(), 20);
}

#[test]
fn a_topic_that_takes_only_small_records_gets_all_of_them_in_parts() {
    let (source, kafka) = (Lab::elasticsearch("7.10.2"), Lab::private_kafka());
    let topic = "small-records";
    kafka.topics(&["--create", "--topic", topic, "--partitions", "2", "--config", "max.message.bytes=20000"]);
    let directory = tempfile::tempdir().unwrap();
    let flags = ["--kafkaConnection", kafka.bootstrap(), "--kafkaTopic", topic];
    let mut agent = Agent::start(source.url(), directory.path(), &flags);
    let mut sent = Vec::new();
    // Such a record compresses well, so the random part must be large enough by itself.
    for number in 0..6u64 {
        let mut random = number + 1;
        let noise: String = (0..300_000)
            .map(|_| {
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(b'a' + (random >> 33) as u8 % 26)
            })
            .collect();
        let body = format!("{{\"noise\":\"{noise}\"}}");
        let answer = ask(&agent.url(), "PUT", &format!("/small-records/_doc/{number}"), &body);
        assert!(answer.status < 300, "{}", answer.status);
        sent.push(body);
    }
    let status = agent.await_delivery();
    assert_eq!(status["lost"]["records"], 0, "{status}");
    assert_eq!(status["delivered"]["requests"], 6, "{status}");
    assert!(agent.terminate().success());
    let captured = records::transactions(&records::of_topic(kafka.bootstrap(), topic));
    let mut bodies: Vec<String> = captured
        .iter()
        .map(|transaction| {
            let text = String::from_utf8(transaction.request.bytes.to_vec()).unwrap();
            text.split_once("\r\n\r\n").unwrap().1.to_owned()
        })
        .collect();
    bodies.sort();
    sent.sort();
    assert_eq!(bodies, sent);
}
