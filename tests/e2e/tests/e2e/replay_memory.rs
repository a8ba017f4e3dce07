//! What a replay holds in memory: at most half as much again as `--maxMemory` says, whatever it reads.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use switchover_capture::log::{EntryKind, LogOptions, LogWriter};
use switchover_capture::{MAX_RECORD_BYTES, StreamEncoder, Timestamp};
use switchover_testkit::program::{Program, binary, eventually};

const MIB: u64 = 1 << 20;
/// 2026-11-21.
const START_NS: i128 = 1_795_219_200_000_000_000;

/// A capture log that is written by hand.
struct Capture {
    directory: PathBuf,
    log: LogWriter,
}

impl Capture {
    fn new(directory: &Path) -> Self {
        let directory = directory.join("capture-log");
        let (dir, segment_bytes, max_bytes) = (directory.clone(), 64 * MIB, 4096 * MIB);
        let (log, _) = LogWriter::open(LogOptions { dir, segment_bytes, max_bytes }).unwrap();
        Self { directory, log }
    }

    fn append(&mut self, records: &mut Vec<Vec<u8>>) {
        for record in records.drain(..) {
            self.log.append(EntryKind::Record, &record).unwrap();
        }
    }
}

fn connection(number: usize) -> StreamEncoder {
    StreamEncoder::new(&format!("connection-{number}"), "node", MAX_RECORD_BYTES)
}

fn at(micros: i128) -> Timestamp {
    Timestamp::from_unix_nanos(START_NS + micros * 1000)
}

fn request(line: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "{line} HTTP/1.1\r\nhost: s\r\ncontent-type: application/x-ndjson\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Of this many bytes, nearly.
fn bulk(bytes: usize) -> Vec<u8> {
    let (action, document) = (r#"{"index":{"_index":"i"}}"#, "d".repeat(16 << 10));
    let lines = format!("{action}\n{{\"d\":\"{document}\"}}\n");
    request("POST /_bulk", lines.repeat(bytes / lines.len()).as_bytes())
}

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 25\r\n\r\n{\"took\":2,\"errors\":false}";

/// The backend of the benchmarks; answers after a delay.
fn target(directory: &Path, delay: Duration) -> (Program, String) {
    // It has as many connections as the source had.
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n $(ulimit -Hn); exec \"$0\" \"$@\""])
        .arg(binary("switchover-bench-backend"));
    command.args(["--delay-micros", &delay.as_micros().to_string()]);
    let mut backend = Program::spawn(command, directory.join("backend.log"));
    let url = format!("http://{}", backend.line("listening "));
    (backend, url)
}

struct Replay {
    program: Program,
    report: PathBuf,
}

impl Replay {
    fn start(capture: &Capture, target: &str, directory: &Path, max_memory: u64, speed: &str) -> Self {
        let report = directory.join("report.json");
        let file = |name: &str| directory.join(name).to_str().unwrap().to_owned();
        let flags = [
            ("targetUri", target.to_owned()),
            ("captureLogDir", capture.directory.to_str().unwrap().to_owned()),
            ("tupleDir", file("tuples")),
            ("deadLetterDir", file("dead-letters")),
            ("reportFile", file("report.json")),
            ("speedupFactor", speed.to_owned()),
            ("maxMemory", max_memory.to_string()),
        ];
        let flags = flags.into_iter().flat_map(|(name, value)| [format!("--{name}"), value]);
        let program = Program::start("switchover-replayer", flags, directory.join("replayer.log"));
        Self { program, report }
    }

    /// Peak of the resident memory so far, in KiB; `None` when it has ended.
    fn peak_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.pid())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// Waits for its end. The peak of its memory, in KiB, and its report.
    fn finish(mut self) -> (u64, Value) {
        let mut peak = 0;
        eventually("it ends", || match self.peak_kib() {
            Some(kib) => {
                peak = kib;
                None
            }
            None => Some(()),
        });
        let code = self.program.wait().code();
        assert!(matches!(code, Some(0 | 3)), "{code:?}: {}", self.program.log_text());
        (peak, serde_json::from_slice(&std::fs::read(&self.report).unwrap()).unwrap())
    }
}

