//! Clients are moved to the target and back by weight, on real clusters.

use crate::transparency::{in_repository, run};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use switchover_capture::ServedBy;
use switchover_e2e::records;
use switchover_testkit::agent::Agent;
use switchover_testkit::http::{Connection, ask};
use switchover_testkit::lab::Lab;
use switchover_testkit::program::eventually;

const CLIENTS: usize = 16;
/// A killed target is left within this.
const BACK: Duration = Duration::from_secs(2);

/// `PUT /routing` on the agent's socket, or `GET` without a body: status line and answer.
fn socket(directory: &Path, body: Option<&str>) -> (String, Value) {
    let mut stream = UnixStream::connect(Agent::log_dir(directory).join("routing.sock")).unwrap();
    let (method, body) = body.map_or(("GET", ""), |body| ("PUT", body));
    let request =
        format!("{method} /routing HTTP/1.1\r\nHost: agent\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), serde_json::from_str(body).unwrap())
}

fn route(directory: &Path, body: &str) -> Value {
    let (status, answer) = socket(directory, Some(body));
    assert_eq!(status, "HTTP/1.1 200 OK", "{answer}");
    answer
}

/// What clients did while they were moved about.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    written: AtomicU64,
    acknowledged: Mutex<HashSet<String>>,
    failed: Mutex<Vec<(Instant, String)>>,
}

impl Load {
    /// Writes documents and reads them until it is stopped. A request fails when it is answered with 5xx or not at all.
    fn client(&self, number: usize, address: &str, index: &str) {
        let mut connection = Connection::open(address).unwrap();
        for count in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let id = format!("{number}-{count}");
            let path = format!("/{index}/_doc/{id}");
            for (method, body) in [("PUT", "{\"a\":1}"), ("GET", "")] {
                let answer = connection.send(method, &path, body);
                match answer {
                    Ok(answer) if answer.status == 201 => {
                        self.acknowledged.lock().unwrap().insert(id.clone());
                        self.written.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(answer) if answer.status < 500 && method == "GET" => {}
                    other => {
                        let what = format!("{method} {path}: {:?}", other.map(|answer| answer.status));
                        self.failed.lock().unwrap().push((Instant::now(), what));
                        connection = Connection::open(address).unwrap();
                    }
                }
            }
        }
    }

    fn more(&self, count: u64) {
        let before = self.written.load(Ordering::Relaxed);
        eventually("writes go on", || (self.written.load(Ordering::Relaxed) > before + count).then_some(()));
    }
}

fn with_clients(address: &str, index: &str, during: impl FnOnce(&Load)) -> Load {
    let load = Load::default();
    std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            let load = &load;
            scope.spawn(move || load.client(number, address, index));
        }
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| during(&load)));
        load.stop.store(true, Ordering::Relaxed);
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    load
}

fn fresh_index(cluster: &Lab, index: &str) {
    ask(cluster.url(), "DELETE", &format!("/{index}"), "");
    let settings = r#"{"settings":{"number_of_shards":1,"number_of_replicas":0}}"#;
    assert_eq!(ask(cluster.url(), "PUT", &format!("/{index}"), settings).status, 200);
}

