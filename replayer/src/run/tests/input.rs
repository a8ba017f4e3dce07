//! What is read, and what of it is replayed.

use super::*;
use crate::selection::Selection;
use switchover_capture::ServedBy;

#[tokio::test]
async fn several_logs_are_one_replay_in_the_order_of_time() {
    let (mut first, mut second) = (Capture::new(), Capture::new());
    // One connection id on both: connections of two agents.
    let writes = |offset: u64| {
        let write = |at: u64| {
            (at * 20 + offset, at * 20 + offset + 5, put(&(at * 20 + offset).to_string()), created())
        };
        (0..50).map(write).collect::<Vec<_>>()
    };
    first.connection_of("node-1", "same", &writes(0));
    second.connection_of("node-2", "same", &writes(10));
    let scripted = agreeing().await;
    let input = Input::Logs(vec![second.log(), first.log()]);
    let outcome = start(Options { input, ..first.options(&scripted.target) }).await.unwrap();
    assert_eq!(
        (outcome.exit_code(), outcome.report.requests.same),
        (EXIT_DONE, 100),
        "{}",
        outcome.verdict()
    );
    let wanted: Vec<_> = (0..100).map(|at| format!("PUT /a/_doc/{}", at * 10)).collect();
    assert_eq!(replayed(&scripted), wanted);
}

#[tokio::test]
async fn a_connection_that_hangs_expires_and_its_request_is_replayed() {
    let mut capture = Capture::new();
    let mut encoder = StreamEncoder::new("hangs", "node", MAX_RECORD_BYTES);
    encoder.read(ms(0), &put("hangs"), &mut capture.records);
    encoder.end_of_message(ms(0), 10, 10, &mut capture.records);
    encoder.read(ms(1), b"PUT /a/_doc/never-whole HTTP/1.1\r\n", &mut capture.records);
    encoder.flush(&mut capture.records);
    capture.connection("goes on", &[(10, 20, put("1"), created()), (30_000, 30_010, put("2"), created())]);
    let scripted = agreeing().await;
    let options = Options {
        until: Until::Never,
        packet_timeout: Duration::from_secs(10),
        ..capture.options(&scripted.target)
    };
    let (progress, stop) = (Arc::new(Progress::default()), CancellationToken::new());
    let running = tokio::spawn(run(options, Arc::clone(&progress), stop.clone()));
    while progress.snapshot().evaluated < 3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.cancel();
    let outcome = running.await.unwrap().unwrap();
    assert_eq!((outcome.input.requests, outcome.input.incomplete_requests), (3, 1));
    assert!(replayed(&scripted).contains(&"PUT /a/_doc/hangs".to_owned()));
}

#[tokio::test]
async fn what_is_left_out_is_counted_and_holds_nobody() {
    let mut capture = Capture::new();
    let search = request("POST /a/_search?q=x", "{}");
    capture.connection(
        "one",
        &[
            (0, 10, put("early"), created()),
            (1000, 1010, search, Some(answer(200, "{}"))),
            (1020, 1030, put("in"), created()),
            (1040, 1050, put("excluded"), created()),
            (2000, 2010, put("late"), created()),
        ],
    );
    let nanos = |at| crate::captured::unix_nanos(ms(at));
    let selection = Selection {
        from: Some(nanos(1000)),
        to: Some(nanos(2000)),
        methods: vec!["PUT".to_owned()],
        exclude: vec![regex::bytes::Regex::new("excluded").unwrap()],
        ..Selection::default()
    };
    let scripted = agreeing().await;
    let outcome = start(Options { selection, ..capture.options(&scripted.target) }).await.unwrap();
    assert_eq!((outcome.exit_code(), outcome.input.requests, outcome.input.left_out), (EXIT_DONE, 5, 4));
    assert_eq!(replayed(&scripted), ["PUT /a/_doc/in"]);
}

#[tokio::test]
async fn what_the_target_answered_is_not_sent_to_it_again() {
    let mut capture = Capture::new();
    capture.connection("one", &[(0, 10, put("at-the-source"), created())]);
    let routed = StreamEncoder::new("two", "node", MAX_RECORD_BYTES).served_by(ServedBy::Target);
    capture.encoded(routed, &[(5, 8, put("at-the-target"), created()), (9, 12, put("too"), created())]);
    let scripted = agreeing().await;
    let outcome = start(capture.options(&scripted.target)).await.unwrap();
    assert_eq!((outcome.exit_code(), outcome.input.requests), (EXIT_DONE, 3));
    assert_eq!(outcome.input.served_by_target, 2);
    assert_eq!(replayed(&scripted), ["PUT /a/_doc/at-the-source"]);
}
