//! The console's snapshot commands on real servers, and what their reader makes of the result.

use serde_json::Value;
use std::path::Path;
use switchover_testkit::http::ask;
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{Finished, run};

struct Console<'a> {
    config: &'a Path,
}

impl Console<'_> {
    fn run(&self, arguments: &[&str]) -> Finished {
        run("switchover", ["--config", self.config.to_str().unwrap()].iter().chain(arguments))
    }

    fn good(&self, arguments: &[&str]) -> String {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(0), "{arguments:?}: {}{}", finished.stdout, finished.stderr);
        finished.stdout
    }
}

fn from_verify_to_unregister(lab: &Lab) {
    let (url, folder) = (lab.url(), tempfile::tempdir().unwrap());
    let config = folder.path().join("services.yaml");
    let place = lab.repository().join("console");
    std::fs::write(
        &config,
        format!(
            "source: {{endpoint: '{url}'}}\ntarget: {{endpoint: '{url}'}}\nsnapshot: {{snapshot_name: console, snapshot_repo_name: console, fs: {{repo_path: {}}}}}\n",
            place.display()
        ),
    )
    .unwrap();
    let console = Console { config: &config };
    let books = r#"{"title":"Dune"}"#;
    assert!(ask(url, "PUT", "/console-books/_doc/1?refresh=true", books).status < 300);

    let verified = console.good(&["snapshot", "verify"]);
    assert!(verified.contains("ok      read") && verified.contains("nothing is left"), "{verified}");
    assert!(!place.exists(), "{verified}");
    assert_eq!(ask(url, "GET", "/_snapshot/console", "").status, 404);

    assert_eq!(console.good(&["snapshot", "status"]), "Snapshot not started\n");
    let created = console.good(&[
        "snapshot",
        "create",
        "--wait",
        "--max-snapshot-rate-mb-per-node",
        "100",
        "--index-allowlist",
        "console-books",
    ]);
    assert!(created.starts_with("Snapshot console creation initiated successfully\n"), "{created}");
    assert_eq!(console.good(&["snapshot", "status"]), "SUCCESS\n");
    let deep = console.good(&["snapshot", "status", "--deep-check"]);
    for line in [
        "Snapshot status: SUCCESS\n",
        "Percent completed: 100.00%\n",
        "Estimated time to completion: 0h 0m 0s\n",
        "Failed shards: 0\n",
    ] {
        assert!(deep.contains(line), "{deep}");
    }
    let json: Value =
        serde_json::from_str(&console.good(&["snapshot", "status", "--deep-check", "--json"])).unwrap();
    assert!(
        json["totalBytes"].as_u64().unwrap() > 0 && json["processedBytes"] == json["totalBytes"],
        "{json}"
    );
    assert!(console.good(&["snapshot", "create"]).contains("exists already"));

    let place = place.to_str().unwrap();
    let read = console.good(&["snapshot", "cat", "--repo", place, "--snapshot", "console"]);
    assert_eq!(read, "{\"index\":\"console-books\",\"id\":\"1\",\"source\":{\"title\":\"Dune\"}}\n");
    // In a repository that is used already.
    let verified = console.good(&["snapshot", "verify"]);
    assert!(verified.contains("was registered already"), "{verified}");
    assert_eq!(console.good(&["snapshot", "status"]), "SUCCESS\n");

    let listed = console.good(&["clusters", "cat-indices", "--refresh"]);
    assert!(
        listed.starts_with("SOURCE CLUSTER\nhealth status index") && listed.contains("console-books"),
        "{listed}"
    );
    let counted = console.good(&["clusters", "curl", "source", "/console-books/_count"]);
    assert!(counted.contains("\"count\":1"), "{counted}");

    console.good(&["snapshot", "delete", "--acknowledge-risk"]);
    assert_eq!(
        console.good(&["snapshot", "unregister-repo", "--acknowledge-risk"]),
        "Repository 'console' deleted\n"
    );
    let gone = console.good(&["snapshot", "delete", "--acknowledge-risk"]);
    assert_eq!(gone, "Snapshot console does not exist.\n");
    assert_eq!(ask(url, "DELETE", "/console-books", "").status, 200);

    // Outside of path.repo.
    std::fs::write(&config, format!("source: {{endpoint: '{url}'}}\nsnapshot: {{snapshot_name: console, fs: {{repo_path: /switchover-elsewhere}}}}\n")).unwrap();
    let refused = console.run(&["snapshot", "verify"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stdout.contains("add the folder to path.repo"), "{}", refused.stdout);
    assert_eq!(ask(url, "GET", "/_snapshot/migration_assistant_repo", "").status, 404);
}

#[test]
fn elasticsearch_from_verify_to_unregister() {
    from_verify_to_unregister(&Lab::elasticsearch("7.10.2"));
}

#[test]
fn opensearch_from_verify_to_unregister() {
    from_verify_to_unregister(&Lab::opensearch("2.19"));
}
