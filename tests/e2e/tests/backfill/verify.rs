//! What `switchover verify` says of a target that was filled from a snapshot, and of one that was changed since; and that
//! refused documents are sent again.

use crate::snapshots::{Snapshots, clear};
use serde_json::{Value, json};
use std::path::Path;
use switchover_testkit::http::ask;
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{Finished, run};

const INDICES: [&str; 6] = ["plain", "updated", "ids", "sharded", "sources", ".ds-stream-*"];

fn load(snapshots: &Snapshots, url: &str, failed: &Path, indices: &str) -> Finished {
    let flags = [
        ("--repoUri", snapshots.repository()),
        ("--snapshotName", "snap-2".to_owned()),
        ("--targetUri", url.to_owned()),
        ("--failedDocumentDir", failed.to_str().unwrap().to_owned()),
        ("--indexAllowlist", indices.to_owned()),
        ("--sessionName", format!("s{}", indices.len())),
    ];
    let flags = flags.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
    run("switchover-rfs", flags.chain(["--allowAutoCreate".to_owned()]))
}

fn verify(snapshots: &Snapshots, url: &str, glob: &str, more: &[&str]) -> Finished {
    let repository = snapshots.repository();
    let flags =
        ["verify", "--repo", &repository, "--snapshot", "snap-2", "--targetUri", url, "--index", glob];
    run("switchover", flags.iter().chain(more))
}

fn report(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", finished.stdout, finished.stderr))
}

