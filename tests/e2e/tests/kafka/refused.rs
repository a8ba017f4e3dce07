//! What the brokers refuse is told, with what to do.

use crate::support::{by_flags, msk, producer, send, topic};
use std::time::Duration;
use switchover_kafka::{KafkaError, KafkaOptions, RecordConsumer, read_since};
use switchover_testkit::lab::Lab;
use switchover_testkit::program::eventually;

/// Both ends are told the same, and all of `said`.
fn both_ends_refused(options: &KafkaOptions, said: &[&str]) {
    let (producer, events) = producer(options, "refused");
    send(&producer, "k", b"x", 0);
    let reason = eventually("the refusal", || {
        let reasons = events.told(|told| told.unreachable.clone());
        reasons.into_iter().find(|reason| said.iter().all(|part| reason.contains(part)))
    });
    events.told(|told| assert!(told.delivered.is_empty(), "{reason}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    for error in [
        RecordConsumer::subscribe(options, "refused", "test").map(drop).unwrap_err(),
        read_since(options, "refused", 0, |_| ()).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(matches!(error, KafkaError::Refused { .. }), "{text}");
        assert!(said.iter().all(|part| text.contains(part)), "{text}");
    }
}

#[test]
fn a_wrong_password() {
    let lab = Lab::kafka_secured();
    let ca = lab.ca().to_str().unwrap();
    for (listener, kind) in [("scram", "scram-sha-512"), ("plain", "plain")] {
        let options = by_flags(&[
            "--kafkaConnection",
            lab.listener(listener),
            "--kafkaAuthType",
            kind,
            "--kafkaUserName",
            lab.user(),
            "--kafkaPassword",
            "wrong",
            "--kafkaCaFile",
            ca,
        ]);
        both_ends_refused(&options, &["--kafkaUserName", lab.listener(listener)]);
    }
}

#[test]
fn no_client_certificate() {
    let lab = Lab::kafka_secured();
    let options =
        by_flags(&["--kafkaConnection", lab.listener("mtls"), "--kafkaCaFile", lab.ca().to_str().unwrap()]);
    both_ends_refused(&options, &["--kafkaCertFile"]);
}

#[test]
fn an_authority_that_is_not_trusted() {
    let lab = Lab::kafka_secured();
    let options = by_flags(&["--kafkaConnection", lab.listener("tls"), "--kafkaAuthType", "ssl"]);
    both_ends_refused(&options, &["--kafkaCaFile"]);
}

#[test]
fn an_iam_token_with_a_wrong_signature() {
    let lab = Lab::kafka_secured();
    both_ends_refused(&msk(&lab, "wrong", Duration::from_secs(450)), &["kafka-cluster:Connect"]);
}

#[test]
fn a_topic_that_may_not_be_used() {
    let lab = Lab::kafka_secured();
    let topic = &topic("forbidden");
    lab.topics(&["--create", "--topic", topic]);
    lab.acls(&["--add", "--allow-principal", "User:nobody", "--operation", "All", "--topic", topic]);
    let options = by_flags(&[
        "--kafkaConnection",
        lab.listener("plain"),
        "--kafkaAuthType",
        "plain",
        "--kafkaUserName",
        lab.user(),
        "--kafkaPassword",
        lab.password(),
        "--kafkaCaFile",
        lab.ca().to_str().unwrap(),
    ]);
    let (producer, events) = producer(&options, topic);
    send(&producer, "k", b"x", 0);
    let reason = eventually("the refusal", || events.told(|told| told.failed.first().cloned()));
    assert!(reason.contains(topic) && reason.contains("not allowed to write"), "{reason}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let error = RecordConsumer::subscribe(&options, topic, "test").map(drop).unwrap_err();
    assert!(matches!(error, KafkaError::TopicForbidden { .. }), "{error}");
}