fn assert_within(peak_kib: u64, max_memory: u64) {
    let limit = max_memory / 1024 * 3 / 2;
    assert!(peak_kib <= limit, "{peak_kib} KiB at most, and {limit} allowed");
}

#[test]
fn bulks_of_99_mib_two_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let mut capture = Capture::new(directory.path());
    let (bulk, mut connections, mut records) = (bulk(99 << 20), [connection(0), connection(1)], Vec::new());
    for round in 0..2 {
        let begin = round * 10_000_000;
        for piece in bulk.chunks(256 << 10) {
            for connection in &mut connections {
                connection.read(at(begin), piece, &mut records);
            }
            capture.append(&mut records);
        }
        for connection in &mut connections {
            connection.end_of_message(at(begin + 1), -1, -1, &mut records);
            connection.write(at(begin + 2), ANSWER, &mut records);
            connection.flush(&mut records);
        }
        capture.append(&mut records);
    }
    drop(bulk);
    let (_backend, url) = target(directory.path(), Duration::ZERO);
    let max_memory = 256 * MIB;
    let (peak, report) = Replay::start(&capture, &url, directory.path(), max_memory, "max").finish();
    assert_eq!(report["requests"]["replayed"], 4, "{report}");
    assert_within(peak, max_memory);
}

#[test]
fn a_target_that_is_far_too_slow_for_50_mb_a_second() {
    const CONNECTIONS: usize = 50;
    const REQUESTS: usize = 20_000;
    let directory = tempfile::tempdir().unwrap();
    let mut capture = Capture::new(directory.path());
    let body = bulk(20 << 10);
    let mut connections: Vec<StreamEncoder> = (0..CONNECTIONS).map(connection).collect();
    let mut records = Vec::new();
    for number in 0..REQUESTS {
        let connection = &mut connections[number % CONNECTIONS];
        let begin = number as i128 * 400;
        connection.read(at(begin), &body, &mut records);
        connection.end_of_message(at(begin), -1, -1, &mut records);
        connection.write(at(begin + 100), ANSWER, &mut records);
        connection.flush(&mut records);
        capture.append(&mut records);
    }
    let (_backend, url) = target(directory.path(), Duration::from_millis(200));
    let max_memory = 128 * MIB;
    let mut replay = Replay::start(&capture, &url, directory.path(), max_memory, "1.0");
    let mut peak = 0;
    let begun = Instant::now();
    eventually("it has been behind for a while", || {
        peak = replay.peak_kib().expect("it runs");
        (begun.elapsed() > Duration::from_secs(10)).then_some(())
    });
    let code = replay.program.terminate().code();
    assert!(matches!(code, Some(0 | 3)), "{code:?}: {}", replay.program.log_text());
    let report: Value = serde_json::from_slice(&std::fs::read(&replay.report).unwrap()).unwrap();
    let replayed = report["requests"]["replayed"].as_u64().unwrap();
    assert!((10..REQUESTS as u64 / 2).contains(&replayed), "{report}");
    assert_within(peak, max_memory);
}

#[test]
fn ten_thousand_open_connections() {
    const CONNECTIONS: usize = 10_000;
    let directory = tempfile::tempdir().unwrap();
    let mut capture = Capture::new(directory.path());
    let mut connections: Vec<StreamEncoder> = (0..CONNECTIONS).map(connection).collect();
    let mut records = Vec::new();
    for round in 0..2 {
        for (number, connection) in connections.iter_mut().enumerate() {
            let begin = (round * CONNECTIONS + number) as i128 * 200;
            connection.read(at(begin), &request("GET /i/_doc/1", b""), &mut records);
            connection.end_of_message(at(begin), -1, -1, &mut records);
            connection.write(at(begin + 100), ANSWER, &mut records);
            connection.flush(&mut records);
            capture.append(&mut records);
        }
    }
    let (_backend, url) = target(directory.path(), Duration::ZERO);
    let max_memory = 128 * MIB;
    let (peak, report) = Replay::start(&capture, &url, directory.path(), max_memory, "max").finish();
    assert_eq!(report["requests"]["replayed"], 2 * CONNECTIONS, "{report}");
    assert_within(peak, max_memory);
}
