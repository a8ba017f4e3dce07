//! A target that is away for a while: nothing listens on its port.

use std::collections::HashMap;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;

const MOST: usize = 4;
const CONNECTIONS: usize = 40;
const REQUESTS: u64 = 5;

/// What a target has seen.
#[derive(Default)]
struct Load {
    in_flight: AtomicUsize,
    most: AtomicUsize,
    paths: Mutex<Vec<String>>,
}

/// Listens until it is aborted, which closes its connections too.
fn serve(listener: TcpListener, load: &Arc<Load>) -> JoinHandle<()> {
    let load = Arc::clone(load);
    tokio::spawn(async move {
        let mut connections = tokio::task::JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let load = Arc::clone(&load);
            connections.spawn(async move {
                let mut buffer = vec![0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                    let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
                    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
                    load.most.fetch_max(load.in_flight.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(3)).await;
                    load.in_flight.fetch_sub(1, Ordering::SeqCst);
                    load.paths.lock().unwrap().push(path);
                    if stream.write_all(&created().unwrap()).await.is_err() {
                        return;
                    }
                }
            });
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_loses_nothing_is_told_and_ends_without_a_burst() {
    let mut capture = Capture::new();
    for connection in 0..CONNECTIONS {
        let requests: Vec<_> = (0..REQUESTS)
            .map(|at| (at * 100, at * 100 + 50, put(&format!("{connection}-{at}")), created()))
            .collect();
        capture.connection(&format!("c{connection}"), &requests);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let target = Target { host: "127.0.0.1".to_owned(), port: address.port() };
    let before = Arc::new(Load::default());
    let serving = serve(listener, &before);
    let progress = Arc::new(Progress::default());
    let options = Options {
        max_concurrent_requests: MOST,
        retry_deadline: Duration::from_secs(300),
        ..capture.options(&target)
    };
    let running = tokio::spawn(run(options, Arc::clone(&progress), CancellationToken::new()));
    until(|| before.paths.lock().unwrap().len() > 20).await;
    serving.abort();
    assert!(serving.await.unwrap_err().is_cancelled());
    until(|| {
        let status: Value =
            serde_json::from_str(&switchover_telemetry::AdminPages::status(&*progress)).unwrap();
        let reason = status["oldest"]["reason"].as_str().unwrap_or_default().to_owned();
        status["state"] == "waiting for an answer of the target"
            && reason.contains("cannot connect")
            && reason.contains("attempt")
    })
    .await;
    let after = Arc::new(Load::default());
    let serving = serve(TcpListener::bind(address).await.unwrap(), &after);
    let outcome = running.await.unwrap().unwrap();
    serving.abort();
    assert_eq!(outcome.report.requests.replayed, CONNECTIONS as u64 * REQUESTS, "{}", outcome.json());
    assert_eq!(outcome.report.requests.dead_lettered, 0);
    assert!(outcome.sendings.retries > 0);
    assert!(after.most.load(Ordering::SeqCst) <= MOST, "{:?}", after.most);
    let mut last: HashMap<String, u64> = HashMap::new();
    let paths = [before.paths.lock().unwrap().clone(), after.paths.lock().unwrap().clone()].concat();
    for path in &paths {
        let Some((connection, at)) = path.rsplit('/').next().and_then(|id| id.split_once('-')) else {
            continue;
        };
        let at: u64 = at.parse().unwrap();
        let expected = last.insert(connection.to_owned(), at);
        // The one that was under way when the target went is sent twice.
        assert!(
            at == expected.map_or(0, |before| before + 1) || Some(at) == expected,
            "{path} after {expected:?}"
        );
    }
    assert!(last.len() == CONNECTIONS && last.values().all(|at| *at == REQUESTS - 1), "{last:?}");
}
