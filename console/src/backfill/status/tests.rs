//! The status against a scripted coordination index: what can't be known is said so, whatever the rest answers.

use serde_json::{Value, json};
use switchover_cluster::{Cluster, ClusterOptions};
use switchover_coordinate::{Board, unix_ms};

use super::*;
use crate::target::scripted;

const INDEX: &str = "/.switchover_backfill";

fn bucket(key: Value, items: u64, open: u64, held: u64) -> Value {
    let count = |count: u64| json!({"doc_count": count});
    let sum = |value: u64| json!({"value": value as f64});
    json!({
        "key": key, "doc_count": items, "open": count(open), "held": count(held), "failed": count(0),
        "skipped": count(0), "size": sum(1000), "bytes": sum(250), "documents": sum(25), "failedDocuments": sum(0),
    })
}

fn member(name: &str, at_unix_ms: u64) -> Value {
    let source = json!({
        "kind": "worker", "name": name, "host": "h", "pid": 1, "version": "v", "follows": true, "beatIntervalMs": 100,
        "registered": 3, "beat": 8, "state": "working", "reason": null, "items": [], "documents": 1,
        "sourceBytes": 1, "documentsPerSecond": 5.0, "sourceBytesPerSecond": 1.0, "allBytesPerSecond": 50.0,
        "startedUnixMs": 1, "atUnixMs": at_unix_ms,
    });
    json!({"_id": format!("worker:{name}"), "_seq_no": 9, "_primary_term": 1, "found": true, "_source": source})
}

/// What a search asks for, by what is in it.
fn asked(body: &str) -> &'static str {
    match () {
        () if body.contains("\"groups\"") => "overview",
        () if body.contains("\"parts\"") => "parts",
        () if body.contains("\"worker\"") => "members",
        () if body.contains("endedUnixMs") => "end",
        () => "errors",
    }
}

/// The status when one of the questions is answered with an error. The member's clock is wrong by `clock_ms`.
async fn status(fails: &'static str, clock_ms: u64) -> Status {
    let at = unix_ms().saturating_sub(clock_ms);
    let uri = scripted::start(move |request, body| {
        let path = request.split_once(' ').unwrap().1;
        let what = match path.strip_prefix(INDEX).unwrap() {
            "" => "exists",
            "/_refresh" => "refresh",
            "/_doc/desired" => "desired",
            "/_doc/subject" => "subject",
            path if path.starts_with("/_search") => asked(body),
            _ => "member",
        };
        if what == fails {
            return (
                503,
                r#"{"error":{"type":"no_shard_available_action_exception","reason":"gone"}}"#.to_owned(),
            );
        }
        let hits = |hits: Value| json!({"hits": {"hits": hits}});
        let answer = match what {
            "desired" => json!({"_id": "desired", "_seq_no": 1, "_primary_term": 1,
                "_source": {"kind": "desired", "state": "run", "scale": 2}}),
            "subject" => return (404, "{}".to_owned()),
            "overview" => json!({"aggregations": {
                "open": {"phase": {"value": 1.0}},
                "groups": {"buckets": [bucket(json!({"group": "a"}), 20_000, 15_000, 3)]},
            }}),
            "parts" => json!({"aggregations": {"parts": {"buckets": [
                bucket(json!({"group": "a", "part": 0}), 10_000, 0, 0),
                bucket(json!({"group": "a", "part": 1}), 10_000, 5_000, 3),
                bucket(json!({"group": "a", "part": 2}), 10_000, 10_000, 0),
            ]}}}),
            "members" => hits(json!([member("m", at)])),
            "member" => member("m", at),
            _ => hits(json!([])),
        };
        (200, answer.to_string())
    });
    let cluster = Cluster::connect(ClusterOptions::new(uri)).unwrap();
    let board = Board::of(cluster, "").unwrap();
    Status::of(Picture::take(&board, true).await, None)
}

#[tokio::test]
async fn numbers_beyond_ten_thousand_are_right() {
    let status = status("nothing", 0).await.json();
    assert_eq!((&status["status"], &status["phase"]), (&json!("RUNNING"), &json!("running")));
    assert_eq!(status["workers"], json!({"running": 1, "pending": 1, "desired": 2, "idle": 0}));
    assert_eq!(status["progress"]["all"]["open"], 15_000);
    assert_eq!((&status["percentage_completed"], &status["eta_ms"]), (&json!(25.0), &json!(15_000)));
    let shards = ["shard_total", "shard_complete", "shard_in_progress", "shard_waiting"];
    assert_eq!(shards.map(|name| status[name].as_u64().unwrap()), [3, 1, 1, 1]);
}

#[tokio::test]
async fn one_question_without_an_answer_makes_all_unknown() {
    for question in ["exists", "refresh", "desired", "subject", "overview", "parts", "members", "errors"] {
        let status = status(question, 0).await;
        assert!(matches!(status.phase, Phase::Unknown(_)), "{question}: {:?}", status.phase);
        let json = status.json();
        assert_eq!((&json["status"], &json["workers"]), (&json!("UNKNOWN"), &Value::Null), "{question}");
        assert!(json["reason"].as_str().unwrap().contains("503"), "{json}");
    }
}

#[tokio::test]
async fn a_member_that_says_nothing_new_is_silent_whatever_its_clock_says() {
    let status = status("nothing", 3_600_000).await;
    assert_eq!(status.json()["silentMembers"], json!(["m"]));
    assert!(matches!(&status.phase, Phase::Blocked(reason) if reason.contains("no worker is alive")));
}
