//! The console and its replayers: started, scaled, killed, stopped and started again, and the status is true at each step.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use switchover_capture::log::EntryKind;
use switchover_capture::{LogOptions, LogWriter, MAX_RECORD_BYTES, RecordSink, StreamEncoder, Timestamp};
use switchover_kafka::KafkaOptions;
use switchover_testkit::faults::{Fault, FaultProxy};
use switchover_testkit::http::ask;
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{Finished, Program, eventually, run};

use crate::support::{producer, send, topic};

/// Requests of a batch, each of a connection of its own.
const BATCH: usize = 40;

/// The records of `BATCH` writes to documents of `index`, by connection.
fn writes(index: &str, batch: usize) -> Vec<(String, Vec<Vec<u8>>)> {
    let begun = Timestamp::now().unix_nanos() - 3_600_000_000_000;
    let write = |number: usize| {
        let (connection, id) = (format!("c{batch}-{number}"), format!("{batch}-{number}"));
        let at = |millis: usize| Timestamp::from_unix_nanos(begun + millis as i128 * 1_000_000);
        let time = (batch * BATCH + number) * 10;
        let request = format!(
            "PUT /{index}/_doc/{id} HTTP/1.1\r\nHost: s\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
        );
        let body = format!(
            r#"{{"_index":"{index}","_id":"{id}","_version":1,"result":"created","_shards":{{"total":1,"successful":1,"failed":0}},"_seq_no":0,"_primary_term":1}}"#
        );
        let answer = format!(
            "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut encoder = StreamEncoder::new(&connection, "node", MAX_RECORD_BYTES);
        let mut records: Vec<Vec<u8>> = Vec::new();
        encoder.read(at(time), request.as_bytes(), &mut records);
        encoder.end_of_message(at(time), -1, -1, &mut records);
        encoder.write(at(time + 5), answer.as_bytes(), &mut records);
        encoder.flush(&mut records);
        encoder.close(at(time + 6), &mut records);
        (connection, records)
    };
    (0..BATCH).map(write).collect()
}

struct Log(LogWriter);

impl RecordSink for Log {
    fn append(&mut self, record: &[u8]) {
        self.0.append(EntryKind::Record, record).unwrap();
    }
}

struct Fleet {
    target: Lab,
    index: String,
    session: String,
    directory: tempfile::TempDir,
}

impl Fleet {
    fn new(name: &str) -> Self {
        let fleet = Self {
            target: Lab::opensearch("2.19"),
            index: format!("replay-{name}-{}", std::process::id()),
            session: format!("{name}-{}", std::process::id()),
            directory: tempfile::tempdir().unwrap(),
        };
        let settings = r#"{"settings":{"number_of_shards":1,"number_of_replicas":0}}"#;
        assert_eq!(ask(fleet.target.url(), "PUT", &format!("/{}", fleet.index), settings).status, 200);
        fleet
    }

    /// A services file; `more` goes over the block `replay`, `blocks` beside it.
    fn services(&self, endpoint: &str, coordinator: &str, more: &Value, blocks: &Value) -> PathBuf {
        let mut services = json!({
            "target_cluster": {"endpoint": endpoint, "no_auth": null},
            "replay": {
                "session_name": self.session, "state_dir": "state", "launch": "process",
                "coordinator_uri": coordinator, "docker": null,
            },
        });
        for (key, value) in more.as_object().unwrap() {
            services["replay"][key] = value.clone();
        }
        for (key, value) in blocks.as_object().unwrap() {
            services[key] = value.clone();
        }
        let path = self.directory.path().join("services.yaml");
        std::fs::write(&path, services.to_string()).unwrap();
        path
    }

    fn state(&self) -> PathBuf {
        self.directory.path().join("state").join(format!("replay-{}", self.session))
    }

    fn documents(&self) -> usize {
        ask(self.target.url(), "POST", &format!("/{}/_refresh", self.index), "");
        let count = ask(self.target.url(), "GET", &format!("/{}/_count", self.index), "").json();
        count["count"].as_u64().unwrap() as usize
    }

    fn await_documents(&self, count: usize) {
        eventually(&format!("{count} documents"), || (self.documents() == count).then_some(()));
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        // Those that a test that failed has left.
        for number in 1..9 {
            let Ok(file) = std::fs::read(self.state().join(format!("worker-{number}.json"))) else {
                continue;
            };
            if let Ok(pid) = serde_json::from_slice::<Value>(&file).map(|file| file["pid"].to_string()) {
                let _ = Command::new("kill").args(["-9", &pid]).output();
            }
        }
        ask(self.target.url(), "DELETE", &format!("/{}", self.index), "");
        ask(self.target.url(), "DELETE", &format!("/.switchover_replay_{}.work", self.session), "");
    }
}

fn replay(services: &Path, arguments: &[&str]) -> Finished {
    run("switchover", [&["--config", services.to_str().unwrap(), "replay"], arguments].concat())
}

fn done(services: &Path, arguments: &[&str]) -> String {
    let finished = replay(services, arguments);
    assert_eq!(finished.code, Some(0), "{arguments:?}: {}{}", finished.stdout, finished.stderr);
    finished.stdout
}

fn status(services: &Path) -> Value {
    let text = done(services, &["status", "--json"]);
    let status: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(status["schema"], "switchover.replay.status/1");
    status
}

/// Waits for a status.
fn await_status(services: &Path, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    eventually(&format!("{what}: {last}"), || {
        last = status(services);
        condition(&last).then(|| last.clone())
    })
}

fn counts(status: &Value) -> [u64; 4] {
    ["running", "pending", "desired", "idle"].map(|count| status["replayers"][count].as_u64().unwrap())
}

fn pids(status: &Value) -> BTreeSet<u64> {
    let members = status["members"].as_array().unwrap();
    members.iter().map(|member| member["pid"].as_u64().unwrap()).collect()
}

fn has_lines(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|there| there == *line), "{line}: {text}");
    }
}

