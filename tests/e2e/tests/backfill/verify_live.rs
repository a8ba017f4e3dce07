//! What `switchover verify` says of two live clusters: equal, each kind of difference, cut off in the middle, written since.

use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use switchover_testkit::http::ask;
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{Finished, Program, binary, eventually, run};

const DOCUMENTS: usize = 400;
const SHARDS: usize = 4;

struct Pair {
    source: Lab,
    target: Lab,
    folder: tempfile::TempDir,
}

impl Pair {
    /// The same indices on both sides, the target's made by `metadata migrate`.
    fn new(source: Lab) -> Self {
        let pair = Self { source, target: Lab::opensearch("2.19"), folder: tempfile::tempdir().unwrap() };
        pair.clear();
        let services = json!({
            "source_cluster": {"endpoint": pair.source.url(), "no_auth": null},
            "target_cluster": {"endpoint": pair.target.url(), "no_auth": null},
            "backfill": {"reindex_from_snapshot": {"state_dir": "state"}},
        });
        std::fs::write(pair.config(), services.to_string()).unwrap();
        let fields = json!({"n": {"type": "integer"}, "text": {"type": "keyword"}});
        let index = json!({"settings": {"number_of_shards": SHARDS, "number_of_replicas": 0},
            "mappings": {"properties": fields}, "aliases": {"live-alias": {}}});
        let made = ask(pair.source.url(), "PUT", "/live-books", &index.to_string());
        assert_eq!(made.status, 200, "{}", String::from_utf8_lossy(&made.body));
        let migrated = pair.run(&["metadata", "migrate", "--indexAllowlist", "live-*", "--json"]);
        assert_eq!(migrated.code, Some(0), "{}{}", migrated.stdout, migrated.stderr);
        for url in [pair.source.url(), pair.target.url()] {
            bulk(url, "live-books");
        }
        pair
    }

    fn clear(&self) {
        for url in [self.source.url(), self.target.url()] {
            ask(url, "DELETE", "/live-*", "");
        }
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("services.yaml")
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        run("switchover", ["--config", self.config().to_str().unwrap()].iter().chain(arguments))
    }

    fn verify(&self, more: &[&str]) -> Finished {
        self.run(&[&["verify", "--index", "live-*"], more].concat())
    }

