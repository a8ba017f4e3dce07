//! Requests that are given up: kept, counted, and replayed alone.

use super::*;

/// The files of the folder with this ending, as text.
fn files(capture: &Capture, ending: &str) -> Vec<(PathBuf, String)> {
    let mut files: Vec<_> = std::fs::read_dir(capture.dead_letters())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|is| is == ending))
        .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
        .collect();
    files.sort();
    files
}

fn reasons(capture: &Capture) -> Vec<Value> {
    let text: String = files(capture, "jsonl").into_iter().map(|(_, text)| text).collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn impatient(capture: &Capture, target: &Target) -> Options {
    Options { retry_deadline: Duration::from_millis(300), ..capture.options(target) }
}

/// Replays the dead letters, and nothing else.
async fn again(capture: &Capture, target: &Target) -> Outcome {
    let (file, _) = files(capture, "b64").swap_remove(0);
    start(Options { input: Input::File(file), ..capture.options(target) }).await.unwrap()
}

#[tokio::test]
async fn what_the_target_never_takes_is_kept_and_the_rest_goes_on() {
    let mut capture = Capture::new();
    capture.connection(
        "one",
        &[(0, 5, put("1"), created()), (10, 15, put("2"), created()), (20, 25, put("3"), created())],
    );
    capture.connection("two", &[(30, 35, put("4"), created()), (40, 45, put("2?later"), created())]);
    let scripted = Scripted::start(|_, seen| match seen.text.contains("_doc/2") {
        true => reply(503, r#"{"error":"full"}"#),
        false => reply(201, r#"{"result":"created"}"#),
    })
    .await;
    let progress = Arc::new(Progress::default());
    let options = impatient(&capture, &scripted.target);
    let outcome = run(options, Arc::clone(&progress), CancellationToken::new()).await.unwrap();
    assert_eq!(outcome.exit_code(), EXIT_GAPS, "{}", outcome.verdict());
    let requests = &outcome.report.requests;
    assert_eq!((requests.replayed, requests.same, requests.dead_lettered), (3, 3, 2));
    assert_eq!((requests.not_comparable, progress.snapshot().dead_lettered), (2, 2));
    let file = outcome.dead_letter_file.clone().unwrap();
    assert!(outcome.verdict().contains(file.to_str().unwrap()), "{}", outcome.verdict());
    assert_eq!(outcome.json()["requests"]["deadLettered"], 2);
    let reasons = reasons(&capture);
    assert_eq!((&reasons[0]["id"], &reasons[1]["id"]), (&"one.1".into(), &"two.1".into()));
    assert_eq!(reasons[0]["request"], "PUT /a/_doc/2 HTTP/1.1");
    assert_eq!((&reasons[0]["lastStatus"], &reasons[0]["mayHaveTakenEffect"]), (&503.into(), &false.into()));
    assert!(
        reasons[0]["lastAnswer"].as_str().unwrap().contains("full")
            && reasons[0]["attempts"].as_u64() > Some(1)
    );
    let tuple = &capture.tuples()[1];
    assert!(tuple["error"].as_str().unwrap().contains("503"), "{tuple}");

    let healthy = agreeing().await;
    let outcome = again(&capture, &healthy.target).await;
    assert_eq!((outcome.exit_code(), outcome.report.requests.same), (EXIT_DONE, 2), "{}", outcome.verdict());
    assert_eq!(replayed(&healthy), ["PUT /a/_doc/2", "PUT /a/_doc/2?later"]);
    assert_eq!(files(&capture, "b64").len(), 1, "nothing was given up this time");
}

#[tokio::test]
async fn of_a_bulk_only_what_is_left_is_kept() {
    let mut capture = Capture::new();
    let bulk = "{\"index\":{\"_id\":\"1\"}}\n{\"a\":1}\n{\"index\":{}}\n{\"a\":2.10}\n{\"index\":{\"_id\":\"3\"}}\n{}\n";
    let item = |id: &str| format!(r#"{{"index":{{"_id":"{id}","status":201}}}}"#);
    let source =
        format!(r#"{{"took":1,"errors":false,"items":[{},{},{}]}}"#, item("1"), item("gen"), item("3"));
    capture.connection("one", &[(0, 5, request("POST /a/_bulk", bulk), Some(answer(200, &source)))]);
    let rejected =
        r#"{"index":{"_id":"gen","status":429,"error":{"type":"es_rejected_execution_exception"}}}"#;
    let scripted = Scripted::start(move |_, seen| match seen.text.contains("_bulk") {
        true if seen.text.contains(r#""_id":"3""#) => {
            let items = format!("{},{rejected},{}", item("1"), item("3"));
            reply(200, &format!(r#"{{"took":1,"errors":true,"items":[{items}]}}"#))
        }
        true => reply(200, &format!(r#"{{"took":1,"errors":true,"items":[{rejected}]}}"#)),
        false => reply(200, "{}"),
    })
    .await;
    let outcome = start(impatient(&capture, &scripted.target)).await.unwrap();
    assert_eq!((outcome.exit_code(), outcome.report.requests.dead_lettered), (EXIT_GAPS, 1));
    assert_eq!(reasons(&capture)[0]["bulkItems"], serde_json::json!([1]));

    let answer = r#"{"took":9,"errors":false,"items":[{"index":{"_id":"gen","status":201}}]}"#;
    let healthy = Scripted::start(move |_, _| reply(200, answer)).await;
    let outcome = again(&capture, &healthy.target).await;
    assert_eq!((outcome.exit_code(), outcome.report.requests.same), (EXIT_DONE, 1), "{:?}", outcome.json());
    let sent = healthy.seen().pop().unwrap().text;
    assert!(sent.ends_with("\r\n\r\n{\"index\":{\"_id\":\"gen\"}}\n{\"a\":2.10}\n"), "{sent}");
}

#[tokio::test]
async fn poison_requests_are_kept_and_do_not_stop_the_others() {
    const POISON: u64 = 10_000;
    let mut capture = Capture::new();
    let poison =
        b"PUT /a/_doc/2 HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n";
    for at in 0..POISON {
        capture.connection(&format!("p{at}"), &[(at, at + 1, poison.to_vec(), created())]);
    }
    capture.connection("good", &[(POISON, POISON + 5, put("3"), created())]);
    let scripted = agreeing().await;
    let outcome = capture.replay(&scripted.target).await;
    assert_eq!(outcome.exit_code(), EXIT_GAPS, "{}", outcome.verdict());
    assert_eq!(replayed(&scripted), ["PUT /a/_doc/3"]);
    assert_eq!((outcome.report.requests.unreplayable, outcome.report.requests.same), (POISON, 1));
    let reasons = reasons(&capture);
    assert_eq!((reasons.len() as u64, &reasons[0]["attempts"]), (POISON, &0.into()));
    assert!(reasons[0]["reason"].as_str().unwrap().contains("framed"), "{}", reasons[0]);
    // They are poison still, and nothing is lost of them.
    let outcome = again(&capture, &scripted.target).await;
    assert_eq!((outcome.exit_code(), outcome.report.requests.unreplayable), (EXIT_GAPS, POISON));
    assert_eq!(files(&capture, "b64").len(), 2);
}

#[tokio::test]
async fn a_target_that_is_away_for_a_while_loses_nothing() {
    let mut capture = Capture::new();
    let requests: Vec<_> =
        (0..40).map(|at| (at * 10, at * 10 + 5, put(&at.to_string()), created())).collect();
    capture.connection("one", &requests);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let target = Target { host: "127.0.0.1".to_owned(), port: address.port() };
    let written = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&written);
    tokio::spawn(async move {
        let mut listener = listener;
        let mut served = 0;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 4096];
            while let Ok(count @ 1..) = tokio::io::AsyncReadExt::read(&mut stream, &mut buffer).await {
                served += 1;
                if served == 20 {
                    break;
                }
                seen.lock().unwrap().push(String::from_utf8_lossy(&buffer[..count]).into_owned());
                let bytes = created().unwrap();
                tokio::io::AsyncWriteExt::write_all(&mut stream, &bytes).await.unwrap();
            }
            if served == 20 {
                drop((stream, listener));
                tokio::time::sleep(Duration::from_millis(700)).await;
                let socket = tokio::net::TcpSocket::new_v4().unwrap();
                socket.set_reuseaddr(true).unwrap();
                socket.bind(address).unwrap();
                listener = socket.listen(16).unwrap();
            }
        }
    });
    let outcome = capture.replay(&target).await;
    assert_eq!((outcome.exit_code(), outcome.report.requests.same), (EXIT_DONE, 40), "{}", outcome.verdict());
    let written = written.lock().unwrap();
    for at in 0..40 {
        assert!(written.iter().any(|text| text.starts_with(&format!("PUT /a/_doc/{at} "))), "{at}");
    }
}

#[tokio::test]
async fn letters_that_cannot_be_kept_fail_the_run() {
    let mut capture = Capture::new();
    capture.connection("one", &[(0, 5, put("1"), created()), (10, 15, put("2"), created())]);
    let folder = capture.dead_letters();
    let scripted = Scripted::start(move |_, seen| match seen.text.contains("_doc") {
        true => {
            let _ = std::fs::remove_dir(&folder);
            reply(503, "{}")
        }
        false => reply(200, "{}"),
    })
    .await;
    let outcome = start(impatient(&capture, &scripted.target)).await.unwrap();
    assert_eq!(outcome.exit_code(), EXIT_FAILED);
    let failure = outcome.failure.unwrap();
    assert!(failure.contains("one.0") && failure.contains("--deadLetterDir"), "{failure}");
    assert!(!scripted.lines().iter().any(|line| line.contains("_doc/2")));
}
