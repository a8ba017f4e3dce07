//! The node's id, kept in a file beside the capture log.
//!
//! Every record of the log holds it too. So a file that a power cut left empty (or that is missing) is made again from
//! the log: records that an earlier run shipped last are then still known as ours, and are not sent twice. With no
//! record in the log a new id is as good, since nothing here has the old one.

use crate::record_view;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use switchover_capture::log::{EntryKind, LogReader, Start};

const FILE: &str = "node-id";
/// A UUID's length: what fits beside a connection id.
const LENGTH: usize = 36;

/// The id in `directory`, which is that of the capture log; it is made when there is none.
pub(super) fn load(directory: &Path) -> io::Result<String> {
    let path = directory.join(FILE);
    let fail = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    match fs::read(&path) {
        Ok(bytes) if bytes.iter().all(|byte| *byte == 0) => {
            tracing::warn!(file = %path.display(), "the node id is empty, as a power cut leaves it: it is made again");
        }
        Ok(bytes) => {
            let reason = "does not hold a node id; delete it, and it is made again from the capture log";
            let invalid = || fail(io::Error::new(io::ErrorKind::InvalidData, reason));
            return uuid(bytes.trim_ascii()).ok_or_else(invalid);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fail(error)),
    }
    let id = of_log(directory).unwrap_or_else(random);
    write(directory, &id).map_err(fail)?;
    Ok(id)
}

/// The id in the first record of the log that can be read.
fn of_log(directory: &Path) -> Option<String> {
    let mut reader = LogReader::open(directory, Start::Oldest).ok()?;
    loop {
        match reader.next() {
            Ok(Some(entry)) if entry.kind == EntryKind::Record => {
                let id = record_view::number_and_node(&entry.payload).and_then(|(_, node)| uuid(node));
                if id.is_some() {
                    return id;
                }
            }
            Ok(Some(_)) => {}
            Ok(None) => return None,
            // Opening the log for writing says what is wrong with it.
            Err(_) => _ = reader.skip_damage().ok()??,
        }
    }
}

/// By rename and with fsync: there is the whole id or none, also after a power cut.
fn write(directory: &Path, id: &str) -> io::Result<()> {
    let fresh = directory.join(FILE).with_extension("new");
    let mut file = File::create(&fresh)?;
    writeln!(file, "{id}")?;
    file.sync_all()?;
    fs::rename(&fresh, directory.join(FILE))?;
    File::open(directory)?.sync_all()
}

fn uuid(text: &[u8]) -> Option<String> {
    let digit = |(index, byte): (usize, &u8)| match index {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    let valid = text.len() == LENGTH && text.iter().enumerate().all(digit);
    valid.then(|| String::from_utf8_lossy(text).into_owned())
}

/// A new one.
pub(super) fn random() -> String {
    let (a, b) = (super::random(), super::random());
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchover_capture::log::System;
    use switchover_capture::{LogOptions, LogWriter, RecordSink, StreamEncoder, Timestamp};

    struct Records(Vec<Vec<u8>>);

    impl RecordSink for Records {
        fn append(&mut self, record: &[u8]) {
            self.0.push(record.to_vec());
        }
    }

    /// A log of two segments, with a gap and then a record of `node` in each.
    fn log(directory: &Path, node: &str) {
        let options = LogOptions { dir: directory.to_owned(), segment_bytes: 100, max_bytes: u64::MAX };
        let (mut writer, _) = LogWriter::open_on(std::sync::Arc::new(System), options).unwrap();
        let mut records = Records(Vec::new());
        let mut encoder = StreamEncoder::new("connection", node, 10_000);
        encoder.read(Timestamp::now(), b"bytes", &mut records);
        encoder.flush(&mut records);
        for _ in 0..2 {
            writer.append(EntryKind::Gap, b"gap").unwrap();
            writer.append(EntryKind::Record, &records.0[0]).unwrap();
        }
    }

    #[test]
    fn an_id_stays_and_leaves_nothing_half_written() {
        let directory = tempfile::tempdir().unwrap();
        let id = load(directory.path()).unwrap();
        assert_eq!(load(directory.path()).unwrap(), id);
        assert!(uuid(id.as_bytes()).is_some());
        // What a crash before the rename leaves is of no consequence.
        fs::write(directory.path().join("node-id.new"), "ha").unwrap();
        assert_eq!(load(directory.path()).unwrap(), id);
    }

    #[test]
    fn what_a_power_cut_leaves_is_made_again_from_the_log() {
        for left in [Some(&b""[..]), Some(&[0; 37]), None] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join(FILE);
            let node = random();
            log(directory.path(), &node);
            if let Some(bytes) = left {
                fs::write(&path, bytes).unwrap();
            }
            assert_eq!(load(directory.path()).unwrap(), node);
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{node}\n"));
        }
    }

    #[test]
    fn a_damaged_log_still_tells_it_and_one_without_records_gets_a_new_one() {
        let directory = tempfile::tempdir().unwrap();
        let node = random();
        log(directory.path(), &node);
        let mut segments: Vec<_> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.metadata().unwrap().len() > 100)
            .collect();
        segments.sort();
        assert!(segments.len() >= 2, "{segments:?}");
        let mut bytes = fs::read(&segments[0]).unwrap();
        bytes.iter_mut().skip(60).for_each(|byte| *byte ^= 0xff);
        fs::write(&segments[0], bytes).unwrap();
        assert_eq!(load(directory.path()).unwrap(), node);

        let empty = tempfile::tempdir().unwrap();
        fs::write(empty.path().join(FILE), "").unwrap();
        let fresh = load(empty.path()).unwrap();
        assert_eq!(load(empty.path()).unwrap(), fresh);
    }

    #[test]
    fn what_somebody_wrote_is_an_error_that_names_the_file() {
        let directory = tempfile::tempdir().unwrap();
        for junk in [&b"junk"[..], b"\xff\xfe", b"00000000-0000-0000-0000-00000000000", b"x\0\0"] {
            fs::write(directory.path().join(FILE), junk).unwrap();
            let error = load(directory.path()).unwrap_err().to_string();
            assert!(error.contains(FILE) && error.contains("delete it"), "{error}");
            assert_eq!(fs::read(directory.path().join(FILE)).unwrap(), junk);
        }
    }
}
