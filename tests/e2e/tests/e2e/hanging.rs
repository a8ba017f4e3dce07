//! A target that does not answer one request: nobody else waits, and nothing is done twice after a crash.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use switchover_e2e::scripted::Node;
use switchover_testkit::agent::Agent;
use switchover_testkit::http::{Connection, ask};
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{Program, eventually};

const OTHERS: usize = 500;

fn created(id: &str) -> Vec<u8> {
    let body = format!(r#"{{"_index":"hanging","_id":"{id}","_version":1,"result":"created"}}"#);
    format!(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Paths of all PUT requests. Requests of a connection follow on each other's bodies, so lines do not tell them apart.
fn puts(node: &Node) -> Vec<String> {
    let received = node.received().concat();
    let text = String::from_utf8_lossy(&received);
    text.split("PUT ")
        .skip(1)
        .filter_map(|request| Some(request.split_once(" HTTP/1.1")?.0.to_owned()))
        .collect()
}

#[test]
fn what_was_finished_behind_a_request_that_hangs_is_not_sent_again_after_a_kill() {
    let (source, kafka) = (Lab::elasticsearch("7.10.2"), Lab::kafka());
    let directory = tempfile::tempdir().unwrap();
    let topic = format!("hanging-{}", std::process::id());
    ask(source.url(), "DELETE", "/hanging", "");
    let agent = Agent::start(
        source.url(),
        directory.path(),
        &["--kafkaConnection", kafka.bootstrap(), "--kafkaTopic", &topic],
    );
    let mut stuck = Connection::open(&agent.address).unwrap();
    assert!(stuck.send("PUT", "/hanging/_doc/stuck", "{}").unwrap().status < 300);
    let mut others = Connection::open(&agent.address).unwrap();
    for number in 0..OTHERS {
        assert!(others.send("PUT", &format!("/hanging/_doc/{number}"), "{}").unwrap().status < 300);
    }
    agent.await_delivery();

    let hangs = Arc::new(AtomicBool::new(true));
    let hanging = Arc::clone(&hangs);
    let target = Node::start_with(move |_, path| {
        let id = path.rsplit('/').next().unwrap_or_default();
        (id != "stuck" || !hanging.load(Ordering::SeqCst)).then(|| created(id))
    });
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let flags = |until: &str| {
        let flags = [
            ("targetUri", target.url.clone()),
            ("kafkaConnection", kafka.bootstrap().to_owned()),
            ("kafkaTopic", topic.clone()),
            ("kafkaGroupId", topic.clone()),
            ("until", until.to_owned()),
            ("speedupFactor", "max".to_owned()),
            ("tupleDir", file("tuples")),
            ("deadLetterDir", file("dead-letters")),
            ("adminAddress", "127.0.0.1:0".to_owned()),
        ];
        flags.into_iter().flat_map(|(name, value)| [format!("--{name}"), value]).collect::<Vec<_>>()
    };
    let mut replayer =
        Program::start("switchover-replayer", flags("never"), directory.path().join("first.log"));
    let done = || std::fs::read_to_string(directory.path().join("tuples/done.log")).unwrap_or_default();
    eventually("all others are done, and that is on disk", || {
        let others = done().lines().filter(|line| line.starts_with("done\t")).count();
        (others == OTHERS).then_some(())
    });
    replayer.kill();
    let before = puts(&target);
    assert_eq!(before.len(), OTHERS + 1);
    let stuck = |paths: &[String]| paths.iter().filter(|path| path.ends_with("/stuck")).count();
    assert_eq!(stuck(&before), 1);

    hangs.store(false, Ordering::SeqCst);
    let mut replayer =
        Program::start("switchover-replayer", flags("end"), directory.path().join("second.log"));
    // The script's answers lack some of the fields of real ones, so they may count as different.
    let ended = replayer.wait().code();
    assert!(matches!(ended, Some(0 | 3)), "{ended:?}: {}", replayer.log_text());
    let all = puts(&target);
    assert_eq!((all.len(), stuck(&all)), (OTHERS + 2, 2), "only the one that hung was sent again");
}
