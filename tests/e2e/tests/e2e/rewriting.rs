//! Requests with mapping types, recorded in front of Elasticsearch 7, replayed to versions that know no types.

use serde_json::Value;
use switchover_e2e::documents;
use switchover_testkit::agent::Agent;
use switchover_testkit::http::{Connection, ask};
use switchover_testkit::lab::Lab;

const INDEX: &str = "typed";

/// Method, path and body of each request, in order; they depend on each other.
const REQUESTS: [(&str, &str, &str); 20] = [
    (
        "PUT",
        "/typed?include_type_name=true",
        r#"{"settings":{"number_of_replicas":0},"mappings":{"t":{"properties":{"n":{"type":"double"},"s":{"type":"keyword"},"big":{"type":"object","enabled":false}}}}}"#,
    ),
    ("PUT", "/typed/_mapping/t?include_type_name=true", r#"{"t":{"properties":{"late":{"type":"long"}}}}"#),
    ("GET", "/typed/_mapping/t?include_type_name=true", ""),
    ("POST", "/typed/t", r#"{"n": 1.10, "s":"generated"}"#),
    ("POST", "/typed/t?refresh=true", r#"{"n": 2, "big": 12345678901234567890123, "s":"generated too"}"#),
    ("PUT", "/typed/t/1", r#"{"n": 3.50, "s":"a"}"#),
    ("PUT", "/typed/t/2/_create", r#"{"n": 4, "s":"b"}"#),
    ("PUT", "/typed/t/2/_create", r#"{"n": 5, "s":"conflict"}"#),
    ("POST", "/typed/t/1/_update", r#"{"doc":{"late": 7}}"#),
    ("POST", "/typed/_update/1", r#"{"doc":{"s":"partial"}}"#),
    ("POST", "/typed/t/1/_update", r#"{"script":{"source":"ctx._source.n += 1"}}"#),
    (
        "POST",
        "/_bulk?refresh=true",
        "{\"index\":{\"_index\":\"typed\",\"_type\":\"t\",\"_id\":\"3\"}}\n{\"n\": 1.10,\"s\":\"c\"}\n{\"index\":{\"_index\":\"typed\",\"_type\":\"t\"}}\n{\"s\":\"generated in a bulk\"}\n",
    ),
    (
        "POST",
        "/typed/t/_bulk",
        "{\"create\":{\"_id\":\"4\"}}\n{\"s\":\"d\"}\n{\"delete\":{\"_type\":\"t\",\"_id\":\"2\"}}\n",
    ),
    ("POST", "/_bulk?refresh=true", "{\"delete\":{\"_index\":\"typed\",\"_type\":\"t\",\"_id\":\"4\"}}\n"),
    ("GET", "/typed/t/1", ""),
    ("GET", "/typed/t/1/_source", ""),
    ("HEAD", "/typed/t/2", ""),
    ("POST", "/typed/t/_search?size=50", r#"{"query":{"match_all":{}},"sort":["s"]}"#),
    ("GET", "/typed/t/_count", ""),
    ("POST", "/typed/t/_mget", r#"{"docs":[{"_type":"t","_id":"1"},{"_id":"none"}]}"#),
];

#[test]
fn what_a_rule_fails_for_is_not_sent_and_told() {
    let (source, target) = (Lab::elasticsearch("7.10.2"), Lab::opensearch("2.19"));
    let directory = tempfile::tempdir().unwrap();
    for cluster in [&source, &target] {
        ask(cluster.url(), "DELETE", "/ruled", "");
    }
    let mut agent = Agent::start(source.url(), directory.path(), &[]);
    let mut connection = Connection::open(&agent.address).unwrap();
    for (path, body) in [
        ("/ruled/_doc/1", r#"{"n":{"x":1}}"#),
        ("/ruled/_doc/2", r#"{"n":[]}"#),
        ("/ruled/_doc/3", r#"{"n":{}}"#),
    ] {
        assert_eq!(connection.send("PUT", path, body).unwrap().status, 201);
    }
    drop(connection);
    assert!(agent.terminate().success());

    let rules = directory.path().join("rules.yaml");
    let rule = "- { name: adds, match: { path: /ruled/** }, set: { body: { /n/y: 2 } } }";
    let rejects = "- { name: rejects, match: { path: /ruled/_doc/2 }, reject: true }";
    let log = Agent::log_dir(directory.path());
    let input = ["--captureLogDir", log.to_str().unwrap(), "--speedupFactor", "max"];
    let input = [&input[..], &["--rewriteRules", rules.to_str().unwrap()]].concat();
    for (text, code) in [(format!("{rejects}\n{rule}\n"), 0), (rule.to_owned(), 4)] {
        ask(target.url(), "DELETE", "/ruled", "");
        std::fs::write(&rules, text).unwrap();
        let finished = crate::replay::replay(target.url(), directory.path(), &input);
        assert_eq!(finished.code, Some(code), "{finished:?}");
        ask(target.url(), "POST", "/ruled/_refresh", "");
        let documents = documents::all(target.url(), "ruled");
        let ids: Vec<&str> = documents.keys().map(String::as_str).collect();
        assert_eq!(ids, ["1", "3"]);
        assert!(documents["1"].to_string().contains(r#"{"x":1,"y":2}"#), "{documents:?}");
    }
    let tuples = std::fs::read_to_string(directory.path().join("tuples/tuples.log")).unwrap();
    assert!(tuples.contains("filtered: rule 'rejects'"), "{tuples}");
    assert!(
        tuples.contains("rewriting failed: rule 'adds': the body: the pointer leads nowhere"),
        "{tuples}"
    );
}

#[test]
fn typed_traffic_ends_in_the_same_documents() {
    let (source, target) = (Lab::elasticsearch("7.10.2"), Lab::opensearch("2.19"));
    let directory = tempfile::tempdir().unwrap();
    for cluster in [&source, &target] {
        ask(cluster.url(), "DELETE", "/typed", "");
    }
    let mut agent = Agent::start(source.url(), directory.path(), &[]);
    let mut connection = Connection::open(&agent.address).unwrap();
    for (method, path, body) in REQUESTS {
        let answer = connection.send(method, path, body).unwrap();
        let expected =
            matches!((method, path), ("HEAD", _)) || answer.status < 400 || body.contains("conflict");
        assert!(expected, "{method} {path}: {}", String::from_utf8_lossy(&answer.body));
    }
    drop(connection);
    assert!(agent.terminate().success());

    let log = Agent::log_dir(directory.path());
    let input = ["--captureLogDir", log.to_str().unwrap(), "--speedupFactor", "max"];
    let finished = crate::replay::replay(target.url(), directory.path(), &input);
    assert!(matches!(finished.code, Some(0 | 3)), "{finished:?}");

    let tuples = std::fs::read_to_string(directory.path().join("tuples/tuples.log")).unwrap();
    let tuples: Vec<Value> = tuples.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(tuples.len(), REQUESTS.len());
    for tuple in &tuples {
        let status = |message: &Value| message["Status-Code"].clone();
        let target = tuple["targetResponses"].as_array().and_then(|all| all.last()).map(status);
        assert_eq!(target, Some(status(&tuple["sourceResponse"])), "{tuple}");
    }
    assert!(documents::assert_same(source.url(), target.url(), INDEX) >= 5);
}
