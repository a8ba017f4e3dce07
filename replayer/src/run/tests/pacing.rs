//! How well the source's timing is kept, measured as the report shows it.

use super::*;

/// Requests of several connections at uneven times, each on its own document.
fn paced(capture: &mut Capture, requests: u64, takes_ms: u64) {
    let mut connections: Vec<Vec<Recorded>> = vec![Vec::new(); 6];
    for at in 0..requests {
        let (connection, first) = ((at % 6) as usize, at * 11 + at * at % 7);
        connections[connection].push((first, first + takes_ms, put(&at.to_string()), created()));
    }
    for (number, requests) in connections.iter().enumerate() {
        capture.connection(&format!("c{number}"), requests);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_leave_when_they_should() {
    let mut capture = Capture::new();
    paced(&mut capture, 300, 2);
    let scripted = agreeing().await;
    let options = Options { speed: Speed::Factor(1.0), ..capture.options(&scripted.target) };
    let outcome = start(options).await.unwrap();
    assert_eq!(outcome.exit_code(), EXIT_DONE, "{}", outcome.verdict());
    let error = outcome.pacing_error;
    println!("{error:?}");
    // What is demanded of the clock is 2 ms at p99, on a machine that does nothing else: bench/replay measures that.
    assert!(error.count >= 250, "{error:?}");
    assert!(error.p50 <= 2.0 && error.p99 <= 100.0, "{error:?}");
    assert_eq!(outcome.json()["pacingErrorMs"]["count"], error.count);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_for_others_is_lag_and_no_error_of_the_clock() {
    let mut capture = Capture::new();
    let requests: Vec<_> = (0..20).map(|at| (at * 10, at * 10 + 1, put("same"), created())).collect();
    capture.connection("one", &requests);
    let slow = Scripted::start(|_, _| {
        std::thread::sleep(Duration::from_millis(40));
        reply(201, r#"{"result":"created","_seq_no":1}"#)
    })
    .await;
    let options = Options { speed: Speed::Factor(1.0), ..capture.options(&slow.target) };
    let outcome = start(options).await.unwrap();
    assert_eq!(outcome.exit_code(), EXIT_DONE, "{}", outcome.verdict());
    assert!(outcome.sendings.pacing_lag.percentiles().p50 >= 100.0, "{:?}", outcome.sendings.pacing_lag);
    assert_eq!(outcome.pacing_error.count, 1, "only the first one waited for nothing else");
}

#[tokio::test]
async fn without_a_schedule_there_is_no_error() {
    let mut capture = Capture::new();
    paced(&mut capture, 20, 2);
    let scripted = agreeing().await;
    assert_eq!(capture.replay(&scripted.target).await.pacing_error.count, 0);
}
