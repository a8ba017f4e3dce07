//! `doctor` against scripted clusters.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::process::Run;
use crate::scripted::{Scripted, nobody};
use crate::services_file::Services;

const ELASTICSEARCH: &str = r#"{"version":{"number":"7.10.2"},"tagline":"You Know, for Search"}"#;
const OPENSEARCH: &str = r#"{"version":{"distribution":"opensearch","number":"2.19.4"},"tagline":"The OpenSearch Project: https://opensearch.org/"}"#;
const ODD_NAME: &str = r#"{"error":{"type":"invalid_name","reason":"no such name"}}"#;

/// A cluster in which all is well; `changed` answers first.
fn cluster(
    root: &'static str,
    changed: impl Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static,
) -> Scripted {
    Scripted::new(move |request| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        let ok = |value: Value| (200, value.to_string());
        changed(request).unwrap_or_else(|| match request {
            "GET /" => (200, root.to_owned()),
            "GET /_cluster/health" => ok(json!({"status": "green"})),
            "GET /_nodes/stats/fs" => ok(json!({"nodes": {"a": {"timestamp": now, "fs": {"total": {"available_in_bytes": 1u64 << 40}}}}})),
            "GET /_stats/store" => ok(json!({"_all": {"primaries": {"store": {"size_in_bytes": 1u64 << 30}}}})),
            "POST /_bulk" => ok(json!({"errors": true, "items": [{"index": {"status": 400}}]})),
            "GET /_mapping" => ok(json!({"books": {"mappings": {}}})),
            "GET /_xpack/usage" => (400, ODD_NAME.to_owned()),
            "GET /_cat/nodes?format=json&h=name" => ok(json!([{"name": "n1"}, {"name": "n2"}])),
            "GET /_cat/plugins?format=json&h=name,component" => ok(json!([{"name": "n1", "component": "repository-s3"}])),
            probe if is_probe(probe) => (if probe.contains("%23") { 500 } else { 404 }, ODD_NAME.to_owned()),
            request if request.starts_with("GET /_cat/indices") => ok(json!([{"index": "books", "status": "open"}])),
            request if request.starts_with("GET /_all/_settings") => ok(json!({})),
            other => (500, format!("unexpected: {other}")),
        })
    })
}

/// What tries a right, which no cluster carries out.
fn is_probe(request: &str) -> bool {
    let asked = ["POST /_bulk", "POST /_aliases"].contains(&request);
    asked || request.to_ascii_lowercase().contains("doctor")
}

fn well(_: &str) -> Option<(u16, String)> {
    None
}

fn doctor(source: &str, target: &str, more: &str) -> Run {
    let text = format!("source: {{endpoint: '{source}'}}\ntarget: {{endpoint: '{target}'}}\n{more}");
    Services::new(&text).run(&["doctor", "--json"])
}

fn finding(run: &Run, subject: &str, check: &str) -> Value {
    let json = run.json();
    let found = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["subject"] == subject && one["check"] == check && one["severity"] != "ok");
    found.cloned().unwrap_or_else(|| panic!("no {subject} {check} in {json:#}"))
}

#[test]
fn all_is_well() {
    let (source, target) = (cluster(ELASTICSEARCH, well), cluster(OPENSEARCH, well));
    let repository = tempfile::tempdir().unwrap();
    let more =
        format!("snapshot: {{snapshot_name: s, fs: {{repo_path: {}}}}}\n", repository.path().display());
    let run = doctor(&source.uri(), &target.uri(), &more);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!((&run.json()["worst"], &run.json()["errors"]), (&json!("info"), &json!(0)));
    let text = Services::both(&source.uri(), &target.uri()).run(&["doctor"]);
    assert_eq!(text.code, 0, "{}", text.stdout);
    assert!(
        text.stdout.starts_with("ok      source   connect    Elasticsearch 7.10.2 at "),
        "{}",
        text.stdout
    );
    assert!(
        text.stdout.ends_with("0 errors, 0 warnings\n") && !text.stdout.contains('\u{1b}'),
        "{}",
        text.stdout
    );
    // Nothing that could have been carried out.
    for cluster in [&source, &target] {
        for request in cluster.requests() {
            assert!(request.starts_with("GET ") || is_probe(&request), "{request}");
        }
    }
}

