//! Sending to targets that ask who we are, and to one that goes away.

use crate::failures::capture;
use crate::replay::replay;
use serde_json::Value;
use std::path::Path;
use switchover_e2e::documents;
use switchover_e2e::scripted::{Node, ok};
use switchover_testkit::agent::Agent;
use switchover_testkit::http::{Connection, ask};
use switchover_testkit::lab::{Lab, Security, certificates};
use switchover_testkit::program::{Program, eventually};

fn report(directory: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(directory.join("report.json")).unwrap()).unwrap()
}

#[test]
fn a_secured_target_by_its_own_authority_with_a_password_or_a_certificate() {
    let source = Lab::elasticsearch("7.10.2");
    let target = Lab::shared_secured("opensearch", "2.19", Security::Tls);
    let directory = tempfile::tempdir().unwrap();
    let log = capture(&source, directory.path(), 25);
    let password = directory.path().join("password");
    std::fs::write(&password, target.password()).unwrap();
    let (password, ca) = (password.to_str().unwrap(), target.ca().to_str().unwrap());
    let input = ["--captureLogDir", log.to_str().unwrap(), "--speedupFactor", "max"];
    let basic = ["--targetUsername", target.user(), "--targetPasswordFile", password];
    let with =
        |url: &str, flags: &[&[&str]]| replay(url, directory.path(), &[&input[..], &flags.concat()].concat());

    let certificates = certificates();
    let file = |name: &str| certificates.join(name).to_str().unwrap().to_owned();
    let (client, key) = (file("admin.pem"), file("admin.key"));
    for (how, flags) in [
        ("password", vec![&["--targetCaFile", ca][..], &basic]),
        ("anyone", vec![&["--insecure"][..], &basic]),
        (
            "certificate",
            vec![&["--targetCaFile", ca, "--targetCertFile", &client, "--targetKeyFile", &key][..]],
        ),
    ] {
        let finished = with(target.url(), &flags);
        assert!(matches!(finished.code, Some(0 | 3)), "{how}: {finished:?}");
        let report = report(directory.path());
        assert_eq!(report["requests"]["replayed"], 25, "{how}: {report}");
        let taken = |status: &Value| matches!(status["target"].as_u64(), Some(200 | 201));
        assert!(report["statuses"].as_array().unwrap().iter().all(taken), "{how}: {report}");
    }

    // Who is not trusted is not talked to, and the message says what to do.
    let finished = with(target.url(), &[&basic]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(
        finished.stderr.contains("CA file") && finished.stderr.contains("--targetCaFile"),
        "{finished:?}"
    );
    let (_, port) = target.url().rsplit_once(':').unwrap();
    let finished = with(&format!("http://localhost:{port}"), &[&basic, &["--retryDeadline", "2s"]]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
}

#[test]
fn a_target_that_is_killed_and_comes_back_has_everything() {
    let (source, target) = (Lab::elasticsearch("7.10.2"), Lab::private_opensearch("2.19"));
    let directory = tempfile::tempdir().unwrap();
    ask(source.url(), "DELETE", "/failures", "");
    let log = capture(&source, directory.path(), 3000);
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let arguments = [
        ["--targetUri".to_owned(), target.url().to_owned()],
        ["--captureLogDir".to_owned(), log.to_str().unwrap().to_owned()],
        ["--tupleDir".to_owned(), path("tuples")],
        ["--deadLetterDir".to_owned(), path("dead")],
        ["--reportFile".to_owned(), path("report.json")],
    ];
    let mut replayer =
        Program::start("switchover-replayer", arguments.concat(), directory.path().join("log.txt"));
    eventually("the replay is under way", || {
        let count = ask(target.url(), "GET", "/failures/_doc/100", "");
        (count.status == 200).then_some(())
    });
    target.kill();
    target.start();
    let status = replayer.wait();
    let report = report(directory.path());
    assert!(matches!(status.code(), Some(0 | 3)), "{status:?} {report} {}", replayer.log_text());
    assert_eq!(report["requests"]["replayed"], 3000, "{report}");
    assert!(report["retries"].as_u64() > Some(0), "it was killed too late to notice: {report}");
    assert_eq!(documents::assert_same(source.url(), target.url(), "failures"), 3000);
}

/// A target that takes two requests on each connection and is overloaded from then on.
fn two_and_no_more(number: usize) -> Vec<u8> {
    match number {
        0 | 1 => ok(number),
        _ => b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".to_vec(),
    }
}

#[test]
fn what_was_given_up_is_committed_and_replayed_alone() {
    let (kafka, source) = (Lab::kafka(), Node::start(ok));
    let directory = tempfile::tempdir().unwrap();
    let topic = format!("givenup-{}", std::process::id());
    let kafka_flags = ["--kafkaConnection", kafka.bootstrap(), "--kafkaTopic", &topic];
    let agent = Agent::start(&source.url, directory.path(), &kafka_flags);
    let mut connection = Connection::open(&agent.address).unwrap();
    for number in 0..5 {
        assert_eq!(connection.send("PUT", &format!("/a/_doc/{number}"), "{}").unwrap().status, 200);
    }
    drop(connection);
    agent.await_delivery();

    let group =
        ["--kafkaGroupId", &topic, "--until", "end", "--speedupFactor", "max", "--retryDeadline", "1s"];
    let input = [&kafka_flags[..], &group].concat();
    let overloaded = Node::start(two_and_no_more);
    let finished = replay(&overloaded.url, directory.path(), &input);
    assert_eq!(finished.code, Some(4), "{finished:?}");
    let first = report(directory.path());
    assert_eq!((&first["requests"]["replayed"], &first["requests"]["deadLettered"]), (&2.into(), &3.into()));

    let healthy = Node::start(ok);
    let finished = replay(&healthy.url, directory.path(), &input);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(report(directory.path())["requests"]["replayed"], 0, "the group is past them");

    let letters = first["deadLetterFile"].as_str().unwrap();
    let finished = replay(&healthy.url, directory.path(), &["--input", letters, "--speedupFactor", "max"]);
    assert!(matches!(finished.code, Some(0 | 3)), "{finished:?}");
    let sent = healthy.received().concat();
    let sent = String::from_utf8_lossy(&sent);
    let ids: Vec<_> = sent.split("PUT /a/_doc/").skip(1).filter_map(|rest| rest.split(' ').next()).collect();
    assert_eq!(ids, ["2", "3", "4"]);
}
