//! Every way in delivers records and reads them back.

use crate::support::{Events, by_flags, msk, producer, send, there_and_back};
use std::collections::HashSet;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchover_kafka::{DeliveryEvents, KafkaError, KafkaOptions, RecordProducer};
use switchover_testkit::lab::{Lab, certificates};
use switchover_testkit::program::eventually;

fn password_file(lab: &Lab) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, lab.password()).unwrap();
    file
}

#[test]
fn without_anything_and_with_tls() {
    let lab = Lab::kafka_secured();
    there_and_back(&by_flags(&["--kafkaConnection", lab.bootstrap()]), "by-nothing");
    let ca = lab.ca().to_str().unwrap();
    there_and_back(&by_flags(&["--kafkaConnection", lab.listener("tls"), "--kafkaCaFile", ca]), "by-tls");
}

#[test]
fn with_a_password() {
    let lab = Lab::kafka_secured();
    let file = password_file(&lab);
    let (ca, password) = (lab.ca().to_str().unwrap(), file.path().to_str().unwrap());
    for (listener, kind) in [("scram", "scram-sha-512"), ("scram", "scram-sha-256"), ("plain", "plain")] {
        let options = by_flags(&[
            "--kafkaConnection",
            lab.listener(listener),
            "--kafkaAuthType",
            kind,
            "--kafkaUserName",
            lab.user(),
            "--kafkaPasswordFile",
            password,
            "--kafkaCaFile",
            ca,
        ]);
        there_and_back(&options, &format!("by-{kind}"));
    }
    let clear = by_flags(&[
        "--kafkaConnection",
        lab.listener("scramclear"),
        "--kafkaAuthType",
        "scram-sha-512",
        "--kafkaWithoutTls",
        "--kafkaUserName",
        lab.user(),
        "--kafkaPasswordFile",
        password,
    ]);
    there_and_back(&clear, "by-scram-without-tls");
}

#[test]
fn with_a_client_certificate() {
    let lab = Lab::kafka_secured();
    let (ca, certs) = (lab.ca().to_str().unwrap(), certificates());
    let (certificate, key) = (certs.join("client.pem"), certs.join("client.key"));
    let options = by_flags(&[
        "--kafkaConnection",
        lab.listener("mtls"),
        "--kafkaCaFile",
        ca,
        "--kafkaCertFile",
        certificate.to_str().unwrap(),
        "--kafkaKeyFile",
        key.to_str().unwrap(),
    ]);
    there_and_back(&options, "by-certificate");
}

/// The files that users of Java clients have.
#[test]
fn with_a_property_file() {
    let lab = Lab::kafka_secured();
    let directory = tempfile::tempdir().unwrap();
    let (ca, certs) = (lab.ca().display().to_string(), certificates());
    let options = |name: &str, text: String| -> KafkaOptions {
        let file = directory.path().join(name);
        std::fs::write(&file, text).unwrap();
        by_flags(&["--kafkaPropertyFile", file.to_str().unwrap()])
    };
    let scram = options(
        "scram.properties",
        format!(
            "bootstrap.servers={}\nsecurity.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\\n  username=\"{}\" password=\"{}\";\nssl.truststore.type=PEM\nssl.truststore.location={ca}\nacks=all\nlinger.ms=5\ncompression.type=lz4\nmax.request.size=1048588\n",
            lab.listener("scram"),
            lab.user(),
            lab.password(),
        ),
    );
    there_and_back(&scram, "by-properties");
    let p12 = directory.path().join("client.p12");
    let made = Command::new("openssl")
        .args(["pkcs12", "-export", "-passout", "pass:changeit", "-in"])
        .arg(certs.join("client.pem"))
        .arg("-inkey")
        .arg(certs.join("client.key"))
        .arg("-out")
        .arg(&p12)
        .status();
    assert!(made.unwrap().success(), "openssl pkcs12");
    let inline = std::fs::read_to_string(lab.ca()).unwrap().replace('\n', "\\n\\\n");
    let store = options(
        "pkcs12.properties",
        format!(
            "bootstrap.servers={}\nsecurity.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.certificates={inline}\nssl.keystore.type=PKCS12\nssl.keystore.location={}\nssl.keystore.password=changeit\n",
            lab.listener("mtls"),
            p12.display(),
        ),
    );
    there_and_back(&store, "by-pkcs12");
}

