//! `status` and `serve` against scripted clusters.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::process::command;
use crate::scripted::{Scripted, nobody};
use crate::services_file::Services;

const NONE: &str = r#"{"error":{"type":"x","reason":"x"},"status":404}"#;
const SNAPSHOT: &str = r#"{"snapshots":[{"snapshot":"s","state":"SUCCESS","start_time_in_millis":1700000000000,"end_time_in_millis":1700000010000,"failures":[],"shards":{"total":5,"failed":0,"successful":5}}]}"#;

/// A cluster with these indices, and perhaps a snapshot.
fn cluster(indices: &'static str, has_snapshot: bool) -> Scripted {
    Scripted::new(move |request| match request {
        "GET /_snapshot/r/s" if has_snapshot => (200, SNAPSHOT.to_owned()),
        request if request.starts_with("GET /_cluster/state/metadata") => {
            (200, format!(r#"{{"metadata":{{"indices":{indices}}}}}"#))
        }
        _ => (404, NONE.to_owned()),
    })
}

fn services(source: &str, target: &str) -> Services {
    Services::new(&format!(
        "source: {{endpoint: '{source}'}}\ntarget: {{endpoint: '{target}'}}\nsnapshot: {{snapshot_name: s, snapshot_repo_name: r, fs: {{repo_path: /mnt/backup}}}}\nbackfill: {{reindex_from_snapshot: {{state_dir: state}}}}\n"
    ))
}

fn states(json: &Value) -> String {
    ["agents", "snapshot", "metadata", "backfill", "replay", "verification", "cutover"]
        .map(|phase| json[phase]["state"].as_str().unwrap().to_owned())
        .join(" ")
}

#[test]
fn what_was_begun_and_what_was_not() {
    let (source, target) = (cluster(r#"{"books":{}}"#, true), cluster("{}", false));
    let services = services(&source.uri(), &target.uri());
    let run = services.run(&["status", "--json"]);
    let json = run.json();
    assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
    assert_eq!(states(&json), "notStarted complete notStarted notStarted notStarted notStarted notStarted");
    assert_eq!(json["next"]["command"], "switchover metadata evaluate");
    assert_eq!(
        (&json["agents"]["inUse"], &json["metadata"]["inUse"]),
        (&Value::Bool(false), &Value::Bool(true))
    );
    let text = services.run(&["status"]);
    assert_eq!((text.code, &*text.stderr), (3, ""));
    for line in [
        "migration     running",
        "snapshot      complete",
        "  shards      5 of 5",
        "backfill      not started",
    ] {
        assert!(text.stdout.lines().any(|there| there == line), "{line}: {}", text.stdout);
    }
    for request in source.requests().iter().chain(&target.requests()) {
        assert!(request.starts_with("GET ") || request.starts_with("HEAD "), "it only looks: {request}");
    }
}

#[test]
fn a_cluster_that_is_away_makes_unknown_what_it_alone_knows() {
    let (source, gone) = (cluster("{}", true), nobody());
    let run = services(&source.uri(), &gone).run(&["status", "--json"]);
    let json = run.json();
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert_eq!(states(&json), "notStarted complete unknown unknown notStarted notStarted notStarted");
    let reason = json["backfill"]["reason"].as_str().unwrap();
    assert!(reason.contains(gone.trim_start_matches("http://")), "{reason}");
    let run = services(&gone, &source.uri()).run(&["status"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stdout.contains("snapshot      unknown: ") && run.stdout.contains("backfill      not started"),
        "{}",
        run.stdout
    );
}

#[test]
fn no_services_file_is_an_error() {
    let missing = crate::process::switchover(&["--config", "/nonexistent/x.yaml", "status"]);
    assert_eq!((missing.code, &*missing.stdout), (1, ""));
    assert!(missing.stderr.contains("switchover init"), "{}", missing.stderr);
    let wrong =
        services("http://127.0.0.1:1", "http://127.0.0.1:1").run(&["status", "--watch", "--interval", "0"]);
    assert_eq!(wrong.code, 2);
}

fn start(services: &Services, arguments: &[&str]) -> Child {
    let path = services.path();
    let mut command = command(&[&["--config", path.to_str().unwrap()], arguments].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn interrupt(child: &mut Child) -> i32 {
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    child.wait().unwrap().code().expect("it ends by itself")
}

#[test]
fn watch_adds_a_line_for_each_look_and_ends_with_the_last_verdict() {
    let (source, target) = (cluster("{}", true), cluster("{}", false));
    let services = services(&source.uri(), &target.uri());
    let mut child = start(&services, &["status", "--watch", "--interval", "1"]);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..2 {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert!(line.contains(" UTC running; snapshot complete; metadata not started"), "{line}");
        assert!(!line.contains('\x1b'), "{line}");
    }
    assert_eq!(interrupt(&mut child), 3);
}

fn get(address: &str, host: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[test]
fn serve_shows_the_same_to_this_host_alone() {
    let (source, target) = (cluster(r#"{"books":{}}"#, true), cluster("{}", false));
    let services = services(&source.uri(), &target.uri());
    let refused = services.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("--allow-remote"), "{}", refused.stderr);

    let mut child = start(&services, &["serve", "--listen", "127.0.0.1:0"]);
    let mut line = String::new();
    let mut talk = BufReader::new(child.stderr.take().unwrap());
    talk.read_line(&mut line).unwrap();
    let address = line.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    let begun = std::time::Instant::now();
    let json: Value = loop {
        let (status, body) = get(&address, &address, "/api/v1/status");
        if status == 200 {
            break serde_json::from_str(&body).unwrap();
        }
        assert!(status == 503 && begun.elapsed().as_secs() < 60, "{status} {body}");
    };
    assert_eq!((&json["schema"], &json["exitCode"]), (&"switchover.status/1".into(), &3.into()));
    assert_eq!(states(&json), "notStarted complete notStarted notStarted notStarted notStarted notStarted");
    let (status, page) = get(&address, "localhost:1", "/");
    assert_eq!(status, 200);
    assert!(page.contains("switchover metadata evaluate") && page.contains("5 of 5"), "{page}");
    assert!(get(&address, &address, "/metrics").1.contains("switchover_migration_state 3"));
    assert_eq!(get(&address, "attacker.example", "/").0, 421);
    let asked = source.requests().len();
    for _ in 0..50 {
        get(&address, &address, "/");
    }
    assert!(source.requests().len() < asked + 50, "viewers share what was seen");
    assert_eq!(interrupt(&mut child), 0);
}
