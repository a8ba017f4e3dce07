use super::resolve::Surroundings;
use super::*;
use crate::options::{Auth, Mechanism, OptionsError, Pem, TlsIdentity};
use clap::Parser;
use std::io::Write as _;

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    kafka: KafkaArgs,
}

fn resolve_with(args: &[&str], password: Option<&str>) -> Result<Option<Resolved>, OptionsError> {
    let all: Vec<_> = std::iter::once("prog").chain(args.iter().copied()).map(Into::into).collect();
    let flags: Flags = switchover_settings::try_parse_from("KAFKA_ARGS_TEST", all.clone()).expect("flags");
    let around = Surroundings { arguments: all, password: password.map(str::to_owned) };
    flags.kafka.resolve_in("test", &around)
}

fn resolved(args: &[&str]) -> Resolved {
    resolve_with(args, None).expect("valid").expect("brokers")
}

fn refused(args: &[&str]) -> String {
    resolve_with(args, None).expect_err(&args.join(" ")).to_string()
}

fn file(text: &str) -> (tempfile::NamedTempFile, String) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    (file, path)
}

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n";
const B: [&str; 2] = ["--kafkaConnection", "b:9092"];

fn with_brokers<'a>(more: &[&'a str]) -> Vec<&'a str> {
    B.iter().copied().chain(more.iter().copied()).collect()
}

#[test]
fn nothing_given_is_no_kafka() {
    assert!(resolve_with(&[], None).unwrap().is_none());
    for lonely in [&["--enableMSKAuth"][..], &["--kafkaAuthType", "ssl"], &["--kafkaUserName", "u"]] {
        assert!(refused(lonely).contains("--kafkaConnection"), "{lonely:?}");
    }
}

#[test]
fn every_spelling_is_the_same_flag() {
    for spelling in ["--kafkaConnection", "--kafka-connection", "--kafkaBrokers", "--kafka-brokers"] {
        let plain = resolved(&[spelling, "b1:1,[::1]:2"]);
        assert_eq!(plain.options.brokers, "b1:1,[::1]:2");
        assert_eq!(plain.topic, "logging-traffic-topic");
        assert_eq!(plain.options.client_id, "test");
        assert!(plain.options.tls.is_none() && matches!(plain.options.auth, Auth::None));
    }
    for spelling in ["--enableMSKAuth", "--enable-msk-auth"] {
        let brokers = "b-1.x.kafka.us-east-1.amazonaws.com:9098";
        let msk = resolved(&["--kafkaConnection", brokers, spelling]);
        assert!(matches!(msk.options.auth, Auth::MskIam(msk) if msk.region == "us-east-1"));
        assert!(msk.options.tls.is_some());
    }
}

