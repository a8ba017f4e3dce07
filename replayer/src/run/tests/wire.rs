//! What goes over the wire, byte by byte, in whole runs: the everyday requests that replayers get wrong.

use super::*;

fn ok() -> Option<Vec<u8>> {
    Some(answer(200, "{}"))
}

/// What the target saw after the preflight.
fn texts(scripted: &Scripted) -> Vec<String> {
    scripted.seen().split_off(1).into_iter().map(|seen| seen.text).collect()
}

#[tokio::test]
async fn head_in_the_middle_of_a_connection_holds_nothing_up() {
    let mut capture = Capture::new();
    let head = b"HEAD /a HTTP/1.1\r\nHost: s\r\n\r\n".to_vec();
    let no_body = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n".to_vec();
    let get = |path: &str| request(&format!("GET {path}"), "");
    capture.connection(
        "one",
        &[
            (0, 1, get("/first"), Some(answer(200, r#"{"n":1}"#))),
            (2, 3, head, Some(no_body.clone())),
            (4, 5, get("/last"), Some(answer(200, r#"{"n":2}"#))),
        ],
    );
    let scripted = Scripted::start(move |_, seen| match seen.text.split(' ').nth(1) {
        Some("/first") => reply(200, r#"{"n":1}"#),
        Some("/a") => Step::Reply(vec![no_body.clone()]),
        _ => reply(200, r#"{"n":2}"#),
    })
    .await;
    let outcome = capture.replay(&scripted.target).await;
    assert_eq!((outcome.exit_code(), outcome.report.requests.same), (EXIT_DONE, 3), "{}", outcome.verdict());
    assert!(outcome.duration < Duration::from_secs(5), "{:?}", outcome.duration);
}

#[tokio::test]
async fn a_continue_is_not_the_answer_and_is_not_asked_for() {
    let mut capture = Capture::new();
    let first =
        b"PUT /a/_doc/1 HTTP/1.1\r\nHost: s\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}".to_vec();
    capture.connection("one", &[(0, 1, first, created()), (2, 3, request("GET /second", ""), ok())]);
    let scripted = Scripted::start(|_, seen| match seen.text.starts_with("PUT") {
        true => Step::Reply(vec![b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), created().unwrap()]),
        false => reply(200, "{}"),
    })
    .await;
    let outcome = capture.replay(&scripted.target).await;
    assert_eq!((outcome.exit_code(), outcome.report.requests.same), (EXIT_DONE, 2), "{}", outcome.verdict());
    assert!(!texts(&scripted)[0].contains("Expect"));
}

#[tokio::test]
async fn long_uris_and_large_heads_arrive_as_they_were() {
    let mut capture = Capture::new();
    let uri = format!("/a/_search?q={}", "x%20y".repeat(1200));
    assert!(uri.len() > 6000);
    let mut headers = String::new();
    for at in 0..240 {
        headers += &format!("x-Odd-{at}:   caf\u{e9} {at}  0123456789012345678901234567890123456789\r\n");
    }
    assert!(headers.len() > 12 * 1024);
    let raw =
        format!("GET {uri} HTTP/1.1\r\nHOST: source:9200\r\n{headers}authorization: Basic c291cmNl\r\n\r\n");
    capture.connection("one", &[(0, 1, raw.into_bytes(), ok())]);
    let scripted = Scripted::start(|_, _| reply(200, "{}")).await;
    let auth = TargetAuth::Replace("Basic dGFyZ2V0".to_owned());
    let outcome = start(Options { auth, ..capture.options(&scripted.target) }).await.unwrap();
    assert_eq!(outcome.exit_code(), EXIT_DONE, "{}", outcome.verdict());
    let host = scripted.target.authority();
    assert_eq!(
        texts(&scripted)[0],
        format!("GET {uri} HTTP/1.1\r\nHOST: {host}\r\n{headers}Authorization: Basic dGFyZ2V0\r\n\r\n")
    );
}

#[tokio::test]
async fn bodies_arrive_byte_for_byte_however_they_are_framed() {
    let mut capture = Capture::new();
    let chunked = "POST /a/_search HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n\
                   4;name=\"v\"\r\n{\"a\"\r\n0a\r\n:1.10, \"b\"\r\n2E\r\n:1234567890123456789012345, \"b\" :  [  1e400 ]}\r\n0\r\nx-sum: 7\r\n\r\n";
    let form = "POST /f HTTP/1.1\r\nHost: s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 21\r\n\r\nusername=hello+w&a=%2";
    let newline =
        "POST /_bulk HTTP/1.1\r\nHost: s\r\nContent-Length: 27\r\n\r\n{\"delete\":{\"_id\":\"1\"}}   \r\n";
    let all = [chunked, form, newline];
    for (raw, at) in all.iter().zip([0, 10, 20]) {
        capture.connection(&format!("c{at}"), &[(at, at + 5, raw.as_bytes().to_vec(), ok())]);
    }
    let scripted = Scripted::start(|_, _| reply(200, "{}")).await;
    let outcome = capture.replay(&scripted.target).await;
    assert_eq!((outcome.exit_code(), outcome.report.requests.same), (EXIT_DONE, 3), "{}", outcome.verdict());
    let host = format!("Host: {}\r\n", scripted.target.authority());
    let wanted = all.map(|raw| raw.replace("Host: s\r\n", &host));
    assert_eq!(texts(&scripted), wanted);
}

#[tokio::test]
async fn answers_without_bodies_are_not_waited_for() {
    let mut capture = Capture::new();
    let empty = |status: u16| Some(format!("HTTP/1.1 {status} X\r\n\r\n").into_bytes());
    capture.connection(
        "one",
        &[
            (0, 1, request("DELETE /a/_doc/1", ""), empty(204)),
            (2, 3, request("GET /a", ""), empty(304)),
            (4, 5, request("GET /b", ""), ok()),
        ],
    );
    let scripted = Scripted::start(move |_, seen| match seen.text.split(' ').nth(1) {
        Some("/a/_doc/1") => Step::Reply(vec![b"HTTP/1.1 204 X\r\n\r\n".to_vec()]),
        Some("/a") => Step::Reply(vec![b"HTTP/1.1 304 X\r\nContent-Length: 77\r\n\r\n".to_vec()]),
        _ => reply(200, "{}"),
    })
    .await;
    let outcome = capture.replay(&scripted.target).await;
    assert_eq!(outcome.report.requests.replayed, 3, "{}", outcome.verdict());
    assert!(outcome.duration < Duration::from_secs(5));
    assert!(scripted.seen()[1..].iter().all(|seen| seen.connection == 1), "on one connection");
}
