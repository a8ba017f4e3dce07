//! What the operator decides: what is captured, what is changed, what happens when capture is not possible.

use std::path::Path;
use switchover_e2e::records;
use switchover_e2e::scripted::{Node, ok};
use switchover_http1::RequestKind;
use switchover_testkit::agent::Agent;
use switchover_testkit::http::{Connection, ask};
use switchover_testkit::lab::Lab;
use switchover_testkit::program::eventually;

const SMALL_LOG: [&str; 4] = ["--captureLogMaxBytes", "64KiB", "--captureLogSegmentBytes", "16KiB"];

/// Paths of the requests in a log, in order for each connection.
fn captured_paths(directory: &Path) -> Vec<String> {
    let log = records::of_log(&Agent::log_dir(directory));
    let line = |bytes: &[u8]| String::from_utf8_lossy(bytes).split(' ').nth(1).unwrap_or_default().to_owned();
    records::transactions(&log).iter().map(|transaction| line(&transaction.request.bytes)).collect()
}

#[test]
fn headers_are_set_in_each_request_and_bodies_are_left_alone() {
    let node = Node::start(ok);
    let directory = tempfile::tempdir().unwrap();
    let flags = ["--setHeader", "X-Proxy", "on", "--setHeader", "user-agent", "agent 1"];
    let mut agent = Agent::start(&node.url, directory.path(), &flags);
    let mut connection = Connection::open(&agent.address).unwrap();
    // in pieces, pipelined, with a body that looks like a head, and after 100-continue
    let body = "{\"index\":{}}\nX-Proxy: off\r\nPOST / HTTP/1.1\r\n\r\n{\"f\":1}\n";
    let post = |extra: &str| {
        format!(
            "POST /_bulk HTTP/1.1\r\nHost: a\r\nUSER-AGENT: curl\r\n{extra}content-length: {}\r\n\r\n",
            body.len()
        )
    };
    let (plain, expecting) = (post(""), post("Expect: 100-continue\r\n"));
    let first = format!("{plain}{body}GET /x HTTP/1.1\r\nx-proxy: 1\r\nx-proxy: 2\r\n\r\n{plain}{body}");
    for piece in first.as_bytes().chunks(7) {
        connection.write(piece).unwrap();
    }
    for _ in 0..3 {
        assert_eq!(connection.answer(RequestKind::Other).unwrap().status, 200);
    }
    let set = "X-Proxy: on\r\nuser-agent: agent 1\r\n";
    let sent = |head: &str| {
        head.replace("HTTP/1.1\r\n", &format!("HTTP/1.1\r\n{set}")).replace("USER-AGENT: curl\r\n", "")
    };
    connection.write(expecting.as_bytes()).unwrap();
    eventually("the node was asked for the body", || {
        node.received()[0].ends_with(sent(&expecting).as_bytes()).then_some(())
    });
    connection.write(body.as_bytes()).unwrap();
    assert_eq!(connection.answer(RequestKind::Other).unwrap().status, 200);
    drop(connection);

    let expected = format!(
        "{}{body}GET /x HTTP/1.1\r\n{set}\r\n{}{body}{}{body}",
        sent(&plain),
        sent(&plain),
        sent(&expecting)
    );
    assert_eq!(String::from_utf8(node.received()[0].clone()).unwrap(), expected);
    assert!(agent.terminate().success());
    // The capture holds what the client sent.
    let log = records::of_log(&Agent::log_dir(directory.path()));
    let captured: Vec<u8> = records::transactions(&log)
        .iter()
        .flat_map(|transaction| transaction.request.bytes.to_vec())
        .collect();
    assert_eq!(String::from_utf8(captured).unwrap(), format!("{first}{expecting}{body}"));
}

#[test]
fn secrets_reach_the_node_and_not_the_log() {
    fn with_cookie(_: usize) -> Vec<u8> {
        b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=cookie-secret\r\ncontent-length: 2\r\n\r\n{}".to_vec()
    }
    let node = Node::start(with_cookie);
    let directory = tempfile::tempdir().unwrap();
    let request =
        "GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: Basic auth-secret\r\nX-Api-Key: key-secret\r\n\r\n";
    let send = |flags: &[&str]| {
        let mut agent = Agent::start(&node.url, directory.path(), flags);
        let mut connection = Connection::open(&agent.address).unwrap();
        for piece in request.as_bytes().chunks(11) {
            connection.write(piece).unwrap();
        }
        let answer = connection.answer(RequestKind::Other).unwrap();
        assert!(answer.raw.windows(13).any(|window| window == b"cookie-secret"), "the client gets it");
        drop(connection);
        assert!(agent.terminate().success());
        let mut text = String::new();
        for record in records::of_log(&Agent::log_dir(directory.path())) {
            text.push_str(&String::from_utf8_lossy(&record.payload));
        }
        text
    };
    let hashes = |text: &str| text.matches("redacted:hmac-sha256:").count();
    let first = send(&[]);
    assert!(!first.contains("-secret"), "{first}");
    assert_eq!(hashes(&first), 3, "{first}");
    assert!(node.received().iter().all(|bytes| bytes == request.as_bytes()), "the node gets what was sent");
    // After a restart the same secret has the same hash.
    let authorization = |text: &str| -> Vec<String> {
        text.split("Authorization: ").skip(1).map(|rest| rest.chars().take(53).collect()).collect()
    };
    let both = send(&[]);
    let seen = authorization(&both);
    assert!(seen.len() == 2 && seen[0] == seen[1], "{seen:?}");
    let key = Agent::log_dir(directory.path()).join("redaction-key");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(key).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(send(&["--redactHeader", "none"]).contains("auth-secret"));
}

