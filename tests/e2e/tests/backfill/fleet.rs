//! The console and its fleet: started, paused, scaled, killed and stopped while a snapshot is loaded, and the status is true
//! at each step.

use crate::snapshots::Snapshots;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use switchover_testkit::faults::{Fault, FaultProxy};
use switchover_testkit::http::ask;
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{Finished, eventually, run};

const LEASE: &str = "2s";
/// What passes to and from the target is held up for so long, so that the load is still under way when it is paused.
const DELAY: Duration = Duration::from_millis(15);
/// More than two signs of life of a worker with that lease.
const A_MOMENT: Duration = Duration::from_millis(1500);

struct Fleet {
    lab: Lab,
    /// Of this test alone, as the server is not.
    indices: &'static [&'static str],
    directory: tempfile::TempDir,
    session: String,
    snapshots: Snapshots,
}

impl Fleet {
    fn new(name: &str, indices: &'static [&'static str]) -> Self {
        let fleet = Self {
            lab: Lab::opensearch("2.19"),
            indices,
            directory: tempfile::tempdir().unwrap(),
            session: format!("{name}-{}", std::process::id()),
            snapshots: Snapshots::of("opensearch", "2.19.4"),
        };
        fleet.clear();
        fleet
    }

    fn clear(&self) {
        for index in self.indices {
            ask(self.lab.url(), "DELETE", &format!("/{index}"), "");
        }
    }

    /// A services file for the target at `uri`; its path.
    fn services(&self, file: &str, uri: &str, launch: &str) -> PathBuf {
        let path = self.directory.path().join(file);
        let services = json!({
            "target_cluster": {"endpoint": uri, "no_auth": null},
            "snapshot": {"snapshot_name": "snap-2", "fs": {"repo_path": self.snapshots.repository().replace("file://", "")}},
            "backfill": {"reindex_from_snapshot": {
                "scale": 2, "session_name": self.session, "state_dir": "state", "launch": launch,
                "options": {
                    "indexAllowlist": self.indices, "allowAutoCreate": true, "leaseDuration": LEASE,
                    "bulkBytes": "512", "workers": 1,
                },
            }},
        });
        std::fs::write(&path, services.to_string()).unwrap();
        path
    }

    fn documents(&self) -> u64 {
        self.indices
            .iter()
            .map(|index| {
                ask(self.lab.url(), "POST", &format!("/{index}/_refresh"), "");
                let count = ask(self.lab.url(), "GET", &format!("/{index}/_count"), "");
                if count.status == 404 { 0 } else { count.json()["count"].as_u64().unwrap() }
            })
            .sum()
    }

    fn expected(&self) -> u64 {
        let chosen = |index: &str| self.indices.contains(&index);
        self.snapshots.expected(2).iter().filter(|document| chosen(&document.index)).count() as u64
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        // Those that a test that failed has left.
        let state = self.directory.path().join("state").join(format!("backfill-{}", self.session));
        for number in 1..9 {
            let Ok(file) = std::fs::read(state.join(format!("worker-{number}.json"))) else { continue };
            let pid = serde_json::from_slice::<Value>(&file).map(|file| file["pid"].to_string());
            if let Ok(pid) = pid {
                let _ = Command::new("kill").args(["-9", &pid]).output();
            }
        }
        self.clear();
    }
}

fn backfill(services: &Path, arguments: &[&str]) -> Finished {
    let config = services.to_str().unwrap();
    run("switchover", [&["--config", config, "backfill"], arguments].concat())
}

fn done(services: &Path, arguments: &[&str]) -> String {
    let finished = backfill(services, arguments);
    assert_eq!(finished.code, Some(0), "{arguments:?}: {}{}", finished.stdout, finished.stderr);
    finished.stdout
}

fn status(services: &Path) -> Value {
    let text = done(services, &["status", "--json"]);
    let status: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(status["schema"], "switchover.backfill.status/1");
    status
}

/// The whole migration, and the exit code.
fn overview(services: &Path) -> (Value, i32) {
    let finished = run("switchover", ["--config", services.to_str().unwrap(), "status", "--json"]);
    let json = serde_json::from_str(&finished.stdout);
    let json: Value = json.unwrap_or_else(|error| panic!("{error}: {}{}", finished.stdout, finished.stderr));
    assert_eq!(json["schema"], "switchover.status/1");
    (json, finished.code.unwrap())
}

fn workers(status: &Value) -> [u64; 4] {
    ["running", "pending", "desired", "idle"].map(|count| status["workers"][count].as_u64().unwrap())
}

fn pids(status: &Value) -> BTreeSet<u64> {
    let members = status["members"].as_array().unwrap();
    members.iter().map(|member| member["pid"].as_u64().unwrap()).collect()
}

