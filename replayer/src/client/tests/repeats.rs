//! What is sent again and what is not, and how many at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::AsyncReadExt;

use super::*;

#[tokio::test]
async fn a_create_without_an_id_is_not_repeated_when_its_answer_was_lost() {
    let scripted = Scripted::start(|_, _| Step::Close).await;
    let given_up = send(&scripted, &request_to("POST /a/_doc", "{}"), 201).await.unwrap_err();
    assert_eq!((scripted.seen().len(), given_up.attempts.count), (1, 1));
    assert!(given_up.reason.contains("doing it twice"), "{}", given_up.reason);
    assert!(given_up.attempts.may_have_taken_effect());
    // Behind a gateway the same is told by a status.
    let scripted = Scripted::start(|_, _| reply(504, "{}")).await;
    assert!(send(&scripted, &request_to("POST /a/_doc", "{}"), 201).await.is_err());
    assert_eq!(scripted.seen().len(), 1);
}

#[tokio::test]
async fn a_create_without_an_id_is_repeated_when_it_was_refused() {
    let scripted = Scripted::start(|at, _| reply(if at == 0 { 429 } else { 201 }, "{}")).await;
    let attempts = send(&scripted, &request_to("POST /a/_doc", "{}"), 201).await.unwrap();
    assert_eq!((scripted.seen().len(), attempts.is_ambiguous()), (2, false));
}

#[tokio::test]
async fn a_create_with_an_id_is_repeated_and_its_own_conflict_is_recognised() {
    let create = request_to("PUT /a/_doc/1?op_type=create", "{}");
    let scripted = Scripted::start(|at, _| if at == 0 { Step::Close } else { reply(409, "{}") }).await;
    let attempts = send(&scripted, &create, 201).await.unwrap();
    assert_eq!((attempts.answer().unwrap().status, attempts.is_ambiguous()), (409, true));
}

#[test]
fn that_an_attempt_may_have_been_done_is_not_forgotten_with_many_attempts() {
    let mut attempts = Attempts::default();
    let lost = ExchangeError::Lost(io::ErrorKind::UnexpectedEof.into());
    attempts.add(Err(lost), SystemTime::now());
    assert!(attempts.may_have_taken_effect() && !attempts.is_ambiguous(), "nothing came after it");
    for _ in 0..30 {
        let refused = io::ErrorKind::ConnectionRefused.into();
        attempts.add(Err(ConnectError::Tcp(refused).into()), SystemTime::now());
    }
    assert_eq!((attempts.count, attempts.kept.len()), (31, 16));
    assert!(attempts.is_ambiguous());
}

#[tokio::test]
async fn a_stretch_of_overload_loses_no_write() {
    let started = Instant::now();
    let scripted =
        Scripted::start(move |at, _| match (started.elapsed() < Duration::from_millis(1500), at % 2) {
            (true, 0) => reply(429, "{}"),
            (true, _) => reply(503, "{}"),
            _ => reply(201, "{}"),
        })
        .await;
    let sender = Arc::new(sender(&scripted.target));
    let writes: Vec<_> = (0..20)
        .map(|_| {
            let sender = Arc::clone(&sender);
            tokio::spawn(async move {
                let source = Source { status: Some(201), answer: None };
                sender.send(&mut sender.connection(), &request("PUT", "{}"), source).await
            })
        })
        .collect();
    for write in writes {
        assert_eq!(write.await.unwrap().unwrap().answer().unwrap().status, 201);
    }
}

#[tokio::test]
async fn a_long_retry_after_does_not_go_past_the_deadline() {
    let scripted = Scripted::start(|_, _| {
        Step::Reply(vec![b"HTTP/1.1 503 X\r\nRetry-After: 86400\r\nContent-Length: 0\r\n\r\n".to_vec()])
    })
    .await;
    let given_up = send(&scripted, &request("PUT", "{}"), 201).await.unwrap_err();
    assert_eq!(given_up.attempts.count, 1);
    assert!(given_up.reason.contains("503"), "{}", given_up.reason);
}

#[tokio::test]
async fn never_more_in_flight_than_allowed() {
    let (flying, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target { host: "127.0.0.1".to_owned(), port: listener.local_addr().unwrap().port() };
    let peak = Arc::clone(&most);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (flying, peak) = (Arc::clone(&flying), Arc::clone(&peak));
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(1..) = stream.read(&mut buffer).await {
                    peak.fetch_max(flying.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    flying.fetch_sub(1, Ordering::SeqCst);
                    stream.write_all(&answer(200, "{}")).await.unwrap();
                }
            });
        }
    });
    let sender = Arc::new(Sender { concurrency: Concurrency::new(3), ..sender(&target) });
    let all: Vec<_> = (0..30)
        .map(|_| {
            let sender = Arc::clone(&sender);
            tokio::spawn(async move {
                let mut connection = sender.connection();
                for _ in 0..5 {
                    sender.send(&mut connection, &request("PUT", "{}"), Source::default()).await.unwrap();
                }
            })
        })
        .collect();
    for one in all {
        one.await.unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_reconnect_is_not_charged_to_the_latency() {
    // The second connection waits in the listener's queue until the target takes it; the handshake of TLS would too.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target { host: "localhost".to_owned(), port: listener.local_addr().unwrap().port() };
    let pause = Duration::from_millis(300);
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certified.cert.der().clone()],
            certified.signing_key.serialize_der().try_into().unwrap(),
        )
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::time::sleep(pause).await;
            let mut stream = acceptor.accept(stream).await.unwrap();
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            stream.write_all(&answer(200, "{}")).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    let insecure = switchover_tls::ClientOptions { insecure: true, ..Default::default() };
    let connector = Arc::new(Connector::new(target, Some(&insecure)).unwrap());
    let mut connection = Connection::new(connector, PATIENT);
    for _ in 0..2 {
        let started = Instant::now();
        let answer = connection.exchange(&request("GET", "")).await.unwrap();
        assert!(started.elapsed() >= pause && answer.latency < pause, "{:?}", answer.latency);
        while connection.stream.as_mut().is_some_and(Transport::is_quiet) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