#[test]
fn what_is_suppressed_is_forwarded_and_leaves_no_trace() {
    let node = Node::start(ok);
    let directory = tempfile::tempdir().unwrap();
    let flags = [
        ["--suppressCaptureForMethod", "PATCH|BREW"],
        ["--suppressCaptureForUriPath", "/_cat/.*"],
        ["--suppressMethodAndPath", "POST /quiet/.*"],
    ]
    .concat();
    let header = ["--suppressCaptureForHeaderMatch", "user-agent", "probe.*"];
    let mut agent = Agent::start(&node.url, directory.path(), &[&flags[..], &header].concat());
    let mut connection = Connection::open(&agent.address).unwrap();
    let requests = [
        ("GET /a", ""),
        ("PATCH /b", ""),
        ("GET /_cat/health?v", ""),
        ("POST /quiet/_doc", ""),
        ("GET /quiet/_doc", ""),
        ("GET /c", "User-Agent: probe 1\r\n"),
        ("PUT /d", "User-Agent: other\r\n"),
    ];
    let all: String = requests
        .iter()
        .map(|(line, header)| format!("{line} HTTP/1.1\r\n{header}content-length: 3\r\n\r\n{{}}\n"))
        .collect();
    for piece in all.as_bytes().chunks(13) {
        connection.write(piece).unwrap();
    }
    for _ in requests {
        assert_eq!(connection.answer(RequestKind::Other).unwrap().status, 200);
    }
    drop(connection);
    let status = agent.page("/metrics").1;
    assert!(status.contains("switchover_agent_unrecorded_requests_total 4"), "{status}");
    assert!(agent.terminate().success());
    assert_eq!(node.received()[0], all.as_bytes());
    assert_eq!(captured_paths(directory.path()), ["/a", "/quiet/_doc", "/d"]);
    // Each captured request has its own answer.
    let log = records::of_log(&Agent::log_dir(directory.path()));
    let answers: Vec<String> = records::transactions(&log)
        .iter()
        .map(|transaction| {
            String::from_utf8_lossy(&transaction.response.as_ref().unwrap().bytes).into_owned()
        })
        .collect();
    for (answer, number) in answers.iter().zip([0, 4, 6]) {
        assert!(answer.ends_with(&format!("{{\"answer\":{number}}}")), "{answers:?}");
    }
}

#[test]
fn no_capture_needs_no_log_and_says_so() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let mut agent = Agent::start(source.url(), directory.path(), &["--noCapture"]);
    assert!(ask(&agent.url(), "PUT", "/nocapture/_doc/1", "{}").status < 300);
    let status = agent.status();
    assert_eq!(status["state"], "uncaptured", "{status}");
    assert_eq!(status["reason"], "--noCapture", "{status}");
    assert_eq!(agent.page("/readyz").0, 200);
    assert!(agent.terminate().success());
    assert!(!Agent::log_dir(directory.path()).exists());
}

#[test]
fn beyond_the_connection_limit_clients_are_told() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let agent = Agent::start(source.url(), directory.path(), &["--maxConnections", "2"]);
    let mut served: Vec<_> = (0..2).map(|_| Connection::open(&agent.address).unwrap()).collect();
    for connection in &mut served {
        assert_eq!(connection.send("GET", "/", "").unwrap().status, 200);
    }
    let answer = Connection::open(&agent.address).unwrap().send("GET", "/", "").unwrap();
    assert_eq!(answer.status, 503);
    assert!(answer.json()["error"]["reason"].as_str().unwrap().contains("--maxConnections"));
    served.pop();
    eventually("a place is free again", || {
        let answer = Connection::open(&agent.address).unwrap().send("GET", "/", "").ok()?;
        (answer.status == 200).then_some(())
    });
}

