//! Recorded traffic, replayed to OpenSearch: the clusters agree document by document.

use serde_json::Value;
use std::path::Path;
use switchover_e2e::documents;
use switchover_e2e::traffic::{self, Mix};
use switchover_testkit::agent::Agent;
use switchover_testkit::http::ask;
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{Finished, run};

/// Replays to `target`; `input` says from where.
pub(crate) fn replay(target: &str, directory: &Path, input: &[&str]) -> Finished {
    let tuples = directory.join("tuples");
    let dead_letters = directory.join("dead-letters");
    let report = directory.join("report.json");
    let output = [
        "--targetUri",
        target,
        "--tupleDir",
        tuples.to_str().unwrap(),
        "--deadLetterDir",
        dead_letters.to_str().unwrap(),
        "--reportFile",
        report.to_str().unwrap(),
    ];
    run("switchover-replayer", output.iter().chain(input).copied())
}

fn fresh_index(url: &str, index: &str) {
    ask(url, "DELETE", &format!("/{index}"), "");
}

fn create_index(url: &str, index: &str) {
    let settings = r#"{"settings":{"number_of_shards":2,"number_of_replicas":0,"refresh_interval":"5s"}}"#;
    assert_eq!(ask(url, "PUT", &format!("/{index}"), settings).status, 200);
}

/// The replay ran to its end; differences between the products' answers may be listed.
fn assert_replayed(finished: &Finished) {
    assert!(matches!(finished.code, Some(0 | 3)), "{finished:?}");
}

#[test]
fn fifty_thousand_mixed_requests_of_20_connections_at_max_and_at_4x() {
    let (source, target, newest) =
        (Lab::elasticsearch("7.10.2"), Lab::opensearch("2.19"), Lab::opensearch("3.x"));
    let directory = tempfile::tempdir().unwrap();
    let index = "mixed";
    for cluster in [&source, &target, &newest] {
        fresh_index(cluster.url(), index);
    }
    let mut agent = Agent::start(source.url(), directory.path(), &[]);
    create_index(&agent.url(), index);
    let mix = Mix { connections: 20, rounds: 25, requests: 100 };
    assert_eq!(mix.total(), 50_000);
    traffic::send(&agent.address, index, mix, 42);
    let status = agent.status();
    assert_eq!(status["lost"]["records"], 0, "{status}");
    assert!(agent.terminate().success());

    let log = Agent::log_dir(directory.path());
    for (target, speed) in [(&target, "max"), (&newest, "4")] {
        let input = ["--captureLogDir", log.to_str().unwrap(), "--speedupFactor", speed];
        let finished = replay(target.url(), directory.path(), &input);
        assert_replayed(&finished);
        let report: Value =
            serde_json::from_slice(&std::fs::read(directory.path().join("report.json")).unwrap()).unwrap();
        println!("{speed}: {}", finished.stdout);
        assert!(report.to_string().contains("50001"), "every request was replayed: {report}");
        let count = documents::assert_same(source.url(), target.url(), index);
        assert!(count > 1000, "{count} documents");
    }
}

#[test]
fn through_kafka_and_from_where_the_group_stopped() {
    let (source, target, kafka) = (Lab::elasticsearch("7.10.2"), Lab::opensearch("2.19"), Lab::kafka());
    let directory = tempfile::tempdir().unwrap();
    let (index, topic) = ("viakafka", format!("viakafka-{}", std::process::id()));
    fresh_index(source.url(), index);
    fresh_index(target.url(), index);
    let agent = Agent::start(
        source.url(),
        directory.path(),
        &["--kafkaConnection", kafka.bootstrap(), "--kafkaTopic", &topic],
    );
    create_index(&agent.url(), index);
    let input = [
        "--kafkaConnection",
        kafka.bootstrap(),
        "--kafkaTopic",
        &topic,
        "--kafkaGroupId",
        &topic,
        "--until",
        "end",
        "--speedupFactor",
        "max",
    ];
    for seed in [1, 2] {
        traffic::send(&agent.address, index, Mix { connections: 5, rounds: 5, requests: 20 }, seed);
        agent.await_delivery();
        let finished = replay(target.url(), directory.path(), &input);
        assert_replayed(&finished);
        assert!(documents::assert_same(source.url(), target.url(), index) > 0);
    }
}
