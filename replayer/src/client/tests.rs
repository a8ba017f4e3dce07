use switchover_http1::RequestKind;

use tokio::io::AsyncReadExt;

use super::*;
use crate::scripted::{Scripted, Step, answer, reply};

const PATIENT: Duration = Duration::from_secs(20);

fn request(method: &str, body: &str) -> RawRequest {
    request_to(&format!("{method} /a"), body)
}

fn request_to(line: &str, body: &str) -> RawRequest {
    RawRequest {
        head: format!("{line} HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n", body.len()).into(),
        body: body.to_owned().into(),
        kind: RequestKind::new(line.split(' ').next().unwrap(), false),
    }
}

fn to(target: &Target, response_timeout: Duration) -> Connection {
    Connection::new(Arc::new(Connector::new(target.clone(), None).unwrap()), response_timeout)
}

fn connection(scripted: &Scripted) -> Connection {
    to(&scripted.target, PATIENT)
}

fn sender(target: &Target) -> Sender {
    Sender {
        connector: Arc::new(Connector::new(target.clone(), None).unwrap()),
        response_timeout: PATIENT,
        policy: RetryPolicy {
            deadline: PATIENT,
            non_retryable: DEFAULT_NON_RETRYABLE.iter().map(ToString::to_string).collect(),
        },
        concurrency: Concurrency::new(8),
        signer: None,
    }
}

async fn send(scripted: &Scripted, request: &RawRequest, status: u16) -> Result<Attempts, GivenUp> {
    let (sender, source) = (sender(&scripted.target), Source { status: Some(status), answer: None });
    sender.send(&mut sender.connection(), request, source).await
}

/// What a single exchange makes of an answer sent in these parts.
async fn exchanged(method: &str, parts: Vec<Vec<u8>>) -> Answer {
    let scripted = Scripted::start(move |_, _| Step::Reply(parts.clone())).await;
    let mut connection = connection(&scripted);
    let first = connection.exchange(&request(method, "")).await.unwrap();
    let second = connection.exchange(&request(method, "")).await.unwrap();
    assert_eq!(first.bytes, second.bytes, "nothing of the first answer was left for the second");
    assert!(scripted.seen().iter().all(|seen| seen.connection == 0), "the connection was kept");
    first
}

#[tokio::test]
async fn answers_end_where_they_end() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n".to_vec();
    assert_eq!(exchanged("HEAD", vec![head.clone()]).await.bytes, head);
    for status in [204, 304] {
        let bytes = format!("HTTP/1.1 {status} X\r\nContent-Length: 12\r\n\r\n").into_bytes();
        assert_eq!(exchanged("GET", vec![bytes.clone()]).await.status, status);
    }
    let chunked =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"
            .to_vec();
    assert_eq!(exchanged("GET", vec![chunked.clone()]).await.bytes, chunked);
    let bytes = answer(200, "{\"a\":1}");
    let split = bytes.iter().map(|byte| vec![*byte]).collect();
    assert_eq!(exchanged("GET", split).await.bytes, bytes);
    let mut large = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n".to_vec();
    while large.len() < 63 * 1024 {
        large.extend_from_slice(b"X-Filler: 0123456789012345678901234567890123456789\r\n");
    }
    large.extend_from_slice(b"\r\nok");
    assert_eq!(exchanged("GET", vec![large.clone()]).await.bytes, large);
}

#[tokio::test]
async fn interim_answers_are_not_the_answer() {
    let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".to_vec();
    let bytes = answer(201, "{}");
    let together = [interim.clone(), bytes.clone()].concat();
    for parts in [vec![interim, bytes.clone()], vec![together]] {
        let answer = exchanged("PUT", parts).await;
        assert_eq!((answer.status, &answer.bytes[..]), (201, &bytes[..]));
    }
}

#[tokio::test]
async fn answers_until_close_and_connections_that_close() {
    for last in [
        &b"HTTP/1.1 200 OK\r\n\r\nuntil close"[..],
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
    ] {
        let scripted = Scripted::start(move |_, _| Step::ReplyAndClose(last.to_vec())).await;
        let mut connection = connection(&scripted);
        for _ in 0..3 {
            assert_eq!(connection.exchange(&request("GET", "")).await.unwrap().bytes, last);
        }
        let connections: Vec<_> = scripted.seen().iter().map(|seen| seen.connection).collect();
        assert_eq!(connections, [0, 1, 2]);
    }
}

#[tokio::test]
async fn bytes_behind_an_answer_end_the_connection() {
    let scripted = Scripted::start(|at, _| match at {
        0 => Step::Reply(vec![[answer(200, "{}"), b"junk".to_vec()].concat()]),
        _ => reply(201, "{}"),
    })
    .await;
    let mut connection = connection(&scripted);
    assert_eq!(connection.exchange(&request("GET", "")).await.unwrap().bytes, answer(200, "{}"));
    assert_eq!(connection.exchange(&request("GET", "")).await.unwrap().status, 201);
}

