//! `snapshot create`, `status`, `delete`, `unregister-repo` and `verify` against a scripted source.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::process::Run;
use crate::scripted::Scripted;
use crate::services_file::Services;

const ROOT: &str = r#"{"version":{"number":"7.10.2"},"tagline":"You Know, for Search"}"#;
const NONE: &str =
    r#"{"error":{"type":"snapshot_missing_exception","reason":"[r:s] is missing"},"status":404}"#;

/// A source that keeps what it is told. `states`: what the snapshot is at each question after it was created; the last
/// one stays.
struct Source {
    server: Scripted,
    bodies: Arc<Mutex<Vec<(String, String)>>>,
}

fn snapshot(state: &str) -> String {
    let failures = match state {
        "PARTIAL" => json!([{"index": "books", "shard_id": 1, "reason": "primary shard is not allocated"}]),
        _ => json!([]),
    };
    let failed = failures.as_array().unwrap().len();
    json!({"snapshots": [{
        "snapshot": "s", "state": state, "start_time_in_millis": 1_700_000_000_000i64,
        "end_time_in_millis": 1_700_000_010_000i64, "failures": failures,
        "shards": {"total": 5, "failed": failed, "successful": 5 - failed},
    }]})
    .to_string()
}

fn statuses() -> String {
    json!({"snapshots": [{
        "snapshot": "s", "state": "STARTED",
        "shards_stats": {"initializing": 0, "started": 3, "finalizing": 0, "done": 2, "failed": 0, "total": 5},
        "stats": {
            "incremental": {"file_count": 10, "size_in_bytes": 104_857_600u64},
            "processed": {"file_count": 5, "size_in_bytes": 52_428_800u64},
            "start_time_in_millis": 1_700_000_000_000i64, "time_in_millis": 10_000,
        },
    }]})
    .to_string()
}

