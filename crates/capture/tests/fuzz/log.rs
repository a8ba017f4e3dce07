//! Segments of any bytes: reading, scanning and recovery neither panic nor yield an entry that was not written.
//!
//! Checksums keep plain random bytes out, so the first byte decides: either the rest is a segment file as it is,
//! or it says how to damage a log of real entries.

use std::{fs, path::Path};

use switchover_capture::log::{EntryKind, LogOptions, LogReader, LogWriter, Start, scan};

const ENTRIES: u64 = 12;

pub(crate) fn run(data: &[u8]) {
    let Some((mode, data)) = data.split_first() else { return };
    // In memory where there is such a place: recovery syncs what it moves.
    let dir =
        tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary directory");
    if mode % 2 == 0 {
        fs::write(dir.path().join("00000000000000000000.seg"), data).expect("write the segment");
    } else {
        write_log(dir.path());
        damage(dir.path(), data);
    }
    read(dir.path());
    scan(dir.path()).ok();
    if let Ok((mut writer, _)) = open(dir.path()) {
        let sequence = writer.next_sequence();
        writer.append(EntryKind::Record, &payload(sequence)).expect("append after recovery");
        drop(writer);
        read(dir.path());
        let (_, again) = open(dir.path()).expect("open again");
        assert_eq!(again.torn_tail, None, "recovery leaves nothing torn");
    }
}

fn open(dir: &Path) -> Result<(LogWriter, switchover_capture::log::Recovery), switchover_capture::LogError> {
    LogWriter::open(LogOptions { dir: dir.to_owned(), segment_bytes: 200, max_bytes: u64::MAX })
}

fn payload(sequence: u64) -> Vec<u8> {
    vec![sequence as u8; (sequence * 5 % 64) as usize]
}

fn write_log(dir: &Path) {
    let (mut writer, _) = open(dir).expect("a new log");
    for sequence in 0..ENTRIES {
        writer.append(EntryKind::Record, &payload(sequence)).expect("append");
    }
}

/// Four bytes an edit: segment, place, and what to do there.
fn damage(dir: &Path, edits: &[u8]) {
    let mut paths: Vec<_> =
        fs::read_dir(dir).expect("list").map(|file| file.expect("a file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
    paths.sort();
    for edit in edits.chunks_exact(4) {
        let path = &paths[edit[0] as usize % paths.len()];
        let Ok(mut bytes) = fs::read(path) else { continue };
        if bytes.is_empty() {
            continue;
        }
        let place = edit[1] as usize % bytes.len();
        match edit[2] % 4 {
            0 => bytes[place] ^= edit[3],
            1 => bytes.truncate(place),
            2 => bytes.insert(place, edit[3]),
            _ => bytes.extend(vec![edit[3]; place]),
        }
        fs::write(path, bytes).expect("write");
    }
}

/// Every entry read is one that was written, in order.
fn read(dir: &Path) {
    let mut reader = LogReader::open(dir, Start::Oldest).expect("open");
    let mut last = None;
    loop {
        match reader.next() {
            Ok(Some(entry)) => {
                assert!(last < Some(entry.sequence));
                last = Some(entry.sequence);
                if entry.kind == EntryKind::Record {
                    assert_eq!(entry.payload, payload(entry.sequence));
                }
            }
            Ok(None) => break,
            Err(_) => match reader.skip_damage() {
                Ok(Some(_)) => {}
                _ => break,
            },
        }
    }
}
