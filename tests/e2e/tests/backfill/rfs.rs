//! Snapshots of real servers, loaded into a real target: every document is there, or it is told why not.

use crate::snapshots::{Snapshots, Source, clear, documents, refused};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use switchover_testkit::http::ask;
use switchover_testkit::lab::Lab;
use switchover_testkit::program::run;

/// Where the documents of a backing index of a data stream are when the target makes a plain index of its name.
fn target_index(index: &str) -> String {
    match index.strip_prefix(".ds-") {
        Some(rest) => rest.split('-').next().unwrap_or(rest).to_owned(),
        None => index.to_owned(),
    }
}

fn check(product: &str, version: &str, number: usize) {
    let (snapshots, lab) = (Snapshots::of(product, version), Lab::private_opensearch("2.19"));
    let directory = tempfile::tempdir().unwrap();
    let failed = directory.path().join("failed");
    clear(lab.url());
    // Tuned while it is filled, and put back.
    let settings = json!({"settings": {"index": {"refresh_interval": "7s", "number_of_replicas": 2}}});
    assert_eq!(ask(lab.url(), "PUT", "/plain", &settings.to_string()).status, 200);
    let flags = |more: &[&str]| {
        let flags = [
            ("repoUri", snapshots.repository()),
            ("snapshotName", format!("snap-{number}")),
            ("targetUri", lab.url().to_owned()),
            ("failedDocumentDir", failed.to_str().unwrap().to_owned()),
            ("severalTypes", "split".to_owned()),
        ];
        let flags = flags.into_iter().flat_map(|(name, value)| [format!("--{name}"), value]);
        flags.chain(more.iter().map(|&flag| flag.to_owned())).collect::<Vec<_>>()
    };

    let refusal = run("switchover-rfs", flags(&[]));
    assert_eq!(refusal.code, Some(1), "{}", refusal.stderr);
    assert!(refusal.stderr.contains("--allowAutoCreate"), "{}", refusal.stderr);

    let loaded = run("switchover-rfs", flags(&["--allowAutoCreate"]));
    // Each set has an index without sources.
    assert_eq!(loaded.code, Some(1), "{}{}", loaded.stdout, loaded.stderr);
    let there = documents(lab.url());
    let refused = refused(&failed);
    let (mut missing, mut sourceless) = (Vec::new(), BTreeSet::new());
    let mut expected: BTreeMap<(String, String), Vec<Source>> = BTreeMap::new();
    for document in snapshots.expected(number) {
        if document.index.starts_with('.') && !document.index.starts_with(".ds-") {
            continue;
        }
        let Some(source) = document.source else {
            sourceless.insert(document.index);
            continue;
        };
        let index = target_index(&document.index);
        let split = document.doc_type.map(|doc_type| format!("{index}_{doc_type}"));
        let candidates = [Some(index), split].into_iter().flatten().map(|index| (index, document.id.clone()));
        let candidates: Vec<_> = candidates.collect();
        if candidates.iter().any(|key| refused.contains(key)) {
            continue;
        }
        match candidates.into_iter().find(|key| there.contains_key(key)) {
            Some(key) => expected.entry(key).or_default().push(source),
            None => missing.push((document.index, document.id)),
        }
    }
    // What is not there must have been told, by its index.
    missing.retain(|(index, _)| !loaded.stderr.contains(&format!("index {index}, ")));
    assert!(missing.is_empty(), "{missing:?}\n{}", loaded.stderr);
    for index in &sourceless {
        assert!(loaded.stderr.contains(&format!("index {index}, ")), "{index}: {}", loaded.stderr);
    }
    for (key, found) in &there {
        let sources = expected.get(key).unwrap_or_else(|| panic!("{key:?} is not in the snapshot"));
        // Documents of one id and different routing are one where the target has but one shard.
        for (source, _) in found {
            assert!(
                sources.iter().any(|expected| expected.is(source)),
                "{key:?}: {source:?} is none of {sources:?}"
            );
        }
    }
    assert!(expected.len() > 3000, "{}", expected.len());
    let settings = ask(lab.url(), "GET", "/plain/_settings", "").json();
    let index = &settings["plain"]["settings"]["index"];
    assert_eq!((&index["refresh_interval"], &index["number_of_replicas"]), (&json!("7s"), &json!("2")));

    // All of it is done: nothing is sent again.
    let again = run("switchover-rfs", flags(&["--allowAutoCreate"]));
    let sums = |stdout: &str| stdout.lines().next().map(str::to_owned);
    assert_eq!((again.code, sums(&again.stdout)), (Some(1), sums(&loaded.stdout)), "{}", again.stderr);
    assert_eq!(documents(lab.url()), there);
}

#[test]
fn a_snapshot_of_elasticsearch_1() {
    check("elasticsearch", "1.7.6", 2);
}

#[test]
fn a_snapshot_of_elasticsearch_6() {
    check("elasticsearch", "6.8.23", 1);
}

#[test]
fn a_snapshot_of_elasticsearch_8() {
    check("elasticsearch", "8.19.0", 2);
}

#[test]
fn a_snapshot_of_opensearch_2() {
    check("opensearch", "2.19.4", 2);
}

#[test]
fn what_can_not_be_loaded_is_told_at_once() {
    let (snapshots, lab) = (Snapshots::of("opensearch", "2.19.4"), Lab::opensearch("2.19"));
    let repository = snapshots.repository();
    let directory = tempfile::tempdir().unwrap();
    let failed = directory.path().join("failed").to_str().unwrap().to_owned();
    for (code, changed, parts) in [
        (1, ("snapshotName", "other"), &["no snapshot other", "snap-1", "snap-2"][..]),
        (1, ("repoUri", "file:///nowhere"), &["/nowhere", "no snapshot repository"]),
        (1, ("targetUri", "http://127.0.0.1:1"), &["127.0.0.1:1", "connection failed"]),
        (1, ("indexAllowlist", "none-*"), &["none-*", "big-compressed"]),
        (2, ("repoUri", "ftp://x"), &["ftp://x"]),
        (2, ("maxMemory", "1MiB"), &["--maxMemory"]),
        (1, ("sessionName", "Upper"), &["--sessionName 'Upper'"]),
    ] {
        let session = format!("told-{}-{}", std::process::id(), changed.0.to_lowercase());
        let mut flags = BTreeMap::from([
            ("repoUri", repository.as_str()),
            ("snapshotName", "snap-1"),
            ("targetUri", lab.url()),
            ("failedDocumentDir", failed.as_str()),
            ("sessionName", session.as_str()),
        ]);
        flags.insert(changed.0, changed.1);
        let ended = run(
            "switchover-rfs",
            flags.iter().flat_map(|(name, value)| [format!("--{name}"), (*value).to_owned()]),
        );
        assert_eq!(ended.code, Some(code), "{changed:?}: {}", ended.stderr);
        for part in parts {
            assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
        }
    }
}