#[test]
fn with_reject_a_write_that_cannot_be_captured_is_refused_and_does_not_happen() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let mut agent =
        Agent::start(source.url(), directory.path(), &[&SMALL_LOG[..], &["--onFull", "reject"]].concat());
    ask(source.url(), "DELETE", "/rejected", "");
    let body = format!("{{\"pad\":\"{}\"}}", "x".repeat(1000));
    let (mut done, mut refused) = (0, 0);
    for number in 0..200 {
        let answer = ask(&agent.url(), "PUT", &format!("/rejected/_doc/{number}?refresh=true"), &body);
        match answer.status {
            200 | 201 => done += 1,
            503 => {
                refused += 1;
                let head = String::from_utf8_lossy(&answer.raw).to_lowercase();
                assert!(head.contains("retry-after: 1"), "{head}");
                assert_eq!(answer.json()["error"]["type"], "capture_unavailable");
            }
            other => panic!("{other}: {}", String::from_utf8_lossy(&answer.raw)),
        }
    }
    assert!(done > 5 && refused > 5, "{done} {refused}");
    // Reads go on, and the answers that came before a refusal in a pipeline do come.
    let mut connection = Connection::open(&agent.address).unwrap();
    let put = format!("PUT /rejected/_doc/x HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    connection.write(format!("GET /rejected/_count HTTP/1.1\r\n\r\n{put}").as_bytes()).unwrap();
    let count = connection.answer(RequestKind::Other).unwrap();
    assert_eq!(count.json()["count"], done, "exactly what was answered with success is there");
    assert_eq!(connection.answer(RequestKind::Other).unwrap().status, 503);
    assert_eq!(connection.read_to_end().unwrap(), b"");
    let status = agent.status();
    assert_eq!(status["state"], "degraded", "{status}");
    let count = |part: &str, what: &str| status[part][what].as_u64().unwrap();
    for what in ["requests", "records", "bytes"] {
        assert_eq!(
            count("captured", what),
            count("delivered", what) + count("held", what) + count("lost", what)
        );
    }
    assert!(agent.terminate().success());
    // What went on uncaptured was reads and answers: each write that happened is in the log, and no other.
    let log = records::of_log(&Agent::log_dir(directory.path()));
    let writes = records::request_lines(&records::transactions_despite_gaps(&log));
    assert_eq!(writes.iter().filter(|line| line.starts_with("PUT ")).count(), done);
}

#[test]
fn with_block_connections_wait_until_kafka_has_taken_the_log() {
    let (source, kafka) = (Lab::elasticsearch("7.10.2"), Lab::private_kafka());
    let directory = tempfile::tempdir().unwrap();
    let flags = ["--onFull", "block", "--kafkaConnection", kafka.bootstrap(), "--kafkaTopic", "blocked"];
    let agent = Agent::start(source.url(), directory.path(), &[&SMALL_LOG[..], &flags].concat());
    assert!(ask(&agent.url(), "PUT", "/blocked/_doc/first", "{}").status < 300);
    agent.await_delivery();
    kafka.kill();
    let body = format!("{{\"pad\":\"{}\"}}", "x".repeat(1000));
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (address, body) = (&agent.address, &body);
                scope.spawn(move || {
                    let mut connection = Connection::open(address).unwrap();
                    for number in 0..50 {
                        let path = format!("/blocked/_doc/{writer}-{number}");
                        assert!(connection.send("PUT", &path, body).unwrap().status < 300);
                    }
                })
            })
            .collect();
        let status = agent.await_status("all wait", |status| status["connections"]["blocked"] == 4);
        assert_eq!(status["state"], "degraded", "{status}");
        assert_eq!(status["lost"]["records"], 0, "{status}");
        assert!(writers.iter().all(|writer| !writer.is_finished()));
        kafka.start();
    });
    let status = agent.await_delivery();
    assert_eq!(status["lost"]["records"], 0, "{status}");
    let topic = records::of_topic(kafka.bootstrap(), "blocked");
    assert_eq!(records::transactions(&topic).len(), 201);
}

#[test]
fn a_head_that_never_ends_costs_bounded_time_and_memory() {
    let node = Node::start(ok);
    let directory = tempfile::tempdir().unwrap();
    let agent = Agent::start(&node.url, directory.path(), &["--idleTimeout", "1s"]);
    let mut idle = Connection::open(&agent.address).unwrap();
    idle.send("GET", "/", "").unwrap();
    assert_eq!(idle.read_to_end().unwrap(), b"", "an idle connection is closed in time");
    let mut endless = Connection::open(&agent.address).unwrap();
    endless.write(b"GET / HTTP/1.1\r\n").unwrap();
    // Beyond 64 KiB of head nothing is collected any more: it is a tunnel, and said so.
    let filler =
        b"X-Filler: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(64);
    for _ in 0..16 {
        endless.write(&filler).unwrap();
    }
    eventually("it is seen", || {
        agent.page("/metrics").1.contains("unframable_connections_total 1").then_some(())
    });
    assert!(agent.log_text().contains("can't be framed"), "{}", agent.log_text());
}
