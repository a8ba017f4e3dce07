//! The official Go clients, which run requests at once over a pool of connections: a cluster answers them through the
//! agent as it answers directly, and the capture holds what they say they exchanged.

use crate::transparency::{blanked, in_repository, run};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use switchover_e2e::records;
use switchover_http1::RequestKind;
use switchover_http1::message::{parse_request, parse_response};
use switchover_testkit::agent::Agent;
use switchover_testkit::http::ask;
use switchover_testkit::lab::Lab;

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Exchange {
    method: String,
    target: String,
    request: String,
    status: u64,
    response: String,
}

/// What a client exchanged one after the other, and what it did at once.
fn exchanged(client: &str, url: &str) -> (Vec<Exchange>, Vec<Exchange>) {
    ask(url, "DELETE", "/go-client", "");
    let output = run(Command::new(in_repository("clients/go/run")).args([client, url, "go-client"]));
    let (mut in_turn, mut together) = (Vec::new(), Vec::new());
    for line in output.lines() {
        let line: Value = serde_json::from_str(line).expect("a JSON line");
        let text = |key: &str| line[key].as_str().expect("a text").to_owned();
        let exchange = Exchange {
            method: text("method"),
            target: text("target"),
            request: text("request"),
            status: line["status"].as_u64().expect("a status"),
            response: text("response"),
        };
        if line["together"] == true { together.push(exchange) } else { in_turn.push(exchange) }
    }
    (in_turn, together)
}

/// What the log holds, but for the request that `exchanged` begins with.
fn captured(directory: &Path) -> Vec<Exchange> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    records::transactions(&records::of_log(&Agent::log_dir(directory)))
        .iter()
        .skip(1)
        .map(|transaction| {
            let (head, body) = parse_request(&transaction.request.bytes).expect("a request");
            let response = transaction.response.as_ref().expect("its answer");
            let kind = RequestKind::new(head.method, false);
            let (answer, answered) = parse_response(&response.bytes, kind).expect("an answer");
            Exchange {
                method: head.method.to_owned(),
                target: text(head.target),
                request: text(&body),
                status: answer.status.into(),
                response: text(&answered),
            }
        })
        .collect()
}

/// An index that was made anew has a new id.
fn without_index_ids(text: &str) -> String {
    let mut parts = text.split("\"index_uuid\":\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('"').map_or(part, |(_, rest)| rest))
}

fn no_difference(source: &Lab, client: &str) {
    let directory = tempfile::tempdir().unwrap();
    let mut agent = Agent::start(source.url(), directory.path(), &[]);
    let (direct, direct_together) = exchanged(client, source.url());
    let (through, together) = exchanged(client, &agent.url());
    let blank = |exchange: &Exchange| {
        let response = without_index_ids(&blanked(&exchange.response));
        Exchange { response, ..exchange.clone() }
    };
    assert!(direct.len() > 20 && together.len() > 5, "{client} did too little");
    for (direct, through) in direct.iter().zip(&through) {
        assert_eq!(blank(direct), blank(through));
    }
    assert_eq!((direct.len(), direct_together.is_empty()), (through.len(), together.is_empty()));

    assert!(agent.terminate().success());
    let mut captured = captured(directory.path());
    let mut exchanged = [through, together].concat();
    captured.sort();
    exchanged.sort();
    for (captured, exchanged) in captured.iter().zip(&exchanged) {
        assert_eq!(captured, exchanged);
    }
    assert_eq!(captured.len(), exchanged.len());
}

#[test]
fn elastics_go_client_sees_no_difference_and_is_captured_as_it_is() {
    no_difference(&Lab::elasticsearch("7.10.2"), "elasticsearch");
}

#[test]
fn opensearchs_go_client_sees_no_difference_and_is_captured_as_it_is() {
    no_difference(&Lab::opensearch("2.19"), "opensearch");
}
