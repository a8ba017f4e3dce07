//! Against a target that answers from a script.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Mutex;

use switchover_cluster::ClusterOptions;

use super::*;
use crate::batch::{Address, Batch, Operation, Sealed};
use crate::compression::Gzip;

/// Answers each request with what `script` makes of its body's lines.
fn target(
    script: impl Fn(&[String]) -> (u16, String) + Send + Sync + 'static,
) -> (Cluster, Arc<Mutex<Vec<Vec<String>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (script, log) = (Arc::new(script), Arc::clone(&seen));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (script, log) = (Arc::clone(&script), Arc::clone(&log));
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                loop {
                    let mut length = 0;
                    loop {
                        let mut line = String::new();
                        if reader.read_line(&mut line).unwrap_or(0) == 0 {
                            return;
                        }
                        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                            length = value.trim().parse().unwrap();
                        }
                        if line == "\r\n" {
                            break;
                        }
                    }
                    let mut body = vec![0; length];
                    reader.read_exact(&mut body).unwrap();
                    let lines: Vec<String> =
                        String::from_utf8(body).unwrap().lines().map(str::to_owned).collect();
                    let (status, answer) = script(&lines);
                    log.lock().unwrap().push(lines);
                    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", answer.len());
                    reader.get_mut().write_all((head + &answer).as_bytes()).unwrap();
                }
            });
        }
    });
    (Cluster::connect(ClusterOptions::new(format!("http://{address}"))).unwrap(), seen)
}

fn batch(ids: impl IntoIterator<Item = usize>) -> Sealed {
    let mut batch = Batch::default();
    for id in ids {
        let id = id.to_string();
        let address = Address { index_json: "\"i\"", id: &id, routing: None, operation: Operation::Index };
        batch.push(address, format!("{{\"id\":{id}}}").as_bytes());
    }
    batch.seal()
}

fn sender(cluster: Cluster) -> Sender {
    with_standstill(cluster, Arc::default())
}

fn with_standstill(cluster: Cluster, standstill: Arc<Standstill>) -> Sender {
    let pauses = (Duration::from_millis(20), Duration::from_millis(60));
    Sender { pauses, ..Sender::new(cluster, 4, Gzip::Never, standstill) }
}

fn item(status: u16) -> String {
    match status {
        200..=299 => format!(r#"{{"index":{{"status":{status}}}}}"#),
        _ => format!(r#"{{"index":{{"status":{status},"error":{{"type":"e{status}"}}}}}}"#),
    }
}

fn answer(statuses: impl IntoIterator<Item = u16>) -> (u16, String) {
    let items: Vec<String> = statuses.into_iter().map(item).collect();
    (200, format!(r#"{{"items":[{}]}}"#, items.join(",")))
}

/// The documents of a request.
fn ids(lines: &[String]) -> Vec<usize> {
    let id = |line: &String| line.trim_start_matches("{\"id\":").trim_end_matches('}').parse().unwrap();
    lines.iter().skip(1).step_by(2).map(id).collect()
}

#[tokio::test]
async fn only_what_has_no_room_is_sent_again_and_what_is_refused_is_told() {
    let tries = Mutex::new(0);
    let (cluster, seen) = target(move |lines| {
        *tries.lock().unwrap() += 1;
        let first = *tries.lock().unwrap() == 1;
        answer(ids(lines).into_iter().map(|id| match id {
            3 => 400,
            5 | 6 if first => 429,
            7 => 409,
            _ => 201,
        }))
    });
    let sender = sender(cluster);
    let refused = sender.send(&batch(0..10)).await.unwrap();
    assert_eq!(refused, [Refused { item: 3, status: 400, error: r#"{"type":"e400"}"#.to_owned() }]);
    let seen = seen.lock().unwrap();
    assert_eq!(
        seen.iter().map(|lines| ids(lines)).collect::<Vec<_>>(),
        [(0..10).collect::<Vec<_>>(), vec![5, 6]]
    );
    assert!(sender.limit() < 4, "it was an overload");
    assert_eq!(sender.repeated.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_body_that_is_too_long_or_refused_as_a_whole_is_halved_down_to_the_one_document() {
    for status in [413, 400] {
        let (cluster, seen) = target(move |lines| {
            let ids = ids(lines);
            if ids.len() > 2 || ids.contains(&4) {
                (status, "no".to_owned())
            } else {
                answer(ids.iter().map(|_| 200))
            }
        });
        let refused = sender(cluster).send(&batch(0..8)).await.unwrap();
        assert_eq!(
            refused.iter().map(|refused| (refused.item, refused.status)).collect::<Vec<_>>(),
            [(4, status)]
        );
        let taken: Vec<usize> = seen
            .lock()
            .unwrap()
            .iter()
            .map(|lines| ids(lines))
            .filter(|ids| ids.len() <= 2 && !ids.contains(&4))
            .flatten()
            .collect();
        assert_eq!(taken, [0, 1, 2, 3, 5, 6, 7], "each once and in order");
    }
}

#[tokio::test]
async fn a_target_that_is_away_is_waited_for_and_the_reason_shows() {
    let tries = Mutex::new(0);
    let (cluster, _) = target(move |lines| {
        *tries.lock().unwrap() += 1;
        match *tries.lock().unwrap() {
            1..=20 => (
                503,
                r#"{"error":{"type":"cluster_manager_not_discovered_exception","reason":"away"}}"#.to_owned(),
            ),
            _ => answer(ids(lines).iter().map(|_| 201)),
        }
    });
    let standstill = Arc::new(Standstill::default());
    let sender = Arc::new(with_standstill(cluster, Arc::clone(&standstill)));
    let sending = tokio::spawn({
        let sender = Arc::clone(&sender);
        async move { sender.send(&batch(0..3)).await }
    });
    let reason = loop {
        if let Some(reason) = standstill.reason() {
            break reason;
        }
        sleep(Duration::from_millis(1)).await;
    };
    assert!(reason.contains("503") && reason.contains("away"), "{reason}");
    assert_eq!(sending.await.unwrap().unwrap(), []);
    assert_eq!(standstill.reason(), None);
    assert!(sender.limit() < 4, "it was overloaded");
}

#[tokio::test]
async fn what_can_never_be_sent_is_an_error_at_once() {
    for (status, body, parts) in [
        (401, "", &["401", "password"][..]),
        (403, r#"{"error":{"type":"security_exception","reason":"no permissions"}}"#, &["no permissions"]),
        (200, "<html>hello</html>", &["<html>hello", "not one"]),
        (200, r#"{"items":[]}"#, &["bulk of 2 documents"]),
        (
            200,
            r#"{"items":[{"index":{"status":201}},{"index":{"status":403,"error":{"type":"security_exception"}}}]}"#,
            &["\"_id\":\"1\"", "security_exception"],
        ),
    ] {
        let (cluster, _) = target(move |_| (status, body.to_owned()));
        let error = sender(cluster).send(&batch(0..2)).await.unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