    fn report(&self, more: &[&str]) -> (Option<i32>, Value) {
        let finished = self.verify(&[&["--json"], more].concat());
        let report = serde_json::from_str(&finished.stdout);
        (finished.code, report.unwrap_or_else(|_| panic!("{}{}", finished.stdout, finished.stderr)))
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Documents, each third with a routing.
fn bulk(url: &str, index: &str) {
    let mut lines = String::new();
    for n in 0..DOCUMENTS {
        let mut action = json!({"_index": index, "_id": format!("id-{n}")});
        if n % 3 == 0 {
            action["routing"] = json!(format!("r{}", n % 5));
        }
        writeln!(lines, "{}\n{}", json!({ "index": action }), json!({"n": n, "text": "x".repeat(n % 50)}))
            .unwrap();
    }
    let answer = ask(url, "POST", "/_bulk?refresh=true", &lines);
    assert_eq!((answer.status, &answer.json()["errors"]), (200, &json!(false)));
}

fn put(url: &str, path: &str, body: &Value) {
    let answer = ask(url, "PUT", path, &body.to_string());
    assert!(answer.status < 300, "{path}: {}", String::from_utf8_lossy(&answer.body));
}

fn each_difference_is_told(pair: &Pair) {
    let target = pair.target.url();
    put(target, "/live-books/_doc/id-1?refresh=true", &json!({"n": -1, "text": "x"}));
    ask(target, "DELETE", "/live-books/_doc/id-2?refresh=true", "");
    put(target, "/live-books/_doc/more?refresh=true", &json!({"n": 1}));
    // To the same shard, so that it is found, and otherwise.
    ask(target, "DELETE", "/live-books/_doc/id-3?routing=r3&refresh=true", "");
    put(target, "/live-books/_doc/id-3?routing=r4&refresh=true", &json!({"n": 3, "text": "xxx"}));
    put(target, "/live-books/_settings", &json!({"index.refresh_interval": "9s"}));
    put(target, "/live-books/_mapping", &json!({"properties": {"n": {"type": "integer", "coerce": false}}}));
    put(target, "/live-books/_alias/live-more", &json!({}));
    ask(target, "DELETE", "/live-books/_alias/live-alias", "");
    let (code, report) = pair.report(&[]);
    assert_eq!(code, Some(3), "{report:#}");
    let row = &report["indices"][0];
    let ids = |kind: &str| {
        let examples = row["examples"][kind].as_array().unwrap();
        let mut ids: Vec<_> = examples.iter().map(|one| one["id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        ids
    };
    let places: std::collections::BTreeSet<_> = row["examples"]["different"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].as_str().unwrap(), one["at"].as_str().unwrap()))
        .collect();
    assert_eq!(places, [("id-1", "/n"), ("id-3", "_routing")].into(), "{report:#}");
    assert_eq!((ids("missing"), ids("extra")), (vec!["id-2"], vec!["more"]), "{report:#}");
    let differences = report["definitions"]["differences"].as_array().unwrap();
    let told = |kind: &str, name: &str| {
        let found = differences.iter().find(|one| one["kind"] == kind && one["name"] == name);
        found.unwrap_or_else(|| panic!("{kind} {name}: {report:#}")).clone()
    };
    let index = told("index", "live-books").to_string();
    assert!(index.contains("refresh_interval") && index.contains("mappings.properties.n.coerce"), "{index}");
    assert_eq!(told("alias", "live-alias")["difference"], "missing");
    assert_eq!(told("alias", "live-more")["difference"], "extra");
    let text = pair.verify(&[]);
    assert!(text.stdout.contains("alias live-alias: missing\n"), "{}", text.stdout);
    assert!(text.stdout.lines().last().unwrap().starts_with("complete: "), "{}", text.stdout);
}

fn cut_off_it_goes_on(pair: &Pair) {
    let state = pair.folder.path().join("state/verify");
    // What was not written since the last time would not be read at all.
    for url in [pair.source.url(), pair.target.url()] {
        put(url, "/live-books/_doc/id-1", &json!({"n": 1, "text": "x"}));
    }
    let mut command = Command::new(binary("switchover"));
    command.args(["--config", pair.config().to_str().unwrap(), "verify", "--index", "live-*"]);
    command.args(["--concurrency", "1", "--maxDocsPerSecond", "100"]);
    let mut process = Program::spawn(command, pair.folder.path().join("verify.log"));
    // Which group it is, and a part of it.
    let lines = || std::fs::read_to_string(state.join("parts.ndjson")).map_or(0, |text| text.lines().count());
    eventually("a part is done", || (lines() >= 2).then_some(()));
    process.kill();
    let done = lines() - 1;
    assert!(done < SHARDS, "it was done already");
    let again = pair.verify(&["--json"]);
    assert_eq!(again.code, Some(0), "{}{}", again.stdout, again.stderr);
    assert!(again.stderr.contains("going on"), "{}", again.stderr);
    let report: Value = serde_json::from_str(&again.stdout).unwrap();
    let row = &report["indices"][0];
    assert_eq!((&row["same"], &row["extra"]), (&json!(DOCUMENTS), &json!(0)), "{report:#}");
    assert!(!state.join("parts.ndjson").exists() && !state.join("groups.ndjson").exists());
}

#[test]
fn two_live_clusters() {
    let pair = Pair::new(Lab::elasticsearch("7.10"));
    assert_eq!(pair.run(&["verify", "--last"]).code, Some(1));
    let (code, report) = pair.report(&["--concurrency", "2"]);
    assert_eq!(
        (code, &report["complete"], &report["equal"]),
        (Some(0), &json!(true), &json!(true)),
        "{report:#}"
    );
    assert_eq!(
        (&report["indices"][0]["same"], &report["stale"]),
        (&json!(DOCUMENTS), &json!(false)),
        "{report:#}"
    );
    assert_eq!(report["definitions"]["compared"], 2, "{report:#}");

    // Nothing was written: nothing is read again.
    let (code, report) = pair.report(&[]);
    assert_eq!((code, &report["notWrittenSince"][0]["indices"]), (Some(0), &json!(1)), "{report:#}");
    assert_eq!(report["indices"][0]["same"], DOCUMENTS);
    cut_off_it_goes_on(&pair);

    let last = || {
        let finished = pair.run(&["verify", "--last", "--json"]);
        (finished.code, serde_json::from_str::<Value>(&finished.stdout).unwrap())
    };
    assert_eq!((last().0, &last().1["stale"]), (Some(0), &json!(false)));
    for url in [pair.source.url(), pair.target.url()] {
        put(url, "/live-books/_doc/new", &json!({"n": 1}));
    }
    ask(pair.source.url(), "DELETE", "/live-books/_doc/new", "");
    ask(pair.target.url(), "DELETE", "/live-books/_doc/new", "");
    let (code, stale) = last();
    assert_eq!((code, &stale["stale"]), (Some(0), &json!(true)), "{stale:#}");
    assert_eq!((&stale["writesSince"]["source"], &stale["writesSince"]["target"]), (&json!(2), &json!(2)));
    let (code, report) = pair.report(&[]);
    assert_eq!((code, &report["notWrittenSince"]), (Some(0), &json!([])), "{report:#}");
    each_difference_is_told(&pair);
}
