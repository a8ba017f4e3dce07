//! `switchover verify` of two live clusters that answer from a script: what was written meanwhile is not judged, and nothing is
//! complete that was not compared.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::process::Run;
use crate::scripted::Scripted;
use crate::services_file::Services;

const ROOT: &str = r#"{"version":{"distribution":"opensearch","number":"2.19.4"},"tagline":"The OpenSearch Project: https://opensearch.org/"}"#;
const STATE: &str =
    r#"{"metadata":{"indices":{"docs":{"state":"open","settings":{"index":{"number_of_shards":"1"}}}}}}"#;

type Special = Box<dyn Fn(&str, &str) -> Option<(u16, String)> + Send + Sync>;

/// A cluster with the documents 0 to 4; `special` may answer otherwise.
fn cluster(special: Special) -> Scripted {
    let listed = Arc::new(AtomicBool::new(false));
    Scripted::with_bodies(move |request, body| {
        if let Some(answer) = special(request, body) {
            return answer;
        }
        let hit =
            |n: usize| json!({"_index": "docs", "_id": n.to_string(), "_version": 1, "_source": {"n": n}});
        let page = |hits: Vec<Value>| json!({"_scroll_id": "s", "timed_out": false, "_shards": {"failed": 0}, "hits": {"total": {"value": 5}, "hits": hits}});
        let answer = match request.split('?').next().unwrap() {
            "GET /" => return (200, ROOT.to_owned()),
            "GET /_cluster/state/metadata" => return (200, STATE.to_owned()),
            "GET /_alias" => json!({"docs": {"aliases": {}}}),
            "GET /docs" => json!({"docs": {"settings": {}, "mappings": {}, "aliases": {}}}),
            "HEAD /docs" | "DELETE /_search/scroll" => json!({}),
            "POST /docs/_refresh" => json!({"_shards": {"failed": 0}}),
            "GET /docs/_count" => json!({"count": 5, "_shards": {"failed": 0}}),
            "GET /docs/_stats/docs,indexing" | "GET /_stats/docs,indexing" => stats(4),
            "POST /docs/_search" if !body.contains("\"ids\"") => {
                listed.store(false, Ordering::SeqCst);
                page((0..3).map(hit).collect())
            }
            "POST /_search/scroll" => {
                let first = !listed.swap(true, Ordering::SeqCst);
                page(if first { (3..5).map(hit).collect() } else { Vec::new() })
            }
            "POST /docs/_mget" => {
                let body: Value = serde_json::from_str(body).unwrap();
                let asked = body["docs"].as_array().unwrap().iter();
                let found = asked.map(|one| {
                    let n = one["_id"].as_str().unwrap().parse().unwrap();
                    let mut hit = hit(n);
                    hit["found"] = json!(true);
                    hit
                });
                json!({"docs": found.collect::<Vec<_>>()})
            }
            _ => return (404, r#"{"error":{"type":"none","reason":"none"}}"#.to_owned()),
        };
        (200, answer.to_string())
    })
}

fn stats(last: i64) -> Value {
    let shard = json!({"routing": {"primary": true, "node": "n"}, "commit": {"user_data": {"history_uuid": "h"}},
        "seq_no": {"max_seq_no": last, "global_checkpoint": last}});
    json!({"indices": {"docs": {"uuid": "u", "shards": {"0": [shard]}}}})
}

fn plain() -> Special {
    Box::new(|_, _| None)
}

fn at(wanted: &'static str, status: u16, body: &'static str) -> Special {
    Box::new(move |request, _| request.starts_with(wanted).then(|| (status, body.to_owned())))
}

fn verify(source: &Scripted, target: &Scripted, more: &[&str]) -> Run {
    let text = format!(
        "source_cluster: {{endpoint: '{}'}}\ntarget_cluster: {{endpoint: '{}'}}\nbackfill: {{reindex_from_snapshot: {{state_dir: state}}}}\n",
        source.uri(),
        target.uri()
    );
    Services::new(&text).run(&[&["verify"], more].concat())
}

#[test]
fn equal_clusters_are_read_in_full() {
    let (source, target) = (cluster(plain()), cluster(plain()));
    let run = verify(&source, &target, &[]);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{}", run.stdout);
    let last = run.stdout.lines().last().unwrap();
    assert_eq!(
        last,
        "complete: 5 documents in 1 indices, settings, mappings and aliases of 1 items, all the same"
    );
    assert!(run.stdout.contains("UTC: 0 writes since on the source, 0 on the target\n"), "{}", run.stdout);
    let search = source.requests().into_iter().find(|request| request.starts_with("POST /docs/_search?"));
    assert!(search.unwrap().contains("preference=_shards:0"), "{:?}", source.requests());
}

#[test]
fn what_the_source_has_otherwise_by_now_is_not_judged() {
    let another = r#"{"docs":[{"_index":"docs","_id":"2","_version":2,"found":true}]}"#;
    let differs: Special = Box::new(|request, body| {
        let meant = request.starts_with("POST /docs/_mget") && body.contains("\"3\"");
        meant.then(|| {
            let doc = |n: usize| json!({"_index": "docs", "_id": n.to_string(), "found": true, "_source": {"n": if n == 2 { 9 } else { n }}});
            (200, json!({"docs": (0..5).map(doc).collect::<Vec<_>>()}).to_string())
        })
    });
    let target = cluster(differs);
    let run = verify(&cluster(at("POST /docs/_mget?_source=false", 200, another)), &target, &["--json"]);
    let report = run.json();
    assert_eq!((run.code, &report["indices"][0]["writtenMeanwhile"]), (0, &json!(1)), "{report:#}");
    assert_eq!(report["indices"][0]["different"], 0, "{report:#}");
    let run = verify(&cluster(plain()), &target, &["--json"]);
    let report = run.json();
    assert_eq!(
        (run.code, &report["indices"][0]["examples"]["different"][0]["at"]),
        (3, &json!("/n")),
        "{report:#}"
    );
}

#[test]
fn what_only_the_target_has_is_looked_for_on_the_source() {
    let more = |request: &str, _: &str| {
        let hits: Vec<_> = (0..6).map(|n| json!({"_index": "docs", "_id": n.to_string()})).collect();
        let page = |hits: Value| json!({"_scroll_id": "s", "timed_out": false, "_shards": {"failed": 0}, "hits": {"total": {"value": 6}, "hits": hits}});
        match request.split('?').next().unwrap() {
            "GET /docs/_count" => Some((200, r#"{"count":6,"_shards":{"failed":0}}"#.to_owned())),
            "POST /docs/_search" => Some((200, page(json!(hits)).to_string())),
            "POST /_search/scroll" => Some((200, page(json!([])).to_string())),
            _ => None,
        }
    };
    let target = cluster(Box::new(more));
    let none = r#"{"timed_out":false,"_shards":{"failed":0},"hits":{"hits":[]}}"#;
    let has = r#"{"timed_out":false,"_shards":{"failed":0},"hits":{"hits":[{"_index":"docs","_id":"5"}]}}"#;
    for (answer, code, extra) in [(none, 3, 1), (has, 0, 0)] {
        let source: Special = Box::new(move |request, body| {
            (request == "POST /docs/_search" && body.contains("\"ids\"")).then(|| (200, answer.to_owned()))
        });
        let run = verify(&cluster(source), &target, &["--json"]);
        let report = run.json();
        assert_eq!((run.code, &report["indices"][0]["extra"]), (code, &json!(extra)), "{report:#}");
    }
}

#[test]
fn what_could_not_be_compared_is_never_complete() {
    let failed = r#"{"_scroll_id":"s","timed_out":false,"_shards":{"failed":1},"hits":{"total":{"value":5},"hits":[]}}"#;
    let lost = r#"{"_scroll_id":"s","timed_out":false,"_shards":{"failed":0},"hits":{"total":{"value":5},"hits":[]}}"#;
    let closed = r#"{"metadata":{"indices":{"docs":{"state":"close","settings":{"index":{"number_of_shards":"1"}}}}}}"#;
    for (source, target, told) in [
        (at("POST /docs/_search?scroll", 200, failed), plain(), "did not answer a page whole"),
        (at("POST /_search/scroll", 200, lost), plain(), "3 of 5 documents were read"),
        (at("POST /docs/_search?scroll", 404, "{}"), plain(), "404"),
        (at("POST /docs/_search?scroll", 200, "<html>"), plain(), "does not answer a search as a cluster"),
        (
            at("GET /docs/_count", 200, r#"{"count":9,"_shards":{"failed":0}}"#),
            plain(),
            "only 5 of 9 documents",
        ),
        (at("GET /_cluster/state/metadata", 200, closed), plain(), "closed on the source"),
        (
            at("GET /docs/_stats", 200, r#"{"indices":{"docs":{"shards":{}}}}"#),
            plain(),
            "says nothing of its shard 0",
        ),
        (plain(), at("POST /docs/_mget", 403, r#"{"error":"no permission"}"#), "no permission"),
        (plain(), at("POST /docs/_mget", 200, "<html>"), "does not answer as a cluster"),
        (plain(), at("GET /docs/_count", 500, "{}"), "500"),
    ] {
        let run = verify(&cluster(source), &cluster(target), &[]);
        assert_eq!(run.code, 1, "{told}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
        assert!(!format!("{}{}", run.stdout, run.stderr).contains("complete:"), "{told}: {}", run.stdout);
    }
}

#[test]
fn writes_that_are_not_known_are_told_to_be_unknown() {
    let source = cluster(plain());
    let run = verify(&source, &cluster(at("GET /_stats", 500, "{}")), &["--json"]);
    let report = run.json();
    assert_eq!(
        (&report["stale"], &report["writesSince"]["target"]),
        (&Value::Null, &Value::Null),
        "{report:#}"
    );
    assert!(report["writesSince"]["unknown"].is_string(), "{report:#}");
}