fn ids(cluster: &Lab, index: &str) -> HashSet<String> {
    ask(cluster.url(), "POST", &format!("/{index}/_refresh"), "");
    let query = r#"{"size":10000,"_source":false,"track_total_hits":true}"#;
    let found = ask(cluster.url(), "POST", &format!("/{index}/_search"), query).json();
    let hits = found["hits"]["hits"].as_array().unwrap();
    assert_eq!(found["hits"]["total"]["value"], hits.len(), "all in one page");
    hits.iter().map(|hit| hit["_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn clients_are_moved_there_and_back_by_weight_and_no_request_fails() {
    let (source, target) = (Lab::elasticsearch("7.10.2"), Lab::opensearch("2.19"));
    let index = "routed";
    [&source, &target].into_iter().for_each(|cluster| fresh_index(cluster, index));
    let directory = tempfile::tempdir().unwrap();
    let mut agent = Agent::start(source.url(), directory.path(), &["--targetUri", target.url()]);
    let load = with_clients(&agent.address.clone(), index, |load| {
        for weight in [0, 10, 50, 100, 50, 10, 0] {
            let set = route(directory.path(), &format!(r#"{{"mode":"all","weight":{weight}}}"#));
            assert_eq!(set["weight"], weight);
            // What was under way when it was set ends within the first of these.
            load.more(32);
            let before = agent.status()["routing"]["requests"].clone();
            load.more(200);
            let after = agent.status()["routing"]["requests"].clone();
            // Each traffic thread may be between the two counts of one request.
            let more =
                |cluster: &str| after[cluster].as_i64().unwrap() - before[cluster].as_i64().unwrap() > 2;
            assert_eq!(more("target"), weight > 0, "{weight}: {before} {after}");
            assert_eq!(more("source"), weight < 100, "{weight}: {before} {after}");
        }
    });
    assert!(agent.terminate().success());
    assert!(load.failed.lock().unwrap().is_empty(), "{:?}", load.failed.lock().unwrap());

    let (at_source, at_target) = (ids(&source, index), ids(&target, index));
    assert!(at_source.is_disjoint(&at_target), "a write went to both");
    let anywhere: HashSet<String> = at_source.union(&at_target).cloned().collect();
    assert_eq!(anywhere, *load.acknowledged.lock().unwrap());
    let mut captured = HashMap::new();
    for pair in records::transactions(&records::of_log(&Agent::log_dir(directory.path()))) {
        let text = String::from_utf8_lossy(&pair.request.bytes).into_owned();
        if let Some(path) = text.strip_prefix("PUT ").and_then(|rest| rest.split(' ').next()) {
            let id = path.rsplit('/').next().unwrap().to_owned();
            assert_eq!(captured.insert(id, pair.served_by), None, "captured twice: {path}");
        }
    }
    for (cluster, ids) in [(ServedBy::Source, &at_source), (ServedBy::Target, &at_target)] {
        let said: HashSet<&String> =
            captured.iter().filter(|(_, by)| **by == cluster).map(|(id, _)| id).collect();
        assert_eq!(said, ids.iter().collect(), "what the capture says of {cluster:?}");
    }
}

#[test]
fn a_killed_target_is_left_within_two_seconds_until_somebody_says_otherwise() {
    let (source, target) = (Lab::elasticsearch("7.10.2"), Lab::private_opensearch("2.19"));
    let index = "routed-killed";
    [&source, &target].into_iter().for_each(|cluster| fresh_index(cluster, index));
    let directory = tempfile::tempdir().unwrap();
    let flags = ["--targetUri", target.url(), "--routing", "all", "--targetWeight", "50"];
    let mut agent = Agent::start(source.url(), directory.path(), &flags);
    let mut killed = None;
    let load = with_clients(&agent.address.clone(), index, |load| {
        load.more(100);
        assert!(agent.status()["routing"]["requests"]["target"].as_u64() > Some(0));
        killed = Some(Instant::now());
        target.kill();
        eventually("the source serves everything", || {
            (agent.status()["routing"]["inForce"] == "source").then_some(())
        });
        load.more(500);
    });
    let failed = load.failed.lock().unwrap();
    let (first, last) = (failed.first(), failed.last().map(|(at, _)| at.duration_since(killed.unwrap())));
    assert!(last.is_none_or(|last| last < BACK), "{last:?} after the kill: {failed:?}");
    assert!(failed.len() <= CLIENTS, "more than was in flight: {failed:?}");
    assert!(first.is_none_or(|(_, what)| what.contains("502") || what.contains("Err")), "{failed:?}");

    let status = agent.status()["routing"].clone();
    assert!(status["mode"] == "all" && status["weight"] == 50 && status["fallbacks"] == 1, "{status}");
    assert!(status["fallback"]["reason"].is_string(), "{status}");
    assert!(agent.page("/metrics").1.contains("switchover_agent_fallen_back 1\n"));
    assert!(agent.log_text().contains("the source serves everything again"));
    // Also after a take-over and a restart; and not after it was set anew.
    agent.signal("USR2");
    agent.started_again();
    assert_eq!(agent.status()["routing"]["inForce"], "source");
    assert!(agent.terminate().success());
    let agent = Agent::start(source.url(), directory.path(), &flags);
    assert_eq!(agent.status()["routing"]["inForce"], "source");
    target.start();
    assert_eq!(route(directory.path(), r#"{"mode":"target"}"#)["inForce"], "target");
    assert_eq!(ask(&agent.url(), "PUT", &format!("/{index}/_doc/after"), "{}").status, 201);
    assert!(ids(&target, index).contains("after"));
}

#[test]
fn routing_outlives_take_overs_under_load_and_its_file_is_read_again() {
    let (source, target) = (Lab::elasticsearch("7.10.2"), Lab::opensearch("2.19"));
    let index = "routed-handover";
    [&source, &target].into_iter().for_each(|cluster| fresh_index(cluster, index));
    let directory = tempfile::tempdir().unwrap();
    let mut agent = Agent::start(source.url(), directory.path(), &["--targetUri", target.url()]);
    route(directory.path(), r#"{"mode":"reads","weight":60,"routeBy":"request"}"#);
    let load = with_clients(&agent.address.clone(), index, |load| {
        for _ in 0..2 {
            load.more(50);
            agent.signal("USR2");
            agent.started_again();
            let status = agent.await_status("it serves both", |status| {
                status["routing"]["requests"]["target"].as_u64() > Some(0)
            });
            let routing = &status["routing"];
            assert!(routing["mode"] == "reads" && routing["weight"] == 60, "{routing}");
        }
    });
    assert!(load.failed.lock().unwrap().is_empty(), "{:?}", load.failed.lock().unwrap());
    assert!(ids(&target, index).is_empty(), "only reads move");

    let file = Agent::log_dir(directory.path()).join("routing.json");
    std::fs::write(&file, r#"{"routing":{"mode":"all","weight":200}}"#).unwrap();
    agent.signal("HUP");
    eventually("it says so", || agent.log_text().contains("weight 200 is more than 100").then_some(()));
    assert_eq!(socket(directory.path(), None).1["weight"], 60);
    std::fs::write(&file, r#"{"routing":{"mode":"source"}}"#).unwrap();
    agent.signal("HUP");
    agent.await_status("it is taken", |status| status["routing"]["mode"] == "source");
    let (status, answer) = socket(directory.path(), Some(r#"{"mode":"all","weight":101}"#));
    assert!(status.contains("400") && answer["error"].is_string(), "{status} {answer}");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(file.with_extension("sock")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn official_clients_work_with_the_target_behind_the_product_check() {
    let (source, target) = (Lab::elasticsearch("7.10.2"), Lab::opensearch("2.19"));
    for (package, version) in [
        ("elasticsearch==7.10.1", "7.10.2"),
        ("elasticsearch==7.17.12", "7.17.29"),
        ("elasticsearch==8.19.0", "8.19.0"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let flags = ["--targetUri", target.url(), "--routing", "target", "--productCheck", version];
        let agent = Agent::start(source.url(), directory.path(), &flags);
        let python = run(Command::new(in_repository("clients/venv")).arg(package));
        ask(target.url(), "DELETE", "/product-check", "");
        let script = in_repository("clients/product_check.py");
        let said = run(Command::new(python.trim()).arg(script).args([
            "elasticsearch",
            &agent.url(),
            "product-check",
        ]));
        let expected = format!(
            "version {version}\nbulk 200 []\nget {{'n': 7}}\nsearch 50\ndelete deleted\nexists False\n"
        );
        assert_eq!(said, expected, "{package}");
    }
    let directory = tempfile::tempdir().unwrap();
    let flags = ["--targetUri", target.url(), "--routing", "target", "--productCheck", "7.17.29"];
    let agent = Agent::start(source.url(), directory.path(), &flags);
    let said = run(Command::new(in_repository("clients/java/run")).args([&agent.url(), "java-target"]));
    assert!(said.contains("created 200") && said.lines().count() > 10, "{said}");
    assert!(agent.status()["routing"]["requests"]["target"].as_u64() > Some(200));
}
