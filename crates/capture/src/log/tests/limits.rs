//! Limits, locks and deletion.

use std::fs;

use super::*;

#[test]
fn full_log_takes_gaps_only_until_segments_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = LogWriter::open(LogOptions { max_bytes: 5000, ..options(dir.path()) }).unwrap();
    let error = loop {
        let sequence = writer.next_sequence();
        if let Err(error) = writer.append(EntryKind::Record, &payload(sequence)) {
            break error;
        }
    };
    assert!(matches!(error.kind, LogErrorKind::Full { max_bytes: 5000, .. }), "{error}");
    assert!(error.is_full());
    assert!((4800..=5000).contains(&writer.bytes()), "{}", writer.bytes());
    let written = writer.next_sequence();

    let gap =
        Gap { requests: 3, reason: "the log is full".into(), indices: vec!["i".into()], ..Gap::default() };
    let appended = writer.append(EntryKind::Gap, &gap.encode_payload()).unwrap();
    assert_eq!(appended.sequence, written);
    assert!(writer.append(EntryKind::Record, b"").unwrap_err().is_full());
    // Gaps have a limit of their own.
    let large = vec![0; GAP_RESERVE_BYTES as usize];
    assert!(writer.append(EntryKind::Gap, &large).unwrap_err().is_full());

    let before = writer.bytes();
    let freed = writer.remove_segments_before(written / 2).unwrap();
    assert!(freed > 0);
    assert_eq!(writer.bytes(), before - freed);
    writer.append(EntryKind::Record, &payload(written + 1)).unwrap();
    let entries = read_all(dir.path()).unwrap();
    assert_eq!(sequences(&entries), range(writer.first_sequence(), written + 2));
    assert_eq!(scan(dir.path()).unwrap().gaps, [GapEntry { sequence: written, gap }]);
}

#[test]
fn a_limit_below_a_segment_s_size_does_not_fill_the_log_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let options = LogOptions { segment_bytes: 8000, max_bytes: 6000, ..options(dir.path()) };
    let (mut writer, _) = LogWriter::open(options).unwrap();
    while writer.append(EntryKind::Record, &[0; 90]).is_ok() {}
    writer.remove_segments_before(writer.next_sequence()).unwrap();
    writer.append(EntryKind::Record, &[0; 90]).unwrap();
}

#[test]
fn second_writer_is_refused_and_told_who_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, _) = open(dir.path());
    let error = LogWriter::open(options(dir.path())).unwrap_err();
    assert!(matches!(error.kind, LogErrorKind::Locked { pid } if pid == Some(std::process::id())), "{error}");
    assert!(error.to_string().contains(&format!("pid {}", std::process::id())), "{error}");
    drop(writer);
    open(dir.path());
}

#[test]
fn only_whole_finished_segments_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = open(dir.path());
    append(&mut writer, 60);
    let bases: Vec<_> = segment::list(dir.path()).unwrap().into_iter().map(|(base, _)| base).collect();
    assert_eq!(writer.remove_segments_before(0).unwrap(), 0);
    assert_eq!(writer.remove_segments_before(bases[1] - 1).unwrap(), 0);
    assert!(writer.remove_segments_before(bases[1]).unwrap() > 0);
    assert_eq!(writer.first_sequence(), bases[1]);
    writer.remove_segments_before(u64::MAX).unwrap();
    assert_eq!(segments(dir.path()).len(), 1, "the newest stays");
    // So numbers are never used again, even when all is removed and the process ends.
    drop(writer);
    let (mut writer, _) = open(dir.path());
    assert_eq!(writer.next_sequence(), 60);
    writer.remove_segments_before(u64::MAX).unwrap();
    drop(writer);
    assert_eq!(open(dir.path()).0.next_sequence(), 60);
}

#[test]
fn reader_of_removed_segments_finishes_the_open_one_then_says_what_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = open(dir.path());
    append(&mut writer, 60);
    let mut reader = LogReader::open(dir.path(), Start::Oldest).unwrap();
    reader.next().unwrap();
    writer.remove_segments_before(u64::MAX).unwrap();
    let error = drain(&mut reader).unwrap_err();
    let oldest = writer.first_sequence();
    assert!(matches!(error.kind, LogErrorKind::Missing { oldest: o, .. } if o == oldest), "{error}");
}

#[test]
fn entries_of_any_length_up_to_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = open(dir.path());
    let lengths = [0, 1, 999, 1000, 256 * 1024, 3_000_000, 0, MAX_ENTRY_BYTES];
    for length in lengths {
        writer.append(EntryKind::Record, &vec![7; length]).unwrap();
    }
    let error = writer.append(EntryKind::Record, &vec![7; MAX_ENTRY_BYTES + 1]).unwrap_err();
    assert!(matches!(error.kind, LogErrorKind::TooLarge { .. }), "{error}");
    let read: Vec<_> = read_all(dir.path()).unwrap().iter().map(|entry| entry.payload.len()).collect();
    assert_eq!(read, lengths);
}

#[test]
fn deleted_directory_is_an_error_and_not_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = open(dir.path());
    append(&mut writer, 1);
    fs::remove_dir_all(dir.path()).unwrap();
    // The open segment still takes entries; the next one can't be created.
    let error = loop {
        if let Err(error) = writer.append(EntryKind::Record, &[0; 90]) {
            break error;
        }
    };
    assert!(matches!(error.kind, LogErrorKind::Io { .. }), "{error}");
    fs::create_dir(dir.path()).unwrap();
    let appended = writer.append(EntryKind::Record, &[0; 90]).unwrap();
    assert_eq!(appended.sequence + 1, writer.next_sequence(), "it goes on when the cause is gone");
}
