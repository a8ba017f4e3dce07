//! `switchover verify` of a small repository that Elasticsearch 7.10.2 wrote, against a target that answers from a script.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::process::{Run, switchover};
use crate::scripted::{Scripted, nobody};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/snapshot/testdata/parts").canonicalize().unwrap()
}

fn verify(repo: &Path, target: &str, more: &[&str]) -> Run {
    let repo = repo.to_str().unwrap();
    let flags = ["verify", "--repo", repo, "--snapshot", "second", "--index", "books", "--targetUri", target];
    switchover(&[&flags, more].concat())
}

/// The documents of the snapshot, as `cat` shows them.
fn documents() -> Vec<Value> {
    let repo = repository();
    let run = switchover(&["snapshot", "cat", "--repo", repo.to_str().unwrap(), "--snapshot", "second"]);
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A target that has them; `special` may answer otherwise.
fn target(
    more: &'static [&'static str],
    special: impl Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static,
) -> Scripted {
    let documents = documents();
    let pages = AtomicU32::new(0);
    Scripted::with_bodies(move |request, body| {
        if let Some(answer) = special(request) {
            return answer;
        }
        let ids = || documents.iter().map(|one| one["id"].as_str().unwrap()).chain(more.iter().copied());
        let count = ids().count();
        let answer = match request.split('?').next().unwrap() {
            "HEAD /books" => json!({}),
            "POST /books/_refresh" => json!({"_shards": {"failed": 0}}),
            "GET /books/_count" => json!({"count": count, "_shards": {"failed": 0}}),
            "POST /books/_mget" => {
                let body: Value = serde_json::from_str(body).unwrap();
                let found = body["docs"].as_array().unwrap().iter().map(|asked| {
                    let one = documents.iter().find(|one| one["id"] == asked["_id"]).unwrap();
                    json!({"_index": "books", "_id": one["id"], "found": true, "_source": one["source"]})
                });
                json!({"docs": found.collect::<Vec<_>>()})
            }
            "POST /books/_search" | "POST /_search/scroll" => {
                let first = pages.fetch_add(1, Ordering::SeqCst) == 0;
                let hits: Vec<_> = ids().map(|id| json!({"_index": "books", "_id": id})).collect();
                let hits = if first { hits } else { Vec::new() };
                json!({"_scroll_id": "s", "timed_out": false, "_shards": {"failed": 0},
                    "hits": {"total": {"value": count}, "hits": hits}})
            }
            "DELETE /_search/scroll" => json!({}),
            other => return (400, format!("unexpected: {other}")),
        };
        (200, answer.to_string())
    })
}

#[test]
fn the_same_is_0_and_one_more_is_3() {
    let equal = verify(&repository(), &target(&[], |_| None).uri(), &[]);
    assert_eq!((equal.code, &*equal.stderr), (0, ""), "{}", equal.stdout);
    let count = documents().len();
    let last = equal.stdout.lines().last().unwrap();
    assert_eq!(last, format!("complete: {count} documents in 1 indices, all the same"));

    let more = verify(&repository(), &target(&["x", "y\u{1b}"], |_| None).uri(), &[]);
    assert_eq!((more.code, &*more.stderr), (3, ""), "{}", more.stdout);
    assert!(more.stdout.contains("books: extra: x, y\u{fffd}\n"), "{}", more.stdout);
    assert!(more.stdout.ends_with("2 differences\n"), "{}", more.stdout);

    let none = target(&[], |request| request.starts_with("HEAD").then(|| (404, String::new())));
    let none = verify(&repository(), &none.uri(), &["--json"]);
    let report: Value = serde_json::from_str(&none.stdout).unwrap();
    assert_eq!((none.code, &report["indices"][0]["missing"]), (3, &json!(count)), "{report}");
}

#[test]
fn what_could_not_be_compared_is_never_complete() {
    type Special = Box<dyn Fn(&str) -> Option<(u16, String)> + Send + Sync>;
    let at = |wanted: &'static str, status: u16, body: &'static str| -> Special {
        Box::new(move |request| request.starts_with(wanted).then(|| (status, body.to_owned())))
    };
    let no_count = r#"{"count":1000,"_shards":{"failed":1}}"#;
    for (special, told) in [
        (at("POST /books/_mget", 403, "{\"error\":\"no permission\"}"), "no permission"),
        (at("POST /books/_mget", 200, "<html>"), "does not answer as a cluster"),
        (at("HEAD", 401, ""), "401"),
        (at("POST /books/_refresh", 200, r#"{"_shards":{"failed":2}}"#), "2 of its shards"),
        (at("GET /books/_count", 200, no_count), "1 of its shards"),
        (at("GET /books/_count", 200, r#"{"count":0,"_shards":{"failed":0}}"#), "changed meanwhile"),
        // A page of ids is lost.
        (at("POST /_search/scroll", 500, "{}"), "500"),
        (
            at(
                "POST /books/_search",
                200,
                r#"{"_scroll_id":"s","timed_out":false,"_shards":{"failed":0},"hits":{"total":{"value":9},"hits":[]}}"#,
            ),
            "0 of its 9 ids",
        ),
    ] {
        let run = verify(&repository(), &target(&["x"], special).uri(), &[]);
        assert_eq!(run.code, 1, "{told}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(told) && run.stderr.contains("not verified"), "{told}: {}", run.stderr);
        assert!(!format!("{}{}", run.stdout, run.stderr).contains("complete"), "{}", run.stderr);
    }
    let away = verify(&repository(), &nobody(), &[]);
    assert_eq!((away.code, &*away.stdout), (1, ""));
    assert!(
        !away.stderr.contains("complete") && away.stderr.contains("connection failed"),
        "{}",
        away.stderr
    );
}

#[test]
fn a_snapshot_that_can_not_be_read_whole_says_nothing_of_extras() {
    let copy = tempfile::tempdir().unwrap();
    let copied =
        std::process::Command::new("cp").arg("-r").arg(repository()).arg(copy.path()).status().unwrap();
    assert!(copied.success());
    let mut folders = vec![copy.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap().to_string_lossy().starts_with("__") {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
    let run = verify(&copy.path().join("parts"), &target(&["x"], |_| None).uri(), &["--json"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        (run.code, &report["complete"], &report["indices"][0]["extra"]),
        (1, &json!(false), &Value::Null)
    );
    assert!(run.stderr.contains("index books, shard 0"), "{}", run.stderr);
}

#[test]
fn what_can_not_be_meant_is_told_before_anything_is_asked() {
    let repo = repository();
    let nobody = nobody();
    let none = switchover(&[
        "verify",
        "--repo",
        repo.to_str().unwrap(),
        "--snapshot",
        "second",
        "--targetUri",
        &nobody,
        "--index",
        "x*",
    ]);
    assert_eq!((none.code, &*none.stdout), (1, ""));
    assert!(none.stderr.contains("matches x*"), "{}", none.stderr);
    let usage = verify(&repo, &nobody, &["--targetUsername", "a"]);
    assert_eq!(usage.code, 2);
    assert!(usage.stderr.contains("--targetPasswordFile"), "{}", usage.stderr);
    assert_eq!(switchover(&["verify", "--repo", "/r", "--targetUri", &nobody]).code, 2);
    // Without a flag the services file says where the target is.
    let config = ["--config", "/none/services.yaml", "verify", "--repo", "/r", "--snapshot", "s"];
    let untold = switchover(&config);
    assert_eq!(untold.code, 1);
    assert!(untold.stderr.contains("/none/services.yaml"), "{}", untold.stderr);
}
