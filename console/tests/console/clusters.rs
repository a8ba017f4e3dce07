//! `clusters ...` against scripted clusters.

use std::fs;

use serde_json::json;

use crate::process::{Run, command, switchover};
use crate::scripted::{Scripted, nobody};
use crate::services_file::Services;

const ELASTICSEARCH: &str = r#"{"version":{"number":"7.10.2"},"tagline":"You Know, for Search"}"#;
const OPENSEARCH: &str = r#"{"version":{"distribution":"opensearch","number":"2.19.4"},"tagline":"The OpenSearch Project: https://opensearch.org/"}"#;
const SOURCE_TABLE: &str = "health status index    uuid                   pri rep docs.count docs.deleted store.size pri.store.size\ngreen  open   my-index WJPVdHNyQ1KMKol84Cy72Q   1   0          8            0     44.7kb         44.7kb\n";
const TARGET_TABLE: &str =
    "health status index uuid pri rep docs.count docs.deleted store.size pri.store.size\n";

fn source() -> Scripted {
    Scripted::cluster(ELASTICSEARCH, SOURCE_TABLE)
}

fn target() -> Scripted {
    Scripted::cluster(OPENSEARCH, TARGET_TABLE)
}

#[test]
fn cat_indices_looks_as_documented() {
    let (source, target) = (source(), target());
    let run = Services::both(&source.uri(), &target.uri()).run(&["clusters", "cat-indices"]);
    assert_eq!((run.code, &*run.stderr), (0, ""));
    let warning = "WARNING: Cluster information may be stale. Use --refresh to update.";
    let expected = format!("\n{warning}\n\nSOURCE CLUSTER\n{SOURCE_TABLE}\nTARGET CLUSTER\n{TARGET_TABLE}");
    assert_eq!(run.stdout, expected);
    assert_eq!(source.requests(), ["GET /_cat/indices/_all?v=true"]);
}

#[test]
fn refresh_comes_first_and_leaves_no_warning() {
    let (source, target) = (source(), target());
    let run = Services::both(&source.uri(), &target.uri()).run(&["clusters", "cat-indices", "--refresh"]);
    assert_eq!((run.code, &*run.stderr), (0, ""));
    assert!(run.stdout.starts_with("SOURCE CLUSTER\nhealth"), "{}", run.stdout);
    for cluster in [source, target] {
        assert_eq!(cluster.requests(), ["POST /_refresh", "GET /_cat/indices/_all?v=true"]);
    }
}

