//! `clusters clear-indices` against a scripted cluster.

use serde_json::json;

use crate::scripted::{Scripted, nobody};
use crate::services_file::Services;

const STREAMS: &str = r#"{"data_streams":[{"name":"logs"},{"name":".internal"}]}"#;

fn cluster(count: usize) -> Scripted {
    let names = (0..count).map(|n| json!({"index": format!("index-{n:05}")}));
    let others = [".security", ".migrations_working_state", "caf\u{e9}"].map(|name| json!({"index": name}));
    let rows = serde_json::Value::from_iter(names.chain(others)).to_string();
    Scripted::new(move |request| match request {
        "GET /_data_stream" => (200, STREAMS.to_owned()),
        request if request.starts_with("GET /_cat/indices?") => (200, rows.clone()),
        request if request.starts_with("DELETE /") => (200, r#"{"acknowledged":true}"#.to_owned()),
        other => (500, format!("unexpected: {other}")),
    })
}

const COMMAND: [&str; 4] = ["clusters", "clear-indices", "--cluster", "target"];

#[test]
fn nothing_is_deleted_without_a_yes() {
    for answer in ["", "\n", "n\n", "yesterday\n"] {
        let target = cluster(1);
        let run = Services::both(&nobody(), &target.uri()).answer(&COMMAND, answer);
        assert_eq!((run.code, &*run.stdout), (1, ""), "{answer:?}");
        assert!(
            run.stderr.contains("WILL result in the loss of all data on the target cluster."),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains("Aborting command."), "{}", run.stderr);
        assert_eq!(target.requests(), [] as [&str; 0]);
    }
}

#[test]
fn what_is_not_the_systems_is_deleted_by_name() {
    let target = cluster(1);
    let services = Services::both(&nobody(), &target.uri());
    let run = services.answer(&COMMAND, "y\n");
    assert_eq!(run.code, 0, "{}", run.stderr);
    let expected = "Deleted 1 data streams: logs\nDeleted 3 indices: .migrations_working_state, caf\u{e9}, index-00000\n";
    assert_eq!(run.stdout, expected);
    let deleted: Vec<_> =
        target.requests().into_iter().filter(|request| request.starts_with("DELETE")).collect();
    let path = "DELETE /.migrations_working_state,caf%C3%A9,index-00000?ignore_unavailable=true";
    assert_eq!(deleted, ["DELETE /_data_stream/logs", path]);
    let run = services.run(&[&["--json"], &COMMAND[..], &["--acknowledge-risk"]].concat());
    assert_eq!(run.json()["indices"].as_array().unwrap().len(), 3);
}

#[test]
fn ten_thousand_indices_take_requests_that_a_server_reads() {
    let target = cluster(10_000);
    let run = Services::both(&nobody(), &target.uri()).run(&[&COMMAND[..], &["--acknowledge-risk"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("Deleted 10002 indices: "), "{}", &run.stdout[..200]);
    let requests = target.requests();
    assert!(requests.iter().all(|request| request.len() < 4096));
    let named: usize = requests
        .iter()
        .filter(|request| request.starts_with("DELETE /") && !request.contains("_data_stream"))
        .map(|request| request.split(',').count())
        .sum();
    assert_eq!(named, 10_002);
}

#[test]
fn a_refusal_fails_and_names_the_step() {
    let target = Scripted::new(|request| match request {
        "GET /_data_stream" => (404, "{}".to_owned()),
        request if request.starts_with("GET /_cat") => (200, r#"[{"index":"a"}]"#.to_owned()),
        _ => (403, r#"{"error":{"type":"security_exception","reason":"no permissions"}}"#.to_owned()),
    });
    let run = Services::both(&nobody(), &target.uri()).run(&[&COMMAND[..], &["--acknowledge-risk"]].concat());
    assert_eq!((run.code, &*run.stdout), (1, ""));
    assert!(
        run.stderr.contains("deleting indices") && run.stderr.contains("no permissions"),
        "{}",
        run.stderr
    );
}
