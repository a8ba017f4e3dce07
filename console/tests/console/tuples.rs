//! `tuples ...` and `compare` on files as the replayer and the existing tool write them.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use crate::process::{Run, switchover};

fn answer(status: u16, body: &str) -> String {
    format!(
        r#"{{"content-type":["application/json"],"HTTP-Version":"HTTP/1.1","Status-Code":{status},"Reason-Phrase":"X","response_time_ms":7,"payload":{{"inlinedJsonBody":{body}}}}}"#
    )
}

/// As the existing tool writes it: no comparison, and the password in the clear.
fn theirs(id: &str, target: &str, source: &str, replayed: &str) -> String {
    format!(
        r#"{{"sourceRequest":{{"Host":["s"],"Authorization":["Basic c2VjcmV0"],"Request-URI":"{target}","Method":"GET","HTTP-Version":"HTTP/1.1","payload":{{"inlinedTextBody":""}}}},"sourceResponse":{source},"targetResponses":[{replayed}],"connectionId":"{id}","numRequests":1,"numErrors":0}}"#
    ) + "\n"
}

fn two_tuples() -> String {
    let same = theirs("c.0", "/a/_doc/1", &answer(200, r#"{"a":1}"#), &answer(200, r#"{"a":1}"#));
    let other = theirs(
        "c.1",
        "/b/_search?q=x",
        &answer(200, r#"{"hits":{"total":1,"hits":[]}}"#),
        &answer(500, "{}"),
    );
    same + &other
}

fn run(arguments: &[&str], path: &Path) -> Run {
    switchover(&[arguments, &[path.to_str().unwrap()]].concat())
}

#[test]
fn tuples_are_listed_and_filtered() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tuples.log");
    fs::write(&file, two_tuples()).unwrap();
    let all = run(&["tuples", "show"], &file);
    assert_eq!((all.code, all.stdout.lines().count()), (0, 3), "{all:?}");
    assert!(
        all.stdout.contains("different           200 500     7 7                  GET /b/_search?q=x [c.1]"),
        "{}",
        all.stdout
    );
    for (filter, rows) in [
        (&["--verdict", "different"][..], 1),
        (&["--verdict", "expectedDifference"], 0),
        (&["--status", "200"], 1),
        (&["--path", "/a/*"], 1),
        (&["--path", "/b/_search"], 1),
        (&["--path", "/b"], 0),
        (&["--limit", "1"], 1),
        (&["--limit", "0"], 0),
    ] {
        let json = run(&[&["--json", "tuples", "show"], filter].concat(), &file);
        assert_eq!((json.code, json.stdout.lines().count()), (0, rows), "{filter:?}");
        assert!(!json.stdout.contains("c2VjcmV0"), "{}", json.stdout);
    }
}

#[test]
fn compare_reports_and_its_exit_code_counts_differences() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tuples.log");
    fs::write(&file, two_tuples()).unwrap();
    let report = dir.path().join("report.json");
    let found = run(&["compare", "--reportFile", report.to_str().unwrap()], &file);
    assert_eq!(found.code, 3, "{found:?}");
    assert!(found.stdout.contains("DIFFERENT: 1 of 2 answers differ (allowed 0)"), "{}", found.stdout);
    assert_eq!(found.stderr, "");
    let json: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    assert_eq!((&json["exitCode"], &json["requests"]["same"]), (&3.into(), &1.into()));
    assert_eq!(json["differences"][0]["examples"][0]["id"], "c.1");
    assert!(fs::read_to_string(dir.path().join("report.html")).unwrap().contains("DIFFERENT"));
    let allowed = run(&["--json", "compare", "--maxDifferences", "1"], &file);
    assert_eq!((allowed.code, &allowed.json()["exitCode"]), (0, &0.into()));
    let page = run(&["compare", "--reportFile", dir.path().join("x.html").to_str().unwrap()], &file);
    assert_eq!(page.code, 1, "the page would be written over the report");
}

#[test]
fn a_directory_stands_for_its_closed_files_and_the_live_one() {
    let dir = tempfile::tempdir().unwrap();
    let same = |id: &str| theirs(id, "/a/_doc/1", &answer(200, "{}"), &answer(200, "{}"));
    fs::write(dir.path().join("tuples.log"), same("third")).unwrap();
    let closed = |name: &str| fs::File::create(dir.path().join(name)).unwrap();
    let gzip = std::process::Command::new("gzip")
        .arg("-c")
        .stdin(std::process::Stdio::piped())
        .stdout(closed("tuples-20260101T000000.log.gz"))
        .spawn();
    let mut gzip = gzip.unwrap();
    gzip.stdin.take().unwrap().write_all(same("first").as_bytes()).unwrap();
    assert!(gzip.wait().unwrap().success());
    closed("tuples-20260102T000000.log").write_all(same("second").as_bytes()).unwrap();
    closed("report.json").write_all(b"no tuple").unwrap();
    let shown = run(&["tuples", "show"], dir.path());
    let ids: Vec<_> = shown.stdout.lines().skip(1).map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!((shown.code, ids), (0, vec!["[first]", "[second]", "[third]"]));
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(run(&["compare"], empty.path()).code, 1);
}

#[test]
fn lines_that_are_no_tuples_are_told_and_fail() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tuples.log");
    fs::write(&file, format!("{{\"x\":1}}\n{}torn", two_tuples())).unwrap();
    let converted = run(&["tuples", "convert"], &file);
    assert_eq!((converted.code, converted.stdout.lines().count()), (1, 2), "{converted:?}");
    assert!(
        converted.stderr.contains("tuples.log:1: not a tuple") && converted.stderr.contains(":4:"),
        "{}",
        converted.stderr
    );
    assert!(converted.stderr.contains("2 lines are not tuples"), "{}", converted.stderr);
    let compared = run(&["compare"], &file);
    assert_eq!(
        (compared.code, compared.stderr.matches("not a tuple").count()),
        (1, 2),
        "told once: {compared:?}"
    );
    assert!(compared.stdout.contains("1 of 2 answers differ"), "{}", compared.stdout);
    assert_eq!(run(&["compare"], &dir.path().join("none")).code, 1);
}

#[test]
fn tuples_convert_to_the_other_tools_shapes_and_back() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, older) = (dir.path().join("ours"), dir.path().join("older"));
    fs::write(&ours, two_tuples()).unwrap();
    let converted = run(&["tuples", "convert", "--to", "base64-body"], &ours);
    let first: Value = serde_json::from_str(converted.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["sourceResponse"]["body"], &first["sourceRequest"]["Authorization"]),
        (&"eyJhIjoxfQ==".into(), &"REDACTED".into())
    );
    fs::write(&older, &converted.stdout).unwrap();
    let back = run(&["tuples", "convert"], &older);
    let first: Value = serde_json::from_str(back.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(first["comparison"]["verdict"], "same");
    assert_eq!(first["sourceResponse"]["payload"]["inlinedJsonBody"]["a"], 1);
    let plain = run(&["tuples", "convert", "--to", "opensearch-migrations"], &ours);
    assert!(!plain.stdout.contains("comparison"));
}