#[test]
fn every_fault_is_found_and_has_a_remedy() {
    let none = |status: u16| {
        (status, r#"{"error":{"type":"security_exception","reason":"no permissions for it"}}"#.to_owned())
    };
    type Fault = (&'static str, Box<dyn Fn() -> (u16, String) + Send + Sync>);
    /// On the source, what is wrong, where it is told, the exit code, and a word of the remedy.
    type Case = (bool, Fault, (&'static str, &'static str), i32, &'static str);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let stats = move |ahead: u64, free: u64| {
        let nodes = json!({"nodes": {"a": {"timestamp": now + ahead, "fs": {"total": {"available_in_bytes": free}}}}});
        (200, nodes.to_string())
    };
    let cases: Vec<Case> = vec![
        (
            true,
            ("GET /_cluster/health", Box::new(|| (200, r#"{"status":"red"}"#.into()))),
            ("source", "health"),
            1,
            "PARTIAL",
        ),
        (
            false,
            ("GET /_nodes/stats/fs", Box::new(move || stats(100_000, 1 << 40))),
            ("target", "clock"),
            3,
            "NTP",
        ),
        (
            false,
            ("GET /_nodes/stats/fs", Box::new(move || stats(1_000_000, 1 << 40))),
            ("target", "clock"),
            1,
            "NTP",
        ),
        (
            false,
            ("GET /_nodes/stats/fs", Box::new(move || stats(0, 1 << 29))),
            ("target", "disk"),
            1,
            "add disks",
        ),
        (
            false,
            ("GET /_nodes/stats/fs", Box::new(move || stats(0, 1 << 31))),
            ("target", "disk"),
            3,
            "number_of_replicas",
        ),
        (
            false,
            ("PUT /Switchover-Doctor", Box::new(move || none(403))),
            ("target", "rights"),
            1,
            "the index permissions indices:admin/create on all indices",
        ),
        (
            true,
            ("PUT /_snapshot/switchover%23doctor", Box::new(move || none(403))),
            ("source", "rights"),
            1,
            "the cluster privileges cluster:admin/repository/put",
        ),
        (
            true,
            ("GET /_cat/indices?format=json&h=index", Box::new(move || none(403))),
            ("source", "rights"),
            1,
            "indices:monitor",
        ),
        (true, ("GET /_mapping", Box::new(move || none(403))), ("source", "features"), 3, "right"),
        (
            true,
            (
                "GET /_cat/indices?format=json&h=index,status",
                Box::new(|| (200, r#"[{"index":"c","status":"close"}]"#.into())),
            ),
            ("source", "features"),
            3,
            "open those",
        ),
        (
            true,
            (
                "GET /_xpack/usage",
                Box::new(|| (200, r#"{"watcher":{"count":{"total":3}},"security":{"enabled":true}}"#.into())),
            ),
            ("source", "features"),
            3,
            "alerting",
        ),
        (
            true,
            ("GET /", Box::new(|| (200, OPENSEARCH.replace("2.19.4", "3.0.0")))),
            ("target", "version"),
            3,
            "newer",
        ),
        (false, ("GET /", Box::new(|| (200, ELASTICSEARCH.into()))), ("target", "version"), 1, "OpenSearch"),
    ];
    for (on_source, (request, answer), (subject, check), code, remedy) in cases {
        let faulty = move |seen: &str| (seen == request).then(&answer);
        let (source, target) = match on_source {
            true => (cluster(ELASTICSEARCH, faulty), cluster(OPENSEARCH, well)),
            false => (cluster(ELASTICSEARCH, well), cluster(OPENSEARCH, faulty)),
        };
        let run = doctor(&source.uri(), &target.uri(), "");
        assert_eq!(run.code, code, "{request}: {}", run.stdout);
        let found = finding(&run, subject, check);
        assert!(found["remedy"].as_str().unwrap().contains(remedy), "{request}: {found}");
    }
}

#[test]
fn clusters_that_are_away_and_blocks_that_are_wrong() {
    let target = cluster(OPENSEARCH, well);
    let run = doctor(
        &nobody(),
        &target.uri(),
        "kafka: {broker_endpoints: 'b:x', standard: }\nsnapshot: {snapshot_name: s, fs: {repo_path: /nowhere/at/all}}\n",
    );
    assert_eq!(run.code, 1);
    assert!(finding(&run, "source", "connect")["message"].as_str().unwrap().contains("127.0.0.1"));
    assert!(finding(&run, "kafka", "topic")["message"].as_str().unwrap().contains("b:x"));
    assert!(finding(&run, "snapshot", "readable")["remedy"].as_str().unwrap().contains("snapshot verify"));

    let source = cluster(ELASTICSEARCH, well);
    let s3 = "snapshot: {snapshot_name: s, s3: {repo_uri: 's3://b', aws_region: eu-west-1, endpoint: 'http://127.0.0.1:9'}}\n";
    let run = doctor(&source.uri(), &target.uri(), s3);
    assert_eq!(run.code, 1);
    let found = finding(&run, "source", "plugins");
    assert!(found["message"].as_str().unwrap().ends_with("missing on: n2"), "{found}");
    assert!(found["remedy"].as_str().unwrap().contains("install repository-s3"));
    assert_eq!(Services::new("source: {endpoint: 'http://s', password_file: x}").run(&["doctor"]).code, 1);
}
