use std::path::Path;

use switchover_cluster::{Auth, ClusterOptions};
use switchover_kafka::KafkaArgs;

use super::snapshot::Storage;
use super::{Services, Side};

fn parse(text: &str) -> Services {
    Services::parse(text, Path::new("services.yaml")).unwrap_or_else(|error| panic!("{error:#}\n{text}"))
}

fn error(text: &str) -> String {
    format!("{:#}", Services::parse(text, Path::new("services.yaml")).expect_err(text))
}

async fn cluster(services: &Services, side: Side) -> ClusterOptions {
    services.cluster(side).await.unwrap().unwrap()
}

fn basic(auth: &Auth) -> (&str, &str) {
    match auth {
        Auth::Basic { username, password } => (username, password),
        other => panic!("{other:?}"),
    }
}

#[derive(clap::Parser)]
struct Flags {
    #[command(flatten)]
    kafka: KafkaArgs,
}

fn kafka(text: &str) -> switchover_kafka::Resolved {
    let flags: Flags = clap::Parser::parse_from(["x"]);
    let services = parse(text);
    let (block, folder) = services.kafka().unwrap();
    block.args(folder, flags.kafka).unwrap().resolve("test").unwrap().unwrap()
}

#[tokio::test]
async fn a_file_of_the_existing_console_is_understood() {
    let services = parse(
        r#"
source_cluster:
  endpoint: https://es-coord-1.internal:19200
  version: ES_7.10.2
  allow_insecure: true
  basic_auth: { username: migrator, password: change-me }
  proxy:
    name: coord-1
    endpoint: https://es-coord-1.internal:9200
target_cluster:
  endpoint: https://os-new.internal:9200
  version: 2.15
  no_auth:
snapshot:
  snapshot_name: cutover_june
  s3: { repo_uri: "s3://acme-migration/repo", aws_region: eu-central-1, endpoint: "http://minio:9000" }
metadata_migration:
  from_snapshot:
  index_allowlist: [orders, "customers-2024"]
  source_cluster_version: ES_7.10
backfill:
  reindex_from_snapshot:
    scale: 4
    ecs: { cluster_name: mig, service_name: rfs }
replay: { scale: 1, docker: }
kafka:
  broker_endpoints: "kafka-1:9092,kafka-2:9092"
  standard:
metrics_source: { prometheus: { endpoint: "http://prom:9090" } }
client_options: { user_agent_extra: "acme-migration/1" }
"#,
    );
    let source = cluster(&services, Side::Source).await;
    assert_eq!(source.uri, "https://es-coord-1.internal:19200");
    assert!(source.tls.insecure);
    assert_eq!(basic(&source.auth), ("migrator", "change-me"));
    let target = cluster(&services, Side::Target).await;
    assert_eq!(target.uri, "https://os-new.internal:9200");
    assert!(!target.tls.insecure && matches!(target.auth, Auth::None));
    let snapshot = services.snapshot().unwrap();
    assert_eq!((&*snapshot.name, &*snapshot.repository), ("cutover_june", "migration_assistant_repo"));
    let Storage::S3 { bucket, prefix, region, endpoint, .. } = &snapshot.storage else { panic!() };
    assert_eq!((&**bucket, &**prefix, &**region), ("acme-migration", "repo", "eu-central-1"));
    assert_eq!(endpoint.as_deref(), Some("http://minio:9000"));
    assert!(services.kafka().is_some());
}