#[test]
fn a_fleet_is_started_paused_scaled_killed_and_stopped_and_nothing_is_lost() {
    let fleet = Fleet::new("fleet", &["compound", "sharded"]);
    let proxy = FaultProxy::to(fleet.lab.url().trim_start_matches("http://"));
    proxy.be(Fault::Delayed(DELAY));
    let services = fleet.services("services.yaml", &format!("http://{}", proxy.address), "process");

    let before = done(&services, &["status", "--deep-check"]);
    assert_eq!(before, "BackfillStatus.STOPPED\nPhase: not started\n");
    let (all, _) = overview(&services);
    let states = |all: &Value| ["snapshot", "backfill", "agents"].map(|phase| all[phase]["state"].clone());
    assert_eq!(states(&all), ["complete", "notStarted", "notStarted"], "{all}");
    let refused = backfill(&services, &["pause"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("was not started"), "{}", refused.stderr);

    let started = done(&services, &["start"]);
    for line in
        ["Backfill started successfully.", "BackfillStatus.RUNNING", "Running=2", "Pending=0", "Desired=2"]
    {
        assert!(started.lines().any(|there| there == line), "{line}: {started}");
    }
    let again: Value = serde_json::from_str(&done(&services, &["start", "--json"])).unwrap();
    assert_eq!((&again["started"], &again["status"]["workers"]["running"]), (&json!([]), &json!(2)));

    eventually("documents", || (fleet.documents() > 0).then_some(()));
    let paused = done(&services, &["pause"]);
    for line in
        ["Backfill paused successfully.", "BackfillStatus.STOPPED", "Running=0", "Desired=0", "Phase: paused"]
    {
        assert!(paused.lines().any(|there| there == line), "{line}: {paused}");
    }
    let there = fleet.documents();
    assert!(there > 0 && there < fleet.expected(), "{there}");
    let (all, _) = overview(&services);
    assert_eq!(states(&all), ["complete", "paused", "notStarted"], "{all}");
    let loaded = &all["backfill"]["details"];
    assert!(
        loaded["indices"].as_array().unwrap().len() == 2 && loaded["bytesDone"].as_u64() > Some(0),
        "{all}"
    );
    let percent = all["backfill"]["progress"]["percent"].as_f64().unwrap();
    assert!(percent > 0.0 && percent < 100.0, "{all}");
    done(&services, &["pause"]);
    // One that does not stay ends.
    let state = fleet.directory.path().join(format!("state/backfill-{}", fleet.session));
    let config = state.join("worker.yaml").to_str().unwrap().to_owned();
    let short = run("switchover-rfs", ["--config", &config, "--until", "done"]);
    assert_eq!(short.code, Some(5), "{}{}", short.stdout, short.stderr);
    assert!(short.stdout.contains("paused from the console"), "{}", short.stdout);
    std::thread::sleep(A_MOMENT);
    assert_eq!(fleet.documents(), there, "nothing is loaded meanwhile");
    let kept = pids(&status(&services));

    done(&services, &["scale", "1"]);
    let scaled = eventually("one works, one stands by", || {
        let status = status(&services);
        (workers(&status) == [1, 0, 1, 1]).then_some(status)
    });
    assert_eq!((pids(&scaled), &scaled["phase"]), (kept.clone(), &json!("running")));
    let idle = scaled["members"].as_array().unwrap().iter().find(|member| member["state"] == "idle").unwrap();
    assert!(idle["reason"].as_str().unwrap().contains("the scale is 1"), "{idle}");
    let active =
        scaled["members"].as_array().unwrap().iter().find(|member| member["state"] != "idle").unwrap();
    assert!(active["registered"].as_i64() < idle["registered"].as_i64(), "the first to come works");

    let killed = active["pid"].as_u64().unwrap();
    assert!(Command::new("kill").args(["-9", &killed.to_string()]).status().unwrap().success());
    eventually("the other one works", || {
        let status = status(&services);
        (workers(&status) == [1, 0, 1, 0] && !pids(&status).contains(&killed)).then_some(())
    });

    proxy.be(Fault::None);
    let grown = done(&services, &["scale", "2"]);
    assert!(grown.contains("Running=2\nPending=0\nDesired=2\n"), "{grown}");
    let all = eventually("all is done", || {
        let status = status(&services);
        (status["phase"] == "complete").then_some(status)
    });
    assert_eq!(all["shard_total"], all["shard_complete"]);
    assert_eq!(fleet.documents(), fleet.expected());
    let shown = done(&services, &["status", "--deep-check"]);
    for line in [
        "BackfillStatus.RUNNING",
        "Shards incomplete: 0",
        "Shards unclaimed: 0",
        "Phase: complete",
        "Percent completed: 100.0%",
    ] {
        assert!(shown.lines().any(|there| there == line), "{line}: {shown}");
    }

    // A network that is cut is neither taken for the end, nor for nothing.
    proxy.be(Fault::Refusing);
    proxy.reset();
    for arguments in [&["status"][..], &["status", "--json"]] {
        let unknown = backfill(&services, arguments);
        assert_eq!(unknown.code, Some(1), "{}", unknown.stdout);
        assert!(
            unknown.stdout.contains("unknown: ") && unknown.stdout.contains("UNKNOWN"),
            "{}",
            unknown.stdout
        );
        assert!(unknown.stderr.contains(&proxy.address), "{}", unknown.stderr);
    }
    let (all, code) = overview(&services);
    assert_eq!(
        (states(&all), code),
        ([json!("complete"), json!("unknown"), json!("notStarted")], 1),
        "{all}"
    );
    assert_eq!(all["backfill"]["details"], Value::Null, "{all}");
    proxy.be(Fault::None);
    assert_eq!(states(&overview(&services).0)[1], "complete");

    let stopped = done(&services, &["stop"]);
    let archive = stopped.lines().find_map(|line| line.strip_prefix("Backfill working state archived to: "));
    let archive = archive.unwrap_or_else(|| panic!("{stopped}"));
    assert!(stopped.starts_with("Backfill stopped successfully.\n"), "{stopped}");
    let batches: Vec<Value> = serde_json::from_slice(&std::fs::read(archive).unwrap()).unwrap();
    assert!(batches.iter().any(|batch| batch["plan"]["state"] == "done"), "{stopped}");
    for pid in kept {
        assert!(!Path::new(&format!("/proc/{pid}/exe")).exists(), "{pid} lives");
    }
    let stopped = done(&services, &["stop"]);
    assert!(stopped.contains("Working state index doesn't exist, skipping archive operation."), "{stopped}");
    let after = done(&services, &["status"]);
    assert!(after.contains("Phase: not started\nStopped earlier: complete; "), "{after}");
    assert_eq!(states(&overview(&services).0)[1], "complete", "it was, when it was stopped");
    let refused = backfill(&services, &["start"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stdout);
    assert!(refused.stderr.contains("can't be started again"), "{}", refused.stderr);
    assert_eq!(backfill(&services, &["reset"]).code, Some(1), "no answer is a no");
    done(&services, &["reset", "--yes"]);
    assert_eq!(done(&services, &["status"]), "BackfillStatus.STOPPED\nPhase: not started\n");
}

#[test]
fn units_of_systemd_are_started_and_stopped_and_a_worker_that_fails_is_told() {
    let fleet = Fleet::new("units", &["updated"]);
    // It notes what it is asked, and knows one template.
    let (tools, asked) = (fleet.directory.path().join("bin"), fleet.directory.path().join("asked"));
    std::fs::create_dir(&tools).unwrap();
    let script = "#!/bin/sh\necho \"$*\" >> \"$ASKED\"\n[ \"$1\" != list-unit-files ] || echo 'switchover-rfs@.service disabled enabled'\n";
    std::fs::write(tools.join("systemctl"), script).unwrap();
    assert!(Command::new("chmod").arg("755").arg(tools.join("systemctl")).status().unwrap().success());
    let services = fleet.services("services.yaml", fleet.lab.url(), "auto");
    let with_systemd = |arguments: &[&str]| {
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(switchover_testkit::program::binary("switchover"));
        command.args(["--config", services.to_str().unwrap(), "backfill"]).args(arguments);
        let output = command.env("PATH", path).env("ASKED", &asked).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let started = with_systemd(&["start"]);
    assert!(started.contains("BackfillStatus.STARTING\nRunning=0\nPending=2\nDesired=2\n"), "{started}");
    assert!(started.contains("Phase: blocked: no worker is alive"), "{started}");
    with_systemd(&["stop"]);
    let asked = std::fs::read_to_string(&asked).unwrap();
    for line in ["start switchover-rfs@1.service switchover-rfs@2.service", "stop switchover-rfs@*.service"] {
        assert!(asked.lines().any(|there| there == line), "{line}: {asked}");
    }

    done(&services, &["reset", "--yes"]);
    let wrong = std::fs::read_to_string(&services).unwrap().replace("snap-2", "snap-9");
    std::fs::write(&services, wrong).unwrap();
    let failed = backfill(&services, &["start"]);
    assert_eq!(failed.code, Some(1), "{}", failed.stdout);
    assert!(
        failed.stderr.contains("no snapshot snap-9") && failed.stderr.contains("its log is"),
        "{}",
        failed.stderr
    );
    done(&services, &["stop"]);
}
