//! `switchover reset` after a whole trial: nothing of it is left on either cluster or in Kafka, twice in a row, and what was
//! there before stays.

use serde_json::{Value, json};
use std::path::PathBuf;
use switchover_testkit::http::ask;
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{Finished, run};

const REPOSITORY: &str = "trial-repository";

struct Trial {
    source: Lab,
    target: Lab,
    kafka: Lab,
    topic: String,
    folder: tempfile::TempDir,
}

impl Trial {
    fn new() -> Self {
        let topic = format!("trial-{}", std::process::id());
        // Pipelines and scripts of other tests come along: the target is this test's own.
        let (source, target) = (Lab::elasticsearch("7.10"), Lab::private_opensearch("2.19"));
        let folder = tempfile::tempdir().unwrap();
        let trial = Self { source, target, kafka: Lab::kafka(), topic, folder };
        let services = json!({
            "source_cluster": {"endpoint": trial.source.url(), "no_auth": null},
            "target_cluster": {"endpoint": trial.target.url(), "no_auth": null},
            "snapshot": {"snapshot_name": "trial", "snapshot_repo_name": REPOSITORY,
                "fs": {"repo_path": trial.place()}},
            "kafka": {"broker_endpoints": trial.kafka.bootstrap(), "topic": trial.topic, "standard": null},
            "backfill": {"reindex_from_snapshot": {"state_dir": "state", "session_name": "trial", "launch": "none"}},
        });
        std::fs::write(trial.config(), services.to_string()).unwrap();
        trial
    }

    fn place(&self) -> String {
        self.source.repository().join(&self.topic).display().to_string()
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("services.yaml")
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        run("switchover", ["--config", self.config().to_str().unwrap()].iter().chain(arguments))
    }

    fn good(&self, arguments: &[&str]) -> String {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(0), "{arguments:?}: {}{}", finished.stdout, finished.stderr);
        finished.stdout
    }

    fn plan(&self) -> Value {
        serde_json::from_str(&self.good(&["reset", "--plan", "--json"])).unwrap()
    }

    /// A migration from its beginning to its end.
    fn migrate(&self) {
        self.good(&["metadata", "migrate", "--indexAllowlist", "trial-*"]);
        self.good(&["snapshot", "create", "--wait", "--index-allowlist", "trial-*"]);
        let flags =
            ["--repoUri", &format!("file://{}", self.place()), "--snapshotName", "trial", "--targetUri"];
        let more = ["--sessionName", "trial", "--indexAllowlist", "trial-*", "--allowAutoCreate"];
        let loaded = run("switchover-rfs", flags.iter().chain(&[self.target.url()]).chain(&more));
        assert_eq!(loaded.code, Some(0), "{}", loaded.stderr);
        self.good(&["kafka", "create-topic"]);
        self.good(&["verify", "--index", "trial-books"]);
    }

    /// All that the target and the source's repositories hold.
    fn state(&self) -> [String; 3] {
        let mut state = ask(self.target.url(), "GET", "/_cluster/state/metadata", "").json();
        let metadata = state["metadata"].as_object_mut().unwrap();
        // A stopped member of the cluster and the like are not the migration's.
        metadata.retain(|key, _| {
            [
                "templates",
                "indices",
                "index_template",
                "component_template",
                "ingest",
                "stored_scripts",
                "data_stream",
            ]
            .contains(&key.as_str())
        });
        for (_, part) in metadata.iter_mut() {
            for key in ["component_template", "index_template", "pipeline", "data_stream"] {
                if part.get(key).is_some_and(|list| list == &json!({}) || list == &json!([])) {
                    part.as_object_mut().unwrap().remove(key);
                }
            }
        }
        metadata.retain(|_, part| part.as_object().is_none_or(|part| !part.is_empty()));
        let repository = ask(self.source.url(), "GET", &format!("/_snapshot/{REPOSITORY}"), "").status;
        let topics = self.run(&["kafka", "describe-topic-records"]).code;
        [Value::from(std::mem::take(metadata)).to_string(), repository.to_string(), format!("{topics:?}")]
    }
}

