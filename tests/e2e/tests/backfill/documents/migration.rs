//! Two clusters, a broker and a shell in which `console` is what the documents mean by it.

use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Output};
use switchover_testkit::lab::{Lab, Security};
use switchover_testkit::program::binary;

/// `SOURCE, TARGET`, each `PRODUCT VERSION SECURITY`, the last of `off`, `plain` and `tls`.
const VARIABLE: &str = "SWITCHOVER_DOCUMENTS";
const DEFAULT: &str = "elasticsearch 7.10 off, opensearch 2.19 off";

/// A cluster, and who asks it.
pub struct Side {
    pub lab: Lab,
    /// Whether it asks for a user.
    secured: bool,
}

impl Side {
    fn start(words: &str, private: bool) -> Self {
        let words: Vec<&str> = words.split_whitespace().collect();
        let [product, version, security] = words[..] else { panic!("{VARIABLE}: {words:?}") };
        let lab = match (product, security, private) {
            (_, "plain", _) => Lab::shared_secured(product, version, Security::Plain),
            (_, "tls", _) => Lab::shared_secured(product, version, Security::Tls),
            ("elasticsearch", "off", true) => Lab::private_elasticsearch(version),
            ("opensearch", "off", true) => Lab::private_opensearch(version),
            ("opensearch", "off", false) => Lab::opensearch(version),
            _ => panic!("{VARIABLE}: {words:?}"),
        };
        Self { lab, secured: security != "off" }
    }

    /// As the services file has it.
    fn block(&self) -> Value {
        let mut block = json!({"endpoint": self.lab.url()});
        if self.secured {
            let login = json!({"username": self.lab.user(), "password": self.lab.password()});
            block["basic_auth"] = login;
            block["ca_file"] = self.lab.ca().to_str().into();
        }
        block
    }

    /// Asks the cluster itself, or what stands in front of it, as an application would.
    pub fn curl(&self, base: &str, method: &str, path: &str, body: &str) -> String {
        let mut curl = Command::new("curl");
        curl.args(["-sSk", "--fail-with-body", "-X", method, &format!("{base}{path}")]);
        if self.secured {
            curl.args(["-u", &format!("{}:{}", self.lab.user(), self.lab.password())]);
        }
        if !body.is_empty() {
            curl.args(["-H", "content-type: application/json", "-d", body]);
        }
        text(method, path, curl.output().unwrap())
    }
}

fn text(method: &str, what: &str, output: Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{method} {what}: {out}{err}");
    out.into_owned()
}

pub struct Migration {
    pub source: Side,
    pub target: Side,
    pub kafka: Lab,
    pub topic: String,
    folder: tempfile::TempDir,
}

impl Migration {
    pub fn new() -> Self {
        let sides = std::env::var(VARIABLE).unwrap_or_else(|_| DEFAULT.to_owned());
        let (source, target) = sides.split_once(',').unwrap_or_else(|| panic!("{VARIABLE}: {sides}"));
        let migration = Self {
            // What the documents type takes a snapshot of everything: nobody else may be at work there.
            source: Side::start(source, true),
            target: Side::start(target, false),
            kafka: Lab::kafka(),
            topic: format!("documents-{}", std::process::id()),
            folder: tempfile::tempdir().unwrap(),
        };
        for directory in ["bin", "state"] {
            fs::create_dir(migration.path(directory)).unwrap();
        }
        fs::create_dir_all(migration.path("shared-logs-output/migration-console-default")).unwrap();
        symlink(binary("switchover"), migration.path("bin/console")).unwrap();
        migration
    }

    /// Of this test alone.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the services file; the backfill takes these indices.
    pub fn services(&self, indices: &[&str]) {
        let place = self.source.lab.repository().join(&self.topic);
        let services = json!({
            "source_cluster": self.source.block(),
            "target_cluster": self.target.block(),
            "snapshot": {"snapshot_name": "documents", "fs": {"repo_path": place}},
            "kafka": {"broker_endpoints": self.kafka.bootstrap(), "topic": self.topic, "standard": null},
            "replay": {
                "scale": 1, "session_name": self.topic, "state_dir": self.path("state"), "launch": "process",
                "output_dir": self.path("shared-logs-output/traffic-replayer-default"),
                "options": {"kafkaGroupId": self.topic, "speedupFactor": "max"},
            },
            "backfill": {"reindex_from_snapshot": {
                "scale": 1, "session_name": self.topic, "state_dir": self.path("state"), "launch": "process",
                "options": {"indexAllowlist": indices, "leaseDuration": "2s"},
            }},
        });
        fs::write(self.path("services.yaml"), services.to_string()).unwrap();
    }

    /// A line that somebody types.
    pub fn typed(&self, line: &str) -> Output {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        Command::new("bash")
            .args(["-c", &format!("set -o pipefail; {line}")])
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("SWITCHOVER_CONFIG", self.path("services.yaml"))
            .env("SHARED_LOGS_DIR_PATH", self.path("shared-logs-output/migration-console-default"))
            .output()
            .unwrap()
    }

    /// What it prints, where it works.
    pub fn prints(&self, line: &str) -> String {
        text("", line, self.typed(line))
    }

    /// The object that it prints with `--json`.
    pub fn json(&self, line: &str) -> Value {
        let printed = self.typed(line).stdout;
        let object: Value = serde_json::from_slice(&printed)
            .unwrap_or_else(|error| panic!("{line}: {error}: {}", String::from_utf8_lossy(&printed)));
        assert!(
            object["schema"].as_str().is_some_and(|schema| schema.starts_with("switchover.")),
            "{line}: {object}"
        );
        object
    }
}

impl Drop for Migration {
    fn drop(&mut self) {
        // Workers that a test which failed has left.
        for kind in ["backfill", "replay"] {
            let state = self.path("state").join(format!("{kind}-{}", self.topic));
            for number in 1..9 {
                let Ok(file) = fs::read(state.join(format!("worker-{number}.json"))) else { continue };
                if let Ok(file) = serde_json::from_slice::<Value>(&file) {
                    let _ = Command::new("kill").args(["-9", &file["pid"].to_string()]).output();
                }
            }
        }
    }
}
