//! `kill -9` of the agent while clients write.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use switchover_e2e::records;
use switchover_testkit::agent::Agent;
use switchover_testkit::http::{Connection, ask};
use switchover_testkit::lab::Lab;
use switchover_testkit::program::eventually;

const CLIENTS: usize = 16;
const WRITES_BEFORE_THE_KILL: usize = 1500;

/// Writes documents until the connection breaks; the paths that were answered with success.
fn write_until_cut(
    address: &str,
    index: &str,
    client: usize,
    answered: &Mutex<Vec<String>>,
    stop: &AtomicBool,
) {
    let Ok(mut connection) = Connection::open(address) else { return };
    for number in 0.. {
        let path = format!("/{index}/_doc/{client}-{number}");
        match connection.send("PUT", &path, &format!(r#"{{"client":{client},"number":{number}}}"#)) {
            Ok(answer) => {
                assert!(matches!(answer.status, 200 | 201), "{}", String::from_utf8_lossy(&answer.raw));
                answered.lock().unwrap().push(path);
            }
            Err(_) => return,
        }
        if stop.load(Ordering::Relaxed) {
            return;
        }
    }
}

#[test]
fn every_answered_write_is_in_the_log_and_reaches_kafka_once() {
    let (source, kafka) = (Lab::elasticsearch("7.10.2"), Lab::kafka());
    let directory = tempfile::tempdir().unwrap();
    let (index, topic) = ("crash", format!("crash-{}", std::process::id()));
    ask(source.url(), "DELETE", &format!("/{index}"), "");
    let shipping = ["--kafkaConnection", kafka.bootstrap(), "--kafkaTopic", &topic];
    let mut agent = Agent::start(source.url(), directory.path(), &shipping);
    let (answered, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (address, answered, stop) = (agent.address.clone(), &answered, &stop);
            scope.spawn(move || write_until_cut(&address, index, client, answered, stop));
        }
        eventually("enough writes", || {
            (answered.lock().unwrap().len() >= WRITES_BEFORE_THE_KILL).then_some(())
        });
        agent.kill();
        stop.store(true, Ordering::Relaxed);
    });
    let answered = answered.into_inner().unwrap();

    let in_log = records::of_log(&Agent::log_dir(directory.path()));
    let lines: HashSet<String> =
        records::request_lines(&records::transactions(&in_log)).into_iter().collect();
    let lost: Vec<_> =
        answered.iter().filter(|path| !lines.contains(&format!("PUT {path} HTTP/1.1"))).collect();
    assert!(
        lost.is_empty(),
        "{} of {} answered writes are not in the log: {lost:?}",
        lost.len(),
        answered.len()
    );

    let restarted = Agent::start(source.url(), directory.path(), &shipping);
    restarted.await_delivery();
    let in_kafka = records::once_each_in_order(&records::of_topic(kafka.bootstrap(), &topic));
    let in_log: BTreeMap<_, _> = records::once_each_in_order(&in_log);
    let missing =
        in_log.iter().filter(|(identity, payload)| in_kafka.get(*identity) != Some(payload)).count();
    assert_eq!(missing, 0, "{missing} of {} records of the log are not in kafka as they were", in_log.len());
    assert_eq!(in_kafka.len(), in_log.len(), "kafka has records that the log has not");
}

#[test]
fn killed_again_and_again_each_write_is_recorded_once() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let mut answered = 0;
    for life in 0..5 {
        let mut agent = Agent::start(source.url(), directory.path(), &["--captureLogSegmentBytes", "16KiB"]);
        let mut connection = Connection::open(&agent.address).unwrap();
        for number in 0..40 {
            let path = format!("/again/_doc/{life}-{number}");
            assert!(connection.send("PUT", &path, "{}").unwrap().status < 300);
            answered += 1;
        }
        agent.kill();
    }
    let lines =
        records::request_lines(&records::transactions(&records::of_log(&Agent::log_dir(directory.path()))));
    assert_eq!(lines.len(), answered);
    assert_eq!(lines.iter().collect::<HashSet<_>>().len(), answered);
}