#[test]
fn a_target_is_equal_until_it_is_changed() {
    let (snapshots, lab) = (Snapshots::of("opensearch", "2.19.4"), Lab::private_opensearch("2.19"));
    let directory = tempfile::tempdir().unwrap();
    let url = lab.url();
    clear(url);
    let template = json!({"index_patterns": ["stream"], "data_stream": {}});
    assert_eq!(ask(url, "PUT", "/_index_template/stream", &template.to_string()).status, 200);
    assert_eq!(ask(url, "PUT", "/_data_stream/stream", "").status, 200);
    let shards = json!({"settings": {"number_of_shards": 3, "refresh_interval": "-1"}});
    assert_eq!(ask(url, "PUT", "/sharded", &shards.to_string()).status, 200);
    // Sources of all spellings, which no mapping takes.
    assert_eq!(ask(url, "PUT", "/sources", r#"{"mappings":{"enabled":false}}"#).status, 200);
    let loaded = load(&snapshots, url, &directory.path().join("failed"), &INDICES.join(","));
    assert_eq!(loaded.code, Some(0), "{}", loaded.stderr);

    for glob in INDICES {
        let finished = verify(&snapshots, url, glob, &["--json"]);
        assert_eq!(finished.code, Some(0), "{glob}: {}{}", finished.stdout, finished.stderr);
        let report = report(&finished);
        let row = &report["indices"][0];
        assert!(report["complete"] == true && report["equal"] == true, "{report}");
        let none = [&row["different"], &row["missing"], &row["extra"]].map(Value::as_u64);
        assert_eq!((none, &row["same"]), ([Some(0); 3], &row["documents"]), "{report}");
        let expected = snapshots.expected(2);
        let prefix = glob.trim_end_matches('*');
        let expected = expected.iter().filter(|document| document.index.starts_with(prefix)).count();
        assert_eq!(row["documents"], expected, "{report}");
    }

    let expected = snapshots.expected(2);
    let ids: Vec<&str> = expected.iter().filter(|one| one.index == "sharded").map(|one| &*one.id).collect();
    let (changed, deleted) = (ids[3], ids[4]);
    let path = |id: &str| format!("/sharded/_doc/{}", switchover_cluster::path_part(id));
    assert_eq!(ask(url, "PUT", &path(changed), r#"{"n":-1}"#).status, 200);
    assert_eq!(ask(url, "DELETE", &path(deleted), "").status, 200);
    assert_eq!(ask(url, "PUT", &path("one-more"), "{}").status, 201);
    let stream = json!({"@timestamp": "2026-11-21T00:00:00Z"}).to_string();
    assert_eq!(ask(url, "PUT", "/stream/_create/in-stream", &stream).status, 201);

    let finished = verify(&snapshots, url, "sharded", &["--json"]);
    assert_eq!(finished.code, Some(3), "{}{}", finished.stdout, finished.stderr);
    let told = report(&finished);
    let row = &told["indices"][0];
    assert!(told["complete"] == true && told["equal"] == false, "{told}");
    assert_eq!(
        [&row["different"], &row["missing"], &row["extra"]].map(Value::as_u64),
        [Some(1); 3],
        "{told}"
    );
    assert_eq!(row["same"], ids.len() - 2);
    let examples = &row["examples"];
    for (kind, id) in [("different", changed), ("missing", deleted), ("extra", "one-more")] {
        assert_eq!(examples[kind][0]["id"], id, "{told}");
    }
    assert_eq!(ask(url, "PUT", "/without-source", "").status, 200);
    let text = verify(&snapshots, url, "*s*", &[]);
    assert_eq!(text.code, Some(1), "{}", text.stderr);
    assert!(
        text.stderr.contains("without-source") && text.stderr.contains("not verified"),
        "{}",
        text.stderr
    );
    assert!(!text.stdout.contains("complete"), "{}", text.stdout);
    assert!(text.stdout.contains("sharded: extra: one-more\n"), "{}", text.stdout);
    assert!(text.stdout.contains("stream: extra: in-stream\n"), "{}", text.stdout);
    let missing = verify(&snapshots, url, "nested", &["--json"]);
    let row = &report(&missing)["indices"][0];
    assert_eq!((missing.code, &row["missing"], &row["documents"]), (Some(3), &json!(24), &json!(24)));

    for url in ["http://127.0.0.1:1", "http://127.0.0.1:1/"] {
        let away = verify(&snapshots, url, "plain", &[]);
        assert_eq!(away.code, Some(1), "{}{}", away.stdout, away.stderr);
        assert!(away.stderr.contains("127.0.0.1:1"), "{}", away.stderr);
        assert!(!away.stdout.contains("complete") && !away.stderr.contains("complete"), "{}", away.stderr);
    }
}

#[test]
fn refused_documents_are_taken_when_the_target_is_mended() {
    let (snapshots, lab) = (Snapshots::of("opensearch", "2.19.4"), Lab::private_opensearch("2.19"));
    let directory = tempfile::tempdir().unwrap();
    let failed = directory.path().join("failed");
    let url = lab.url();
    clear(url);
    let mapping = |format: &str| json!({"mappings": {"properties": {"s": {"type": format}}}}).to_string();
    assert_eq!(ask(url, "PUT", "/plain", &mapping("date")).status, 200);
    let loaded = load(&snapshots, url, &failed, "plain");
    assert_eq!(loaded.code, Some(4), "{}", loaded.stderr);

    let folder = failed.to_str().unwrap();
    let flags = ["backfill", "retry-failed", "--failedDocumentDir", folder, "--targetUri", url, "--json"];
    let still = run("switchover", flags);
    assert_eq!(still.code, Some(4), "{}{}", still.stdout, still.stderr);
    let documents = snapshots.expected(2).iter().filter(|document| document.index == "plain").count();
    assert_eq!(verify(&snapshots, url, "plain", &[]).code, Some(3));
    assert!(report(&still)["refused"].as_u64().unwrap() > 1000, "{}", still.stdout);

    assert_eq!(ask(url, "DELETE", "/plain", "").status, 200);
    assert_eq!(ask(url, "PUT", "/plain", &mapping("keyword")).status, 200);
    let taken = run("switchover", flags);
    assert_eq!(taken.code, Some(0), "{}{}", taken.stdout, taken.stderr);
    assert_eq!(report(&taken)["taken"], report(&still)["refused"]);
    assert_eq!(std::fs::read_dir(&failed).unwrap().count(), 0);
    let verified = verify(&snapshots, url, "plain", &["--json"]);
    let row = &report(&verified)["indices"][0];
    assert_eq!(
        (&row["same"], &row["different"], &row["extra"]),
        (&report(&taken)["taken"], &json!(0), &json!(0))
    );
    assert_eq!(row["documents"], documents);
}
