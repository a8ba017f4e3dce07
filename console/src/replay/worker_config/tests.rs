use serde_json::json;

use super::*;
use crate::failure::Failure;

/// What replayers are started with, by a services file: arguments of the second one, and the settings that all share.
async fn started(folder: &Path, services: Value) -> Result<(Vec<String>, Value), String> {
    let file = folder.join("services.yaml");
    std::fs::write(&file, services.to_string()).unwrap();
    let settings = Settings::load(&file).await.map_err(|error: Failure| error.to_string())?;
    let arguments = arguments(&settings, 2).map_err(|error| format!("{error:#}"))?;
    let arguments: Vec<_> = arguments.into_iter().map(|argument| argument.into_string().unwrap()).collect();
    let config = std::fs::read(&arguments[1]).unwrap();
    Ok((arguments, serde_json::from_slice(&config).unwrap()))
}

fn services(replay: Value, more: Value) -> Value {
    let mut services =
        json!({"target_cluster": {"endpoint": "http://t:9200", "no_auth": null}, "replay": replay});
    for (key, value) in more.as_object().unwrap() {
        services[key] = value.clone();
    }
    services
}

#[tokio::test]
async fn a_topic_with_a_login_becomes_flags_and_secrets_become_files() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("out");
    let replay = json!({
        "scale": 3, "state_dir": "state", "output_dir": "out", "session_name": "s", "ecs": null,
        "options": {"speedupFactor": 2, "excludePath": ["^/_cat", "^/_nodes"], "insecure": false},
    });
    let scram = json!({"username": "capture", "password": "open sesame", "ca_cert_path": "ca.pem"});
    let more = json!({
        "kafka": {"broker_endpoints": "b:9092", "topic": "t", "scram": scram},
        "target_cluster": {"endpoint": "http://t:9200", "basic_auth": {"username": "u", "password": "let me in"}},
    });
    let (arguments, config) = started(folder.path(), services(replay, more)).await.unwrap();
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    assert_eq!(arguments[2..4], ["--tupleDir".to_owned(), path(&own.join("replayer-2/tuples"))]);
    assert_eq!(arguments[4..6], ["--deadLetterDir".to_owned(), path(&own.join("replayer-2/dead-letters"))]);
    let text = config.to_string();
    assert!(!text.contains("sesame") && !text.contains("let me in"), "{text}");
    for (key, value) in [
        ("targetUri", json!("http://t:9200")),
        ("targetUsername", json!("u")),
        ("coordinatorUri", json!("http://t:9200")),
        ("sessionName", json!("s")),
        ("kafkaConnection", json!("b:9092")),
        ("kafkaTopic", json!("t")),
        ("kafkaAuthType", json!("scram-sha-512")),
        ("kafkaUserName", json!("capture")),
        ("kafkaCaFile", json!(path(&folder.path().join("ca.pem")))),
        ("speedupFactor", json!(2)),
        ("excludePath", json!(["^/_cat", "^/_nodes"])),
    ] {
        assert_eq!(config[key], value, "{key}");
    }
    assert!(config.get("insecure").is_none(), "what is switched off is left out");
    let password = std::fs::read_to_string(config["kafkaPasswordFile"].as_str().unwrap()).unwrap();
    assert_eq!(password, "open sesame");
}

#[tokio::test]
async fn logs_are_replayed_by_one_and_what_makes_no_sense_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let told = async |replay: Value, more: Value| started(folder.path(), services(replay, more)).await;
    let one = json!({"capture_log_dir": "log", "state_dir": "state"});
    let (_, config) =
        told(one, json!({"kafka": {"broker_endpoints": "b:1", "standard": null}})).await.unwrap();
    let log = folder.path().join("log");
    assert_eq!(config["captureLogDir"], json!([log.to_str().unwrap()]), "a log that is named wins");
    assert!(config.get("kafkaConnection").is_none());
    for (replay, reason) in [
        (json!({"capture_log_dir": ["a", "b"], "scale": 2, "state_dir": "s"}), "exactly one replayer, not 2"),
        (json!({"options": {"captureLogDir": "a"}, "scale": 2, "state_dir": "s"}), "exactly one replayer"),
        (json!({"state_dir": "s"}), "nothing to replay"),
        (json!({"capture_log_dir": "l", "state_dir": "s", "options": {"tupleDir": "x"}}), "give output_dir"),
        (
            json!({"capture_log_dir": "l", "state_dir": "s", "options": {"targetUri": "x"}}),
            "options targetUri",
        ),
        (json!({"capture_log_dir": "l", "state_dir": "s", "options": {"order": {}}}), "options, order"),
        (json!({"capture_log_dir": "l", "scale": 0}), "scale must be 1 to 1000"),
        (json!({"capture_log": "l"}), "unknown field"),
    ] {
        let error = told(replay.clone(), json!({})).await.unwrap_err();
        assert!(error.contains(reason), "{replay}: {error}");
    }
}

#[tokio::test]
async fn what_is_described_holds_no_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services.yaml");
    let options = json!({"kafkaPassword": "sesame", "speedupFactor": 2});
    let replay = json!({"state_dir": "s", "options": options, "docker": null});
    let kafka = json!({"broker_endpoints": "b:1", "plain": {"username": "u", "password": "open"}});
    std::fs::write(&file, services(replay, json!({"kafka": kafka})).to_string()).unwrap();
    let described = Settings::load(&file).await.unwrap().describe().to_string();
    assert!(described.contains("speedupFactor") && described.contains("b:1"), "{described}");
    assert!(!described.contains("sesame") && !described.contains("open\""), "{described}");
}