#[test]
fn passwords() {
    let (_kept, path) = file("s3cret\n");
    let base = with_brokers(&["--kafkaAuthType", "scram-sha-512", "--kafkaUserName", "u"]);
    let with = |more: &[&'static str]| base.iter().copied().chain(more.iter().copied()).collect::<Vec<_>>();
    let found = |args: &[&str], environment| {
        let Resolved { options, warnings, .. } = resolve_with(args, environment).unwrap().unwrap();
        let Auth::Password { mechanism: Mechanism::ScramSha512, user, password } = options.auth else {
            panic!("{options:?}")
        };
        assert_eq!(user, "u");
        (password.reveal().to_owned(), warnings.len())
    };
    let by_file: Vec<_> = base.iter().copied().chain(["--kafkaPasswordFile", path.as_str()]).collect();
    assert_eq!(found(&by_file, None), ("s3cret".to_owned(), 0));
    assert_eq!(found(&by_file, Some("other")), ("s3cret".to_owned(), 0));
    assert_eq!(found(&base, Some("env")), ("env".to_owned(), 0));
    assert_eq!(found(&with(&["--kafkaPassword", "p"]), None), ("p".to_owned(), 1));
    assert_eq!(found(&with(&["--kafka-password=p"]), None), ("p".to_owned(), 1));
    assert!(refused(&base).contains("--kafkaPasswordFile"));
    assert!(refused(&with(&["--kafkaPasswordFile", "/no/such"])).contains("/no/such"));
    assert!(refused(&with_brokers(&["--kafkaAuthType", "plain"])).contains("--kafkaUserName"));
    assert!(refused(&with_brokers(&["--kafkaUserName", "u"])).contains("--kafkaAuthType scram-sha-512"));
    assert!(
        refused(&with_brokers(&["--kafkaAuthType", "ssl", "--kafkaUserName", "u"])).contains("scram-sha-512")
    );
    let debug = format!("{:?}", resolve_with(&base, Some("hidden")).unwrap());
    assert!(!debug.contains("hidden"), "{debug}");
}

#[test]
fn certificates() {
    let ((_a, certificate), (_b, key)) = (file(CERTIFICATE), file(KEY));
    let tls = resolved(&with_brokers(&["--kafkaCaFile", &certificate])).options;
    assert_eq!(tls.tls.unwrap().ca, Some(Pem::File((&certificate).into())));
    let mtls = resolved(&with_brokers(&[
        "--kafkaAuthType",
        "ssl",
        "--kafkaCertFile",
        &certificate,
        "--kafkaKeyFile",
        &key,
    ]));
    assert!(matches!(mtls.options.tls.unwrap().identity, Some(TlsIdentity::Pem { .. })));
    assert!(refused(&with_brokers(&["--kafkaCertFile", &certificate])).contains("--kafkaKeyFile"));
    assert!(
        refused(&with_brokers(&["--kafkaAuthType", "none", "--kafkaCaFile", &certificate])).contains("ssl")
    );
    let said = refused(&with_brokers(&["--kafkaCertFile", &key, "--kafkaKeyFile", &certificate]));
    assert!(said.contains("--kafkaCertFile") && said.contains("certificate"), "{said}");
    let (_c, jks) = file("\u{0}");
    std::fs::write(&jks, [0xfe, 0xed, 0xfe, 0xed]).unwrap();
    assert!(refused(&with_brokers(&["--kafkaCaFile", &jks])).contains("keytool"));
}

#[test]
fn without_tls_when_asked() {
    let base = ["--kafkaAuthType", "scram-sha-256", "--kafkaUserName", "u", "--kafkaPassword", "p"];
    let args = |more: &[&'static str]| {
        with_brokers(&base).into_iter().chain(more.iter().copied()).collect::<Vec<_>>()
    };
    assert!(resolved(&args(&[])).options.tls.is_some());
    assert!(resolved(&args(&["--kafkaWithoutTls"])).options.tls.is_none());
    assert!(refused(&with_brokers(&["--kafkaAuthType", "ssl", "--kafkaWithoutTls"])).contains("plain"));
}

#[test]
fn what_excludes_each_other_or_has_no_use() {
    assert!(
        refused(&with_brokers(&["--enableMSKAuth", "--kafkaAuthType", "plain"])).contains("--enableMSKAuth")
    );
    let warned = resolved(&with_brokers(&["--kafkaListenerName", "x", "--kafkaSecretName", "y"])).warnings;
    assert!(warned.len() == 2 && warned[0].contains("--kafkaListenerName"), "{warned:?}");
    for wrong in ["", "b:0", "b:x", "http://b:9092", "a:1,,b:2", "::1:9092"] {
        assert!(refused(&["--kafkaConnection", wrong]).contains("host:port"), "{wrong}");
    }
    assert!(refused(&with_brokers(&["--kafkaTopic", "a b"])).contains("--kafkaTopic"));
}

#[test]
fn flags_win_over_the_property_file() {
    let (_kept, path) = file(
        "bootstrap.servers=f:1\nsecurity.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-256\nsasl.jaas.config=a.ScramLoginModule required username=\"fu\" password=\"fp\";\nclient.id=fc\nretries=3\n",
    );
    let from_file = resolved(&["--kafkaConfigFile", &path]);
    assert_eq!((from_file.options.brokers.as_str(), from_file.options.client_id.as_str()), ("f:1", "fc"));
    assert!(from_file.options.tls.is_none());
    assert!(
        matches!(&from_file.options.auth, Auth::Password { mechanism: Mechanism::ScramSha256, user, .. } if user == "fu")
    );
    assert!(from_file.warnings[0].contains(&path) && from_file.warnings[0].contains("line 6"));
    let both = resolved(&[
        "--kafkaPropertyFile",
        &path,
        "--kafkaConnection",
        "g:2",
        "--kafkaAuthType",
        "plain",
        "--kafkaUserName",
        "gu",
        "--kafkaClientId",
        "gc",
    ]);
    assert_eq!((both.options.brokers.as_str(), both.options.client_id.as_str()), ("g:2", "gc"));
    assert!(
        matches!(&both.options.auth, Auth::Password { mechanism: Mechanism::Plain, user, password } if user == "gu" && password.reveal() == "fp")
    );
    assert!(both.warnings.iter().any(|warning| warning.contains("unencrypted")), "{:?}", both.warnings);
    assert!(refused(&["--kafkaPropertyFile", "/no/such"]).contains("/no/such"));
}
