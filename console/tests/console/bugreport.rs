//! `bugreport`: what is in it, what is not, and where it goes.

use std::io::Read;

use serde_json::Value;

use crate::process::{Run, command, switchover};
use crate::scripted::Scripted;

/// A folder with settings that hold secrets, and an agent's page that tells them again.
struct Host {
    folder: tempfile::TempDir,
    _agent: Scripted,
}

const SECRETS: [&str; 4] = ["inline-s3cret", "s3cret-of-a-file", "s3cret-of-an-agent", "s3cret/in a url"];

impl Host {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let agent = Scripted::new(|request| match request {
            "GET /status" => {
                (200, format!(r#"{{"a":"{}","b":"http://u:other-s3cret@h/"}}"#, SECRETS.join(" ")))
            }
            "GET /metrics" => (200, "switchover_agent_connections_total 3\n".to_owned()),
            other => (404, other.to_owned()),
        });
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("etc")).unwrap();
        std::fs::write(at("password"), format!("{}\n", SECRETS[1])).unwrap();
        let services = format!(
            "source_cluster:\n  endpoint: http://127.0.0.1:1\n  basic_auth: {{username: u, password: {}}}\ntarget_cluster:\n  endpoint: http://127.0.0.1:1\n  basic_auth: {{username: u, password_file: password}}\n",
            SECRETS[0]
        );
        std::fs::write(at("services.yaml"), services).unwrap();
        let settings = format!(
            "adminAddress: {}\nkafkaPassword: {}\nother: {{api_key: '{}'}}\n",
            agent.uri().trim_start_matches("http://"),
            SECRETS[2],
            SECRETS[3]
        );
        std::fs::write(at("etc/agent.yaml"), settings).unwrap();
        std::fs::write(
            at("agent.log"),
            format!("began\nAuthorization: Basic s3cret-header\ntold {}\n", SECRETS[0]),
        )
        .unwrap();
        Self { folder, _agent: agent }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, more: &[&str]) -> Run {
        let (config, etc, log) = (self.path("services.yaml"), self.path("etc"), self.path("agent.log"));
        let always = ["--config", &config, "bugreport", "--config-dir", &etc, "--log-file", &log];
        let mut command = command(&[&always[..], more].concat());
        Run::of(command.current_dir(self.folder.path()).output().unwrap())
    }
}

/// Names and contents of an archive.
fn unpacked(path: &str) -> Vec<(String, String)> {
    let file = flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap());
    let mut archive = tar::Archive::new(file);
    let read = |entry: Result<tar::Entry<'_, _>, _>| {
        let mut entry: tar::Entry<'_, flate2::read::GzDecoder<std::fs::File>> = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().display().to_string(), String::from_utf8_lossy(&content).into_owned())
    };
    archive.entries().unwrap().map(read).collect()
}

#[test]
fn everything_is_in_it_but_secrets_and_what_could_not_be_had_is_listed() {
    let host = Host::new();
    let output = host.path("report.tar.gz");
    let run = host.run(&["--json", "--output", &output]);
    assert_eq!(run.code, 0, "{run:?}");
    let json = run.json();
    assert_eq!((&json["schema"], &json["file"]), (&"switchover.bugreport/1".into(), &output.as_str().into()));
    let parts = unpacked(&output);
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&output).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    for (name, content) in &parts {
        for secret in SECRETS.iter().chain(&["other-s3cret", "s3cret-header", "s3cret"]) {
            assert!(!content.contains(secret), "{name}: {content}");
        }
    }
    let content = |end: &str| {
        let found = parts.iter().find(|(name, _)| name.ends_with(end));
        found.map(|(_, content)| content.as_str()).unwrap_or_else(|| panic!("no {end} in {run:?}"))
    };
    assert!(content("status").contains("http://REDACTED@h/"));
    assert_eq!(content("metrics"), "switchover_agent_connections_total 3\n");
    assert!(content("agent.log").starts_with("began\nAuthorization: REDACTED\ntold REDACTED"));
    assert!(content("services.yaml").contains("endpoint: http://127.0.0.1:1"));
    assert!(content("agent.yaml").contains("kafkaPassword: REDACTED"));
    assert!(content("host.txt").contains("MemTotal") && content("versions.txt").starts_with("this: "));
    let doctor: Value = serde_json::from_str(content("doctor.json").lines().next().unwrap()).unwrap();
    assert_eq!(doctor["worst"], "error", "{doctor}");
    let missing = json["missing"].as_array().unwrap();
    let backfill = missing.iter().find(|one| one["name"] == "coordination.json").unwrap();
    assert!(!backfill["reason"].as_str().unwrap().is_empty(), "{backfill}");
    let listed: Value = serde_json::from_str(content("contents.json")).unwrap();
    assert_eq!((&listed["parts"], &listed["missing"]), (&json["parts"], &json["missing"]));
}

#[test]
fn a_list_writes_nothing_and_no_file_is_written_over() {
    let host = Host::new();
    let files = || std::fs::read_dir(host.folder.path()).unwrap().count();
    let before = files();
    let run = host.run(&["--list"]);
    assert_eq!((run.code, files()), (0, before), "{run:?}");
    assert!(
        run.stdout.contains("host.txt") && run.stdout.ends_with("nothing was written (--list)\n"),
        "{run:?}"
    );
    let taken = host.path("agent.log");
    let run = host.run(&["--output", &taken]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("exists") && std::fs::read_to_string(taken).unwrap().starts_with("began"));
}

#[test]
fn it_is_made_where_nothing_is_set_up() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone").to_str().unwrap().to_owned();
    let run = switchover(&["--config", &gone, "--json", "bugreport", "--list", "--config-dir", &gone]);
    assert_eq!(run.code, 0, "{run:?}");
    let json = run.json();
    let names: Vec<&str> =
        json["parts"].as_array().unwrap().iter().filter_map(|part| part["name"].as_str()).collect();
    assert!(names.contains(&"host.txt") && names.contains(&"versions.txt"), "{json}");
    assert!(json["missing"].as_array().unwrap().iter().any(|one| one["name"] == "services file"), "{json}");
}
