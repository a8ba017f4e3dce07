mod bulk_items;
mod dead_letters;
mod failures;
mod input;
mod outage;
mod pacing;
mod wire;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use switchover_capture::log::EntryKind;
use switchover_capture::{LogOptions, LogWriter, MAX_RECORD_BYTES, RecordSink, StreamEncoder, Timestamp};

use super::*;
use crate::report::{EXIT_DIFFERENCES, EXIT_DONE, EXIT_FAILED, EXIT_GAPS};
use crate::scripted::{Scripted, Step, answer, reply};

/// When a request came and was answered (milliseconds), its bytes and its answer's.
type Recorded = (u64, u64, Vec<u8>, Option<Vec<u8>>);

struct Records(LogWriter);

impl RecordSink for Records {
    fn append(&mut self, record: &[u8]) {
        self.0.append(EntryKind::Record, record).unwrap();
    }
}

/// A capture log being written.
struct Capture {
    directory: tempfile::TempDir,
    records: Records,
}

fn ms(at: u64) -> Timestamp {
    Timestamp { seconds: 1_700_000_000 + (at / 1000) as i64, nanos: (at % 1000) as u32 * 1_000_000 }
}

impl Capture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options =
            LogOptions { dir: directory.path().join("log"), segment_bytes: 1 << 20, max_bytes: 1 << 30 };
        let (writer, _) = LogWriter::open(options).unwrap();
        Self { directory, records: Records(writer) }
    }

    /// A connection with requests of (sent at ms, answered at ms, request, answer).
    fn connection(&mut self, name: &str, requests: &[Recorded]) {
        self.connection_of("node", name, requests);
    }

    fn connection_of(&mut self, node: &str, name: &str, requests: &[Recorded]) {
        self.encoded(StreamEncoder::new(name, node, MAX_RECORD_BYTES), requests);
    }

    fn encoded(&mut self, mut encoder: StreamEncoder, requests: &[Recorded]) {
        let mut last = 0;
        for (sent, answered, request, answer) in requests {
            encoder.read(ms(*sent), request, &mut self.records);
            encoder.end_of_message(ms(*sent), 10, 10, &mut self.records);
            if let Some(answer) = answer {
                encoder.write(ms(*answered), answer, &mut self.records);
            }
            encoder.flush(&mut self.records);
            last = *answered;
        }
        encoder.close(ms(last + 1), &mut self.records);
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    fn dead_letters(&self) -> PathBuf {
        self.directory.path().join("dead-letters")
    }

    fn tuples(&self) -> Vec<Value> {
        let text =
            std::fs::read_to_string(self.directory.path().join("tuples/tuples.log")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn options(&self, target: &Target) -> Options {
        Options {
            target: target.clone(),
            tls: None,
            input: Input::Logs(vec![self.log()]),
            until: Until::End,
            max_idle_gap: None,
            packet_timeout: Duration::from_secs(360),
            max_memory: 256 << 20,
            selection: crate::selection::Selection::default(),
            policy: crate::order::Policy::Document,
            speed: Speed::Max,
            auth: TargetAuth::Keep,
            rewrite: std::sync::Arc::default(),
            response_timeout: Duration::from_secs(20),
            retry_deadline: Duration::from_secs(20),
            non_retryable: BTreeSet::new(),
            max_concurrent_requests: 100,
            dead_letter_dir: self.dead_letters(),
            tuple_dir: self.directory.path().join("tuples"),
            tuple_max_file_bytes: 1 << 30,
            max_differences: 0,
            spans: None,
        }
    }

    async fn replay(&self, target: &Target) -> Outcome {
        start(self.options(target)).await.unwrap()
    }
}

async fn start(options: Options) -> Result<Outcome, RunError> {
    run(options, Arc::new(Progress::default()), CancellationToken::new()).await
}

fn request(line: &str, body: &str) -> Vec<u8> {
    format!("{line} HTTP/1.1\r\nHost: source:9200\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

fn put(id: &str) -> Vec<u8> {
    request(&format!("PUT /a/_doc/{id}"), "{}")
}

fn created() -> Option<Vec<u8>> {
    Some(answer(201, r#"{"result":"created","_seq_no":1}"#))
}

async fn agreeing() -> Scripted {
    Scripted::start(|_, _| reply(201, r#"{"result":"created","_seq_no":99}"#)).await
}

/// Without the preflight's request.
fn replayed(scripted: &Scripted) -> Vec<String> {
    scripted.lines().split_off(1).into_iter().map(|line| line.replace(" HTTP/1.1", "")).collect()
}

#[tokio::test]
async fn requests_leave_in_the_sources_order_on_their_own_connections() {
    let mut capture = Capture::new();
    capture.connection(
        "one",
        &[(0, 10, put("1"), created()), (30, 40, put("3"), created()), (70, 80, put("5"), created())],
    );
    capture.connection("two", &[(15, 25, put("2"), created()), (50, 60, put("4"), created())]);
    let scripted = agreeing().await;
    let outcome = capture.replay(&scripted.target).await;
    assert_eq!((outcome.exit_code(), outcome.report.requests.same), (EXIT_DONE, 5), "{}", outcome.verdict());
    let wanted: Vec<_> = (1..=5).map(|id| format!("PUT /a/_doc/{id}")).collect();
    assert_eq!(replayed(&scripted), wanted);
    let connection = |at: usize| scripted.seen()[at].connection;
    assert_eq!((connection(1), connection(2)), (connection(3), connection(4)));
    assert_ne!(connection(1), connection(2));
    assert_eq!(capture.tuples().len(), 5);
    assert_eq!(outcome.input.gaps + outcome.input.duplicates + outcome.not_replayed, 0);
}

#[tokio::test]
async fn never_more_at_once_than_on_the_source() {
    let mut capture = Capture::new();
    // Two connections that take turns on the source, a third that overlaps with both.
    let turns = |offset: u64| {
        (0..40).map(|at| (at * 20 + offset, at * 20 + offset + 5, put("x"), created())).collect::<Vec<_>>()
    };
    capture.connection("one", &turns(0));
    capture.connection("two", &turns(10));
    capture.connection("three", &[(0, 900, put("long"), created())]);
    let in_flight = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target { host: "127.0.0.1".to_owned(), port: listener.local_addr().unwrap().port() };
    let (flying, peak) = (Arc::clone(&in_flight), Arc::clone(&most));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (flying, peak) = (Arc::clone(&flying), Arc::clone(&peak));
            tokio::spawn(async move {
                let mut buffer = vec![0; 4096];
                while let Ok(1..) = tokio::io::AsyncReadExt::read(&mut stream, &mut buffer).await {
                    peak.fetch_max(flying.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    flying.fetch_sub(1, Ordering::SeqCst);
                    let bytes = created().unwrap();
                    tokio::io::AsyncWriteExt::write_all(&mut stream, &bytes).await.unwrap();
                }
            });
        }
    });
    let outcome = capture.replay(&target).await;
    assert_eq!((outcome.exit_code(), outcome.report.requests.same), (EXIT_DONE, 81), "{}", outcome.verdict());
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn generated_ids_and_scrolls_go_through_a_whole_run() {
    let mut capture = Capture::new();
    let page =
        |id: &str| Some(answer(200, &format!(r#"{{"_scroll_id":"{id}","hits":{{"total":0,"hits":[]}}}}"#)));
    capture.connection(
        "one",
        &[
            (0, 1, request("POST /a/_doc", "{}"), Some(answer(201, r#"{"_id":"gen","result":"created"}"#))),
            (2, 3, request("POST /a/_search?scroll=1m", "{}"), page("source-id")),
        ],
    );
    capture.connection(
        "two",
        &[(5, 6, request("POST /_search/scroll", r#"{"scroll_id":"source-id"}"#), page("source-id"))],
    );
    let scripted = Scripted::start(|_, seen| {
        if seen.text.starts_with("PUT /a/_doc/gen?op_type=create") {
            reply(201, r#"{"_id":"gen","result":"created"}"#)
        } else if seen.text.contains("?scroll") || seen.text.contains("target-id") {
            reply(200, r#"{"_scroll_id":"target-id","hits":{"total":0,"hits":[]}}"#)
        } else {
            reply(404, "{}")
        }
    })
    .await;
    let outcome = capture.replay(&scripted.target).await;
    assert_eq!((outcome.exit_code(), outcome.report.requests.same), (EXIT_DONE, 3), "{:?}", outcome.json());
    assert_eq!((outcome.sendings.notes.ids_taken, outcome.sendings.notes.scroll_ids), (1, 1));
}

#[tokio::test]
async fn the_comparison_so_far_is_in_the_status_and_tuples_can_be_compared_again() {
    let mut capture = Capture::new();
    let requests: Vec<_> = (0..3).map(|at| (at * 10, at * 10 + 5, put(&at.to_string()), created())).collect();
    capture.connection("one", &requests);
    let scripted = Scripted::start(|_, _| reply(201, r#"{"result":"updated"}"#)).await;
    let progress = Arc::new(Progress::default());
    let running = run(capture.options(&scripted.target), Arc::clone(&progress), CancellationToken::new());
    let outcome = running.await.unwrap();
    let status: Value = serde_json::from_str(&switchover_telemetry::AdminPages::status(&*progress)).unwrap();
    assert_eq!((&status["report"]["requests"]["different"], &status["evaluated"]), (&3.into(), &3.into()));
    assert_eq!(status["report"]["differences"], outcome.json()["differences"]);
    assert_eq!(status["report"].get("verdict"), None, "there is none yet");

    assert_eq!(judged_again(&capture).requests, outcome.report.requests);
}

/// What `switchover compare` says of the tuples.
fn judged_again(capture: &Capture) -> crate::report::Report {
    let mut again = crate::report::Report::default();
    let mut comparer = crate::compare::Comparer::default();
    for tuple in capture.tuples() {
        let line = tuple.to_string();
        let mut tape = switchover_compare::json::Tape::default();
        let tuple = tape.parse(line.as_bytes()).and_then(switchover_compare::tuple::Tuple::new).unwrap();
        switchover_compare::tuple::judge(&mut comparer, &tuple).count(&mut again);
    }
    again
}

#[tokio::test]
async fn differences_are_grouped_with_three_examples_and_decide_the_exit_code() {
    let mut capture = Capture::new();
    let requests: Vec<_> = (0..5).map(|at| (at * 10, at * 10 + 5, put(&at.to_string()), created())).collect();
    capture.connection("one", &requests);
    let scripted = Scripted::start(|_, _| reply(201, r#"{"result":"updated"}"#)).await;
    let outcome = capture.replay(&scripted.target).await;
    assert_eq!(outcome.exit_code(), EXIT_DIFFERENCES);
    let json = outcome.json();
    let group = &json["differences"][0];
    assert_eq!(
        (&group["kind"], &group["path"], &group["count"]),
        (&"value".into(), &"result".into(), &5.into())
    );
    assert_eq!(group["examples"].as_array().unwrap().len(), 3);
    assert_eq!(group["examples"][0]["request"], "PUT /a/_doc/0");
    assert_eq!(group["examples"][0]["id"], "one.0");
    let mut text = Vec::new();
    crate::report::write_text(&mut text, &outcome.document()).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains("5 x index value result") && text.contains("201 -> 201") && text.contains("DIFFERENT"),
        "{text}"
    );
    assert_eq!(capture.tuples()[0]["comparison"]["verdict"], "different");
    let allowed = Options { max_differences: 5, ..capture.options(&scripted.target) };
    assert_eq!(start(allowed).await.unwrap().exit_code(), EXIT_DONE);
}

#[tokio::test]
async fn requests_without_an_answer_are_replayed_and_not_comparable() {
    let mut capture = Capture::new();
    capture.connection("one", &[(0, 5, put("1"), None)]);
    let scripted = agreeing().await;
    let outcome = capture.replay(&scripted.target).await;
    assert_eq!(
        (outcome.exit_code(), outcome.report.requests.not_comparable),
        (EXIT_DONE, 1),
        "{}",
        outcome.verdict()
    );
    assert_eq!(replayed(&scripted), ["PUT /a/_doc/1"]);
    let unknown = Scripted::start(|_, _| reply(201, r#"{"_id":"own"}"#)).await;
    let mut capture = Capture::new();
    capture.connection("one", &[(0, 5, request("POST /a/_doc", "{}"), None)]);
    assert_eq!(capture.replay(&unknown.target).await.sendings.notes.ids_unknown, 1);
}

#[tokio::test]
async fn source_timing_is_kept() {
    let mut capture = Capture::new();
    capture.connection("one", &[(0, 5, put("1"), created()), (2000, 2005, put("2"), created())]);
    let scripted = agreeing().await;
    let options = Options { speed: Speed::Factor(8.0), ..capture.options(&scripted.target) };
    let outcome = start(options).await.unwrap();
    assert_eq!(outcome.exit_code(), EXIT_DONE);
    assert!(outcome.duration >= Duration::from_millis(250), "{:?}", outcome.duration);
}

#[tokio::test]
async fn a_live_log_is_followed_and_a_stop_is_orderly() {
    let mut capture = Capture::new();
    let scripted = agreeing().await;
    let stop = CancellationToken::new();
    let options = Options { until: Until::Never, ..capture.options(&scripted.target) };
    let running = tokio::spawn(run(options, Arc::new(Progress::default()), stop.clone()));
    // Captured long ago, so nothing earlier can still come once the log's end was seen.
    capture.connection("one", &[(0, 5, put("1"), created())]);
    until(|| scripted.seen().len() == 2).await;
    capture.connection("two", &[(10, 15, put("2"), created())]);
    until(|| scripted.seen().len() == 3).await;
    stop.cancel();
    let outcome = running.await.unwrap().unwrap();
    assert_eq!((outcome.exit_code(), outcome.interrupted), (EXIT_DONE, true), "{}", outcome.verdict());
    assert_eq!(capture.tuples().len(), 2, "what was in flight is finished and written");
}

async fn until(condition: impl Fn() -> bool) {
    let met = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), met).await.unwrap();
}

#[tokio::test]
async fn a_file_of_lines_is_an_input_and_its_bad_lines_are_counted() {
    use base64::Engine;
    struct Lines(Vec<String>);
    impl RecordSink for Lines {
        fn append(&mut self, record: &[u8]) {
            self.0.push(base64::engine::general_purpose::STANDARD.encode(record));
        }
    }
    let mut lines = Lines(Vec::new());
    let mut encoder = StreamEncoder::new("c", "n", MAX_RECORD_BYTES);
    encoder.read(ms(0), &put("1"), &mut lines);
    encoder.end_of_message(ms(0), 10, 10, &mut lines);
    encoder.write(ms(5), &created().unwrap(), &mut lines);
    encoder.close(ms(6), &mut lines);
    lines.0.extend([String::new(), "!!!".to_owned()]);
    let capture = Capture::new();
    let file = capture.directory.path().join("records");
    std::fs::write(&file, lines.0.join("\n")).unwrap();
    let scripted = agreeing().await;
    let options = Options { input: Input::File(file), ..capture.options(&scripted.target) };
    let outcome = start(options).await.unwrap();
    assert_eq!(
        (outcome.exit_code(), outcome.input.bad_records, outcome.report.requests.same),
        (EXIT_GAPS, 1, 1)
    );
}

#[tokio::test]
async fn the_same_connection_id_on_two_nodes_is_two_connections() {
    let mut capture = Capture::new();
    for (node, at) in [("n1", 0), ("n2", 10)] {
        let mut encoder = StreamEncoder::new("same", node, MAX_RECORD_BYTES);
        encoder.read(ms(at), &put(node), &mut capture.records);
        encoder.end_of_message(ms(at), 10, 10, &mut capture.records);
        encoder.write(ms(at + 5), &created().unwrap(), &mut capture.records);
        encoder.close(ms(at + 20), &mut capture.records);
    }
    let connections = Arc::new(Mutex::new(Vec::new()));
    let seen_by = Arc::clone(&connections);
    let scripted = Scripted::start(move |_, seen| {
        seen_by.lock().unwrap().push(seen.connection);
        Step::Reply(vec![answer(201, r#"{"result":"created"}"#)])
    })
    .await;
    assert_eq!(capture.replay(&scripted.target).await.exit_code(), EXIT_DONE);
    assert_eq!(*connections.lock().unwrap(), [0, 1, 2], "the first is the preflight's");
}

#[tokio::test]
async fn what_was_sent_is_shown_as_spans() {
    let mut capture = Capture::new();
    capture.connection(
        "one",
        &[(0, 5, put("1?token=s3cret"), created()), (10, 15, put("2"), created()), (20, 25, put("3"), None)],
    );
    let scripted = Scripted::start(|_, seen| match seen.text.contains("_doc/2") {
        true => reply(201, r#"{"result":"updated"}"#),
        false => reply(201, r#"{"result":"created"}"#),
    })
    .await;
    let (spans, mut waiting) = crate::spans::Spans::new();
    let options = Options { spans: Some(spans), ..capture.options(&scripted.target) };
    assert_eq!(start(options).await.unwrap().exit_code(), EXIT_DIFFERENCES);
    let mut shown = Vec::new();
    while let Ok(span) = waiting.try_recv() {
        assert!(span.name == "PUT" && span.began_unix_ns <= span.ended_unix_ns && span.failed.is_none());
        shown.push(format!("{:?}", span.attributes));
    }
    for (span, (path, verdict)) in
        shown.iter().zip([("/1", "same"), ("/2", "different"), ("/3", "notComparable")])
    {
        let path = format!("(\"url.path\", Text(\"/a/_doc{path}\"))");
        assert!(span.contains(&path) && span.contains(verdict) && span.contains("Whole(201)"), "{span}");
        assert!(!span.contains("s3cret"), "{span}");
    }
    assert_eq!(shown.len(), 3);
}