fn kill(pid: u64) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
}

#[test]
fn replayers_of_a_topic_are_started_scaled_stopped_and_go_on() {
    let (fleet, kafka) = (Fleet::new("topic"), Lab::kafka());
    let (topic, brokers) = (topic("fleet"), kafka.bootstrap());
    kafka.topics(&["--create", "--topic", &topic, "--partitions", "4"]);
    let fill = |batch: usize| {
        let (producer, events) = producer(&KafkaOptions::plaintext(brokers, "test"), &topic);
        let mut token = 0;
        for (connection, records) in writes(&fleet.index, batch) {
            for record in records {
                send(&producer, &connection, &record, token);
                token += 1;
            }
        }
        events.await_delivered(token);
    };
    let proxy = FaultProxy::to(fleet.target.url().trim_start_matches("http://"));
    let coordinator = format!("http://{}", proxy.address);
    let services = fleet.services(
        fleet.target.url(),
        &coordinator,
        &json!({"options": {"kafkaGroupId": topic, "speedupFactor": "max"}}),
        &json!({"kafka": {"broker_endpoints": brokers, "topic": topic, "standard": null}}),
    );
    fill(0);
    assert_eq!(done(&services, &["status"]), "ReplayStatus.STOPPED\nPhase: not started\n");
    let described = done(&services, &["describe"]);
    assert!(described.contains(&format!("topic: {topic}")) && described.contains("scale: 1"), "{described}");

    let started = done(&services, &["start"]);
    has_lines(
        &started,
        &[
            "Replayer started successfully.",
            "ReplayStatus.RUNNING",
            "Running=1",
            "Pending=0",
            "Desired=1",
            "Phase: running",
        ],
    );
    let again: Value = serde_json::from_str(&done(&services, &["start", "--json"])).unwrap();
    assert_eq!((&again["started"], &again["status"]["replayers"]["running"]), (&json!([]), &json!(1)));
    fleet.await_documents(BATCH);
    let all = BATCH as u64;
    let live = await_status(&services, "all is replayed, and it waits for more", |status| {
        status["counts"]["replayed"] == all && status["lagMs"] == 0 && status["lagRecords"] == 0
    });
    assert_eq!(
        (&live["phase"], &live["live"], &live["deadLetters"]),
        (&json!("running"), &json!(true), &json!(0))
    );
    assert_eq!(live["input"], format!("topic {topic}, group {topic}"));
    let told = done(&services, &["status"]);
    has_lines(&told, &["Lag: none, live", "Requests: 40 replayed, 0 dead letters, 0 left out by rules"]);
    assert!(fleet.state().join("replayer-1/tuples/tuples.log").exists());

    let scaled = done(&services, &["scale", "2"]);
    has_lines(&scaled, &["Replayer scaled successfully.", "Running=2", "Desired=2"]);
    let stopped = done(&services, &["stop"]);
    has_lines(
        &stopped,
        &[
            "Replayer stopped successfully.",
            "Fleet set to 0 desired count. Currently 2 running and 0 pending.",
            "ReplayStatus.STOPPED",
            "Running=0",
            "Phase: paused",
        ],
    );
    done(&services, &["stop"]);
    fill(1);

    // The scale is that of before.
    has_lines(&done(&services, &["start"]), &["Running=2", "Desired=2"]);
    fleet.await_documents(2 * BATCH);
    let both = await_status(&services, "both have partitions, and all is replayed", |status| {
        let members = status["members"].as_array().unwrap();
        // What moves from one to the other a moment after the start may be replayed by both.
        status["counts"]["replayed"].as_u64() >= Some(2 * all)
            && members.len() == 2
            && counts(status) == [2, 0, 2, 0]
    });
    let report = std::fs::read_to_string(fleet.state().join("worker-1.log")).unwrap();
    assert!(report.contains("stopped from the console"), "{report}");

    done(&services, &["scale", "1"]);
    let idle = await_status(&services, "one stands by", |status| counts(status) == [1, 0, 1, 1]);
    assert_eq!(pids(&idle), pids(&both), "it waits");
    done(&services, &["scale", "2"]);
    let two = await_status(&services, "it goes on", |status| counts(status) == [2, 0, 2, 0]);
    let killed = *pids(&two).iter().next().unwrap();
    kill(killed);
    await_status(&services, "one is lost", |status| counts(status) == [1, 1, 2, 0]);
    has_lines(&done(&services, &["start"]), &["Running=2", "Pending=0"]);
    assert!(!pids(&status(&services)).contains(&killed));

    // A network that is cut is neither taken for the end, nor for nothing; replayers keep to what was said last.
    proxy.be(Fault::Refusing);
    proxy.reset();
    for arguments in [&["status"][..], &["status", "--json"]] {
        let unknown = replay(&services, arguments);
        assert_eq!(unknown.code, Some(1), "{}", unknown.stdout);
        assert!(
            unknown.stdout.contains("unknown: ") && unknown.stdout.contains("UNKNOWN"),
            "{}",
            unknown.stdout
        );
        assert!(unknown.stderr.contains(&proxy.address), "{}", unknown.stderr);
    }
    proxy.be(Fault::None);
    let stopped = done(&services, &["stop", "--json"]);
    let stopped: Value = serde_json::from_str(&stopped).unwrap();
    assert_eq!((&stopped["action"], &stopped["status"]["phase"]), (&json!("stop"), &json!("paused")));
}

