//! `switchover metadata` on real clusters: snapshots of all versions and a live source to OpenSearch.

mod live;
mod tables;

use crate::snapshots::{Snapshots, clear};
use serde_json::{Value, json};
use switchover_testkit::http::ask;
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{Finished, run};

/// Versions whose snapshots are read when they are there; the first one is made when none is.
const VERSIONS: [(&str, &str); 7] = [
    ("elasticsearch", "6.8.23"),
    ("elasticsearch", "1.7.6"),
    ("elasticsearch", "2.4.6"),
    ("elasticsearch", "5.6.16"),
    ("elasticsearch", "7.10.2"),
    ("elasticsearch", "7.17.29"),
    ("elasticsearch", "8.19.0"),
];

/// `metadata COMMAND --json` with these flags.
fn metadata(command: &str, flags: &[&str]) -> Finished {
    run("switchover", ["--json", "metadata", command].iter().chain(flags))
}

fn report(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", finished.stdout, finished.stderr))
}

/// All that a target knows besides documents.
fn state(url: &str) -> Value {
    ask(url, "GET", "/_cluster/state/metadata", "").json()["metadata"].clone()
}

fn remove_all(url: &str) {
    clear(url);
    for path in ["/_template/*", "/_index_template/*", "/_component_template/*", "/_ingest/pipeline/*"] {
        ask(url, "DELETE", path, "");
    }
}

fn versions() -> Vec<(&'static str, &'static str)> {
    let folder = std::env::var_os("SWITCHOVER_SNAPSHOTS").map(std::path::PathBuf::from);
    let is_there = |(product, version): &&(&str, &str)| {
        folder.as_ref().is_some_and(|folder| folder.join(format!("{product}-{version}")).exists())
    };
    let there: Vec<_> = VERSIONS.iter().filter(is_there).copied().collect();
    if there.is_empty() { VERSIONS[..1].to_vec() } else { there }
}

#[test]
fn opensearch_2_19() {
    let lab = Lab::private_opensearch("2.19");
    let url = lab.url();
    tables::hold_for(url, "OS 2.19", &[]);
    for (product, version) in versions() {
        remove_all(url);
        snapshot_is_made_once(&Snapshots::of(product, version), url, version);
    }
    remove_all(url);
    live::items_of_all_kinds(url);
    remove_all(url);
    live::one_failing_item_stops_no_other(url);
}

/// `evaluate` writes nothing; `migrate` of its plan makes every index; a second time nothing changes.
fn snapshot_is_made_once(snapshots: &Snapshots, url: &str, version: &str) {
    let directory = tempfile::tempdir().unwrap();
    let plan = directory.path().join("plan.json");
    let repository = snapshots.repository();
    let from = ["--repo", &repository, "--snapshot", "snap-2", "--targetUri", url];
    let plan = ["--planFile", plan.to_str().unwrap()];

    let before = state(url);
    let evaluated = metadata("evaluate", &[&from[..], &plan].concat());
    assert_eq!(evaluated.code, Some(0), "{version}: {}{}", evaluated.stdout, evaluated.stderr);
    assert_eq!(state(url), before, "{version}: evaluate wrote something");

    let to = ["--targetUri", url];
    let migrated = metadata("migrate", &[&to[..], &plan].concat());
    let first = report(&migrated);
    assert_eq!(migrated.code, Some(0), "{version}: {first:#}");
    let indices = state(url)["indices"].clone();
    let listed = report(&evaluated)["items"]["indexes"].as_array().unwrap().clone();
    assert!(listed.len() > 10, "{version}: {listed:?}");
    for index in &listed {
        let name = index["name"].as_str().unwrap();
        let is_hidden = name.starts_with('.');
        assert_eq!(indices.get(name).is_some(), !is_hidden, "{version}: {name}");
    }
    assert!(state(url)["templates"]["lab"].is_object(), "{version}");
    let aliases = ask(url, "GET", "/_alias/alias-1,alias-2", "").json();
    assert_eq!(
        aliases["aliased"]["aliases"]["alias-1"]["filter"],
        json!({"term": {"n": 1}}),
        "{version}: {aliases}"
    );

    let made = state(url);
    for again in [metadata("migrate", &[&to[..], &plan].concat()), metadata("migrate", &from)] {
        let second = report(&again);
        assert_eq!(again.code, Some(0), "{version}: {second:#}");
        let lists = second["items"].as_object().unwrap().values().filter_map(Value::as_array).flatten();
        for item in lists.filter(|item| item["action"] != "leftOut") {
            assert_eq!(item["action"], "unchanged", "{version}: {item:#}");
        }
        assert_eq!(state(url), made, "{version}: the second time changed something");
    }
}

#[test]
fn opensearch_3_4() {
    tables::hold_for(Lab::opensearch("3.4").url(), "OS 3.4", &[]);
}

/// Its package has no analysis module.
#[test]
fn opensearch_1_3() {
    let lab = Lab::private_opensearch("1.3");
    tables::hold_for(lab.url(), "OS 1.3", &["analysis-", "field-sparse-vector"]);
}
