//! `switchover snapshot ls` and `cat` on a small repository that Elasticsearch 7.10.2 wrote.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::process::{Run, switchover};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/snapshot/testdata/parts")
}

fn run(command: &str, repo: &Path, more: &[&str]) -> Run {
    let repo = repo.canonicalize().unwrap();
    switchover(&[&["snapshot", command, "--repo", repo.to_str().unwrap()], more].concat())
}

fn lines(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn snapshots_are_listed_in_order_of_time() {
    let output = run("ls", &repository(), &[]);
    assert_eq!(output.code, 0);
    let rows: Vec<_> = output.stdout.lines().collect();
    let words = |row: &str| row.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        words(rows[0]),
        ["SNAPSHOT", "STATE", "VERSION", "START", "END", "INDICES", "SHARDS", "FAILED"]
    );
    assert_eq!(words(rows[1])[..4], ["first", "SUCCESS", "Elasticsearch", "7.10.2"]);
    assert_eq!(words(rows[2])[6..], ["1", "2", "0"], "{rows:?}");

    let listed = run("ls", &repository(), &["--json"]).json();
    assert_eq!(listed["schema"], "switchover.snapshot.ls/1");
    let rows = &listed["snapshots"];
    assert_eq!(rows[1]["snapshot"], "second");
    assert_eq!(rows[1]["indices"], json!(["books"]));
    assert!(rows[0]["startMillis"].as_i64() < rows[1]["startMillis"].as_i64());
}

#[test]
fn indices_of_a_snapshot() {
    let output = run("ls", &repository(), &["--snapshot", "first", "--json"]);
    let listed = output.json();
    assert_eq!(listed["schema"], "switchover.snapshot.indices/1");
    let indices = listed["indices"].as_array().unwrap();
    assert_eq!((&indices[0]["index"], &indices[1]["index"]), (&json!("books"), &json!("empty")));
    assert_eq!((&indices[0]["shards"], &indices[0]["failures"]), (&json!(2), &json!([])));
    assert!(indices[0]["bytes"].as_u64() > Some(5_000) && indices[0]["files"].as_u64() > Some(5), "{listed}");
    let table = run("ls", &repository(), &["--snapshot", "first"]);
    assert!(table.stdout.contains("books"));
}

#[test]
fn documents_are_lines() {
    let all = lines(&run("cat", &repository(), &["--snapshot", "second"]));
    assert_eq!(all.len(), 25);
    let one = all.iter().find(|line| line["id"] == "b3").unwrap();
    assert_eq!(one, &json!({"index": "books", "id": "b3", "source": {"title": "book b3"}}));
    // As it was sent: with its blanks and escapes.
    let output = run("cat", &repository(), &["--snapshot", "second", "--index", "b*", "--limit", "30"]);
    assert!(output.stdout.contains(r#""source":{"title": "book 1", "gr\u00f6\u00dfe": 1, "#));

    for (index, limit, count) in [("books", "3", 3), ("empty", "3", 0), ("*", "0", 0)] {
        let output = run("cat", &repository(), &["--snapshot", "first", "--index", index, "--limit", limit]);
        assert_eq!(output.code, 0);
        assert_eq!(lines(&output).len(), count, "{index} {limit}");
    }
}

#[test]
fn what_does_not_exist_fails() {
    for (command, arguments, told) in [
        ("ls", &["--snapshot", "third"][..], "there is no snapshot third"),
        ("cat", &["--snapshot", "third"], "first"),
        ("cat", &["--snapshot", "first", "--index", "x*"], "no index of snapshot first matches x*"),
    ] {
        let output = run(command, &repository(), arguments);
        assert_eq!(output.code, 1);
        assert!(output.stderr.contains(told), "{}", output.stderr);
        assert!(output.stdout.is_empty());
    }
    let wrong =
        Command::new(env!("CARGO_BIN_EXE_switchover")).args(["snapshot", "ls", "--repo", "x"]).output();
    assert_eq!(wrong.unwrap().status.code(), Some(2));
}

#[test]
fn a_shard_that_can_not_be_read_does_not_hide_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-r").arg(repository()).arg(dir.path()).status().unwrap();
    assert!(copied.success());
    let broken = dir.path().join("parts");
    let index = fs::read_dir(broken.join("indices")).unwrap().map(|entry| entry.unwrap().path());
    let index = index.into_iter().find(|path| path.join("1").exists()).unwrap();
    for entry in fs::read_dir(index.join("1")).unwrap().map(Result::unwrap) {
        if entry.file_name().to_str().unwrap().starts_with("__") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    let output = run("cat", &broken, &["--snapshot", "first"]);
    assert_eq!(output.code, 1, "not everything was printed");
    let printed = lines(&output).len();
    assert!((1..20).contains(&printed), "{printed}");
    let said = &output.stderr;
    assert!(
        said.contains("error: index books, shard 1: cannot read file:///") && said.contains("not everything"),
        "{said}"
    );
}