#[test]
fn a_capture_log_has_one_replayer_and_the_status_says_why_nothing_moves() {
    let fleet = Fleet::new("log");
    let log = fleet.directory.path().join("log");
    let options = LogOptions { dir: log.clone(), segment_bytes: 1 << 20, max_bytes: 1 << 30 };
    let mut writer = Log(LogWriter::open(options).unwrap().0);
    let mut fill = |batch: usize| {
        for record in writes(&fleet.index, batch).into_iter().flat_map(|(_, records)| records) {
            writer.append(&record);
        }
        writer.0.sync_handle().sync().unwrap();
    };
    fill(0);
    let proxy = FaultProxy::to(fleet.target.url().trim_start_matches("http://"));
    let endpoint = format!("http://{}", proxy.address);
    let services = |until: &str| {
        let options = json!({"speedupFactor": "max", "until": until});
        let block = json!({"capture_log_dir": "log", "options": options});
        fleet.services(&endpoint, fleet.target.url(), &block, &json!({}))
    };

    let live = services("never");
    let refused = replay(&live, &["scale", "2"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stdout);
    assert!(refused.stderr.contains("exactly one replayer"), "{}", refused.stderr);
    has_lines(&done(&live, &["start"]), &["Running=1", "Desired=1", "Phase: running"]);
    fleet.await_documents(BATCH);

    // A second one stands by.
    let own = fleet.directory.path().join("second");
    let config = fleet.state().join("replayer.yaml");
    let flags = ["--config", config.to_str().unwrap(), "--tupleDir", own.to_str().unwrap()];
    let mut second = Program::start("switchover-replayer", flags, fleet.directory.path().join("second.log"));
    await_status(&live, "the second one stands by", |status| counts(status) == [1, 0, 1, 1]);
    assert!(second.terminate().success());
    await_status(&live, "it is gone", |status| counts(status) == [1, 0, 1, 0]);

    proxy.be(Fault::Refusing);
    proxy.reset();
    fill(1);
    let blocked = await_status(&live, "the target is away", |status| status["phase"] == "blocked");
    let reason = blocked["reason"].as_str().unwrap();
    assert!(reason.contains("had no answer for") && reason.contains("onnect"), "{reason}");
    assert!(blocked["oldest"]["request"].as_str().unwrap().starts_with("c1-"), "{blocked}");
    assert!(blocked["lagMs"].as_u64().unwrap() > 3_000_000, "an hour, as the source saw it: {blocked}");
    proxy.be(Fault::None);
    fleet.await_documents(2 * BATCH);
    let running =
        await_status(&live, "it goes on", |status| status["phase"] == "running" && status["lagMs"] == 0);

    kill(*pids(&running).iter().next().unwrap());
    let dead = await_status(&live, "nobody is there", |status| status["phase"] == "blocked");
    assert!(dead["reason"].as_str().unwrap().contains("no replayer is alive"), "{dead}");
    let ended = services("end");
    let restarted = replay(&ended, &["start"]);
    assert_eq!(restarted.code, Some(0), "{}{}", restarted.stdout, restarted.stderr);
    assert!(restarted.stderr.contains("from its beginning"), "{}", restarted.stderr);
    await_status(&ended, "all of it is replayed", |status| status["phase"] == "complete");
    let told = done(&ended, &["status"]);
    has_lines(&told, &["ReplayStatus.COMPLETED", "Running=0", "Phase: complete"]);
    has_lines(&done(&ended, &["stop"]), &["Phase: complete"]);
    assert_eq!(fleet.documents(), 2 * BATCH);

    proxy.be(Fault::Refusing);
    let waits = done(&ended, &["start"]);
    assert!(waits.contains("Phase: blocked: GET / has had no answer for "), "{waits}");
    done(&ended, &["stop"]);

    // Why it ended at once is told.
    let config = std::fs::read_to_string(&ended).unwrap().replace("\"log\"", "\"none\"");
    std::fs::write(&ended, config).unwrap();
    let failed = replay(&ended, &["start"]);
    assert_eq!(failed.code, Some(1), "{}", failed.stdout);
    assert!(
        failed.stderr.contains("cannot read") && failed.stderr.contains("its log is"),
        "{}",
        failed.stderr
    );
    let told = done(&ended, &["status"]);
    assert!(told.contains("Phase: blocked: no replayer is alive") && told.contains("cannot read"), "{told}");
}
