//! A cluster answers through the agent as it answers directly, byte for byte.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use switchover_e2e::records;
use switchover_testkit::agent::Agent;
use switchover_testkit::http::{Connection, ask};
use switchover_testkit::lab::Lab;

pub(crate) fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a command and fails with what it said.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {out}\n{said}");
    out.into_owned()
}

/// What an official Python client did, one JSON line an answer.
fn python_client(module: &str, package: &str, url: &str, index: &str) -> Vec<Value> {
    let python = run(Command::new(in_repository("clients/venv")).arg(package));
    ask(url, "DELETE", &format!("/{index}"), "");
    let script = in_repository("clients/application.py");
    let output = run(Command::new(python.trim()).arg(script).args([module, url, index]));
    output.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

#[test]
fn the_official_python_clients_see_no_difference() {
    for (source, module, package) in [
        (Lab::elasticsearch("7.10.2"), "elasticsearch", "elasticsearch==7.13.4"),
        (Lab::opensearch("2.19"), "opensearchpy", "opensearch-py==2.8.0"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let agent = Agent::start(source.url(), directory.path(), &[]);
        let direct = python_client(module, package, source.url(), "transparent");
        let through = python_client(module, package, &agent.url(), "transparent");
        assert!(direct.len() > 40, "the client did too little: {} answers", direct.len());
        for (a, b) in direct.iter().zip(&through) {
            assert_eq!(a, b);
        }
        assert_eq!(direct.len(), through.len());
    }
}

#[test]
fn the_low_level_java_client_sees_no_difference() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let mut agent = Agent::start(source.url(), directory.path(), &[]);
    let client = |url: &str| run(Command::new(in_repository("clients/java/run")).args([url, "java-client"]));
    let direct = client(source.url());
    let through = client(&agent.url());
    assert!(direct.contains("created 200") && direct.lines().count() > 10, "{direct}");
    // Whether the index was there before differs.
    assert!(direct.lines().skip(1).eq(through.lines().skip(1)), "{direct}\n{through}");
    assert!(agent.terminate().success());
    let log = records::of_log(&Agent::log_dir(directory.path()));
    assert_eq!(records::transactions(&log).len(), 210);
}

/// `curl -i` with these arguments; volatile parts blanked.
fn curl(url: &str, path: &str, args: &[&str]) -> String {
    let answer = run(Command::new("curl")
        .args(["-sS", "-i", "--max-time", "60"])
        .args(args)
        .arg(format!("{url}{path}")));
    blanked(&answer)
}

/// Numbers that change from call to call (`took`, sequence numbers), blanked.
pub(crate) fn blanked(text: &str) -> String {
    let mut text = text.to_owned();
    for key in ["\"took\":", "\"_seq_no\":", "\"_version\":", "content-length: "] {
        let mut from = 0;
        while let Some(at) = text[from..].find(key).map(|at| from + at + key.len()) {
            let end = text[at..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |end| at + end);
            text.replace_range(at..end, "#");
            from = at;
        }
    }
    text
}

#[test]
fn curl_with_expect_chunked_uploads_and_head() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let agent = Agent::start(source.url(), directory.path(), &[]);
    let bulk = directory.path().join("bulk.ndjson");
    let lines: String = (0..20_000)
        .map(|id| format!("{{\"index\":{{\"_id\":\"{id}\"}}}}\n{{\"text\":\"{}\"}}\n", "x".repeat(40)))
        .collect();
    assert!(lines.len() > 1024 * 1024, "curl sends Expect only for large bodies");
    std::fs::write(&bulk, &lines).unwrap();
    let from_file = format!("@{}", bulk.display());
    let json = "content-type: application/json";
    let cases: [(&str, Vec<&str>); 6] = [
        (
            "/curl/_bulk?filter_path=errors",
            vec!["-XPOST", "-H", json, "-H", "Expect: 100-continue", "--data-binary", &from_file],
        ),
        (
            "/curl/_bulk?filter_path=errors",
            vec!["-XPOST", "-H", json, "-H", "Transfer-Encoding: chunked", "--data-binary", &from_file],
        ),
        ("/curl/_refresh", vec!["-XPOST"]),
        ("/curl/_doc/7", vec!["--head"]),
        ("/curl/_doc/missing", vec![]),
        ("/curl/_search?size=0&track_total_hits=true", vec!["--compressed", "-H", "Accept-Encoding: gzip"]),
    ];
    for (path, args) in &cases {
        let (direct, through) = (curl(source.url(), path, args), curl(&agent.url(), path, args));
        assert_eq!(direct, through, "{path} {args:?}");
    }
    assert!(curl(&agent.url(), "/curl/_count", &[]).contains("\"count\":20000"));
    let expect = ["-XPOST", "-H", json, "-H", "Expect: 100-continue", "--data-binary", &from_file];
    assert!(curl(&agent.url(), "/curl/_bulk", &expect).starts_with("HTTP/1.1 100 Continue"));
}

#[test]
fn pipelined_requests_are_answered_in_order_and_recorded_as_pairs() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let mut agent = Agent::start(source.url(), directory.path(), &[]);
    let request = |number: usize| match number % 4 {
        0 => format!(
            "PUT /pipe/_doc/{number} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
        ),
        1 => format!("HEAD /pipe/_doc/{} HTTP/1.1\r\nHost: a\r\n\r\n", number - 1),
        2 => "GET /?filter_path=tagline HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        _ => format!("GET /pipe/_doc/{}?filter_path=_id HTTP/1.1\r\nHost: a\r\n\r\n", number - 3),
    };
    let count = 200;
    let all: String = (0..count).map(request).collect();
    let answers = |address: &str| {
        let mut connection = Connection::open(address).unwrap();
        connection.write(all.as_bytes()).unwrap();
        (0..count)
            .map(|number| {
                let head = number % 4 == 1;
                let kind = switchover_http1::RequestKind::new(if head { "HEAD" } else { "GET" }, false);
                blanked(&String::from_utf8_lossy(&connection.answer(kind).unwrap().raw))
            })
            .collect::<Vec<_>>()
    };
    let address = source.url().strip_prefix("http://").unwrap();
    // The first run creates the documents: created and updated differ in the answers.
    answers(address);
    let (direct, through) = (answers(address), answers(&agent.address));
    assert_eq!(direct, through);
    assert!(agent.terminate().success());
    let transactions = records::transactions(&records::of_log(&Agent::log_dir(directory.path())));
    assert_eq!(transactions.len(), count);
    for (number, transaction) in transactions.iter().enumerate() {
        assert_eq!(transaction.request.bytes, request(number).as_bytes());
        let answer = transaction.response.as_ref().expect("its own answer");
        assert_eq!(blanked(&String::from_utf8_lossy(&answer.bytes)), through[number]);
    }
}

#[test]
fn what_is_no_http_passes_and_is_reported() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let agent = Agent::start(source.url(), directory.path(), &[]);
    let smuggled = b"POST /_search HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    let raw = |address: &str| {
        let mut connection = Connection::open(address).unwrap();
        connection.write(smuggled).unwrap();
        blanked(&String::from_utf8_lossy(&connection.read_to_end().unwrap()))
    };
    let direct = raw(source.url().strip_prefix("http://").unwrap());
    assert_eq!(direct, raw(&agent.address));
    let (_, metrics) = agent.page("/metrics");
    assert!(metrics.contains("switchover_agent_unframable_connections_total 1"), "{metrics}");
}