fn names(plan: &Value, list: &str) -> Vec<String> {
    let names = plan[list].as_array().unwrap().iter();
    names
        .map(|item| format!("{} {}", item["kind"].as_str().unwrap(), item["name"].as_str().unwrap()))
        .collect()
}

#[test]
fn nothing_is_left_and_what_was_there_before_stays() {
    let trial = Trial::new();
    let (source, target) = (trial.source.url(), trial.target.url());
    ask(source, "DELETE", "/trial-*", "");
    for (url, index) in [(source, "trial-books"), (source, "trial-old"), (target, "trial-old")] {
        let body = json!({"settings": {"number_of_replicas": 0}, "mappings": {"properties": {"n": {"type": "long"}}}});
        assert_eq!(ask(url, "PUT", &format!("/{index}"), &body.to_string()).status, 200);
        assert!(ask(url, "PUT", &format!("/{index}/_doc/1?refresh=true"), r#"{"n":1}"#).status < 300);
    }
    ask(source, "PUT", "/trial-books/_alias/trial-alias", "");
    let template =
        json!({"index_patterns": ["trial-none-*"], "order": 1, "settings": {"number_of_shards": 1}});
    ask(source, "PUT", "/_template/trial-template", &template.to_string());

    let before = trial.state();
    for round in 0..2 {
        trial.migrate();
        let plan = trial.plan();
        let items = names(&plan, "items");
        for expected in [
            "alias trial-alias",
            "index trial-books",
            "legacyTemplate trial-template",
            "coordination .switchover_backfill_trial",
            "snapshot trial",
            "repository trial-repository",
        ] {
            assert!(items.iter().any(|item| item == expected), "{expected}: {plan:#}");
        }
        assert!(items.iter().any(|item| *item == format!("topic {}", trial.topic)), "{plan:#}");
        assert!(names(&plan, "leftAlone").contains(&"index trial-old".to_owned()), "{plan:#}");
        assert!(!items.contains(&"index trial-old".to_owned()), "{plan:#}");

        let id = plan["id"].as_str().unwrap();
        let applied = trial.good(&["reset", "--apply", id, "--yes"]);
        assert!(applied.contains("removed: target index trial-books\n"), "{applied}");
        let mut after = trial.state();
        // The version of an index that was written meanwhile is another one.
        let mut first = before.clone();
        for state in [&mut first, &mut after] {
            let mut metadata: Value = serde_json::from_str(&state[0]).unwrap();
            metadata["indices"]["trial-old"] = Value::Null;
            state[0] = metadata.to_string();
        }
        assert_eq!(after, first, "round {round}");
        assert_eq!(ask(target, "GET", "/trial-old/_count", "").json()["count"], 1);
        let again = trial.good(&["reset", "--apply", id, "--yes"]);
        assert!(again.lines().all(|line| line.starts_with("not there any more: ")), "{again}");
        assert_eq!(trial.plan()["items"], json!([]));
    }

    // Another index of the same name is not what the plan says.
    trial.good(&["metadata", "migrate", "--indexAllowlist", "trial-*"]);
    let plan = trial.plan();
    ask(target, "DELETE", "/trial-books", "");
    ask(target, "PUT", "/trial-books/_doc/mine?refresh=true", r#"{"n":7}"#);
    let applied = trial.run(&["reset", "--apply", plan["id"].as_str().unwrap(), "--yes"]);
    assert_eq!(applied.code, Some(3), "{}{}", applied.stdout, applied.stderr);
    assert!(
        applied.stdout.contains("changed since the plan, left: target index trial-books"),
        "{}",
        applied.stdout
    );
    assert_eq!(ask(target, "GET", "/trial-books/_count", "").json()["count"], 1);

    ask(source, "DELETE", "/trial-*", "");
    ask(source, "DELETE", "/_template/trial-template", "");
    let _ = std::fs::remove_dir_all(trial.place());
}
