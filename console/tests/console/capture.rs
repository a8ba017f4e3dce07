//! `capture ...` on logs written as an agent writes them.

mod follow;
mod stat;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use switchover_capture::log::Gap;

use crate::capture_log::{Writer, connection, damage, segments};
use crate::process::{Run, command, switchover};

const GET: &str = "GET /my-index/_search?q=a HTTP/1.1\r\nHost: es\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
const BULK: &str =
    "POST /_bulk HTTP/1.1\r\nHost: es\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{}\n\r\n0\r\n\r\n";
const CREATED: &str = "HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n";

fn cat(path: &Path, options: &[&str]) -> Run {
    switchover(&[&["capture", "cat", path.to_str().unwrap()], options].concat())
}

fn json_lines(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn raw(message: &Value) -> String {
    String::from_utf8(BASE64.decode(message["rawBase64"].as_str().unwrap()).unwrap()).unwrap()
}

#[test]
fn pairs_of_several_connections() {
    let dir = tempfile::tempdir().unwrap();
    let first = connection("connection-a", &[(GET, OK), (BULK, CREATED)]);
    let second = connection("connection-b", &[(BULK, CREATED)]);
    let mut writer = Writer::open(dir.path());
    writer.records(&first[..1]);
    writer.records(&second);
    writer.records(&first[1..]);

    let run = cat(dir.path(), &["--json"]);
    assert_eq!((run.code, &*run.stderr), (0, ""));
    let pairs = json_lines(&run);
    let places: Vec<_> = pairs
        .iter()
        .map(|pair| (pair["connectionId"].as_str().unwrap(), pair["requestIndex"].as_u64().unwrap()))
        .collect();
    assert_eq!(places, [("connection-a", 0), ("connection-b", 0), ("connection-a", 1)]);
    let pair = &pairs[2];
    assert_eq!((raw(&pair["request"]), raw(&pair["response"])), (BULK.to_owned(), CREATED.to_owned()));
    assert_eq!(pair["nodeId"], "node-1");
    assert_eq!((&pair["request"]["method"], &pair["request"]["path"]), (&"POST".into(), &"/_bulk".into()));
    assert_eq!(pair["request"]["ts"], "2026-11-21T12:00:00.100000000Z");
    assert_eq!(pair["response"]["ts"], "2026-11-21T12:00:00.125000000Z");
    assert_eq!((&pair["response"]["status"], &pair["end"]), (&201.into(), &"complete".into()));

    let run = cat(dir.path(), &[]);
    assert_eq!((run.code, &*run.stderr, run.stdout.lines().count()), (0, "", 3));
    let expected = format!(
        "2026-11-21T12:00:00.000000000Z connecti#0 GET /my-index/_search?q=a {} B -> 200 {} B 25.000 ms",
        GET.len(),
        OK.len()
    );
    assert_eq!(run.stdout.lines().next().unwrap(), expected);
}

#[test]
fn a_request_that_is_not_answered_yet() {
    let dir = tempfile::tempdir().unwrap();
    let mut records = connection("a", &[(GET, OK), (GET, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")]);
    records.pop();
    Writer::open(dir.path()).records(&records);
    let pairs = json_lines(&cat(dir.path(), &["--json"]));
    assert_eq!((&pairs[0]["end"], &pairs[1]["end"]), (&"complete".into(), &"stillOpen".into()));
    assert!(cat(dir.path(), &[]).stdout.ends_with("(stillOpen)\n"));
}

#[test]
fn files_of_records_and_a_bad_line_among_them() {
    let dir = tempfile::tempdir().unwrap();
    let lines =
        |records: &[Vec<u8>]| -> Vec<String> { records.iter().map(|record| BASE64.encode(record)).collect() };
    let mut lines = lines(&connection("a", &[(GET, OK), (BULK, CREATED)]));
    let path = dir.path().join("records");
    fs::write(&path, lines.join("\n")).unwrap();
    let good = cat(&path, &["--json"]);
    assert_eq!((good.code, &*good.stderr, json_lines(&good).len()), (0, "", 2));

    lines.insert(1, "not a record".to_owned());
    fs::write(&path, lines.join("\n")).unwrap();
    let run = cat(&path, &["--json"]);
    assert_eq!((run.code, &run.stdout), (1, &good.stdout));
    assert!(run.stderr.contains("records: record 2 of the input: not base64"), "{}", run.stderr);

    let run = cat(&path, &["--follow"]);
    assert_eq!((run.code, &*run.stdout), (2, ""));
    assert!(run.stderr.contains("only the directory of a capture log can be followed"), "{}", run.stderr);
}

#[test]
fn nothing_there_is_told_from_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    for expected in ["", "", "opened"] {
        let run = cat(dir.path(), &["--json"]);
        assert_eq!((run.code, &*run.stdout), (0, ""), "{expected}");
        assert!(run.stderr.ends_with(" is empty\n"), "{}", run.stderr);
        drop(Writer::open(dir.path()));
    }
    let run = cat(&dir.path().join("missing"), &[]);
    assert_eq!((run.code, &*run.stdout), (1, ""));
    assert!(run.stderr.contains("missing") && run.stderr.contains("captureLogDir"), "{}", run.stderr);
}

#[test]
fn gaps_and_missing_records_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let records = connection("a", &[(GET, OK), (BULK, CREATED), (GET, OK)]);
    let mut writer = Writer::open(dir.path());
    writer.records(&records[..1]);
    writer.records(&records[..1]);
    writer.gap(&Gap { requests: 7, reason: "the log was full\x1b[2J".to_owned(), ..Gap::default() });
    writer.records(&records[2..]);
    let run = cat(dir.path(), &["--json"]);
    assert_eq!((run.code, json_lines(&run).len()), (0, 2));
    assert!(run.stderr.contains("connection a of node node-1: record 1 was seen before"), "{}", run.stderr);
    assert!(run.stderr.contains("7 requests"), "{}", run.stderr);
    assert!(run.stderr.contains("(the log was full\\u{1b}[2J)"), "{}", run.stderr);
    assert!(run.stderr.contains("records 2 to 2 are missing"), "{}", run.stderr);
}

#[test]
fn what_follows_damage_is_shown_and_the_damage_told() {
    let dir = tempfile::tempdir().unwrap();
    Writer::open(dir.path()).records(&connection("a", &[(GET, OK)]));
    Writer::open(dir.path()).records(&connection("b", &[(BULK, CREATED)]));
    let segment = segments(dir.path()).remove(0);
    damage(&segment, "my-index");
    let run = cat(dir.path(), &["--json"]);
    assert_eq!(run.code, 1);
    let pairs = json_lines(&run);
    assert_eq!((pairs.len(), &pairs[0]["connectionId"]), (1, &"b".into()));
    let place = format!("error: {} at offset ", segment.display());
    assert!(
        run.stderr.starts_with(&place) && run.stderr.contains("could be read, as said above"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let dir = tempfile::tempdir().unwrap();
    let exchanges = vec![(GET, OK); 5_000];
    Writer::open(dir.path()).records(&connection("a", &exchanges));
    let mut child = command(&["capture", "cat", dir.path().to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.ends_with("ms\n"), "{line}");
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!((run.code, &*run.stderr), (0, ""));
}