#[tokio::test]
async fn short_names_and_files_with_nothing_in_them() {
    let services = parse("source: {endpoint: 'http://s'}\ntarget: {endpoint: 'http://t'}\n");
    assert_eq!(cluster(&services, Side::Source).await.uri, "http://s");
    assert_eq!(cluster(&services, Side::Target).await.uri, "http://t");
    for text in ["", "# nothing\n", "---\n", "{}", "source_cluster:\n"] {
        let services = parse(text);
        assert!(services.cluster(Side::Source).await.unwrap().is_none(), "{text}");
        assert!(services.snapshot().is_err() && services.kafka().is_none(), "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_what_is_accepted() {
    for (text, expected) in [
        (
            "target_cluster:\n  endpoint: http://t\n  alow_insecure: true\n",
            "services.yaml:3: target_cluster: unknown field `alow_insecure`, expected one of `endpoint`",
        ),
        (
            "target:\n  endpoint: http://t\n  basic_auth:\n    user: x\n",
            "services.yaml:4: target.basic_auth: unknown field `user`, expected one of `username`",
        ),
        ("\ntarget_clutser:\n  endpoint: http://t\n", "services.yaml:2: unknown field `target_clutser`"),
        ("\nsource_cluster:\n  no_auth:\n", "services.yaml:3: source_cluster: missing field `endpoint`"),
        (
            "snapshot:\n  snapshot_name: s\n  s3: {repo_uri: 's3://b'}\n",
            "services.yaml:3: snapshot.s3: missing field `aws_region`",
        ),
        (
            "source:\n  endpoint: http://s\n  allow_insecure: perhaps\n",
            "services.yaml:3: source.allow_insecure: invalid type: string, expected a boolean",
        ),
        (
            "backfill:\n  reindex_from_snapshot:\n    scale: 0\n",
            "services.yaml:3: backfill.reindex_from_snapshot: scale must be 1 to 1000",
        ),
        (
            "source_cluster: [\n",
            "services.yaml:1: source_cluster: invalid type: sequence, expected a mapping",
        ),
        ("source_cluster: {\n", "services.yaml:2: "),
        (
            "source: {endpoint: 'http://s'}\nsource_cluster: {endpoint: 'http://s'}",
            "services.yaml:1: duplicate field `source_cluster`",
        ),
        (
            "replay: {scale: 1}\nkafka: {standard: }\n",
            "services.yaml:2: kafka: missing field `broker_endpoints`",
        ),
        ("\nagents: [node-1:9199]\n", "services.yaml:2: agents: entry 1 must be http://host:port"),
        (
            "agents: ['http://a:1', 'http://u:p@a:1']\n",
            "services.yaml:1: agents: entry 2 must be http://host:port",
        ),
        ("agents: ['http://a:1', 'http://a:1/']\n", "services.yaml:1: agents: entry 2 is there twice"),
        ("- a\n", "services.yaml:1: invalid type: sequence, expected a mapping of blocks"),
    ] {
        let told = error(text);
        assert!(told.starts_with(expected), "{text}{told}");
        assert_eq!(told.lines().count(), 1);
    }
}

#[test]
fn contradictions_and_gaps_in_auth() {
    let with = |auth: &str| format!("source:\n  endpoint: 'http://s'\n  {auth}");
    for (auth, expected) in [
        ("no_auth: \n  basic_auth: {username: u, password: p}", "exclude"),
        ("api_key: {key_file: k}\n  sigv4:", "exclude"),
        ("basic_auth: {username: u, password: p, password_file: f}", "exclude"),
        ("basic_auth: {username: u}", "password_file"),
        ("basic_auth: {username: u, password: }", "is needed"),
        ("basic_auth: {username: '', password: p}", "empty"),
        ("basic_auth: {username: u, password: ''}", "empty"),
        ("basic_auth: {user_secret_arn: a}", "password_file"),
        ("sigv4_signing_endpoint: http://x", "not supported"),
        ("client_cert_file: x", "client_key_file"),
    ] {
        let told = error(&with(auth));
        assert!(told.starts_with("services.yaml:") && told.contains(expected), "{told}");
    }
}

#[test]
fn a_snapshot_is_in_one_place() {
    for (block, expected) in [
        ("snapshot_name: s", "one of fs and s3"),
        ("snapshot_name: s, fs: {repo_path: /r}, s3: {repo_uri: 's3://b', aws_region: r}", "exclude"),
        ("snapshot_name: s, fs: {repo_path: r}", "absolute"),
        ("snapshot_name: s, s3: {repo_uri: 'http://b', aws_region: r}", "s3://bucket"),
        ("snapshot_name: S, fs: {repo_path: /r}", "lower case"),
        ("snapshot_name: 'a/b', fs: {repo_path: /r}", "snapshot_name"),
        ("snapshot_name: s, snapshot_repo_name: 'a,b', fs: {repo_path: /r}", "snapshot_repo_name"),
        ("snapshot_name: s, gcs: {repo_uri: x}", "not supported"),
    ] {
        let told = error(&format!("snapshot: {{{block}}}"));
        assert!(told.contains(expected), "{told}");
    }
    let services = parse("snapshot: {snapshot_name: s, fs: {repo_path: /on/nodes, local_path: /mnt/here}}");
    let Storage::Fs { location, .. } = &services.snapshot().unwrap().storage else { panic!() };
    assert_eq!(location, "/on/nodes");
    let (uri, _) = services.snapshot().unwrap().storage.uri();
    assert_eq!(uri, "/mnt/here".parse().unwrap());
}

#[tokio::test]
async fn a_password_is_taken_as_written_and_never_shown() {
    let services = parse("source: {endpoint: 'http://s', basic_auth: {username: u, password: 0123}}");
    assert_eq!(basic(&cluster(&services, Side::Source).await.auth), ("u", "0123"));
    assert!(!format!("{services:?}").contains("0123"));
    for block in [
        "basic_auth:\n    username: u\n    password: [sesame]",
        "basic_auth: sesame",
        "allow_insecure: sesame",
    ] {
        let told = error(&format!("source:\n  endpoint: http://s\n  {block}\n"));
        assert!(!told.contains("sesame"), "{told}");
    }
    assert!(!error("kafka: {broker_endpoints: b, scram: sesame}").contains("sesame"));
}

#[tokio::test]
async fn secrets_in_files_are_found_beside_the_services_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("services.yaml");
    let text = "source: {endpoint: 'https://s', ca_file: ca.pem, basic_auth: {username: u, password_file: pw}}\n\
                target: {endpoint: 'https://t', api_key: {key_file: key}}";
    std::fs::write(&path, text).unwrap();
    let services = Services::load(&path).unwrap();
    let told = format!("{:#}", services.cluster(Side::Source).await.expect_err("no password file"));
    assert!(told.contains("services.yaml: source_cluster: basic_auth: ") && told.contains("pw"), "{told}");
    for bad in ["", "\n", "two\nlines\n"] {
        std::fs::write(folder.path().join("pw"), bad).unwrap();
        let told = format!("{:#}", services.cluster(Side::Source).await.expect_err("no secret"));
        assert!(told.contains("one line") && !told.contains("two"), "{told}");
    }
    std::fs::write(folder.path().join("pw"), "open sesame\n").unwrap();
    let source = cluster(&services, Side::Source).await;
    assert_eq!(basic(&source.auth), ("u", "open sesame"));
    assert_eq!(source.tls.ca_file, Some(folder.path().join("ca.pem")));
    std::fs::write(folder.path().join("key"), "id:key\n").unwrap();
    let Auth::ApiKey(key) = cluster(&services, Side::Target).await.auth else { panic!() };
    assert_eq!(key, "aWQ6a2V5");
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_told_by_its_source() {
    for (from, expected) in [
        ("password_env: SWITCHOVER_TEST_NOT_SET", "SWITCHOVER_TEST_NOT_SET is not set"),
        ("password_credential: pw", "LoadCredential=pw"),
        ("password_credential: ../pw", "no name of a credential"),
    ] {
        let services =
            parse(&format!("source: {{endpoint: 'http://s', basic_auth: {{username: u, {from}}}}}"));
        let told = format!("{:#}", services.cluster(Side::Source).await.expect_err(from));
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn all_ways_into_kafka() {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("pw");
    std::fs::write(&password, "secret\n").unwrap();
    let password = password.display();
    for (access, expected) in [
        ("standard: ".to_owned(), "no credentials, no TLS"),
        ("ssl: ".to_owned(), "no credentials, TLS"),
        (format!("scram: {{username: u, password_file: {password}}}"), "scram-sha-512 as u, TLS"),
        (
            format!(
                "scram: {{username: u, password_file: {password}, mechanism: SCRAM-SHA-256, without_tls: true}}"
            ),
            "scram-sha-256 as u, no TLS",
        ),
        (format!("plain: {{username: u, password_file: {password}}}"), "plain as u, TLS"),
    ] {
        let resolved = kafka(&format!("kafka: {{broker_endpoints: 'b:9092', topic: t, {access}}}"));
        assert_eq!(resolved.options.access(), expected);
        assert_eq!((&*resolved.topic, &*resolved.options.brokers), ("t", "b:9092"));
    }
    let msk = kafka("kafka: {broker_endpoints: 'b-1.x.kafka.eu-west-1.amazonaws.com:9098', msk: }");
    assert_eq!(msk.options.access(), "msk-iam in eu-west-1, TLS");
    for (block, expected) in [
        ("broker_endpoints: b", "is needed"),
        ("broker_endpoints: b, standard: , msk: ", "exclude"),
        ("broker_endpoints: b, plain: {username: u, mechanism: SCRAM-SHA-256}", "mechanism"),
    ] {
        assert!(error(&format!("kafka: {{{block}}}")).contains(expected), "{block}");
    }
}

#[test]
fn a_missing_file_says_how_to_name_one() {
    let text = format!("{:#}", Services::load(Path::new("/no/such/services.yaml")).expect_err("a file"));
    assert!(text.contains("/no/such/services.yaml") && text.contains("--config"), "{text}");
    assert_eq!(text.lines().count(), 1);
}

proptest::proptest! {
    #[test]
    fn no_text_panics_and_no_value_is_shown(text in "[a-z_: \\[\\]{}\n\"'&*!,-]{0,80}") {
        let _ = Services::parse(&text, Path::new("services.yaml"));
        let text = format!("source:\n  endpoint: e\n  basic_auth:\n    username: u\n    password: {{a: [{text}, sesame]}}\n");
        if let Err(error) = Services::parse(&text, Path::new("services.yaml")) {
            let told = error.to_string();
            proptest::prop_assert!(!told.contains("sesame"));
        }
    }
}
