//! Whatever the split and wherever it ends, no secret is recorded, and what is recorded is framed well.

use super::{Bench, cut, rules, sent};
use crate::rules::AckPolicy;
use crate::tap::{Gate, Outgoing};
use proptest::prelude::*;
use switchover_http1::RequestKind;
use switchover_http1::message::{parse_request, parse_response};

/// Part of every secret here.
const CANARY: &str = "CANARY";

/// A request and its answer, and whether they are recorded.
struct Case {
    request: String,
    answer: String,
    recorded: bool,
    mutating: bool,
}

fn with_length(head: &str, body: &str) -> String {
    format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn chunked(head: &str, body: &str) -> String {
    let (one, two) = body.split_at(body.len() / 3);
    let chunk = |part: &str| format!("{:x};e=1\r\n{part}\r\n", part.len());
    format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n{}{}0\r\nT: t\r\n\r\n", chunk(one), chunk(two))
}

fn cases() -> Vec<Case> {
    let json = |secret: &str| format!(r#"{{"a":[1,{{"password":"{secret}\u0041"}}],"b":"c"}}"#);
    let ok = |body: &str| with_length("HTTP/1.1 200 OK", body);
    let case = |request, answer, recorded, mutating| Case { request, answer, recorded, mutating };
    let long = format!(r#"{{"x":"{}","password":"{CANARY}"}}"#, "y".repeat(300 * 1024));
    vec![
        case(
            format!("GET /a/_search?token={CANARY} HTTP/1.1\r\nAuthorization: {CANARY}\r\n\r\n"),
            with_length(&format!("HTTP/1.1 200 OK\r\nSet-Cookie: {CANARY}"), "{}"),
            true,
            false,
        ),
        case(with_length("PUT /_security/user/bob HTTP/1.1", &json(CANARY)), ok(&json(CANARY)), false, true),
        case(
            with_length("PUT /_cluster/settings HTTP/1.1", &json(CANARY)),
            chunked("HTTP/1.1 200 OK", &json(CANARY)),
            true,
            true,
        ),
        case(
            chunked("PUT /_snapshot/r HTTP/1.1\r\nExpect: 100-continue", &json(CANARY)),
            format!("HTTP/1.1 100 Continue\r\nX-Api-Key: {CANARY}\r\n\r\n{}", ok(r#"{"acknowledged":true}"#)),
            true,
            true,
        ),
        case(
            with_length(
                "POST /_reindex HTTP/1.1",
                &format!(
                    r#"{{"source":{{"remote":{{"host":"http://u:{CANARY}@h","password":"{CANARY}"}}}}}}"#
                ),
            ),
            ok("{}"),
            true,
            true,
        ),
        case(
            with_length(
                "POST /_reindex HTTP/1.1",
                r#"{ "source" : {"index":"a","query":{"term":{"token":"t"}}}}"#,
            ),
            ok("{}"),
            true,
            true,
        ),
        case(
            "GET /_cluster/state HTTP/1.1\r\n\r\n".to_owned(),
            ok(&format!("no json: {CANARY}")),
            true,
            false,
        ),
        case("GET /_cluster/state HTTP/1.1\r\n\r\n".to_owned(), ok(&long), true, false),
        case(
            "HEAD /_snapshot/r HTTP/1.1\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n".to_owned(),
            true,
            false,
        ),
    ]
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_split_and_no_end_leaks_a_secret(
        kinds in prop::collection::vec(0..cases().len(), 1..6),
        cuts in prop::collection::vec(any::<usize>(), 0..16),
        answer_cuts in prop::collection::vec(any::<usize>(), 0..16),
        ends in prop::option::of((any::<bool>(), any::<usize>())),
        edits: bool,
    ) {
        let all = cases();
        let chosen: Vec<&Case> = kinds.iter().map(|kind| &all[*kind]).collect();
        let requests: String = chosen.iter().map(|case| case.request.as_str()).collect();
        let answers: String = chosen.iter().map(|case| case.answer.as_str()).collect();
        // Cut off is either direction: an answer can't come before its request.
        let (end, answers_end) = match ends {
            None => (requests.len(), answers.len()),
            Some((true, end)) => (end % requests.len(), 0),
            Some((false, end)) => (requests.len(), end % answers.len()),
        };
        let (requests, answers) = (&requests.as_bytes()[..end], &answers.as_bytes()[..answers_end]);
        let mut bench = Bench::new(rules(AckPolicy::Response, edits));
        let (mut out, mut bytes, mut gates) = (Outgoing::default(), Vec::new(), Vec::new());
        for chunk in cut(requests, &cuts) {
            bench.tap().from_client(chunk, &mut out);
            sent(&out, chunk, &mut bytes, &mut gates);
        }
        if !edits {
            prop_assert!(bytes == requests, "what is sent on is what came");
        }
        let (mut bytes, mut gates) = (Vec::new(), Vec::new());
        for chunk in cut(answers, &answer_cuts) {
            bench.tap().from_node(chunk, &mut out);
            sent(&out, chunk, &mut bytes, &mut gates);
        }
        prop_assert!(bytes == answers);
        if ends.is_none() {
            // What is recorded is gated as ever; what is not is not.
            let mut end = 0;
            for case in &chosen {
                end += case.answer.len();
                prop_assert_eq!(matches!(gates[end - 1], Gate::Entry(_)), case.mutating && case.recorded);
            }
        }
        let (records, transactions) = bench.finish(ends.is_some());
        prop_assert!(!contains(&records, CANARY), "{}", String::from_utf8_lossy(&records));
        if ends.is_none() {
            let recorded: Vec<&&Case> = chosen.iter().filter(|case| case.recorded).collect();
            prop_assert_eq!(transactions.len(), recorded.len());
            for (transaction, case) in transactions.iter().zip(recorded) {
                let (head, body) = parse_request(&transaction.request.bytes).unwrap();
                let line = String::from_utf8_lossy(head.first_line()).into_owned();
                let path = |line: &str| line.split(['?', ' ']).nth(1).unwrap_or_default().to_owned();
                prop_assert_eq!(path(&line), path(&case.request));
                if !contains(case.request.as_bytes(), CANARY) {
                    prop_assert!(*transaction.request.bytes == *case.request.as_bytes());
                } else if !body.is_empty() {
                    serde_json::from_slice::<serde_json::Value>(&body).unwrap();
                }
                let kind = RequestKind::new(head.method, false);
                let (_, body) = parse_response(&transaction.response.as_ref().unwrap().bytes, kind).unwrap();
                if !body.is_empty() {
                    serde_json::from_slice::<serde_json::Value>(&body).unwrap();
                }
            }
        }
    }
}

#[test]
fn an_answer_before_its_request_is_complete_is_recorded_with_neither() {
    let mut bench = Bench::new(rules(AckPolicy::Response, false));
    let mut out = Outgoing::default();
    let request = with_length("PUT /_snapshot/r HTTP/1.1", r#"{"settings":{"secret_key":"CANARY"}}"#);
    let (begin, rest) = request.split_at(request.len() - 3);
    bench.tap().from_client(begin.as_bytes(), &mut out);
    bench
        .tap()
        .from_node(with_length("HTTP/1.1 413 Too Large", r#"{"password":"CANARY"}"#).as_bytes(), &mut out);
    bench.tap().from_client(rest.as_bytes(), &mut out);
    bench.tap().from_client(b"PUT /next HTTP/1.1\r\n\r\n", &mut out);
    bench.tap().from_node(with_length("HTTP/1.1 200 OK", "{}").as_bytes(), &mut out);
    let counters = bench.tap().counters.clone();
    assert_eq!(counters.security_requests.get(), 1);
    let (records, transactions) = bench.finish(false);
    assert!(!contains(&records, CANARY));
    assert_eq!(transactions.len(), 1);
    assert!(transactions[0].request.bytes.starts_with(b"PUT /next"));
    assert!(transactions[0].response.as_ref().unwrap().bytes.ends_with(b"{}"));
}

#[test]
fn an_answer_to_a_head_that_is_not_complete_is_not_recorded() {
    let mut bench = Bench::new(rules(AckPolicy::Response, false));
    let mut out = Outgoing::default();
    bench.tap().from_client(b"PUT /_security/user/bob HTTP/1.1\r\nHost", &mut out);
    bench.tap().from_node(with_length("HTTP/1.1 200 OK", r#"{"password":"CANARY"}"#).as_bytes(), &mut out);
    let (records, _) = bench.finish(true);
    assert!(!contains(&records, CANARY));
}

#[test]
fn bytes_that_are_no_messages_leak_nothing_behind_a_request_with_secrets() {
    for target in ["/_security/user/bob", "/_cluster/settings"] {
        for split in [1, 7, 10_000] {
            let mut bench = Bench::new(rules(AckPolicy::Response, false));
            let (mut out, mut bytes, mut gates) = (Outgoing::default(), Vec::new(), Vec::new());
            let stream = format!(
                "PUT {target} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{{\"a\"\r\nno length\r\nCANARY"
            );
            for chunk in stream.as_bytes().chunks(split) {
                bench.tap().from_client(chunk, &mut out);
                sent(&out, chunk, &mut bytes, &mut gates);
            }
            assert_eq!(bytes, stream.as_bytes());
            bench.tap().from_node(b"HTTP/1.1 200 OK\r\n\r\nCANARY", &mut out);
            bench.tap = None;
            let log: Vec<u8> = std::fs::read_dir(bench.directory.path())
                .unwrap()
                .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
                .collect();
            assert!(!contains(&log, CANARY), "{target} {split}");
        }
    }
}

#[test]
fn headers_of_a_head_that_cannot_be_framed_are_masked() {
    for split in [1, 9, 10_000] {
        let mut bench = Bench::new(rules(AckPolicy::Response, false));
        let mut out = Outgoing::default();
        let stream = "PUT /i?token=CANARY HTTP/1.1\r\nX-Api-Key: CANARY\r\nno header\r\nAuthorization: CANARY\r\n\r\nbody";
        for chunk in stream.as_bytes().chunks(split) {
            bench.tap().from_client(chunk, &mut out);
        }
        bench.tap().from_node(b"no answer\r\nSet-Cookie: CANARY\r\n", &mut out);
        bench.tap = None;
        let log: Vec<u8> = std::fs::read_dir(bench.directory.path())
            .unwrap()
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect();
        assert!(!contains(&log, CANARY), "{split}: {}", String::from_utf8_lossy(&log));
        // Byte for byte each is a record of its own.
        assert!(split == 1 || contains(&log, "body"), "{split}: {}", String::from_utf8_lossy(&log));
    }
}
