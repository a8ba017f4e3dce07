use std::path::Path;

use switchover_cluster::Auth;

use super::Services;

fn parse(text: &str) -> Services {
    Services::parse(text, Path::new("")).unwrap_or_else(|error| panic!("{error:#}\n{text}"))
}

fn error(text: &str) -> String {
    format!("{:#}", Services::parse(text, Path::new("")).expect_err(text))
}

fn basic(auth: &Auth) -> (&str, &str) {
    match auth {
        Auth::Basic { username, password } => (username, password),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_of_the_existing_console_is_understood() {
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
  s3: { repo_uri: "s3://acme-migration/repo", aws_region: eu-central-1 }
metadata_migration:
  from_snapshot:
  index_allowlist: [orders, "customers-2024"]
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
    let source = services.source_cluster.unwrap();
    assert_eq!(source.uri, "https://es-coord-1.internal:19200");
    assert!(source.tls.insecure);
    assert_eq!(basic(&source.auth), ("migrator", "change-me"));
    let target = services.target_cluster.unwrap();
    assert_eq!(target.uri, "https://os-new.internal:9200");
    assert!(!target.tls.insecure);
    assert!(matches!(target.auth, Auth::None));
}

#[test]
fn short_names_and_files_with_nothing_in_them() {
    let services = parse("source: {endpoint: 'http://s'}\ntarget: {endpoint: 'http://t'}\n");
    assert_eq!(services.source_cluster.unwrap().uri, "http://s");
    assert_eq!(services.target_cluster.unwrap().uri, "http://t");
    for text in ["", "# nothing\n", "---\n", "{}", "source_cluster:\n", "kafka: {any: thing}\n"] {
        let services = parse(text);
        assert!(services.source_cluster.is_none() && services.target_cluster.is_none(), "{text}");
    }
}

#[test]
fn a_misspelt_key_is_named_with_its_line() {
    let text = error("target_cluster:\n  endpoint: http://t\n  alow_insecure: true\n");
    assert!(text.contains("`alow_insecure`") && text.contains("line 3"), "{text}");
    let text = error("target_cluster:\n  endpoint: http://t\n  basic_auth:\n    user: x\n");
    assert!(text.contains("`user`") && text.contains("`username`") && text.contains("line 4"), "{text}");
    let text = error("\ntarget_clutser:\n  endpoint: http://t\n");
    assert!(text.contains("`target_clutser`") && text.contains("line 2"), "{text}");
    assert!(error("source_cluster:\n  no_auth:\n").contains("`endpoint`"));
    assert!(
        error("source: {endpoint: 'http://s'}\nsource_cluster: {endpoint: 'http://s'}").contains("duplicate")
    );
    assert!(error("source_cluster: [\n").contains("line"));
}

#[test]
fn contradictions_and_gaps_in_auth() {
    let with = |auth: &str| format!("source: {{endpoint: 'http://s', {auth}}}");
    let text = error(&with("no_auth: , basic_auth: {username: u, password: p}"));
    assert!(text.starts_with("source_cluster: ") && text.contains("exclude"), "{text}");
    assert!(error(&with("basic_auth: {username: u, password: p, password_file: f}")).contains("exclude"));
    assert!(error(&with("basic_auth: {username: u}")).contains("password_file"));
    assert!(error(&with("basic_auth: {username: u, password: }")).contains("no password"));
    assert!(error(&with("basic_auth: {username: '', password: p}")).contains("empty"));
    assert!(error(&with("basic_auth: {username: u, password: ''}")).contains("empty"));
}

#[test]
fn a_password_is_taken_as_written_and_never_shown() {
    let services = parse("source: {endpoint: 'http://s', basic_auth: {username: u, password: 0123}}");
    let source = services.source_cluster.unwrap();
    assert_eq!(basic(&source.auth), ("u", "0123"));
    assert!(!format!("{source:?}").contains("0123"));
    let text = error("source:\n  endpoint: http://s\n  basic_auth: {username: u, password: [sesame]}\n");
    assert!(!text.contains("sesame"), "{text}");
}

#[test]
fn a_password_file_is_found_beside_the_services_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("services.yaml");
    let services =
        "source: {endpoint: 'https://s', ca_file: ca.pem, basic_auth: {username: u, password_file: pw}}";
    std::fs::write(&path, services).unwrap();
    let text = format!("{:#}", Services::load(&path).expect_err("no password file"));
    assert!(
        text.contains("services.yaml") && text.contains("source_cluster") && text.contains("pw"),
        "{text}"
    );

    std::fs::write(folder.path().join("pw"), "open sesame\n").unwrap();
    let source = Services::load(&path).unwrap().source_cluster.unwrap();
    assert_eq!(basic(&source.auth), ("u", "open sesame"));
    assert_eq!(source.tls.ca_file, Some(folder.path().join("ca.pem")));
}

#[test]
fn a_missing_file_says_how_to_name_one() {
    let text = format!("{:#}", Services::load(Path::new("/no/such/services.yaml")).expect_err("a file"));
    assert!(text.contains("/no/such/services.yaml") && text.contains("--config"), "{text}");
    assert_eq!(text.lines().count(), 1);
}
