//! `capture stat`.

use std::fs;
use std::path::Path;

use serde_json::json;
use switchover_capture::log::{EntryKind, Gap};

use super::{BULK, CREATED, GET, OK};
use crate::capture_log::{Writer, connection, damage, segments};
use crate::process::{Run, switchover};

fn stat(dir: &Path, options: &[&str]) -> Run {
    switchover(&[&["capture", "stat", dir.to_str().unwrap()], options].concat())
}

#[test]
fn a_whole_log() {
    let dir = tempfile::tempdir().unwrap();
    let open = connection("b", &[(BULK, CREATED), (GET, "")]);
    Writer::open(dir.path()).records(&connection("a", &[(GET, OK), (BULK, CREATED)]));
    let mut writer = Writer::open(dir.path());
    writer.records(&open[..2]);
    writer.gap(&Gap {
        requests: 3,
        reason: "full".to_owned(),
        indices: vec!["i".to_owned()],
        ..Gap::default()
    });
    drop(writer);

    let run = stat(dir.path(), &["--json"]);
    assert_eq!((run.code, &*run.stderr), (0, ""));
    let stats = run.json();
    assert_eq!(stats["records"], 5);
    assert_eq!((&stats["requests"], &stats["answered"]), (&4.into(), &3.into()));
    assert_eq!(stats["connections"], 2);
    assert_eq!(stats["from"], "2026-11-21T12:00:00.000000000Z");
    assert_eq!(stats["to"], "2026-11-21T12:00:00.200000000Z");
    let bytes: u64 = segments(dir.path()).iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert_eq!((&stats["bytes"], &stats["segments"]), (&bytes.into(), &segments(dir.path()).len().into()));
    assert_eq!((&stats["gaps"][0]["requests"], &stats["gaps"][0]["indices"]), (&3.into(), &json!(["i"])));
    assert_eq!((&stats["tornTail"], &stats["damage"]), (&json!(null), &json!([])));

    let run = stat(dir.path(), &[]);
    assert_eq!((run.code, &*run.stderr), (0, ""));
    for line in [
        "records      5",
        "requests     4 (3 answered)",
        "connections  2",
        "time span    2026-11-21T12:00:00.000000000Z to 2026-11-21T12:00:00.200000000Z",
        "gaps         1",
        "torn tail    none",
        "damage       none, every checksum is right",
    ] {
        assert!(run.stdout.lines().any(|other| other == line), "{line:?} is not in\n{}", run.stdout);
    }
}

#[test]
fn an_empty_log_is_fine_a_missing_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let run = stat(dir.path(), &[]);
    assert_eq!((run.code, &*run.stderr), (0, ""));
    assert!(run.stdout.ends_with(" is empty\n"), "{}", run.stdout);
    let run = stat(dir.path(), &["--json"]);
    assert_eq!((run.code, &run.json()["records"], &run.json()["from"]), (0, &0.into(), &json!(null)));

    let missing = stat(&dir.path().join("missing"), &[]);
    assert_eq!((missing.code, &*missing.stdout), (1, ""));
    assert!(missing.stderr.contains("missing"), "{}", missing.stderr);
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let run = stat(&file, &[]);
    assert_eq!((run.code, &*run.stdout), (1, ""));
    assert!(run.stderr.contains("capture cat"), "{}", run.stderr);
}

#[test]
fn a_torn_tail_is_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    drop(Writer::open(dir.path()));
    Writer::open(dir.path()).records(&connection("a", &[(GET, OK), (BULK, CREATED)]));
    let segment = segments(dir.path()).pop().unwrap();
    let bytes = fs::read(&segment).unwrap();
    fs::write(&segment, &bytes[..bytes.len() - 1]).unwrap();
    let run = stat(dir.path(), &[]);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{}", run.stdout);
    assert!(run.stdout.contains("an unfinished write, no damage"), "{}", run.stdout);
    let stats = stat(dir.path(), &["--json"]).json();
    assert_eq!(stats["tornTail"]["segment"], segment.to_str().unwrap());
}

#[test]
fn damage_is_placed_and_fails() {
    let dir = tempfile::tempdir().unwrap();
    Writer::open(dir.path()).records(&connection("a", &[(GET, OK)]));
    Writer::open(dir.path()).records(&connection("b", &[(BULK, CREATED)]));
    let segment = segments(dir.path()).remove(0);
    damage(&segment, "my-index");
    let run = stat(dir.path(), &[]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains(&format!("  {} at offset ", segment.display())), "{}", run.stdout);
    assert!(run.stderr.contains("is damaged") && run.stderr.contains("copy"), "{}", run.stderr);
    let run = stat(dir.path(), &["--json"]);
    assert_eq!((run.code, &run.json()["damage"][0]["segment"]), (1, &segment.to_str().unwrap().into()));
    assert_eq!(run.json()["connections"], 1);
}

#[test]
fn entries_that_are_none_count_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path());
    writer.entry(EntryKind::Record, b"\xff\xff\xff");
    writer.entry(EntryKind::Gap, b"\xff\xff\xff");
    writer.records(&connection("a", &[(GET, OK)]));
    let run = stat(dir.path(), &["--json"]);
    assert_eq!((run.code, run.json()["damage"].as_array().unwrap().len()), (1, 2), "{}", run.stdout);
    assert_eq!(run.json()["requests"], 1);
}
