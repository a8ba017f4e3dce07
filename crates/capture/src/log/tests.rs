//! Tests of the log's parts together, by what can happen to it.

mod crash;
mod damage;
mod follow;
mod limits;

use std::path::{Path, PathBuf};

use super::*;

fn options(dir: &Path) -> LogOptions {
    LogOptions { dir: dir.to_owned(), segment_bytes: 1000, max_bytes: u64::MAX }
}

fn open(dir: &Path) -> (LogWriter, Recovery) {
    LogWriter::open(options(dir)).unwrap()
}

/// A payload that tells which entry it is, of a length that varies.
fn payload(sequence: u64) -> Vec<u8> {
    (0..sequence * 7 % 90).map(|place| (sequence * 31 + place) as u8).collect()
}

fn append(writer: &mut LogWriter, entries: u64) {
    for _ in 0..entries {
        let sequence = writer.next_sequence();
        let appended = writer.append(EntryKind::Record, &payload(sequence)).unwrap();
        assert_eq!(appended.sequence, sequence);
    }
}

/// Reads to the end for now.
fn drain(reader: &mut LogReader) -> Result<Vec<Entry>, LogError> {
    let mut entries = Vec::new();
    while let Some(entry) = reader.next()? {
        entries.push(entry);
    }
    Ok(entries)
}

fn read_all(dir: &Path) -> Result<Vec<Entry>, LogError> {
    drain(&mut LogReader::open(dir, Start::Oldest).unwrap())
}

/// Sequences of the records, whose payloads must be theirs.
fn sequences(entries: &[Entry]) -> Vec<u64> {
    for entry in entries.iter().filter(|entry| entry.kind == EntryKind::Record) {
        assert_eq!(entry.payload, payload(entry.sequence), "wrong payload at {}", entry.sequence);
    }
    entries.iter().map(|entry| entry.sequence).collect()
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    segment::list(dir).unwrap().into_iter().map(|(_, path)| path).collect()
}

fn range(from: u64, to: u64) -> Vec<u64> {
    (from..to).collect()
}
