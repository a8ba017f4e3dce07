//! Secrets are planted wherever clients and nodes put them, and looked for in everything that is written anywhere.

use crate::replay::replay;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use switchover_e2e::records;
use switchover_e2e::scripted::Node;
use switchover_http1::RequestKind;
use switchover_testkit::agent::Agent;
use switchover_testkit::http::Connection;
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{Program, binary, eventually, run};

/// Secrets that are planted unless `SWITCHOVER_PLANTED_SECRETS` says how many.
const PLANTED: usize = 10_000;
/// What each of them begins with, and how that begins in base64.
const MARKS: [&str; 2] = ["cAnArY-", "Y0FuQXJZL"];
/// Requests that are written before their answers are read.
const PIPELINED: usize = 50;

/// Gives out secrets, each once.
#[derive(Clone, Default)]
struct Planter(Arc<AtomicUsize>);

impl Planter {
    fn secret(&self) -> String {
        format!("{}{:07}", MARKS[0], self.0.fetch_add(1, Ordering::Relaxed))
    }

    /// As it stands behind `Basic` and `ApiKey`.
    fn in_base64(&self) -> String {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        format!("{}{number:07}==", MARKS[1])
    }

    fn planted(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn message(head: &str, body: &str) -> Vec<u8> {
    format!("{head}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// The requests of which one after the other is sent; documents are in between, as they are captured.
fn request(number: usize, planter: &Planter) -> Vec<u8> {
    let secret = || planter.secret();
    let basic = || format!("Authorization: Basic {}", planter.in_base64());
    let put = |target: &str, headers: &str, body: &str| {
        message(&format!("PUT {target} HTTP/1.1\r\nHost: a{headers}"), body)
    };
    match number % 12 {
        0 => message(
            &format!(
                "PUT /docs/_doc/{number} HTTP/1.1\r\nHost: a\r\n{}\r\nCookie: sid={}",
                basic(),
                secret()
            ),
            r#"{"a":1}"#,
        ),
        1 => message(
            &format!("GET http://u:{}@a/docs/_search?token={} HTTP/1.1\r\nHost: a", secret(), secret()),
            "",
        ),
        2 => put(
            "/_security/user/bob",
            &format!("\r\n{}", basic()),
            &format!(r#"{{"password":"{}","roles":["{}"]}}"#, secret(), secret()),
        ),
        3 => put("/_plugins/_security/api/internalusers/bob", "", &format!(r#"{{"hash":"{}"}}"#, secret())),
        4 => put(
            "/_snapshot/s3",
            &format!("\r\nX-Api-Key: {}", secret()),
            &format!(
                r#"{{"type":"s3","settings":{{"access_key":"{}","secret_key":"{}"}}}}"#,
                secret(),
                secret()
            ),
        ),
        5 => put(
            "/_cluster/settings",
            "",
            &format!(
                r#"{{"persistent":{{"xpack.notification.slack.account.a.url":"https://h/{}"}}}}"#,
                secret()
            ),
        ),
        6 => message(
            "POST /_reindex HTTP/1.1\r\nHost: a",
            &format!(
                r#"{{"source":{{"remote":{{"host":"http://u:{}@h:9200","password":"{}"}},"index":"a"}}}}"#,
                secret(),
                secret()
            ),
        ),
        7 => {
            let body = format!(r#"{{"grant_type":"password","password":"{}"}}"#, secret());
            let (one, two) = body.split_at(20);
            format!(
                "POST /_xpack/security/oauth2/token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
                one.len(),
                two.len()
            )
            .into_bytes()
        }
        8 => message(
            &format!(
                "GET /docs/_doc/1?X-Amz-Signature={}&pretty HTTP/1.1\r\nHost: a\r\nX-Amz-Security-Token: {}\r\nReferer: http://h/?password={}",
                secret(),
                secret(),
                secret()
            ),
            "",
        ),
        9 => {
            put("/_watcher/watch/w", "", &format!(r#"{{"auth":{{"basic":{{"password":"{}"}}}}}}"#, secret()))
        }
        10 => put("/_cluster/settings", "", &format!("no json: {}", secret())),
        _ => message("GET /_cluster/state HTTP/1.1\r\nHost: a", ""),
    }
}

/// What a node answers: tokens and settings, with secrets of its own.
fn answer(target: &str, planter: &Planter) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nSet-Cookie: session={}", planter.secret());
    let body = if target.starts_with("/_cluster/") {
        format!(r#"{{"persistent":{{"a.password":"{}"}},"acknowledged":true}}"#, planter.secret())
    } else if target.starts_with("/docs") || target.contains("/docs/") {
        r#"{"took":1}"#.to_owned()
    } else if target.starts_with("/_reindex") || target.starts_with("/_snapshot") {
        "{}".to_owned()
    } else {
        format!(r#"{{"access_token":"{}","key":"{}"}}"#, planter.secret(), planter.secret())
    };
    message(&head, &body)
}

/// Files below a folder.
fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

/// Fails when one of the secrets is in these bytes.
fn holds_none(what: &str, bytes: &[u8]) {
    for mark in MARKS {
        if let Some(at) = bytes.windows(mark.len()).position(|part| part == mark.as_bytes()) {
            let around = &bytes[at.saturating_sub(200)..bytes.len().min(at + 200)];
            panic!("{what}: {}", String::from_utf8_lossy(around));
        }
    }
}

#[test]
fn no_planted_secret_is_found_in_anything_that_is_written() {
    let wanted = std::env::var("SWITCHOVER_PLANTED_SECRETS").map_or(PLANTED, |text| text.parse().unwrap());
    let planter = Planter::default();
    let at_node = planter.clone();
    let node = Node::start_with(move |_, target| Some(answer(target, &at_node)));
    let kafka = Lab::kafka();
    let topic = format!("secrets-{}", std::process::id());
    // What is told on purpose is not in the folder that is searched.
    let (told, directory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut command = Command::new(binary("switchover-agent"));
    command.env("RUST_LOG", "debug");
    let flags = ["--kafkaConnection", kafka.bootstrap(), "--kafkaTopic", &topic, "--ackPolicy", "none"];
    let mut agent = Agent::start_by(command, &node.url, directory.path(), &flags);
    let mut number = 0;
    while planter.planted() < wanted {
        let mut connection = Connection::open(&agent.address).unwrap();
        for _ in 0..4 {
            let requests: Vec<u8> = (0..PIPELINED).flat_map(|at| request(number + at, &planter)).collect();
            number += PIPELINED;
            for piece in requests.chunks(4099) {
                connection.write(piece).unwrap();
            }
            for _ in 0..PIPELINED {
                let answer = connection.answer(RequestKind::Other).unwrap();
                assert_eq!(answer.status, 200);
                assert!(
                    answer.raw.windows(7).any(|part| part == MARKS[0].as_bytes()),
                    "the client gets its own"
                );
            }
        }
        // Some end in the middle.
        let torn = request(number + 2, &planter);
        connection.write(&torn[..torn.len() * 2 / 3]).unwrap();
        number += 1;
    }
    let planted = planter.planted();
    let status = agent.await_delivery();
    assert_eq!(status["lost"]["records"], 0, "{status}");
    // Four of twelve kinds are not captured, all of them writes.
    let uncaptured = status["securityRequests"]["uncaptured"].as_u64().unwrap();
    assert_eq!(status["securityRequests"]["mutating"], uncaptured, "{status}");
    assert!(uncaptured > number as u64 / 4, "{status}");
    for page in ["/status", "/metrics", "/readyz"] {
        holds_none(page, agent.page(page).1.as_bytes());
    }

    // The bug report is told secrets that it must not tell.
    let services = told.path().join("services.yaml");
    std::fs::write(told.path().join("password"), planter.secret()).unwrap();
    let target = format!(
        "agents: [\"{}\"]\nsource_cluster:\n  endpoint: {}\n  basic_auth: {{ username: bob, password: {} }}\ntarget_cluster:\n  endpoint: {}\n  basic_auth: {{ username: bob, password_file: password }}\n",
        agent.admin(),
        node.url,
        planter.secret(),
        node.url
    );
    std::fs::write(&services, target).unwrap();
    std::fs::write(
        told.path().join("agent.yaml"),
        format!(
            "kafkaPassword: {}\nsetHeader: [\"Authorization\", \"ApiKey {}\"]\n",
            planter.secret(),
            planter.in_base64()
        ),
    )
    .unwrap();
    let archive = directory.path().join("report.tar.gz");
    let log = Agent::log_dir(directory.path());
    let flag = |path: &Path| path.to_str().unwrap().to_owned();
    let gathered = run(
        "switchover",
        [
            "--config".to_owned(),
            flag(&services),
            "bugreport".to_owned(),
            "--config-dir".to_owned(),
            flag(told.path()),
            "--capture-log-dir".to_owned(),
            flag(&log),
            "--log-file".to_owned(),
            flag(&directory.path().join("agent.log")),
            "--output".to_owned(),
            flag(&archive),
        ],
    );
    assert_eq!(gathered.code, Some(0), "{gathered:?}");
    holds_none("what the bug report says", format!("{gathered:?}").as_bytes());
    for part in [
        "host.txt",
        "status",
        "metrics",
        "services.yaml",
        "agent.yaml",
        "agent.log",
        "doctor.json",
        "capture-log",
    ] {
        assert!(gathered.stdout.contains(part), "{part}: {gathered:?}");
    }
    let unpacked = Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(directory.path()).status();
    assert!(unpacked.unwrap().success());
    assert!(agent.terminate().success());

    // Replayed to a target with secrets of its own.
    let input = ["--captureLogDir", log.to_str().unwrap(), "--speedupFactor", "max"];
    let replayed = replay(&node.url, directory.path(), &input);
    assert_eq!(
        replayed.code,
        Some(4),
        "what was captured without its secrets is a dead letter: {replayed:?}"
    );
    holds_none("what the replayer says", format!("{replayed:?}").as_bytes());
    assert!(directory.path().join("dead-letters").read_dir().unwrap().count() > 0);

    let topic = records::of_topic(kafka.bootstrap(), &topic);
    assert!(topic.len() > 10);
    topic.iter().for_each(|record| holds_none("the topic", &record.payload));
    let paths = records::request_lines(&records::transactions_despite_gaps(&topic));
    assert!(
        paths.iter().any(|line| line.starts_with("POST /_reindex")),
        "what says more than secrets is captured"
    );
    assert!(!paths.iter().any(|line| line.contains("_security")));
    let mut written = Vec::new();
    files(directory.path(), &mut written);
    assert!(written.len() > 10, "{written:?}");
    for path in written {
        let bytes = std::fs::read(&path).unwrap();
        holds_none(&path.display().to_string(), &bytes);
        // Dead letters are base64.
        if path.extension().is_some_and(|ending| ending == "b64") {
            let decoded = Command::new("base64").args(["-di"]).arg(&path).output().unwrap();
            holds_none(&path.display().to_string(), &decoded.stdout);
        }
    }
    assert!(planted >= wanted, "{planted}");
}

/// The kernel writes cores as files into the folder of the process: only then can it be seen that there is none.
fn leaves_core_files(directory: &Path) -> bool {
    let script = "ulimit -c unlimited && sh -c 'kill -ABRT $$'";
    // A shell that dies, or may not raise its limit, is what is asked.
    let _ = Command::new("sh").args(["-c", script]).current_dir(directory).output();
    remove_cores(directory) > 0
}

fn remove_cores(directory: &Path) -> usize {
    let cores = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let cores = cores.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("core"));
    cores.map(|path| std::fs::remove_file(path).unwrap()).count()
}

#[test]
fn no_program_leaves_a_core_file_also_after_it_was_taken_over() {
    let node = Node::start(switchover_e2e::scripted::ok);
    let directory = tempfile::tempdir().unwrap();
    let cores = leaves_core_files(directory.path());
    let unlimited = |program: &str| {
        let mut command = Command::new("sh");
        let script = "ulimit -c unlimited 2>/dev/null; exec \"$0\" \"$@\"";
        command.args(["-c", script]).arg(binary(program)).current_dir(directory.path());
        command
    };
    let refuses_cores = |pid: u32| {
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(line.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    };
    for signal in ["ABRT", "SEGV"] {
        let mut agent = Agent::start_by(unlimited("switchover-agent"), &node.url, directory.path(), &[]);
        refuses_cores(agent.pid());
        if signal == "SEGV" {
            agent.signal("USR2");
            agent.started_again();
            refuses_cores(agent.pid());
        }
        // The first SIGSEGV is taken by the guard of the stack, which gives the signal back to the kernel.
        agent.signal(signal);
        agent.signal(signal);
        eventually("it is dead, and only waits to be buried", || {
            let status = std::fs::read_to_string(format!("/proc/{}/status", agent.pid())).ok()?;
            status.contains("State:\tZ").then_some(())
        });
        agent.kill();
        assert_eq!(remove_cores(directory.path()), 0, "{signal}, and others do leave cores: {cores}");
    }
    // Replayer and console are the same way; they wait for input.
    let mut command = unlimited("switchover-replayer");
    command.args([
        "--targetUri",
        &node.url,
        "--until",
        "never",
        "--adminAddress",
        "127.0.0.1:0",
        "--captureLogDir",
    ]);
    command.arg(Agent::log_dir(directory.path()));
    let mut replayer = Program::spawn(command, directory.path().join("replayer.log"));
    eventually("it refuses cores", || {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", replayer.pid())).ok()?;
        let line = limits.lines().find(|line| line.starts_with("Max core file size"))?.to_owned();
        (line.split_whitespace().nth(4) == Some("0")).then_some(())
    });
    replayer.kill();
}