impl Source {
    fn new(repository: Option<Value>, exists: bool, states: &'static [&'static str]) -> Self {
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&bodies);
        let repository = Mutex::new(repository.map(|value| value.to_string()));
        let (exists, asked) = (Mutex::new(exists), AtomicUsize::new(0));
        let server = Scripted::with_bodies(move |request, body| {
            seen.lock().unwrap().push((request.to_owned(), body.to_owned()));
            let (mut repository, mut exists) = (repository.lock().unwrap(), exists.lock().unwrap());
            let yes = || (200, r#"{"acknowledged":true}"#.to_owned());
            match request {
                "GET /" => (200, ROOT.to_owned()),
                "GET /_snapshot/r" => match &*repository {
                    Some(repository) => (200, format!(r#"{{"r":{repository}}}"#)),
                    None => (404, NONE.to_owned()),
                },
                "PUT /_snapshot/r" => {
                    *repository = Some(body.to_owned());
                    yes()
                }
                "DELETE /_snapshot/r" => match repository.take() {
                    Some(_) => yes(),
                    None => (404, NONE.to_owned()),
                },
                "POST /_snapshot/r/_verify" => (200, r#"{"nodes":{"a":{},"b":{}}}"#.to_owned()),
                "GET /_snapshot/r/s/_status" if *exists => (200, statuses()),
                request if request.starts_with("PUT /_snapshot/r/s") => {
                    *exists = true;
                    (200, r#"{"accepted":true}"#.to_owned())
                }
                request if request.starts_with("GET /_snapshot/r/s") && *exists => {
                    let at = asked.fetch_add(1, Ordering::SeqCst).min(states.len() - 1);
                    (200, snapshot(states[at]))
                }
                request if request.starts_with("DELETE /_snapshot/r/s") && *exists => {
                    *exists = false;
                    yes()
                }
                request if request.starts_with("GET /_snapshot/r/s") => (404, NONE.to_owned()),
                other => (500, format!("unexpected: {other}")),
            }
        });
        Self { server, bodies }
    }

    fn body(&self, request: &str) -> Value {
        let bodies = self.bodies.lock().unwrap();
        let found = bodies.iter().rfind(|(seen, _)| seen.starts_with(request));
        serde_json::from_str(&found.unwrap_or_else(|| panic!("{request} in {bodies:?}")).1).unwrap()
    }

    fn asked(&self, request: &str) -> usize {
        self.server.requests().iter().filter(|seen| seen.starts_with(request)).count()
    }
}

fn services(server: &Scripted, storage: &str) -> Services {
    let uri = server.uri();
    Services::new(&format!(
        "source: {{endpoint: '{uri}'}}\nsnapshot: {{snapshot_name: s, snapshot_repo_name: r, {storage}}}\n"
    ))
}

const FS: &str = "fs: {repo_path: /mnt/backup}";
const S3: &str =
    "s3: {repo_uri: 's3://bucket/a/b/', aws_region: eu-west-1, endpoint: 'http://minio:9000', role: 'arn:x'}";

fn fs() -> Option<Value> {
    Some(json!({"type": "fs", "settings": {"location": "/mnt/backup", "compress": "true"}}))
}

fn run(source: &Source, arguments: &[&str]) -> Run {
    services(&source.server, FS).run(&[&["snapshot"], arguments].concat())
}

#[test]
fn create_registers_and_starts() {
    let source = Source::new(None, false, &["IN_PROGRESS"]);
    let created =
        run(&source, &["create", "--max-snapshot-rate-mb-per-node", "50", "--index-allowlist", "a*,-ab"]);
    assert_eq!((created.code, &*created.stderr), (0, ""));
    assert_eq!(created.stdout, "Snapshot s creation initiated successfully\n");
    let settings = json!({"location": "/mnt/backup", "max_snapshot_bytes_per_sec": "50mb"});
    assert_eq!(
        source.body("PUT /_snapshot/r"),
        json!({"ignore_unavailable": true, "include_global_state": true, "indices": "a*,-ab"})
    );
    let registered =
        source.bodies.lock().unwrap().iter().find(|(seen, _)| seen == "PUT /_snapshot/r").unwrap().1.clone();
    assert_eq!(
        serde_json::from_str::<Value>(&registered).unwrap(),
        json!({"type": "fs", "settings": settings})
    );

    let again = run(&source, &["create"]);
    assert_eq!((again.code, &*again.stdout), (0, "Snapshot s is already being created\n"));
    assert_eq!(source.asked("PUT /_snapshot/r/s"), 1);
    assert_eq!(source.asked("PUT /_snapshot/r"), 2);
}

#[test]
fn a_bucket_with_all_its_settings() {
    let source = Source::new(None, false, &["SUCCESS"]);
    let created = services(&source.server, S3).run(&["snapshot", "create", "--json"]);
    let expected =
        json!({"schemaVersion": 1, "snapshot": "s", "repository": "r", "state": "SUCCESS", "created": true});
    assert_eq!((created.code, created.json()), (0, expected));
    let bodies = source.bodies.lock().unwrap();
    let registered = &bodies.iter().find(|(seen, _)| seen == "PUT /_snapshot/r").unwrap().1;
    let settings = json!({
        "bucket": "bucket", "region": "eu-west-1", "base_path": "a/b", "endpoint": "http://minio:9000",
        "path_style_access": "true", "role_arn": "arn:x",
    });
    assert_eq!(
        serde_json::from_str::<Value>(registered).unwrap(),
        json!({"type": "s3", "settings": settings})
    );
}

#[test]
fn what_a_person_set_stays_and_another_place_is_refused() {
    let source = Source::new(fs(), true, &["SUCCESS"]);
    let run_ = run(&source, &["create"]);
    assert_eq!(run_.code, 0, "{}", run_.stderr);
    assert!(
        run_.stdout
            .starts_with("Snapshot s exists already, complete since 2023-11-14 22:13:30: nothing was done."),
        "{}",
        run_.stdout
    );
    assert_eq!(source.asked("PUT "), 0);
    let run_ = run(&source, &["create", "--max-snapshot-rate-mb-per-node", "9"]);
    assert_eq!(run_.code, 0, "{}", run_.stderr);
    let settings =
        json!({"location": "/mnt/backup", "compress": "true", "max_snapshot_bytes_per_sec": "9mb"});
    assert_eq!(source.body("PUT /_snapshot/r")["settings"], settings);

    let elsewhere =
        Source::new(Some(json!({"type": "fs", "settings": {"location": "/other"}})), false, &["SUCCESS"]);
    let run_ = run(&elsewhere, &["create"]);
    assert_eq!(run_.code, 1);
    assert!(
        run_.stderr.contains("another place (fs other)") && run_.stderr.contains("unregister-repo"),
        "{}",
        run_.stderr
    );
    assert_eq!(elsewhere.asked("PUT "), 0);
}

#[test]
fn waiting_ends_with_the_snapshots_own_end() {
    let source = Source::new(None, false, &["IN_PROGRESS", "IN_PROGRESS", "SUCCESS"]);
    let good = run(&source, &["create", "--wait"]);
    assert_eq!(good.code, 0, "{}", good.stderr);
    assert!(good.stdout.ends_with("Snapshot s is complete: 5 shards\n"), "{}", good.stdout);
    assert_eq!(good.stderr, "50.0%, 50.0 of 100.0 MiB, 2 of 5 shards, 0h 0m 10s left\n");
    for (state, told) in [
        ("PARTIAL", "is PARTIAL: 1 of 5 shards"),
        ("FAILED", "is FAILED"),
        ("INCOMPATIBLE", "is INCOMPATIBLE"),
    ] {
        let states: &'static [&'static str] = Box::leak(Box::new(["IN_PROGRESS", state]));
        let source = Source::new(None, false, states);
        let bad = run(&source, &["create", "--wait"]);
        assert_eq!(bad.code, 1);
        assert!(bad.stderr.contains(told) && bad.stderr.contains("snapshot delete"), "{}", bad.stderr);
        // Also when it was made by somebody before.
        let again = run(&source, &["create"]);
        assert_eq!(again.code, 1, "{}", again.stdout);
        assert_eq!(run(&source, &["status"]).code, 1);
    }
    let source = Source::new(fs(), true, &["PARTIAL"]);
    let bad = run(&source, &["status", "--deep-check"]);
    assert!(
        bad.stderr.contains("not saved: index books, shard 1: primary shard is not allocated"),
        "{}",
        bad.stderr
    );
}

#[test]
fn status_looks_as_it_did() {
    let source = Source::new(fs(), true, &["IN_PROGRESS"]);
    let shallow = run(&source, &["status"]);
    assert_eq!((shallow.code, &*shallow.stdout, &*shallow.stderr), (0, "IN_PROGRESS\n", ""));
    let deep = run(&source, &["status", "--deep-check"]);
    let expected = "Snapshot status: IN_PROGRESS
Start time: 2023-11-14 22:13:20
Finished time: 
Percent completed: 50.00%
Estimated time to completion: 0h 0m 10s
Data processed: 50.000/100.000 MiB
Throughput: 5.000 MiB/sec
Total shards: 5
Successful shards: 2
Failed shards: 0
";
    assert_eq!((deep.code, &*deep.stdout, &*deep.stderr), (0, expected, ""));
    let json = run(&source, &["status", "--deep-check", "--json"]).json();
    assert_eq!((&json["percentCompleted"], &json["state"]), (&json!(50.0), &json!("IN_PROGRESS")));
    assert_eq!((&json["bytesPerSecond"], &json["endMillis"]), (&json!(5_242_880.0), &json!(null)));

    let none = Source::new(fs(), false, &["SUCCESS"]);
    let run_ = run(&none, &["status"]);
    assert_eq!((run_.code, &*run_.stdout), (0, "Snapshot not started\n"));
    assert_eq!(run(&none, &["status", "--deep-check"]).stdout, "Snapshot not started\n");
    assert_eq!(run(&none, &["status", "--json"]).json()["state"], json!(null));
}

#[test]
fn what_is_not_known_is_no_number() {
    for answer in [(503, "{}"), (404, NONE), (200, r#"{"snapshots":[]}"#), (200, "<html>")] {
        let server = Scripted::new(move |request| match request {
            "GET /_snapshot/r/s" => (200, snapshot("IN_PROGRESS")),
            _ => (answer.0, answer.1.to_owned()),
        });
        let run = services(&server, FS).run(&["snapshot", "status", "--deep-check"]);
        assert_eq!(run.code, 1, "{answer:?}");
        assert!(
            run.stdout.contains("Percent completed: unknown\n")
                && run.stdout.contains("Throughput: unknown\n"),
            "{}",
            run.stdout
        );
        assert!(run.stderr.contains("how far the snapshot is can't be told"), "{}", run.stderr);
    }
    // Something else than the cluster says 404.
    let server = Scripted::new(|_| (404, "<html>not here</html>".to_owned()));
    let run = services(&server, FS).run(&["snapshot", "status"]);
    assert_eq!((run.code, &*run.stdout), (1, ""));
}

#[test]
fn delete_and_unregister() {
    let source = Source::new(fs(), true, &["SUCCESS"]);
    let services = services(&source.server, FS);
    for command in ["delete", "unregister-repo"] {
        let run = services.answer(&["snapshot", command], "n\n");
        assert_eq!((run.code, &*run.stdout), (1, ""));
        assert!(run.stderr.contains("Aborting command."), "{}", run.stderr);
    }
    assert_eq!(source.asked("DELETE"), 0);
    let run = services.answer(&["snapshot", "delete"], "y\n");
    assert_eq!((run.code, &*run.stdout), (0, "Snapshot s successfully deleted.\n"), "{}", run.stderr);
    let run = services.run(&["snapshot", "delete", "--acknowledge-risk"]);
    assert_eq!((run.code, &*run.stdout), (0, "Snapshot s does not exist.\n"));
    let run = services.run(&["snapshot", "unregister-repo", "--acknowledge-risk"]);
    assert_eq!((run.code, &*run.stdout), (0, "Repository 'r' deleted\n"));
    let run = services.run(&["snapshot", "unregister-repo", "--acknowledge-risk", "--json"]);
    assert_eq!((run.code, run.json()), (0, json!({"schemaVersion": 1, "repository": "r", "existed": false})));
}

#[test]
fn verify_explains_and_leaves_nothing() {
    let imds = r#"{"error":{"reason":"[r] path [x] is not accessible on master node","caused_by":{"reason":"Unable to upload object","caused_by":{"reason":"Unauthorized (Service: null; Status Code: 401; Error Code: null; Request ID: null)"}}},"status":500}"#;
    let server = Scripted::new(move |request| match request {
        "GET /" => (200, ROOT.to_owned()),
        "GET /_snapshot/r" => (404, NONE.to_owned()),
        "PUT /_snapshot/r" => (500, imds.to_owned()),
        "DELETE /_snapshot/r" => (200, "{}".to_owned()),
        other => (500, format!("unexpected: {other}")),
    });
    let run = services(&server, S3).run(&["snapshot", "verify"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("FAILED  register") && run.stdout.contains("IMDSv1"), "{}", run.stdout);
    assert_eq!(server.requests().last().unwrap(), "DELETE /_snapshot/r");

    // What it wrote can't be read from here: said, and removed all the same.
    let source = Source::new(None, false, &["SUCCESS"]);
    let services = services(&source.server, "fs: {repo_path: /nowhere/on/this/host}");
    let run = services.run(&["snapshot", "verify", "--json"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    let json = run.json();
    let steps: Vec<_> = json["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["step"].as_str().unwrap(), step["ok"] == true))
        .collect();
    let expected = [
        ("connect", true),
        ("register", true),
        ("nodes", true),
        ("snapshot", true),
        ("read", false),
        ("delete", true),
        ("unregister", true),
        ("leftovers", true),
    ];
    assert_eq!(steps, expected, "{json}");
    assert!(json["steps"][4]["detail"].as_str().unwrap().contains("local_path"), "{json}");
    let body = source.body("PUT /_snapshot/r/switchover-verify-");
    assert_eq!(body["indices"], "switchover-verify-no-such-index");
    assert_eq!(source.asked("DELETE /_snapshot/r/s"), 1);
}

#[test]
fn without_a_block_or_a_source() {
    let run = Services::new("source: {endpoint: 'http://127.0.0.1:1'}").run(&["snapshot", "status"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("Snapshot is not set"), "{}", run.stderr);
    let run = Services::new("snapshot: {snapshot_name: s, fs: {repo_path: /r}}").run(&["snapshot", "create"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("source_cluster is not defined"), "{}", run.stderr);
}
