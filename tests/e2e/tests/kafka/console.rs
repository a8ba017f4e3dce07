//! The console's Kafka commands on real brokers, with every way to log in.

use crate::support::{consumed, topic};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use switchover_kafka::{KafkaOptions, RecordConsumer};
use switchover_testkit::lab::{Lab, certificates};
use switchover_testkit::program::{Finished, binary, run};

const CONNECTIONS: u8 = 3;

/// Records behind a length each, of several connections, as protobuf has them: field 1 is the connection, 4 the number of
/// a last record, 5 the node.
fn capture(count: u8) -> Vec<u8> {
    (0..count)
        .flat_map(|n| {
            let record = [0x0a, 2, b'c', b'0' + n % CONNECTIONS, 0x20, n / CONNECTIONS + 1, 0x2a, 1, b'n'];
            std::iter::once(u8::try_from(record.len()).unwrap()).chain(record)
        })
        .collect()
}

fn kafka(bootstrap: &str, arguments: &[&str]) -> Finished {
    let at = ["--kafkaConnection", bootstrap];
    run("switchover", ["kafka"].iter().chain(arguments).chain(&at))
}

fn good(bootstrap: &str, arguments: &[&str]) -> String {
    let finished = kafka(bootstrap, arguments);
    assert_eq!(finished.code, Some(0), "{arguments:?}: {}{}", finished.stdout, finished.stderr);
    finished.stdout
}

#[test]
fn a_topic_from_its_making_to_its_end() {
    let lab = Lab::kafka();
    let at = lab.bootstrap();
    let (topic, copy) = (&*topic("console-topic"), &*topic("console-copy"));
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("capture");
    std::fs::write(&input, capture(30)).unwrap();

    let made =
        good(at, &["create-topic", topic, "--partitions", "2", "--setting", "max.message.bytes=2000000"]);
    assert_eq!(made, format!("Created topic {topic}.\n"));
    assert_eq!(good(at, &["create-topic", topic]), format!("There is already a topic {topic}.\n"));
    let empty = good(at, &["describe-topic-records", topic]);
    assert_eq!(
        empty.lines().next().unwrap().split_whitespace().collect::<Vec<_>>(),
        ["TOPIC", "PARTITION", "RECORDS", "START", "END", "AGE"]
    );
    assert_eq!(empty.lines().count(), 3, "{empty}");

    let loaded = good(at, &["load", topic, "--input-file", input.to_str().unwrap()]);
    assert_eq!(loaded, format!("Loaded 30 records into {topic}\n"));
    let counted: Value =
        serde_json::from_str(&good(at, &["describe-topic-records", topic, "--json"])).unwrap();
    let partitions = counted["partitions"].as_array().unwrap();
    let records: u64 = partitions.iter().map(|one| one["records"].as_u64().unwrap()).sum();
    assert_eq!((partitions.len(), records), (2, 30), "{counted}");
    assert!(
        partitions
            .iter()
            .filter(|one| one["records"] != 0)
            .all(|one| one["lastTimestampMs"].as_i64().unwrap() > 0)
    );

    let exported: Value = serde_json::from_str(&good(
        at,
        &["export", topic, "--output-dir", folder.path().to_str().unwrap(), "--json"],
    ))
    .unwrap();
    assert_eq!(exported["records"], 30);
    let file = exported["file"].as_str().unwrap();
    assert!(file.ends_with(".proto.gz") && file.contains("kafka_export_from_migration_console_"), "{file}");
    good(at, &["create-topic", copy, "--partitions", "5"]);
    good(at, &["load", copy, "--input-file", file]);
    let options = KafkaOptions::plaintext(at, "test");
    let (first, second) = (consumed(&options, topic), consumed(&options, copy));
    assert_eq!(first.len(), usize::from(CONNECTIONS));
    assert_eq!(first, second);

    // Bad records are told and left out; a topic that is not there is not made.
    let broken = folder.path().join("broken");
    std::fs::write(&broken, "c0|%%%\nc0|CgJjMCABKgFu\n").unwrap();
    let told = kafka(at, &["load", topic, "--input-file", broken.to_str().unwrap()]);
    assert_eq!(
        (told.code, &*told.stdout),
        (Some(1), &*format!("Loaded 1 records into {topic}\n")),
        "{}",
        told.stderr
    );
    assert!(told.stderr.contains("record 1 of the input: not base64"), "{}", told.stderr);
    for command in [
        &["describe-topic-records", "console-none"][..],
        &["load", "console-none", "--input-file", file],
        &["export", "console-none"],
    ] {
        let missing = kafka(at, command);
        assert_eq!(missing.code, Some(1), "{}", missing.stdout);
        assert!(missing.stderr.contains("console-none does not exist"), "{}", missing.stderr);
    }

    let asked = kafka(at, &["delete-topic", copy]);
    assert_eq!(asked.code, Some(1));
    assert!(
        asked.stderr.contains("Deleting a topic will irreversibly delete all captured traffic records"),
        "{}",
        asked.stderr
    );
    for topic in [topic, copy] {
        assert_eq!(
            good(at, &["delete-topic", topic, "--acknowledge-risk"]),
            format!("Deleted topic {topic}.\n")
        );
    }
    assert_eq!(
        good(at, &["delete-topic", topic, "--acknowledge-risk"]),
        format!("There is no topic {topic}.\n")
    );
}

