//! The status against a scripted coordination index: what can't be known is said so, whatever the rest answers.

use serde_json::{Value, json};
use switchover_cluster::{Cluster, ClusterOptions};
use switchover_coordinate::{Board, Job, unix_ms};

use super::*;
use crate::target::scripted;

const INDEX: &str = "/.switchover_replay";

fn member(name: &str) -> Value {
    let source = json!({
        "kind": "worker", "name": name, "host": "h", "pid": 1, "version": "v", "follows": true, "beatIntervalMs": 100,
        "registered": 3, "beat": 8, "state": "working", "reason": null, "items": [], "documents": 0,
        "sourceBytes": 0, "documentsPerSecond": 0.0, "sourceBytesPerSecond": 0.0, "allBytesPerSecond": 0.0,
        "startedUnixMs": 1, "atUnixMs": unix_ms(),
        "replay": {
            "counts": {"replayed": 5}, "waiting": 7, "inFlight": 2, "requestsPerSecond": 12.5, "live": true,
            "behindMs": 90_000, "liveInMs": 30_000, "lagRecords": 40,
            "oldest": {"request": "c.1", "nodeId": "n", "seconds": 4, "reason": "cannot connect"},
            "partitions": [{"partition": 0, "replayedTo": 10, "end": 50, "lag": 40}],
            "differences": [{"endpoint": "search", "kind": "value", "path": "hits.total", "count": 3}],
            "deadLetterDir": "/d", "tupleDir": "/t",
        },
    });
    json!({"_id": format!("worker:{name}"), "_seq_no": 9, "_primary_term": 1, "found": true, "_source": source})
}

/// The status when one of the questions is answered with an error.
async fn status(fails: &'static str) -> Status {
    let uri = scripted::start(move |request, body| {
        let path = request.split_once(' ').unwrap().1;
        let what = match path.strip_prefix(INDEX).unwrap() {
            "" => "exists",
            "/_refresh" => "refresh",
            "/_doc/desired" => "desired",
            "/_doc/subject" => "subject",
            "/_doc/start" => "start",
            path if path.starts_with("/_search") => match () {
                () if body.contains("replay.counts") => "sums",
                () if body.contains("must_not") => "members",
                () => "over",
            },
            _ => "member",
        };
        if what == fails {
            let gone = r#"{"error":{"type":"no_shard_available_action_exception","reason":"gone"}}"#;
            return (503, gone.to_owned());
        }
        let place = |source: Value| json!({"_id": "x", "_seq_no": 1, "_primary_term": 1, "_source": source});
        let answer = match what {
            "desired" => place(json!({"kind": "desired", "state": "run", "scale": 2})),
            "subject" => place(json!({
                "kind": "subject", "createdUnixMs": 1,
                "subject": {"from": "topic t, group g", "to": "target", "options": ""},
            })),
            "start" => place(json!({"kind": "start", "after": 1, "atUnixMs": 2})),
            "sums" => {
                let mut sums: Map<String, Value> = ["replayed", "same"]
                    .map(|name| (name.to_owned(), json!({"value": 20_000.0})))
                    .into_iter()
                    .collect();
                for name in [
                    "unreplayable",
                    "leftOut",
                    "deadLettered",
                    "expectedDifference",
                    "different",
                    "notComparable",
                    "gaps",
                    "gapRequests",
                    "unframed",
                    "badRecords",
                ] {
                    sums.insert(name.to_owned(), json!({"value": 0.0}));
                }
                sums.insert("ends".to_owned(), json!({"doc_count": 0, "done": {"doc_count": 0}}));
                json!({"aggregations": sums})
            }
            "members" => json!({"hits": {"hits": [member("m")]}}),
            "member" => member("m"),
            _ => json!({"hits": {"hits": []}}),
        };
        (200, answer.to_string())
    });
    let cluster = Cluster::connect(ClusterOptions::new(uri)).unwrap();
    Status::of(Picture::take(&Board::of_job(Job::Replay, cluster, "").unwrap()).await)
}

#[tokio::test]
async fn the_lines_of_the_documents_come_first_and_the_truth_follows() {
    let status = status("nothing").await;
    assert_eq!(
        status.lines(),
        [
            "ReplayStatus.RUNNING",
            "Running=1",
            "Pending=1",
            "Desired=2",
            "Phase: running",
            "Input: topic t, group g",
            "Lag: 0h 1m 30s behind the source",
            "Rate: 12 requests a second, 2 in flight, 7 read ahead",
            "Estimated time to live: 0h 0m 30s",
            "Records not replayed: 40 in 1 partitions",
            "Oldest pending: c.1 of n for 4 s: cannot connect (m)",
            "Requests: 20000 replayed, 0 dead letters, 0 left out by rules",
            "Answers: 20000 same, 0 expected differences, 0 different, 0 not comparable",
            "Different: 3 x search value hits.total",
            "Replayer m: working, partitions 0",
        ]
    );
    let json = status.json();
    assert_eq!((&json["status"], &json["phase"]), (&json!("RUNNING"), &json!("running")));
    assert_eq!(json["replayers"], json!({"running": 1, "pending": 1, "desired": 2, "idle": 0}));
    assert_eq!((&json["lagMs"], &json["counts"]["same"]), (&json!(90_000), &json!(20_000)));
    assert_eq!((&json["oldest"]["replayer"], &json["lagRecords"]), (&json!("m"), &json!(40)));
}

#[tokio::test]
async fn one_question_without_an_answer_makes_all_unknown() {
    for question in ["exists", "refresh", "desired", "subject", "start", "sums", "members", "over"] {
        let status = status(question).await;
        assert!(matches!(status.phase, Phase::Unknown(_)), "{question}: {:?}", status.phase);
        let json = status.json();
        assert_eq!((&json["status"], &json["replayers"]), (&json!("UNKNOWN"), &Value::Null), "{question}");
        assert!(json["reason"].as_str().unwrap().contains("503"), "{json}");
        assert_eq!(status.lines()[0], "ReplayStatus.UNKNOWN");
    }
}
