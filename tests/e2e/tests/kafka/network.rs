//! Networks that fail, between the agent and the broker and between the agent and the node.

use crate::writers::Stage;
use std::time::{Duration, Instant};
use switchover_e2e::scripted::{Node, ok};
use switchover_testkit::faults::{Fault, FaultProxy};
use switchover_testkit::lab::Lab;
use switchover_testkit::program::eventually;

const TOPIC: &str = "network";
const ACK_TIMEOUT: &str = "2s";
/// Longer than that, and longer than a broker's clients wait for an answer before they connect anew.
const LONG_STALL: Duration = Duration::from_secs(75);
const STALL: Duration = Duration::from_secs(6);

/// Until so long after `begun`.
fn lasts(begun: Instant, time: Duration) {
    eventually("the fault lasts", || (begun.elapsed() >= time).then_some(()));
}

#[test]
fn a_stalled_delayed_refusing_and_resetting_network_loses_and_doubles_nothing() {
    let to_broker = FaultProxy::start();
    let kafka = Lab::kafka_behind(&to_broker.address);
    to_broker.lead_to(kafka.bootstrap());
    kafka.topics(&["--create", "--topic", TOPIC, "--partitions", "4"]);
    let (node, directory) = (Node::start(ok), tempfile::tempdir().unwrap());
    let to_node = FaultProxy::to(node.url.strip_prefix("http://").unwrap());
    let flags = ["--kafkaConnection", &to_broker.address, "--kafkaTopic", TOPIC, "--ackTimeout", ACK_TIMEOUT];
    let stage = Stage::start(&format!("http://{}", to_node.address), directory.path(), &flags);
    let capturing = || stage.await_status("kafka has caught up", |status| status["state"] == "capturing");
    stage.more(500);

    for stall in [STALL, LONG_STALL] {
        to_broker.be(Fault::Stalled);
        let begun = Instant::now();
        stage.await_status("the silence is noticed", |status| status["state"] == "degraded");
        assert!(begun.elapsed() < STALL, "--ackTimeout {ACK_TIMEOUT} took {:?}", begun.elapsed());
        // The disk counts meanwhile.
        stage.more(500);
        lasts(begun, stall);
        to_broker.be(Fault::None);
        capturing();
    }

    to_broker.be(Fault::Delayed(Duration::from_millis(200)));
    stage.more(100);
    to_broker.be(Fault::Refusing);
    for _ in 0..3 {
        to_broker.reset();
        stage.more(200);
    }
    to_broker.be(Fault::None);
    capturing();
    for _ in 0..5 {
        to_broker.cut();
        stage.more(100);
    }
    capturing();

    to_node.be(Fault::Stalled);
    lasts(Instant::now(), STALL);
    // Nothing is lost of what hangs there either.
    to_node.be(Fault::None);
    stage.more(200);
    to_node.be(Fault::Delayed(Duration::from_millis(100)));
    stage.more(100);
    to_node.be(Fault::Refusing);
    to_node.reset();
    lasts(Instant::now(), Duration::from_secs(1));
    to_node.be(Fault::None);
    stage.more(200);
    // Both at once.
    to_node.reset();
    to_broker.reset();
    stage.more(200);
    capturing();
    let outcome = stage.finish(&to_broker.address, TOPIC);
    assert!(outcome.answered > 3000 && outcome.repeated == 0, "{outcome:?}");
}
