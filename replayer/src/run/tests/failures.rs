//! What goes wrong: exit code and message.

use super::*;

#[tokio::test]
async fn an_empty_log_is_nothing_to_replay_and_a_missing_one_is_an_error() {
    let scripted = agreeing().await;
    let capture = Capture::new();
    let outcome = capture.replay(&scripted.target).await;
    assert_eq!(outcome.exit_code(), EXIT_DONE);
    assert!(outcome.verdict().contains("NOTHING"));
    let missing =
        Options { input: Input::Logs(vec!["/nonexistent/log".into()]), ..capture.options(&scripted.target) };
    let error = start(missing).await.unwrap_err().to_string();
    assert!(error.contains("/nonexistent/log"), "{error}");
}

#[tokio::test]
async fn a_damaged_segment_fails_the_run_and_names_the_place() {
    let mut capture = Capture::new();
    let requests: Vec<_> = (0..50).map(|at| (at * 10, at * 10 + 5, put("x"), created())).collect();
    capture.connection("one", &requests);
    let log = capture.log();
    let segment = std::fs::read_dir(&log)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|is| is == "seg"))
        .unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let scripted = agreeing().await;
    let outcome = capture.replay(&scripted.target).await;
    assert_eq!(outcome.exit_code(), EXIT_FAILED);
    let failure = outcome.failure.unwrap();
    assert!(failure.contains(".seg") && failure.contains("offset"), "{failure}");
}

#[tokio::test]
async fn gaps_and_bad_records_win_over_differences() {
    let mut capture = Capture::new();
    capture.connection("one", &[(0, 5, put("1"), created())]);
    capture.records.append(b"\xff\xff not a record");
    let gap =
        switchover_capture::log::Gap { requests: 7, reason: "disk full".to_owned(), ..Default::default() };
    capture.records.0.append(EntryKind::Gap, &gap.encode_payload()).unwrap();
    let scripted = Scripted::start(|_, _| reply(500, "{}")).await;
    let outcome = capture.replay(&scripted.target).await;
    assert_eq!(outcome.exit_code(), EXIT_GAPS, "{}", outcome.verdict());
    assert_eq!((outcome.input.gaps, outcome.input.gap_requests, outcome.input.bad_records), (1, 7, 1));
    let mut kept = std::fs::read_dir(capture.options(&scripted.target).dead_letter_dir).unwrap();
    let kept = kept.find_map(|file| {
        file.ok().filter(|file| file.file_name().to_string_lossy().starts_with("bad-records-"))
    });
    let kept: Value = serde_json::from_slice(&std::fs::read(kept.unwrap().path()).unwrap()).unwrap();
    assert!(kept["rawBase64"].is_string() && kept["place"].as_str().unwrap().contains("offset"), "{kept}");
    assert_eq!(outcome.report.requests.different, 1);
}

#[tokio::test]
async fn a_target_that_is_down_fails_before_anything_is_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target { host: "127.0.0.1".to_owned(), port: listener.local_addr().unwrap().port() };
    drop(listener);
    let capture = Capture::new();
    let options = Options { retry_deadline: Duration::from_millis(200), ..capture.options(&target) };
    let error = start(options).await.unwrap_err().to_string();
    assert!(error.contains(&target.authority()) && error.contains("is down"), "{error}");
}

#[tokio::test]
async fn wrong_credentials_fail_at_once_and_right_ones_replace_the_captured() {
    let scripted = Scripted::start(|_, seen| match seen.text.contains("Authorization: Basic good") {
        true => reply(201, r#"{"result":"created"}"#),
        false => reply(401, "{}"),
    })
    .await;
    let mut capture = Capture::new();
    let headers =
        "PUT /a/_doc/1 HTTP/1.1\r\nHost: s\r\nAuthorization: Basic source\r\nContent-Length: 2\r\n\r\n{}";
    capture.connection("one", &[(0, 5, headers.as_bytes().to_vec(), created())]);
    let with = |value: &str| Options {
        auth: TargetAuth::Replace(format!("Basic {value}")),
        ..capture.options(&scripted.target)
    };
    let error = start(with("bad")).await.unwrap_err().to_string();
    assert!(error.contains("refuses the credentials") && error.contains("401"), "{error}");
    assert_eq!(start(with("good")).await.unwrap().exit_code(), EXIT_DONE);
    let tuples = capture.tuples();
    assert_eq!(tuples[0]["targetRequest"]["Authorization"][0], "REDACTED");
    assert!(!tuples[0].to_string().contains("Basic"));
}

#[tokio::test]
async fn tuples_that_cannot_be_written_fail_the_run() {
    let mut capture = Capture::new();
    capture.connection("one", &[(0, 5, put("1"), created())]);
    let scripted = agreeing().await;
    let blocked = capture.directory.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    let options = Options { tuple_dir: blocked.join("tuples"), ..capture.options(&scripted.target) };
    let outcome = start(options).await.unwrap();
    assert_eq!(outcome.exit_code(), EXIT_FAILED);
    assert!(outcome.failure.unwrap().contains("--tupleDir"));
}

#[tokio::test]
async fn secrets_in_query_strings_are_sent_and_shown_nowhere() {
    let mut capture = Capture::new();
    let line = "PUT http://bob:s3cret@source:9200/a/_doc/1?api_key=s3cret&refresh=true";
    capture.connection("one", &[(0, 5, request(line, "{}"), created())]);
    capture.connection("two", &[(10, 15, request("PUT /a/_doc/2?X-Amz-Signature=s3cret", "{}"), created())]);
    let scripted = Scripted::start(|_, seen| match seen.text.contains("_doc/2") {
        true => reply(503, "{}"),
        false => reply(201, r#"{"result":"updated"}"#),
    })
    .await;
    let options = Options { retry_deadline: Duration::from_millis(200), ..capture.options(&scripted.target) };
    let outcome = start(options).await.unwrap();
    assert_eq!(outcome.exit_code(), EXIT_GAPS, "{}", outcome.verdict());
    assert!(scripted.lines().contains(&"PUT /a/_doc/1?api_key=s3cret&refresh=true HTTP/1.1".to_owned()));
    let mut shown: Vec<String> = capture.tuples().iter().map(ToString::to_string).collect();
    let letters = outcome.dead_letter_file.clone().unwrap();
    shown.push(std::fs::read_to_string(letters.with_extension("jsonl")).unwrap());
    shown.push(outcome.json().to_string());
    for text in &shown {
        assert!(!text.contains("s3cret") && text.contains("REDACTED"), "{text}");
    }
}
