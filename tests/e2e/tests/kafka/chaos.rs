//! `kill -9` of brokers and agent in turn, and of both at once, while clients write.

use crate::writers::{Outcome, Stage};
use switchover_e2e::scripted::{Node, ok};
use switchover_testkit::brokers::Brokers;

/// One test, since the cluster takes its time to start.
#[test]
fn brokers_and_the_agent_die_and_each_answered_write_is_in_the_topic() {
    let (brokers, node) = (Brokers::start(), Node::start(ok));
    let outcome = in_turn(&brokers, &node);
    assert!(outcome.answered > 2000 && outcome.repeated == 0, "{outcome:?}");
    // What a dead agent had sent may show in the topic only after the next one has looked there.
    let outcome = at_once(&brokers, &node);
    assert!(outcome.answered > 1000, "{outcome:?}");
}

fn in_turn(brokers: &Brokers, node: &Node) -> Outcome {
    acted(brokers, node, "in-turn", |stage| {
        for broker in &brokers.all {
            stage.more(200);
            broker.kill();
            stage.more(200);
            caught_up(stage);
            stage.kill_agent(|| ());
            stage.more(200);
            broker.start();
            caught_up(stage);
        }
    })
}

fn at_once(brokers: &Brokers, node: &Node) -> Outcome {
    acted(brokers, node, "at-once", |stage| {
        for broker in &brokers.all {
            stage.more(200);
            stage.kill_agent(|| broker.kill());
            stage.more(200);
            broker.start();
            caught_up(stage);
        }
    })
}

fn acted(brokers: &Brokers, node: &Node, topic: &str, act: impl FnOnce(&Stage)) -> Outcome {
    // Each broker leads two partitions.
    brokers.all[0].topics(&["--create", "--topic", topic, "--partitions", "6"]);
    let directory = tempfile::tempdir().unwrap();
    let flags = ["--kafkaConnection", brokers.bootstrap(), "--kafkaTopic", topic, "--durability", "kafka"];
    let stage = Stage::start(&node.url, directory.path(), &flags);
    act(&stage);
    stage.finish(brokers.bootstrap(), topic)
}

fn caught_up(stage: &Stage) {
    stage.await_status("kafka has caught up", |status| status["state"] == "capturing");
}