#[test]
fn a_refresh_that_failed_is_not_taken_for_fresh() {
    let source = Scripted::new(|request| match request {
        "POST /_refresh" => (200, r#"{"_shards":{"total":4,"successful":1,"failed":3}}"#.to_owned()),
        _ => (200, SOURCE_TABLE.to_owned()),
    });
    let target = Scripted::new(|request| match request {
        "POST /_refresh" => {
            (503, r#"{"error":{"type":"cluster_block_exception","reason":"blocked"}}"#.to_owned())
        }
        _ => (200, TARGET_TABLE.to_owned()),
    });
    let run = Services::both(&source.uri(), &target.uri()).run(&["clusters", "cat-indices", "--refresh"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("warning: 3 shards of the source cluster were not refreshed"),
        "{}",
        run.stderr
    );
    assert!(run.stdout.contains(SOURCE_TABLE) && run.stdout.contains("blocked"), "{}", run.stdout);
}

#[test]
fn one_cluster_down_fails_but_shows_the_other() {
    let target = target();
    let down = nobody();
    let services = Services::both(&down, &target.uri());
    let run = services.run(&["clusters", "cat-indices"]);
    assert_eq!((run.code, &*run.stderr), (1, "error: cat-indices failed on: source\n"));
    let error =
        format!("SOURCE CLUSTER\nError: Unable to perform cat-indices command with message: {down}: ");
    assert!(run.stdout.contains(&error), "{}", run.stdout);
    assert!(run.stdout.ends_with(&format!("\n\nTARGET CLUSTER\n{TARGET_TABLE}")), "{}", run.stdout);

    let run = services.run(&["clusters", "connection-check"]);
    assert_eq!((run.code, &*run.stderr), (1, "error: connection-check failed on: source\n"));
    let error = format!("SOURCE CLUSTER\nUnable to connect to cluster with error: {down}: ");
    assert!(run.stdout.starts_with(&error), "{}", run.stdout);
    let good = "\n\nTARGET CLUSTER\nSuccessfully connected! OpenSearch 2.19.4\n";
    assert!(run.stdout.ends_with(good), "{}", run.stdout);
}

#[test]
fn json_is_json_also_when_something_failed() {
    let (source, target) = (source(), target());
    let services = Services::both(&source.uri(), &target.uri());
    let rows = json!([{"index": "my-index", "docs.count": "8"}]);
    let run = services.run(&["clusters", "cat-indices", "--json"]);
    assert_eq!((run.code, &*run.stderr), (0, ""));
    assert_eq!(run.json(), json!({"schemaVersion": 1, "source_cluster": rows, "target_cluster": rows}));
    let run = services.run(&["--json", "clusters", "connection-check"]);
    let connected =
        |distribution, version| json!({"connected": true, "distribution": distribution, "version": version});
    let expected = json!({
        "schemaVersion": 1,
        "source_cluster": connected("Elasticsearch", "7.10.2"),
        "target_cluster": connected("OpenSearch", "2.19.4"),
    });
    assert_eq!((run.code, run.json()), (0, expected));

    let services = Services::both(&source.uri(), &nobody());
    let run = services.run(&["--json", "clusters", "cat-indices"]);
    assert_eq!(run.code, 1);
    let shown = run.json();
    assert_eq!((&shown["source_cluster"], &shown["target_cluster"]), (&rows, &json!(null)));
    assert_eq!(shown["errors"]["target_cluster"]["kind"], "unreachable");
    let run = services.run(&["--json", "clusters", "connection-check"]);
    assert_eq!(run.code, 1);
    assert_eq!(run.json()["target_cluster"]["connected"], false);
    assert_eq!(run.json()["target_cluster"]["error"]["kind"], "unreachable");
}

#[test]
fn a_cluster_that_is_not_defined_is_said_to_be_so() {
    let target = target();
    let services = Services::new(&format!("target: {{endpoint: '{}'}}", target.uri()));
    let run = services.run(&["clusters", "connection-check"]);
    let expected = "SOURCE CLUSTER\nNo source cluster defined.\n\nTARGET CLUSTER\nSuccessfully connected! OpenSearch 2.19.4\n";
    assert_eq!((run.code, &*run.stdout), (0, expected));
    let run = services.run(&["--json", "clusters", "cat-indices"]);
    assert_eq!((run.code, &run.json()["source_cluster"]), (0, &json!(null)));
    assert_eq!(run.json().get("errors"), None);

    let run = services.run(&["clusters", "cat-indices", "--cluster", "source"]);
    assert_eq!((run.code, &*run.stdout), (2, ""));
    assert!(run.stderr.contains("source_cluster is not defined"), "{}", run.stderr);
    let run = services.run(&["clusters", "cat-indices", "--refresh", "--cluster", "target"]);
    assert_eq!((run.code, run.stdout), (0, format!("TARGET CLUSTER\n{TARGET_TABLE}")));
}

#[test]
fn no_cluster_no_file_and_a_broken_file() {
    let run =
        Services::new("kafka: {broker_endpoints: 'a:9092', standard: }").run(&["clusters", "cat-indices"]);
    let expected = "error: Neither source nor target cluster is defined.\n";
    assert_eq!((run.code, &*run.stdout, &*run.stderr), (2, "", expected));

    let run = switchover(&["--config", "/no/such/services.yaml", "clusters", "cat-indices"]);
    assert_eq!((run.code, &*run.stdout, run.stderr.lines().count()), (1, "", 1));
    assert!(
        run.stderr.contains("/no/such/services.yaml") && run.stderr.contains("--config"),
        "{}",
        run.stderr
    );

    let run = Services::new("target_cluster:\n  endpiont: http://h\n").run(&["clusters", "connection-check"]);
    assert_eq!((run.code, &*run.stdout), (1, ""));
    assert!(run.stderr.contains("`endpiont`") && run.stderr.contains("services.yaml:2: "), "{}", run.stderr);
}

#[test]
fn the_services_file_can_be_named_by_the_environment() {
    let (source, target) = (source(), target());
    let services = Services::both(&source.uri(), &target.uri());
    let run = command(&["clusters", "connection-check"])
        .env("SWITCHOVER_CONFIG", services.path())
        .output()
        .unwrap();
    assert_eq!(Run::of(run).code, 0);
}

#[test]
fn credentials_are_sent_and_never_shown() {
    let source = source();
    let target = Scripted::new(|_| (401, r#"{"error":"Unauthorized"}"#.to_owned()));
    let services = Services::new(&format!(
        "source_cluster:\n  endpoint: {}\n  basic_auth: {{username: admin, password_file: pw}}\n\
         target_cluster:\n  endpoint: {}\n  basic_auth: {{username: admin, password: sesame}}\n",
        source.uri(),
        target.uri()
    ));
    fs::write(services.folder.path().join("pw"), "sesame\n").unwrap();
    let run = services.run(&["-vv", "clusters", "connection-check"]);
    assert_eq!(run.code, 1);
    assert!(source.heads()[0].contains("authorization: Basic YWRtaW46c2VzYW1l\r\n"), "{:?}", source.heads());
    assert!(run.stdout.contains("401 Unauthorized: Unauthorized; check the user name"), "{}", run.stdout);
    assert!(run.stderr.contains("cluster answered"), "{}", run.stderr);
    for shown in [&run.stdout, &run.stderr] {
        assert!(!shown.contains("sesame") && !shown.contains("YWRtaW46c2VzYW1l"), "{shown}");
    }
}
