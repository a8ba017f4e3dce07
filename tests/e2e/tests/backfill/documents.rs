//! What the field's documents tell people to type, typed in their order, and the output that their scripts read. In CI from
//! Elasticsearch 7.10 to OpenSearch 2.19; `SWITCHOVER_DOCUMENTS="elasticsearch 8.19 tls, opensearch 3.4 plain"` chooses others.

mod migration;

use migration::Migration;
use switchover_testkit::agent::Agent;
use switchover_testkit::program::eventually;

const INDEX: &str = "documents-my-index";
const OTHER: &str = "documents-other";
const SHARDS: usize = 5;
/// Of [`INDEX`].
const DOCUMENTS: usize = 8;
const HEALTH_CHECKS: usize = 3;

#[test]
fn everything_that_the_documents_type_works_and_prints_what_their_scripts_read() {
    let migration = Migration::new();
    migration.services(&[INDEX, OTHER]);
    fill(&migration);
    snapshots_are_verified(&migration);
    traffic_is_captured_and_replayed(&migration);
    the_snapshot_is_taken(&migration);
    the_metadata_is_migrated(&migration);
    documents_are_backfilled(&migration);
    everything_speaks_json(&migration);
    it_is_reset(&migration);
}

fn fill(migration: &Migration) {
    let (source, url) = (&migration.source, migration.source.lab.url());
    let settings = format!(r#"{{"settings":{{"number_of_shards":{SHARDS},"number_of_replicas":0}}}}"#);
    source.curl(url, "PUT", &format!("/{INDEX}"), &settings);
    let one = r#"{"settings":{"number_of_shards":1,"number_of_replicas":0}}"#;
    source.curl(url, "PUT", &format!("/{OTHER}"), one);
    for id in 0..DOCUMENTS {
        source.curl(url, "PUT", &format!("/{INDEX}/_doc/{id}"), &format!(r#"{{"title":"book {id}"}}"#));
    }
    source.curl(url, "PUT", &format!("/{OTHER}/_doc/1?refresh=true"), r#"{"n":1}"#);
    source.curl(url, "POST", &format!("/{INDEX}/_refresh"), "");
    let target = &migration.target;
    for index in [INDEX, OTHER] {
        target.curl(target.lab.url(), "DELETE", &format!("/{index}?ignore_unavailable=true"), "");
    }
}

/// "Verifying snapshot creation": by hand, and what does all of it at once.
fn snapshots_are_verified(migration: &Migration) {
    let place = migration.source.lab.repository().join("verified");
    let repository = format!(r#"{{"type":"fs","settings":{{"location":"{}"}}}}"#, place.display());
    let nothing = r#"{"indices":"","ignore_unavailable":true,"include_global_state":true}"#;
    let curl = "console clusters curl source /_snapshot/test_repository";
    for line in [
        format!("{curl} -X PUT -H 'Content-Type: application/json' -d '{repository}'"),
        format!("{curl}/test_snapshot_1 -X PUT -H 'Content-Type: application/json' -d '{nothing}'"),
        format!("{curl}/test_snapshot_1 -X DELETE"),
        format!("{curl} -X DELETE"),
    ] {
        eventually(&line, || migration.typed(&line).status.success().then_some(()));
    }
    let verified = migration.prints("console snapshot verify");
    assert!(!verified.contains("FAILED") && verified.contains("nothing is left"), "{verified}");
}

/// "Verifying replication", by clients that go through the proxy on the coordinator's port.
fn traffic_is_captured_and_replayed(migration: &Migration) {
    let folder = migration.path("agent");
    std::fs::create_dir(&folder).unwrap();
    // The document's own flags, but for the login to Amazon.
    let flags = [
        "--kafkaConnection",
        migration.kafka.bootstrap(),
        "--kafkaTopic",
        &migration.topic,
        "--insecureDestination",
    ];
    let agent = Agent::start(migration.source.lab.url(), &folder, &flags);
    let health_checks = || {
        for _ in 0..HEALTH_CHECKS {
            let through = migration.source.curl(&agent.url(), "GET", "/", "");
            assert_eq!(through, migration.source.curl(migration.source.lab.url(), "GET", "/", ""));
        }
        agent.await_delivery();
    };
    health_checks();
    let first = records(migration);
    health_checks();
    let second = records(migration);
    assert!(first > 0 && second > first, "{first}, then {second}");

    let started = migration.prints("console replay start");
    assert!(started.starts_with("Replayer started successfully.\n"), "{started}");
    let running = "ReplayStatus.RUNNING\nRunning=1\nPending=0\nDesired=1\n";
    eventually("a replayer", || migration.prints("console replay status").starts_with(running).then_some(()));
    let line = r#"tail -n +1 shared-logs-output/traffic-replayer-default/*/tuples/tuples.log | jq '.targetResponses[]."Status-Code"'"#;
    eventually("the replayed requests", || {
        let statuses = String::from_utf8(migration.typed(line).stdout).unwrap();
        assert!(statuses.lines().all(|status| status == "200"), "{statuses}");
        (statuses.lines().count() == 2 * HEALTH_CHECKS).then_some(())
    });
    let group = migration.prints(&format!("console kafka describe-consumer-group {}", migration.topic));
    assert!(group.contains("CURRENT-OFFSET") && group.contains("PARTITION TIME LAG"), "{group}");
    let stopped = migration.prints("console replay stop");
    assert!(stopped.starts_with("Replayer stopped successfully.\n"), "{stopped}");
    assert!(stopped.contains("Running=0\nPending=0\nDesired=0\n"), "{stopped}");
}

/// The column RECORDS of the topic, added up.
fn records(migration: &Migration) -> u64 {
    let table = migration.prints("console kafka describe-topic-records");
    let mut rows = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
    assert_eq!(rows.next().unwrap()[..3], ["TOPIC", "PARTITION", "RECORDS"], "{table}");
    rows.map(|row| row[2].parse::<u64>().unwrap()).sum()
}

fn the_snapshot_is_taken(migration: &Migration) {
    let created = migration.prints("console snapshot create --max-snapshot-rate-mb-per-node 200");
    assert_eq!(created, "Snapshot documents creation initiated successfully\n");
    eventually("the snapshot", || (migration.prints("console snapshot status") == "SUCCESS\n").then_some(()));
    let deep = migration.prints("console snapshot status --deep-check");
    for line in
        ["Snapshot status: SUCCESS", "Percent completed: 100.00%", "Estimated time to completion: 0h 0m 0s"]
    {
        assert!(deep.lines().any(|there| there == line), "{line}: {deep}");
    }
    for key in [
        "Start time: ",
        "Finished time: ",
        "Data processed: ",
        "Throughput: ",
        "Total shards: ",
        "Successful shards: ",
    ] {
        assert!(deep.lines().any(|there| there.starts_with(key) && there.len() > key.len()), "{key}: {deep}");
    }
}

fn the_metadata_is_migrated(migration: &Migration) {
    let flags = format!("--index-allowlist {INDEX},{OTHER}");
    let evaluated = migration.prints(&format!("console metadata evaluate {flags}"));
    let migrated = migration.prints(&format!("console metadata migrate {flags}"));
    for (text, heading) in [(&evaluated, "Migration Candidates:"), (&migrated, "Migrated Items:")] {
        let headings =
            ["Clusters:", heading, "   Indexes:", "   Aliases:", "Results:", "   0 issue(s) detected"];
        for line in headings {
            assert!(text.lines().any(|there| there == line), "{line}: {text}");
        }
        assert!(text.lines().any(|there| there == format!("      - {INDEX}")), "{text}");
    }
}

/// Both tables of `cat-indices`, by heading.
fn tables(text: &str) -> [Vec<Vec<&str>>; 2] {
    let (source, target) = text.split_once("\n\nTARGET CLUSTER\n").unwrap_or_else(|| panic!("{text}"));
    let (_, source) = source.split_once("SOURCE CLUSTER\n").unwrap_or_else(|| panic!("{text}"));
    [source, target].map(|table| {
        let mut rows = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
        let heading = rows.next().unwrap();
        let known = [
            "health",
            "status",
            "index",
            "uuid",
            "pri",
            "rep",
            "docs.count",
            "docs.deleted",
            "store.size",
            "pri.store.size",
        ];
        assert_eq!(heading[..known.len()], known, "{text}");
        rows.collect()
    })
}

fn documents_of(table: &[Vec<&str>], index: &str) -> Option<usize> {
    table.iter().find(|row| row.get(2) == Some(&index)).map(|row| row[6].parse().unwrap())
}

fn documents_are_backfilled(migration: &Migration) {
    let before = migration.prints("console clusters cat-indices");
    let [source, target] = tables(&before);
    assert_eq!(
        (documents_of(&source, INDEX), documents_of(&target, INDEX)),
        (Some(DOCUMENTS), Some(0)),
        "{before}"
    );

    let started = migration.prints("console backfill start");
    assert!(started.starts_with("Backfill started successfully.\n"), "{started}");
    assert!(started.contains("BackfillStatus.RUNNING\nRunning=1\nPending=0\nDesired=1\n"), "{started}");
    let shards = SHARDS + 1;
    let status = eventually("the end of the backfill", || {
        let status = migration.prints("console backfill status --deep-check");
        status.contains("\nPhase: complete\n").then_some(status)
    });
    let block = format!(
        "BackfillStatus.RUNNING\nRunning=1\nPending=0\nDesired=1\nShards total: {shards}\nShards completed: {shards}\nShards incomplete: 0\nShards in progress: 0\nShards unclaimed: 0\n"
    );
    assert!(status.starts_with(&block), "{status}");

    let scaled = migration.prints("console backfill scale 5");
    assert!(scaled.contains("Desired=5\n"), "{scaled}");
    let paused = migration.prints("console backfill pause");
    assert!(
        paused.starts_with("Backfill paused successfully.\n") && paused.contains("Running=0\n"),
        "{paused}"
    );
    let again = migration.prints("console backfill start");
    assert!(again.contains("BackfillStatus.RUNNING\n"), "{again}");

    let stopped = migration.prints("console backfill stop");
    let lines: Vec<&str> = stopped.lines().collect();
    assert_eq!(lines[0], "Backfill stopped successfully.", "{stopped}");
    assert!(lines[1].contains("set to 0 desired count. Currently "), "{stopped}");
    assert_eq!(lines[2], "Archiving the working state of the backfill operation...", "{stopped}");
    assert!(
        lines[3..lines.len() - 1]
            .iter()
            .all(|line| *line == "RFS Workers are still running, waiting for them to complete..."),
        "{stopped}"
    );
    let archive = lines.last().unwrap().strip_prefix("Backfill working state archived to: ").unwrap();
    let folder = migration.path("shared-logs-output/migration-console-default/backfill_working_state");
    let stamp = archive.strip_prefix(&format!("{}/working_state_backup_", folder.display()));
    let stamp = stamp.and_then(|stamp| stamp.strip_suffix(".json")).unwrap_or_else(|| panic!("{archive}"));
    assert!(stamp.len() == 14 && stamp.bytes().all(|byte| byte.is_ascii_digit()), "{archive}");
    assert!(migration.prints(&format!("jq length {archive}")).trim().parse::<u64>().unwrap() > 0);
    assert!(!migration.typed("console backfill start").status.success(), "a stopped backfill is over");

    let after = migration.prints("console clusters cat-indices --refresh");
    let [source, target] = tables(&after);
    for (index, count) in [(INDEX, DOCUMENTS), (OTHER, 1)] {
        assert_eq!(documents_of(&source, index), Some(count), "{after}");
        assert_eq!(documents_of(&target, index), Some(count), "{after}");
    }
}

fn everything_speaks_json(migration: &Migration) {
    for line in [
        "clusters connection-check",
        "clusters cat-indices",
        "snapshot create",
        "snapshot status",
        "snapshot status --deep-check",
        "metadata evaluate --index-allowlist documents-*",
        "backfill describe",
        "backfill status",
        "replay describe",
        "replay status",
        "kafka describe-topic-records",
        "doctor",
    ] {
        migration.json(&format!("console --json {line}"));
    }
    let connected = migration.json("console --json clusters connection-check");
    for side in ["source_cluster", "target_cluster"] {
        assert_eq!(connected[side]["connected"], true, "{connected}");
    }
}

/// "Resetting before migration".
fn it_is_reset(migration: &Migration) {
    migration.prints("console backfill reset --yes");
    let declined = migration.typed("echo n | console snapshot delete");
    assert!(!declined.status.success(), "{declined:?}");
    assert_eq!(migration.prints("console snapshot status"), "SUCCESS\n");
    migration.prints("echo y | console snapshot delete");
    assert_eq!(migration.prints("console snapshot status"), "Snapshot not started\n");
    migration.prints("console snapshot unregister-repo --acknowledge-risk");
    migration.prints("console kafka delete-topic --acknowledge-risk");
    let (source, target) = (&migration.source, &migration.target);
    for index in [INDEX, OTHER] {
        source.curl(source.lab.url(), "DELETE", &format!("/{index}"), "");
        target.curl(target.lab.url(), "DELETE", &format!("/{index}"), "");
    }
}