#[tokio::test]
async fn a_kept_connection_that_ends_under_a_request_is_told_apart_from_a_fresh_one() {
    let scripted = Scripted::start(|at, _| if at == 0 { reply(200, "{}") } else { Step::Close }).await;
    let mut connection = connection(&scripted);
    connection.exchange(&request("GET", "")).await.unwrap();
    let error = connection.exchange(&request("GET", "")).await.unwrap_err();
    assert!(matches!(error, ExchangeError::Stale(_)) && error.may_have_taken_effect(), "{error}");
    let error = connection.exchange(&request("GET", "")).await.unwrap_err();
    assert!(matches!(error, ExchangeError::Lost(_)), "{error}");
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_replaced_before_anything_is_sent() {
    let scripted = Scripted::start(|_, _| Step::ReplyAndClose(answer(200, "{}"))).await;
    let mut connection = connection(&scripted);
    for _ in 0..3 {
        assert_eq!(connection.exchange(&request("POST", "{}")).await.unwrap().status, 200);
        // Until the end of the connection has arrived.
        while connection.stream.as_mut().is_some_and(Transport::is_quiet) {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(scripted.seen().len(), 3, "every request was sent once");
}

#[tokio::test]
async fn a_fresh_connection_that_ends_is_not_silently_retried() {
    let scripted = Scripted::start(|_, _| Step::Close).await;
    let error = connection(&scripted).exchange(&request("PUT", "{}")).await.unwrap_err();
    assert!(matches!(error, ExchangeError::Lost(_)));
    assert_eq!(scripted.seen().len(), 1);
}

#[tokio::test]
async fn answers_cut_short_or_broken_are_errors() {
    for (bytes, lost) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"[..], true),
        (b"HTTP/1.1 200 OK\r\nContent-L", true),
        (b"not http at all\r\n\r\n", false),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", false),
    ] {
        let scripted = Scripted::start(move |_, _| Step::ReplyAndClose(bytes.to_vec())).await;
        let error = connection(&scripted).exchange(&request("GET", "")).await.unwrap_err();
        assert_eq!(matches!(error, ExchangeError::Lost(_)), lost, "{error}");
    }
}

#[tokio::test]
async fn silence_is_bounded() {
    let scripted = Scripted::start(|_, _| Step::Silence).await;
    let mut connection = to(&scripted.target, Duration::from_millis(50));
    let error = connection.exchange(&request("GET", "")).await.unwrap_err();
    assert!(matches!(error, ExchangeError::Silent(_)));
}

#[tokio::test]
async fn a_large_request_on_a_slow_line_is_not_silence() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target { host: "127.0.0.1".to_owned(), port: listener.local_addr().unwrap().port() };
    let body = "x".repeat(24 * 1024 * 1024);
    let request = request("POST", &body);
    let length = request.head.len() + body.len();
    let (whole, silent) = (Duration::from_millis(1500), Duration::from_millis(500));
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = vec![0; 1024 * 1024];
        let (begun, mut read) = (Instant::now(), 0);
        while read < length {
            read += stream.read(&mut buffer).await.unwrap();
            tokio::time::sleep_until(begun + whole.mul_f64(read as f64 / length as f64)).await;
        }
        stream.write_all(&answer(201, "{}")).await.unwrap();
    });
    let started = Instant::now();
    assert_eq!(to(&target, silent).exchange(&request).await.unwrap().status, 201);
    assert!(started.elapsed() > silent, "it took longer than a silence may");
}

#[tokio::test]
async fn large_requests_arrive_whole() {
    let scripted = Scripted::start(|_, seen| reply(200, &seen.text.len().to_string())).await;
    let body = "x".repeat(5 * 1024 * 1024);
    let request = request("POST", &body);
    let wanted = (request.head.len() + body.len()).to_string();
    let answer = connection(&scripted).exchange(&request).await.unwrap();
    assert!(answer.bytes.ends_with(wanted.as_bytes()));
}

#[tokio::test]
async fn an_early_answer_to_a_large_request_is_the_answer() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target { host: "127.0.0.1".to_owned(), port: listener.local_addr().unwrap().port() };
    let refusing = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(&answer(413, "{}")).await.unwrap();
        stream
    });
    let body = "x".repeat(20 * 1024 * 1024);
    let mut connection = to(&target, PATIENT);
    assert_eq!(connection.exchange(&request("POST", &body)).await.unwrap().status, 413);
    assert!(connection.stream.is_none(), "the rest of the body is still owed on this connection");
    refusing.await.unwrap();
}

#[tokio::test]
async fn overload_is_waited_out_and_every_attempt_is_kept() {
    let scripted = Scripted::start(|at, _| match at {
        0 => reply(429, "{}"),
        1 => Step::Close,
        2 => reply(503, "{}"),
        _ => reply(201, "{}"),
    })
    .await;
    let attempts = send(&scripted, &request("PUT", "{}"), 201).await.unwrap();
    assert_eq!(attempts.answer().unwrap().status, 201);
    assert_eq!((attempts.count, attempts.kept.len(), scripted.seen().len()), (4, 4, 4));
    assert!(attempts.is_ambiguous(), "the second one may have been done");
}

#[tokio::test]
async fn a_lost_answer_makes_the_next_one_ambiguous() {
    let scripted = Scripted::start(|at, _| if at == 0 { Step::Close } else { reply(409, "{}") }).await;
    let attempts = send(&scripted, &request("PUT", "{}"), 201).await.unwrap();
    assert_eq!((attempts.count, attempts.answer().unwrap().status), (2, 409));
    assert!(attempts.is_ambiguous());
}

#[tokio::test]
async fn retry_after_is_kept_to() {
    let scripted = Scripted::start(|at, _| match at {
        0 => Step::Reply(vec![b"HTTP/1.1 503 X\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n".to_vec()]),
        _ => reply(200, "{}"),
    })
    .await;
    let started = Instant::now();
    send(&scripted, &request("GET", ""), 200).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn past_the_deadline_it_says_what_it_tried() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut sender = sender(&Target { host: "127.0.0.1".to_owned(), port });
    sender.policy.deadline = Duration::from_millis(300);
    let given_up =
        sender.send(&mut sender.connection(), &request("GET", ""), Source::default()).await.unwrap_err();
    assert!(given_up.attempts.count >= 2 && given_up.reason.contains("cannot connect"), "{given_up:?}");
    assert!(!given_up.attempts.may_have_taken_effect());
}

mod bulk;
mod repeats;
mod tls;
