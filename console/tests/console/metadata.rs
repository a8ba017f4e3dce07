//! `metadata migrate` of a plan to a scripted target: Ctrl-C in the middle, and a target that takes nothing.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{Run, command};
use crate::scripted::Scripted;

const OPENSEARCH: &str = r#"{"version":{"distribution":"opensearch","number":"2.19.4"},"tagline":"The OpenSearch Project: https://opensearch.org/"}"#;
const PIPELINES: [&str; 3] = ["one", "three", "two"];
const LONG: Duration = Duration::from_secs(60);

/// What was made, by path.
type Made = Arc<Mutex<BTreeMap<String, Value>>>;

/// A target that asks `answer` what becomes of a `PUT`.
fn target(answer: impl Fn() -> u16 + Send + Sync + 'static) -> (Scripted, Made) {
    let made = Made::default();
    let kept = Arc::clone(&made);
    let target = Scripted::with_bodies(move |request, body| {
        let mut words = request.split_whitespace();
        match (words.next().unwrap(), words.next().unwrap()) {
            ("GET", "/") => (200, OPENSEARCH.to_owned()),
            ("GET", "/_ingest/pipeline") => (200, json!(*kept.lock().unwrap()).to_string()),
            ("PUT", path) => {
                let status = answer();
                if status == 200 {
                    let name = path.trim_start_matches("/_ingest/pipeline/").to_owned();
                    kept.lock().unwrap().insert(name, serde_json::from_str(body).unwrap());
                }
                (
                    status,
                    json!({"error": {"type": "parse_exception", "reason": "no such processor"}}).to_string(),
                )
            }
            _ => (200, "{}".to_owned()),
        }
    });
    (target, made)
}

/// A plan of pipelines, and the command that follows it.
fn migrate(target: &Scripted) -> (TempDir, Command) {
    let folder = tempfile::tempdir().unwrap();
    let items = PIPELINES.map(
        |name| json!({"kind": "pipeline", "name": name, "outcome": "ready", "body": {"processors": []}}),
    );
    let plan = json!({"schema": 1, "source": "ES 7.10.2", "target": "OpenSearch 2.19.4", "items": items});
    let file = folder.path().join("plan.json");
    std::fs::write(&file, plan.to_string()).unwrap();
    let uri = target.uri();
    let mut command = command(&[
        "--config",
        "none.yaml",
        "--json",
        "metadata",
        "migrate",
        "--planFile",
        file.to_str().unwrap(),
        "--targetUri",
        &uri,
    ]);
    command.current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    (folder, command)
}

fn actions(run: &Run) -> Vec<String> {
    let pipelines = run.json()["items"]["ingestPipelines"].clone();
    let all = pipelines.as_array().unwrap().iter();
    all.map(|item| item["action"].as_str().unwrap().to_owned()).collect()
}

/// Tells of each `PUT`, and answers it when it may.
fn held() -> (impl Fn() -> u16 + Send + Sync + 'static, Receiver<()>, Sender<()>) {
    let (asked, seen) = channel();
    let (may, allowed) = channel();
    let both = Mutex::new((asked, allowed));
    let answer = move || {
        let both = both.lock().unwrap();
        // Nobody waits any more.
        let _ = both.0.send(());
        let _ = both.1.recv_timeout(LONG);
        200
    };
    (answer, seen, may)
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

/// Waits until it says that it stops.
fn stopping(child: &mut Child) {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.starts_with("stopping after this item")));
}

#[test]
fn ctrl_c_ends_the_item_under_way_and_reports_the_others() {
    let (answer, seen, may) = held();
    let (target, made) = target(answer);
    let (_folder, mut command) = migrate(&target);
    let mut child = command.spawn().unwrap();
    seen.recv_timeout(LONG).unwrap();
    interrupt(&child);
    stopping(&mut child);
    may.send(()).unwrap();
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!(run.code, 130, "{}{}", run.stdout, run.stderr);
    assert_eq!(actions(&run), ["created", "notTried", "notTried"], "{}", run.stdout);
    let report = run.json();
    assert_eq!((&report["interrupted"], &report["errorCode"]), (&json!(true), &json!(130)));
    assert_eq!(made.lock().unwrap().keys().collect::<Vec<_>>(), ["one"]);
}

#[test]
fn a_second_ctrl_c_does_not_wait_for_the_target() {
    let (answer, seen, _may) = held();
    let (target, _) = target(answer);
    let (_folder, mut command) = migrate(&target);
    let mut child = command.spawn().unwrap();
    seen.recv_timeout(LONG).unwrap();
    interrupt(&child);
    stopping(&mut child);
    interrupt(&child);
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!(run.code, 130, "{}{}", run.stdout, run.stderr);
    assert_eq!(actions(&run), ["failed", "notTried", "notTried"]);
    assert!(run.stdout.contains("whether it was made is not known"), "{}", run.stdout);
}

#[test]
fn a_target_that_takes_nothing_is_exit_code_5() {
    let (target, made) = target(|| 400);
    let (_folder, mut command) = migrate(&target);
    let run = Run::of(command.output().unwrap());
    assert_eq!(run.code, 5, "{}{}", run.stdout, run.stderr);
    assert_eq!(actions(&run), ["failed"; 3]);
    assert!(run.stdout.contains("no such processor") && made.lock().unwrap().is_empty(), "{}", run.stdout);
}
