//! What the agent holds back, what it lets pass, and how it ends.

use std::time::{Duration, Instant};
use switchover_e2e::records;
use switchover_testkit::agent::Agent;
use switchover_testkit::http::{Connection, ask};
use switchover_testkit::lab::Lab;

#[test]
fn a_node_that_is_down_is_a_502_that_says_so_and_records_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let agent = Agent::start("http://127.0.0.1:1", directory.path(), &[]);
    let answer = ask(&agent.url(), "PUT", "/i/_doc/1", "{}");
    assert_eq!(answer.status, 502);
    let reason = answer.json()["error"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("127.0.0.1:1"), "{reason}");
    assert_eq!(agent.status()["captured"]["records"], 0);
}

#[test]
fn a_full_log_passes_traffic_and_accounts_for_every_record() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let limits = ["--captureLogMaxBytes", "64KiB", "--captureLogSegmentBytes", "16KiB"];
    let mut agent = Agent::start(source.url(), directory.path(), &limits);
    let mut connection = Connection::open(&agent.address).unwrap();
    for number in 0..200 {
        let body = format!("{{\"pad\":\"{}\"}}", "x".repeat(1000));
        assert!(connection.send("PUT", &format!("/full/_doc/{number}"), &body).unwrap().status < 300);
    }
    let status = agent.status();
    assert_eq!(status["state"], "uncaptured", "{status}");
    let (ready, reason) = agent.page("/readyz");
    assert!(ready == 503 && reason.contains("full"), "{reason}");
    let count = |part: &str| status[part]["records"].as_u64().unwrap();
    assert!(count("lost") > 0);
    assert_eq!(count("captured"), count("delivered") + count("held") + count("lost"), "{status}");
    let in_gaps: u64 =
        status["gaps"].as_array().unwrap().iter().map(|gap| gap["records"].as_u64().unwrap()).sum();
    assert_eq!(in_gaps, count("lost"), "{status}");
    drop(connection);
    assert!(agent.terminate().success());
    let stat = switchover_testkit::program::run(
        "switchover",
        ["--json", "capture", "stat", Agent::log_dir(directory.path()).to_str().unwrap()],
    );
    let stat: serde_json::Value = serde_json::from_str(&stat.stdout).expect("JSON of capture stat");
    assert!(stat["gaps"].as_array().is_some_and(|gaps| !gaps.is_empty()), "the gap is in the log: {stat}");
}

#[test]
fn a_term_signal_lets_a_request_in_flight_finish() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let mut agent = Agent::start(source.url(), directory.path(), &[]);
    let mut idle = Connection::open(&agent.address).unwrap();
    idle.send("GET", "/", "").unwrap();
    let mut busy = Connection::open(&agent.address).unwrap();
    busy.write(b"PUT /drain/_doc/1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"a\"").unwrap();
    agent.await_status("both are there", |status| status["connections"]["open"] == 2);
    let address = agent.address.clone();
    std::thread::scope(|scope| {
        let ended = scope.spawn(|| agent.terminate());
        assert_eq!(idle.read_to_end().unwrap(), b"", "an idle connection is closed");
        assert!(Connection::open(&address).is_err() || ended.is_finished(), "no new connections");
        busy.write(b":\"1\"}").unwrap();
        let answer = busy.answer(switchover_http1::RequestKind::Other).unwrap();
        assert!(matches!(answer.status, 200 | 201), "{}", String::from_utf8_lossy(&answer.raw));
        assert!(ended.join().unwrap().success());
    });
    let log = records::of_log(&Agent::log_dir(directory.path()));
    assert_eq!(records::transactions(&log).len(), 2);
}

#[test]
fn a_half_closed_client_gets_its_answer() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let agent = Agent::start(source.url(), directory.path(), &[]);
    let half_closed = |address: &str| {
        let mut connection = Connection::open(address).unwrap();
        connection
            .write(b"GET /?filter_path=tagline HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .unwrap();
        connection.finish_sending().unwrap();
        connection.read_to_end().unwrap()
    };
    let direct = half_closed(source.url().strip_prefix("http://").unwrap());
    assert_eq!(direct, half_closed(&agent.address));
}

#[test]
fn idle_connections_and_port_probes_cost_no_record() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let agent = Agent::start(source.url(), directory.path(), &[]);
    let probes = 200;
    for _ in 0..probes {
        drop(Connection::open(&agent.address).unwrap());
    }
    let status = agent.await_status("all probes are over", |status| {
        status["connections"]["total"] == probes && status["connections"]["open"] == 0
    });
    assert_eq!(status["captured"]["records"], 0, "{status}");
}

#[test]
fn a_read_is_in_the_log_soon_though_nothing_follows_it() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let agent = Agent::start(source.url(), directory.path(), &[]);
    let mut connection = Connection::open(&agent.address).unwrap();
    connection.send("GET", "/", "").unwrap();
    let since = Instant::now();
    agent.await_status("the read is recorded", |status| status["captured"]["requests"] == 1);
    assert!(since.elapsed() < Duration::from_secs(5), "it took {:?}", since.elapsed());
    let found = records::transactions(&records::of_log(&Agent::log_dir(directory.path())));
    assert_eq!(found.len(), 1);
}
