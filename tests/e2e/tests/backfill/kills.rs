//! Workers that are killed at any time, and workers that share: in the end the target equals the snapshot.

use crate::snapshots::{Snapshots, clear, documents};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{Program, run};

/// In one backfill; a soak (`SWITCHOVER_KILLS=1000`) makes many.
const KILLS: usize = 20;
const LEASE: &str = "2s";
/// So that a batch holds a few documents.
const BULK_BYTES: &str = "2KiB";
const WORKERS: usize = 2;

struct Backfill {
    snapshots: Snapshots,
    lab: Lab,
    directory: tempfile::TempDir,
}

impl Backfill {
    fn new() -> Self {
        let (snapshots, lab) = (Snapshots::of("opensearch", "2.19.4"), Lab::private_opensearch("2.19"));
        clear(lab.url());
        Self { snapshots, lab, directory: tempfile::tempdir().unwrap() }
    }

    fn flags(&self) -> Vec<String> {
        let flags = [
            ("repoUri", self.snapshots.repository()),
            ("snapshotName", "snap-2".to_owned()),
            ("targetUri", self.lab.url().to_owned()),
            ("failedDocumentDir", self.directory.path().join("failed").to_str().unwrap().to_owned()),
            ("indexAllowlist", "plain,compound,codec-*,updated,ids,sharded".to_owned()),
            ("leaseDuration", LEASE.to_owned()),
            ("bulkBytes", BULK_BYTES.to_owned()),
            ("workers", WORKERS.to_string()),
            ("gzip", "never".to_owned()),
        ];
        let flags = flags.into_iter().flat_map(|(name, value)| [format!("--{name}"), value]);
        flags.chain(["--allowAutoCreate".to_owned()]).collect()
    }

    /// The target holds what the snapshot does. How often a document was written more than once.
    fn repeated(&self) -> u64 {
        let there = documents(self.lab.url());
        let mut expected = 0;
        for document in self.snapshots.expected(2) {
            let chosen =
                ["plain", "compound", "updated", "ids", "sharded"].contains(&document.index.as_str());
            if !chosen && !document.index.starts_with("codec-") {
                continue;
            }
            expected += 1;
            let found = there.get(&(document.index.clone(), document.id.clone()));
            let found = found.unwrap_or_else(|| panic!("{} {} is missing", document.index, document.id));
            let source = document.source.unwrap();
            assert!(
                source.is(&found[0].0),
                "{} {}: {:?}, not {source:?}",
                document.index,
                document.id,
                found[0].0
            );
        }
        assert_eq!(there.len(), expected);
        there.values().flatten().map(|(_, version)| version - 1).sum()
    }
}

#[test]
fn workers_killed_twenty_times_lose_nothing_and_repeat_little() {
    let kills = std::env::var("SWITCHOVER_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    for _ in 0..kills.div_ceil(KILLS) {
        killed();
    }
}

fn killed() {
    let backfill = Backfill::new();
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    println!("seed {nanos}");
    let mut random = nanos | 1;
    for number in 0..KILLS {
        let log = backfill.directory.path().join(format!("{number}.log"));
        let mut worker = Program::start("switchover-rfs", backfill.flags(), log);
        // xorshift: any time between the start and deep in the work.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        std::thread::sleep(Duration::from_millis(random % 1500));
        worker.kill();
    }
    let ended = run("switchover-rfs", backfill.flags());
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let repeated = backfill.repeated();
    // A kill repeats one batch of each worker; the smallest document takes some 60 bytes of it.
    let most = (KILLS * WORKERS * 2048 / 60) as u64;
    assert!(repeated <= most, "{repeated} of {most}");
}

#[test]
fn two_processes_share_the_work_and_one_that_hangs_loses_its_part() {
    let backfill = Backfill::new();
    let log = |name: &str| backfill.directory.path().join(name);
    let mut hangs = Program::start("switchover-rfs", backfill.flags(), log("hangs"));
    switchover_testkit::program::eventually("work begins", || {
        let overview = switchover_testkit::http::ask(
            backfill.lab.url(),
            "GET",
            "/.switchover_backfill/_search?q=documents:%3E0&size=1",
            "",
        );
        (overview.status == 200 && overview.json()["hits"]["total"]["value"].as_u64() > Some(0)).then_some(())
    });
    let stop = |name: &str| {
        let status =
            std::process::Command::new("kill").args([name, &hangs.pid().to_string()]).status().unwrap();
        assert!(status.success());
    };
    stop("-STOP");
    let other = run("switchover-rfs", backfill.flags());
    assert_eq!(other.code, Some(0), "{}{}", other.stdout, other.stderr);
    assert!(other.stderr.contains("silent: taken over"), "{}", other.stderr);
    stop("-CONT");
    // It finds that its leases are lost and that all is done.
    assert_eq!(hangs.wait().code(), Some(0), "{}", hangs.log_text());
    backfill.repeated();
}
