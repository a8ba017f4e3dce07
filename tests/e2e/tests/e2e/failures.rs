//! What goes wrong is said clearly, with the documented exit code, and loses nothing.

use crate::replay::replay;
use std::path::{Path, PathBuf};
use switchover_testkit::agent::Agent;
use switchover_testkit::http::Connection;
use switchover_testkit::lab::{Lab, Security};
use switchover_testkit::program::run;

/// A capture log of `count` writes in small segments.
pub(crate) fn capture(source: &Lab, directory: &Path, count: usize) -> PathBuf {
    let mut agent = Agent::start(source.url(), directory, &["--captureLogSegmentBytes", "8KiB"]);
    let mut connection = Connection::open(&agent.address).unwrap();
    for number in 0..count {
        assert!(connection.send("PUT", &format!("/failures/_doc/{number}"), "{}").unwrap().status < 300);
    }
    drop(connection);
    assert!(agent.terminate().success());
    Agent::log_dir(directory)
}

fn segments(log: &Path) -> Vec<PathBuf> {
    let mut segments: Vec<_> = std::fs::read_dir(log)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    segments.sort();
    segments
}

#[test]
fn a_damaged_segment_stops_the_replay_with_its_place() {
    let (source, target) = (Lab::elasticsearch("7.10.2"), Lab::opensearch("2.19"));
    let directory = tempfile::tempdir().unwrap();
    let log = capture(&source, directory.path(), 100);
    let segments = segments(&log);
    assert!(segments.len() > 3, "{segments:?}");
    let damaged = &segments[1];
    let mut bytes = std::fs::read(damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    std::fs::write(damaged, &bytes).unwrap();
    let name = damaged.file_name().unwrap().to_str().unwrap();

    let stat = run("switchover", ["capture", "stat", log.to_str().unwrap()]);
    assert_eq!(stat.code, Some(1), "{stat:?}");
    assert!(format!("{}{}", stat.stdout, stat.stderr).contains(name), "{stat:?}");

    let finished = replay(
        target.url(),
        directory.path(),
        &["--captureLogDir", log.to_str().unwrap(), "--speedupFactor", "max"],
    );
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let said = format!("{}{}", finished.stdout, finished.stderr);
    assert!(said.contains(name) && said.contains("offset"), "{said}");
    assert_eq!(std::fs::read(damaged).unwrap(), bytes, "the log is left as it was");
}

#[test]
fn an_empty_log_is_replayed_in_no_time() {
    let (source, target) = (Lab::elasticsearch("7.10.2"), Lab::opensearch("2.19"));
    let directory = tempfile::tempdir().unwrap();
    let log = capture(&source, directory.path(), 0);
    let finished = replay(target.url(), directory.path(), &["--captureLogDir", log.to_str().unwrap()]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(run("switchover", ["capture", "stat", log.to_str().unwrap()]).code, Some(0));
}

#[test]
fn a_topic_that_does_not_exist() {
    let (target, kafka) = (Lab::opensearch("2.19"), Lab::kafka());
    let directory = tempfile::tempdir().unwrap();
    let input = ["--kafkaConnection", kafka.bootstrap(), "--kafkaTopic", "no-such-topic", "--until", "end"];
    let finished = replay(target.url(), directory.path(), &input);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(
        finished.stderr.contains("no-such-topic") && finished.stderr.contains("does not exist"),
        "{finished:?}"
    );
}

#[test]
fn a_target_that_is_down() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let log = capture(&source, directory.path(), 3);
    let input = ["--captureLogDir", log.to_str().unwrap(), "--retryDeadline", "1s"];
    let finished = replay("http://127.0.0.1:1", directory.path(), &input);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("127.0.0.1:1"), "{finished:?}");
    let nonsense = replay("127.0.0.1", directory.path(), &input);
    assert_eq!(nonsense.code, Some(2), "{nonsense:?}");
}

#[test]
fn two_agents_on_one_log_and_a_port_that_is_taken() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let agent = Agent::start(source.url(), directory.path(), &[]);
    let log = Agent::log_dir(directory.path());
    let second = |log: &Path, port: &str| {
        let args = ["--destinationUri", source.url(), "--listenAddress", "127.0.0.1", "--listenPort", port]
            .into_iter()
            .chain(["--adminAddress", "127.0.0.1:0", "--captureLogDir", log.to_str().unwrap()]);
        run("switchover-agent", args.map(str::to_owned).collect::<Vec<_>>())
    };
    let locked = second(&log, "0");
    assert_eq!(locked.code, Some(1), "{locked:?}");
    assert!(locked.stderr.contains(&agent.pid().to_string()), "names the holder: {locked:?}");
    let (_, port) = agent.address.rsplit_once(':').unwrap();
    let taken = second(&directory.path().join("other-log"), port);
    assert_eq!(taken.code, Some(1), "{taken:?}");
    assert!(taken.stderr.contains(port), "{taken:?}");
}

#[test]
fn a_wrong_password_sends_nothing_and_the_right_one_replays_all() {
    let source = Lab::elasticsearch("7.10.2");
    let target = Lab::shared_secured("opensearch", "2.19", Security::Plain);
    let directory = tempfile::tempdir().unwrap();
    let log = capture(&source, directory.path(), 25);
    let password = directory.path().join("password");
    let replay_with = |text: &str| {
        std::fs::write(&password, text).unwrap();
        let input = ["--captureLogDir", log.to_str().unwrap(), "--speedupFactor", "max"];
        let auth = ["--targetUsername", target.user(), "--targetPasswordFile", password.to_str().unwrap()];
        replay(target.url(), directory.path(), &[input, auth].concat())
    };
    let finished = replay_with("wrong-password");
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("refuses the credentials"), "{finished:?}");
    assert!(!format!("{}{}", finished.stdout, finished.stderr).contains("wrong-password"), "{finished:?}");

    let finished = replay_with(&format!("{}\n", target.password()));
    assert!(matches!(finished.code, Some(0 | 3)), "{finished:?}");
    assert!(finished.stdout.contains("25"), "{finished:?}");
    let report = std::fs::read_to_string(directory.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["requests"]["replayed"], 25, "{report}");
    assert!(report["statuses"].to_string().contains("201"), "{report}");
}