#[test]
fn with_iam() {
    let lab = Lab::kafka_secured();
    there_and_back(&msk(&lab, "lab-secret-key", Duration::from_secs(450)), "by-iam");
}

/// The flag, and credentials from the environment of the process: so this test runs itself as another one.
#[test]
fn with_the_flag_and_credentials_of_the_environment() {
    const INNER: &str = "SWITCHOVER_TEST_INNER";
    let (lab, this) = (Lab::kafka_secured(), std::env::current_exe().unwrap());
    let args = [
        "--kafkaConnection",
        lab.listener("msk"),
        "--enableMSKAuth",
        "--kafkaCaFile",
        lab.ca().to_str().unwrap(),
    ];
    match std::env::var(INNER).as_deref() {
        Ok("with") => return there_and_back(&by_flags(&args), "by-environment"),
        Ok(_) => {
            let error = refused_at_once(&by_flags(&args));
            assert!(
                error.contains("AWS_ACCESS_KEY_ID") && error.contains("kafka-cluster:Connect"),
                "{error}"
            );
            return;
        }
        Err(_) => {}
    }
    for with in ["with", "without"] {
        let mut inner = Command::new(&this);
        inner
            .args(["--exact", "login::with_the_flag_and_credentials_of_the_environment"])
            .env(INNER, with)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY");
        if with == "with" {
            inner.env("AWS_ACCESS_KEY_ID", "AKIDLAB").env("AWS_SECRET_ACCESS_KEY", "lab-secret-key");
        }
        let output = inner.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{with}: {said}");
    }
}

/// No producer is made without credentials.
fn refused_at_once(options: &KafkaOptions) -> String {
    let events: Arc<dyn DeliveryEvents> = Arc::new(Events::default());
    let error = RecordProducer::new(options, "any", events).unwrap_err();
    assert!(matches!(error, KafkaError::Credentials { .. }), "{error}");
    error.to_string()
}

/// The listener has every connection log in again within 5 s, and tokens are used for 4 s.
#[test]
fn iam_tokens_are_renewed_on_a_connection_that_lives_on() {
    const FOR: Duration = Duration::from_secs(16);
    let lab = Lab::kafka_secured();
    let options = msk(&lab, "lab-secret-key", Duration::from_secs(2));
    let (producer, events) = producer(&options, "renewal");
    let accepted = || -> HashSet<String> {
        let log = lab.log();
        log.lines()
            .filter_map(|line| line.split_once("accepted ").map(|(_, token)| token.to_owned()))
            .collect()
    };
    let (before, begun) = (accepted(), Instant::now());
    let mut sent = 0;
    eventually("time passes", || {
        // Now and then: between two records the connection is idle for longer than a token is used.
        if begun.elapsed() >= Duration::from_secs(5) * sent as u32 {
            send(&producer, "k", b"x", sent);
            sent += 1;
            events.await_delivered(sent);
        }
        (begun.elapsed() > FOR).then_some(())
    });
    events.told(|told| {
        assert!(told.failed.is_empty() && told.unreachable.is_empty(), "{told:?}");
        assert_eq!(told.delivered.len(), sent);
    });
    let renewed = accepted().difference(&before).count();
    assert!(renewed >= 3, "{renewed} tokens in {FOR:?}");
}

/// The listener takes a token for 20 s and has every connection log in again within 5 s, but the producer keeps its token
/// for minutes: it is refused, says so, gets a new one and goes on.
#[test]
fn an_expired_iam_token_is_told_and_replaced() {
    let lab = Lab::kafka_secured();
    let mut options = msk(&lab, "lab-secret-key", Duration::from_secs(450));
    options.brokers = lab.listener("mskshort").to_owned();
    let (producer, events) = producer(&options, "expiry");
    send(&producer, "k", b"x", 0);
    events.await_delivered(1);
    let mut sent = 1;
    eventually("the refusal", || {
        send(&producer, "k", b"x", sent);
        sent += 1;
        let said = events.told(|told| told.unreachable.clone());
        said.into_iter().find(|reason| reason.contains("kafka-cluster:Connect") && reason.contains("clock"))
    });
    events.await_delivered(sent);
    events.told(|told| assert!(told.failed.is_empty(), "{:?}", told.failed));
}
