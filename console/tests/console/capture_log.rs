//! Capture logs as an agent would leave them.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use switchover_capture::log::{EntryKind, Gap};
use switchover_capture::{
    LogError, LogErrorKind, LogOptions, LogWriter, MAX_RECORD_BYTES, RecordSink, StreamEncoder, Timestamp,
};

/// 2026-11-21T12:00:00Z
const START_SECONDS: i64 = 1_795_262_400;

const LOCK_DEADLINE: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(crate) struct Records(pub(crate) Vec<Vec<u8>>);

impl RecordSink for Records {
    fn append(&mut self, record: &[u8]) {
        self.0.push(record.to_vec());
    }
}

/// Instants after a fixed one.
pub(crate) fn at(ms: u32) -> Timestamp {
    Timestamp { seconds: START_SECONDS + i64::from(ms / 1000), nanos: ms % 1000 * 1_000_000 }
}

/// The records of a connection that was closed after these exchanges, each in a record of its own. Request `n` begins
/// at `n` hundred milliseconds and is answered 25 ms later.
pub(crate) fn connection(id: &str, exchanges: &[(&str, &str)]) -> Vec<Vec<u8>> {
    let mut records = Records::default();
    let mut encoder = StreamEncoder::new(id, "node-1", MAX_RECORD_BYTES);
    let mut ms = 0;
    for (request, response) in exchanges {
        encoder.read(at(ms), request.as_bytes(), &mut records);
        encoder.end_of_message(at(ms), -1, -1, &mut records);
        encoder.write(at(ms + 25), response.as_bytes(), &mut records);
        encoder.flush(&mut records);
        ms += 100;
    }
    encoder.close(at(ms), &mut records);
    records.0
}

/// A log being written.
pub(crate) struct Writer(LogWriter);

impl Writer {
    /// Children that other tests start hold a copy of every lock of this process until they exec, so that a log just
    /// closed can still be locked for a moment.
    pub(crate) fn open(dir: &Path) -> Self {
        let options = LogOptions { dir: dir.to_owned(), segment_bytes: 1 << 20, max_bytes: 1 << 30 };
        let deadline = Instant::now() + LOCK_DEADLINE;
        loop {
            match LogWriter::open(options.clone()) {
                Ok((writer, _)) => return Self(writer),
                Err(LogError { kind: LogErrorKind::Locked { .. }, .. }) if Instant::now() < deadline => {
                    thread::yield_now();
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub(crate) fn records(&mut self, records: &[Vec<u8>]) {
        for record in records {
            self.0.append(EntryKind::Record, record).unwrap();
        }
    }

    pub(crate) fn entry(&mut self, kind: EntryKind, payload: &[u8]) {
        self.0.append(kind, payload).unwrap();
    }

    pub(crate) fn gap(&mut self, gap: &Gap) {
        self.entry(EntryKind::Gap, &gap.encode_payload());
    }
}

/// The segments that hold entries, oldest first.
pub(crate) fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut segments: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    segments.sort();
    segments
}

/// Changes one bit of the last byte of the first place where `text` stands.
pub(crate) fn damage(segment: &Path, text: &str) {
    let mut bytes = fs::read(segment).unwrap();
    let place =
        bytes.windows(text.len()).position(|window| window == text.as_bytes()).expect("the text is there");
    bytes[place + text.len() - 1] ^= 1;
    fs::write(segment, bytes).unwrap();
}