#[test]
fn a_group_that_is_behind() {
    let lab = Lab::kafka();
    let (at, topic) = (lab.bootstrap(), &*topic("console-behind"));
    let group = topic;
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("capture");
    std::fs::write(&input, capture(9)).unwrap();
    good(at, &["create-topic", topic, "--partitions", "1"]);
    good(at, &["load", topic, "--input-file", input.to_str().unwrap()]);
    let unknown = kafka(at, &["describe-consumer-group", group]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("does not exist"), "{}", unknown.stderr);

    let options = KafkaOptions::plaintext(at, "console-test");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let describe = || -> Value {
        serde_json::from_str(&good(at, &["describe-consumer-group", group, "--json"])).unwrap()
    };
    runtime.block_on(async {
        let consumer = RecordConsumer::subscribe(&options, topic, group).unwrap();
        // The assignment comes first, then the first record.
        consumer.next().await.unwrap();
        consumer.next().await.unwrap();
        consumer.commit(&[(0, 4)], "test").unwrap();
        let described = describe();
        assert_eq!(
            (&described["state"], &described["members"][0]["clientId"]),
            (&"Stable".into(), &"console-test".into())
        );
        let place = &described["partitions"][0];
        assert_eq!(
            (&place["committed"], &place["end"], &place["lag"]),
            (&4.into(), &9.into(), &5.into()),
            "{described}"
        );
        assert_eq!((&place["probedOffset"], &place["member"]), (&4.into(), &described["members"][0]["id"]));
        consumer.commit(&[(0, 9)], "test").unwrap();
    });
    let place = &describe()["partitions"][0];
    assert_eq!(
        (&place["lag"], &place["note"]),
        (&0.into(), &"caught up; showing last record".into()),
        "{place}"
    );
    let text = good(at, &["describe-consumer-group", group]);
    for part in [
        "CURRENT-OFFSET",
        "LOG-END-OFFSET",
        "\n\nPARTITION TIME LAG\nTOPIC",
        "PROBED-OFFSET",
        "TIMESTAMP (UTC)",
        "caught up",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    good(at, &["delete-topic", topic, "--acknowledge-risk"]);
}

fn from_services(folder: &Path, block: &str, arguments: &[&str]) -> Finished {
    let config = folder.join("services.yaml");
    std::fs::write(&config, format!("kafka: {{{block}}}\n")).unwrap();
    let mut command = Command::new(binary("switchover"));
    command.args(["--config", config.to_str().unwrap(), "kafka"]).args(arguments);
    command
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDLAB")
        .env("AWS_SECRET_ACCESS_KEY", "lab-secret-key");
    let output = command.output().unwrap();
    Finished {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn every_way_to_log_in() {
    let lab = Lab::kafka_secured();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pw"), lab.password()).unwrap();
    let (ca, user, certs) = (lab.ca().display(), lab.user(), certificates());
    let certs = certs.display();
    let topic = &*topic("console-login");
    good(lab.bootstrap(), &["create-topic", topic]);
    let password = format!("username: {user}, password_file: pw");
    for (listener, access) in [
        ("scram", format!("scram: {{{password}, ca_cert_path: {ca}}}")),
        ("scram", format!("scram: {{{password}, ca_cert_path: {ca}, mechanism: SCRAM-SHA-256}}")),
        ("scramclear", format!("scram: {{{password}, without_tls: true}}")),
        ("plain", format!("plain: {{{password}, ca_cert_path: {ca}}}")),
        ("tls", format!("ssl: {{ca_cert_path: {ca}}}")),
        (
            "mtls",
            format!(
                "ssl: {{ca_cert_path: {ca}, cert_path: {certs}/client.pem, key_path: {certs}/client.key}}"
            ),
        ),
        ("msk", format!("msk: {{ca_cert_path: {ca}}}")),
    ] {
        let block = format!("broker_endpoints: '{}', topic: {topic}, {access}", lab.listener(listener));
        let run = |arguments: &[&str]| from_services(folder.path(), &block, arguments);
        let counted = run(&["describe-topic-records"]);
        assert_eq!(counted.code, Some(0), "{listener}: {}", counted.stderr);
        assert!(counted.stdout.contains(topic), "{}", counted.stdout);
        let group = run(&["describe-consumer-group", "console-no-such-group"]);
        assert!(group.stderr.contains("does not exist"), "{listener}: {}", group.stderr);
        let created = run(&["create-topic"]);
        if listener == "msk" {
            assert_eq!(created.code, Some(1));
            assert!(created.stderr.contains("msk-iam"), "{}", created.stderr);
        } else {
            assert_eq!(
                created.stdout,
                format!("There is already a topic {topic}.\n"),
                "{listener}: {}",
                created.stderr
            );
        }
        for shown in [&counted.stdout, &counted.stderr, &created.stderr] {
            assert!(!shown.contains(lab.password()), "{shown}");
        }
    }
    std::fs::write(folder.path().join("pw"), "wrong").unwrap();
    let block =
        format!("broker_endpoints: '{}', plain: {{{password}, ca_cert_path: {ca}}}", lab.listener("plain"));
    let refused = from_services(folder.path(), &block, &["describe-topic-records"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("refuse us"), "{}", refused.stderr);
    good(lab.bootstrap(), &["delete-topic", topic, "--acknowledge-risk"]);
}
