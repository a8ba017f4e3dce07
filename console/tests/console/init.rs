//! `init`: from flags, and by asking.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::process::{Run, command, switchover, with_input};

fn init(path: &Path, arguments: &[&str], answers: &str) -> Run {
    with_input(command(&[&["--config", path.to_str().unwrap(), "init"], arguments].concat()), answers)
}

#[test]
fn from_flags() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/services.yaml");
    let flags = [
        "--non-interactive",
        "--source-endpoint",
        "https://es:9200",
        "--source-username",
        "o'brien",
        "--source-password-file",
        "pw",
        "--source-ca-file",
        "ca.pem",
        "--target-endpoint",
        "http://os:9200",
        "--target-insecure",
        "--repo-uri",
        "s3://b/p",
        "--s3-region",
        "eu-west-1",
        "--kafka-connection",
        "k:9092",
        "--kafka-auth",
        "scram",
        "--kafka-user-name",
        "u",
        "--kafka-password-file",
        "kpw",
    ];
    let run = init(&path, &flags, "");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.stderr, "");
    let text = std::fs::read_to_string(&path).unwrap();
    let expected =
        "# What the console works on; `switchover doctor` checks it. Files are relative to this one's folder.
source_cluster:
  endpoint: 'https://es:9200'
  ca_file: 'ca.pem'
  basic_auth:
    username: 'o''brien'
    password_file: 'pw'
target_cluster:
  endpoint: 'http://os:9200'
  allow_insecure: true
  no_auth:
snapshot:
  snapshot_name: 'migration'
  s3:
    repo_uri: 's3://b/p'
    aws_region: 'eu-west-1'
kafka:
  broker_endpoints: 'k:9092'
  scram:
    username: 'u'
    password_file: 'kpw'
";
    assert_eq!(text, expected);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let again = init(&path, &flags, "");
    assert_eq!((again.code, &*again.stdout), (2, ""));
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
    let other = init(&path, &["--non-interactive", "--force", "--target-endpoint", "http://x"], "");
    assert_eq!(other.code, 0, "{}", other.stderr);
    assert!(std::fs::read_to_string(&path).unwrap().contains("http://x"));
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn by_asking() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("services.yaml");
    // A wrong address is asked for again.
    let answers = "es:9200\nhttps://es:9200\n\nadmin\npw\nhttp://os:9200\n\nrepo\n/mnt/backup\njune\nk:9092\nsaml\nssl\n/ca.pem\n";
    let run = init(&path, &[], answers);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("Address of the source") && run.stderr.contains("write it as http(s)://"),
        "{}",
        run.stderr
    );
    assert!(run.stdout.starts_with("Wrote ") && run.stdout.contains("doctor"), "{}", run.stdout);
    let text = std::fs::read_to_string(&path).unwrap();
    for line in [
        "  endpoint: 'https://es:9200'\n",
        "    username: 'admin'\n",
        "  no_auth:\n",
        "    repo_path: '/mnt/backup'\n",
        "  snapshot_name: 'june'\n",
        "  ssl:\n    ca_cert_path: '/ca.pem'\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    // What flags say is not asked.
    let other = folder.path().join("other.yaml");
    let run = init(&other, &["--source-endpoint", "http://s", "--target-endpoint", "http://t"], "\n\n\n\n");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(!run.stderr.contains("Address"), "{}", run.stderr);
}

#[test]
fn what_does_not_go_together_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("services.yaml");
    for (flags, told) in [
        (&[][..], "neither --source-endpoint"),
        (&["--source-endpoint", "http://s", "--source-username", "u"], "--source-password-file"),
        (&["--source-endpoint", "http://s", "--repo-uri", "s3://b"], "--s3-region"),
        (&["--source-endpoint", "http://s", "--repo-uri", "relative"], "absolute"),
        (&["--source-endpoint", "http://s", "--repo-uri", "/r", "--snapshot-name", "UP"], "lower case"),
        (
            &["--source-endpoint", "http://s", "--kafka-connection", "k", "--kafka-auth", "plain"],
            "--kafka-user-name",
        ),
    ] {
        let run = init(&path, &[&["--non-interactive"], flags].concat(), "");
        assert_eq!((run.code, &*run.stdout), (2, ""), "{flags:?}");
        assert!(run.stderr.contains(told), "{}", run.stderr);
    }
    let run = init(&path, &[], "http://s\n");
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--non-interactive"), "{}", run.stderr);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(
        switchover(&[
            "--config",
            "/dev/null/services.yaml",
            "init",
            "--non-interactive",
            "--source-endpoint",
            "http://s"
        ])
        .code,
        1
    );
}
