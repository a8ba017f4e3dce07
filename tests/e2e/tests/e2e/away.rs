//! A real target that is away for a full minute.

use crate::failures::capture;
use serde_json::Value;
use std::time::{Duration, Instant};
use switchover_e2e::documents;
use switchover_testkit::http::ask;
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{Program, eventually};

const OUTAGE: Duration = Duration::from_secs(60);
const REQUESTS: u64 = 3000;

#[test]
fn a_target_that_is_away_for_a_minute_loses_nothing_and_the_status_says_why() {
    let (source, target) = (Lab::elasticsearch("7.10.2"), Lab::private_opensearch("2.19"));
    let directory = tempfile::tempdir().unwrap();
    ask(source.url(), "DELETE", "/failures", "");
    let log = capture(&source, directory.path(), REQUESTS as usize);
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let admin = format!("127.0.0.1:{}", free_port());
    let arguments = [
        ["--targetUri".to_owned(), target.url().to_owned()],
        ["--captureLogDir".to_owned(), log.to_str().unwrap().to_owned()],
        ["--tupleDir".to_owned(), path("tuples")],
        ["--deadLetterDir".to_owned(), path("dead")],
        ["--reportFile".to_owned(), path("report.json")],
        ["--adminAddress".to_owned(), admin.clone()],
    ];
    let mut replayer =
        Program::start("switchover-replayer", arguments.concat(), directory.path().join("log.txt"));
    eventually("the replay is under way", || {
        (ask(target.url(), "GET", "/failures/_doc/100", "").status == 200).then_some(())
    });
    target.kill();
    let gone = Instant::now();
    let status = || ask(&format!("http://{admin}"), "GET", "/status", "").json();
    eventually("the status tells of it", || {
        let reason = status()["oldest"]["reason"].as_str().unwrap_or_default().to_owned();
        reason.contains("cannot connect").then_some(())
    });
    eventually("the outage lasts", || (gone.elapsed() >= OUTAGE).then_some(()));
    let standing = status();
    assert!(standing["oldest"]["seconds"].as_u64() >= Some(30), "{standing}");
    assert_eq!(standing["deadLettered"], 0, "{standing}");
    target.start();
    let ended = replayer.wait();
    let report: Value =
        serde_json::from_slice(&std::fs::read(directory.path().join("report.json")).unwrap()).unwrap();
    assert!(matches!(ended.code(), Some(0 | 3)), "{ended:?} {report} {}", replayer.log_text());
    assert_eq!(report["requests"]["replayed"], REQUESTS, "{report}");
    assert_eq!(report["requests"]["deadLettered"], 0, "{report}");
    assert_eq!(documents::assert_same(source.url(), target.url(), "failures") as u64, REQUESTS);
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
