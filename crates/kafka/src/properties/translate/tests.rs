use super::*;
use proptest::prelude::*;
use std::path::PathBuf;

fn kind(path: &Path) -> Option<StoreKind> {
    match path.extension()?.to_str()? {
        "pem" => Some(StoreKind::Pem),
        "p12" => Some(StoreKind::Pkcs12),
        _ => Some(StoreKind::Jks),
    }
}

fn translated(text: &str) -> Result<FromFile, OptionsError> {
    translate(text, Path::new("client.properties"), &kind)
}

fn refused(text: &str) -> String {
    translated(text).expect_err(text).to_string()
}

#[test]
fn a_java_clients_file() {
    let file = translated(
        r#"
bootstrap.servers=b1:9096,b2:9096
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
  username="capture" \
  password="s3\\\"cret;";
ssl.truststore.type=PEM
ssl.truststore.location=/etc/kafka/ca.pem
ssl.truststore.password=changeit
key.serializer=org.apache.kafka.common.serialization.StringSerializer
acks=all
enable.idempotence=true
linger.ms=20
compression.type=lz4
buffer.memory=33554432
max.request.size=2097152
metadata.max.age.ms=60000
request.timeout.ms=20000
client.id=from-file
"#,
    )
    .unwrap();
    assert_eq!(file.brokers.as_deref(), Some("b1:9096,b2:9096"));
    assert_eq!(file.client_id.as_deref(), Some("from-file"));
    assert_eq!(file.protocol, Some((true, true)));
    assert_eq!(file.login, Some(Login::Password(Mechanism::ScramSha512)));
    assert_eq!(file.user.as_deref(), Some("capture"));
    // Java's properties take one level of backslashes before JAAS sees the text.
    assert_eq!(file.password, Some(Secret::new("s3\"cret;")));
    assert_eq!(file.ca, Some(Pem::File("/etc/kafka/ca.pem".into())));
    assert_eq!(file.tuning.max_record_bytes, Some(2_097_152 - 500));
    let set = |name: &str| {
        let all = file.tuning.producer.iter().chain(&file.tuning.common);
        all.rev().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    assert_eq!(set("linger.ms").as_deref(), Some("20"));
    assert_eq!(set("compression.type").as_deref(), Some("lz4"));
    assert_eq!(set("queue.buffering.max.kbytes").as_deref(), Some("32768"));
    assert_eq!(set("topic.metadata.refresh.interval.ms").as_deref(), Some("60000"));
    assert_eq!(set("socket.timeout.ms").as_deref(), Some("20000"));
    assert_eq!(file.warnings, Vec::<String>::new());
}

#[test]
fn msk_as_amazon_documents_it() {
    let file = translated(
        "security.protocol=SASL_SSL\nsasl.mechanism=AWS_MSK_IAM\nsasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required awsProfileName=\"ops\";\nsasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler\n",
    )
    .unwrap();
    let profile = Some("ops".to_owned());
    assert_eq!(file.login, Some(Login::MskIam { profile, role_arn: None, role_session_name: None }));
    assert!(file.warnings.is_empty(), "{:?}", file.warnings);
}

#[test]
fn stores_of_every_kind() {
    let p12 = translated("ssl.keystore.location=/k/client.p12\nssl.keystore.password=changeit").unwrap();
    let password = Some(Secret::new("changeit"));
    assert_eq!(p12.identity, Some(TlsIdentity::Pkcs12 { file: PathBuf::from("/k/client.p12"), password }));
    let pem = translated("ssl.keystore.type=PEM\nssl.keystore.location=/k/client.pem").unwrap();
    assert!(matches!(pem.identity, Some(TlsIdentity::Pem { .. })));
    let inline =
        translated("ssl.truststore.type=PEM\nssl.truststore.certificates=-----BEGIN CERTIFICATE-----\\\nx")
            .unwrap();
    assert!(matches!(inline.ca, Some(Pem::Inline(_))));
    for jks in [
        "ssl.truststore.location=/k/t.jks",
        "ssl.keystore.location=/k/t.jks",
        "ssl.truststore.type=JKS\nssl.truststore.location=/k/t",
    ] {
        let said = refused(jks);
        assert!(said.contains("keytool -importkeystore") && said.contains("line "), "{said}");
    }
    assert!(refused("ssl.truststore.location=/k/t.p12").contains("openssl pkcs12 -in /k/t.p12"));
    assert!(refused("ssl.keystore.certificate.chain=x").contains("ssl.keystore.key"));
}

#[test]
fn guarantees_can_not_be_lowered() {
    assert!(refused("acks=1").contains("acks=all"));
    assert!(refused("# x\nenable.idempotence=false").contains("line 2"));
    assert!(refused("max.in.flight.requests.per.connection=6").contains("order"));
    for ignored in
        ["delivery.timeout.ms=1000", "retries=0", "partitioner.class=x.RoundRobin", "transactional.id=t"]
    {
        let file = translated(ignored).unwrap();
        assert_eq!(file.warnings.len(), 1, "{ignored}");
        assert!(file.tuning == Tuning::default(), "{ignored}");
    }
}

#[test]
fn what_is_not_known_is_named_and_what_librdkafka_knows_is_passed_on() {
    let file = translated("interceptor.classes=x\nsocket.nagle.disable=true").unwrap();
    assert_eq!(file.warnings, ["line 1: interceptor.classes is not known to this program and not used"]);
    assert_eq!(file.tuning.common, [("socket.nagle.disable".to_owned(), "true".to_owned())]);
    assert!(refused("linger.ms=soon").contains("linger.ms"));
    assert!(refused("socket.nagle.disable=perhaps").contains("socket.nagle.disable"));
    assert!(refused("security.protocol=TLS").contains("SASL_SSL"));
    assert!(refused("sasl.mechanism=GSSAPI").contains("SCRAM-SHA-512"));
    assert!(
        refused("sasl.mechanism=PLAIN\nsasl.jaas.config=x.ScramLoginModule required;")
            .contains("PlainLoginModule")
    );
}

#[test]
fn messages_do_not_repeat_a_password() {
    for text in [
        "sasl.mechanism=PLAIN\nsasl.jaas.config=x.PlainLoginModule required password=\"geheim",
        "sasl.jaas.config=x.PlainLoginModule required password=\"geheim\";",
    ] {
        assert!(!refused(text).contains("geheim"));
    }
    let file = translated("sasl.mechanism=PLAIN\nsasl.password=geheim").unwrap();
    assert!(!format!("{file:?}").contains("geheim"));
}

proptest! {
    #[test]
    fn any_file_is_answered(lines in prop::collection::vec((prop::sample::select(vec![
        "acks", "linger.ms", "sasl.jaas.config", "sasl.mechanism", "security.protocol", "ssl.truststore.location",
        "ssl.keystore.type", "ssl.keystore.location", "max.request.size", "buffer.memory", "metadata.max.age.ms",
        "request.timeout.ms", "ssl.key.pem", "x.y", "debug", "ssl.cipher.suites", "message.max.bytes",
    ]), "[ -~]{0,24}|[0-9]{0,25}|é?"), 0..6)) {
        let text: String = lines.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        let _ = translated(&text);
    }
}
