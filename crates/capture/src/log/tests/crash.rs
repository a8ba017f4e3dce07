//! A process that stops at any moment.

use std::fs;

use super::*;

/// Leaves the log as a crash would: the newest segment is not sealed.
fn written(entries: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    append(&mut open(dir.path()).0, entries);
    dir
}

#[test]
fn whole_entries_survive_a_cut_at_every_byte() {
    let source = written(40);
    let newest = segments(source.path()).pop().unwrap();
    let whole = fs::read(&newest).unwrap();
    let entries = read_all(source.path()).unwrap();
    for cut in 0..=whole.len() {
        let dir = tempfile::tempdir().unwrap();
        for segment in segments(source.path()) {
            fs::copy(&segment, dir.path().join(segment.file_name().unwrap())).unwrap();
        }
        let cut_file = dir.path().join(newest.file_name().unwrap());
        fs::write(&cut_file, &whole[..cut]).unwrap();

        let kept: Vec<_> = entries
            .iter()
            .filter(|entry| {
                *entry.segment != *newest || entry.offset as usize + 13 + entry.payload.len() <= cut
            })
            .map(|entry| entry.sequence)
            .collect();
        // What a reader sees before anything is repaired.
        let mut reader = LogReader::open(dir.path(), Start::Oldest).unwrap();
        assert_eq!(sequences(&drain(&mut reader).unwrap()), kept, "cut at {cut}");

        let (mut writer, recovery) = open(dir.path());
        assert_eq!(recovery.damage, [], "cut at {cut}");
        let in_newest =
            entries.iter().filter(|entry| *entry.segment == *newest && kept.contains(&entry.sequence));
        let end = in_newest.map(|entry| entry.offset as usize + 13 + entry.payload.len()).max();
        let end = if cut < 32 { 0 } else { end.unwrap_or(32) };
        let torn = recovery.torn_tail.map(|tail| (tail.offset as usize, tail.bytes as usize));
        assert_eq!(torn, (cut > end).then_some((end, cut - end)), "cut at {cut}");
        assert_eq!(
            reader.torn_tail().map_or(0, |tail| tail.bytes as usize),
            if cut < 32 { 0 } else { cut - end }
        );

        assert_eq!(writer.next_sequence(), kept.len() as u64);
        append(&mut writer, 5);
        let all = range(0, kept.len() as u64 + 5);
        assert_eq!(sequences(&read_all(dir.path()).unwrap()), all, "cut at {cut}");
        // The reader that was at the torn end goes on as if nothing had happened.
        assert_eq!(sequences(&drain(&mut reader).unwrap()), all[kept.len()..], "cut at {cut}");
        assert_eq!(scan(dir.path()).unwrap().damage, [], "cut at {cut}");
    }
}

#[test]
fn zeros_behind_the_last_entry_are_a_torn_tail() {
    let dir = written(3);
    let newest = segments(dir.path()).pop().unwrap();
    let length = fs::metadata(&newest).unwrap().len();
    fs::OpenOptions::new().write(true).open(&newest).unwrap().set_len(length + 5000).unwrap();
    let (mut writer, recovery) = open(dir.path());
    assert_eq!(recovery.damage, []);
    assert_eq!(recovery.torn_tail, Some(TornTail { segment: newest, offset: length, bytes: 5000 }));
    append(&mut writer, 1);
    assert_eq!(sequences(&read_all(dir.path()).unwrap()), range(0, 4));
}

#[test]
fn opening_again_and_again_loses_nothing_and_leaves_no_empty_segments() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let (writer, recovery) = open(dir.path());
        assert_eq!(recovery.segments, usize::from(round > 0));
        assert_eq!(writer.next_sequence(), 0);
        assert_eq!(segments(dir.path()).len(), 1);
    }
    for round in 0..5 {
        let (mut writer, recovery) = open(dir.path());
        assert_eq!((recovery.torn_tail, recovery.damage), (None, vec![]));
        assert_eq!(writer.next_sequence(), round * 3);
        append(&mut writer, 3);
        assert_eq!(
            writer.bytes(),
            segments(dir.path()).iter().map(|s| fs::metadata(s).unwrap().len()).sum::<u64>()
        );
    }
    assert_eq!(sequences(&read_all(dir.path()).unwrap()), range(0, 15));
}

#[test]
fn crash_between_seal_and_next_segment_is_no_damage() {
    let dir = written(3);
    drop(open(dir.path()));
    // The second opening sealed the first segment and created another; take that away again.
    fs::remove_file(segments(dir.path()).pop().unwrap()).unwrap();
    let mut reader = LogReader::open(dir.path(), Start::Oldest).unwrap();
    assert_eq!(sequences(&drain(&mut reader).unwrap()), range(0, 3));
    let (mut writer, recovery) = open(dir.path());
    assert_eq!((recovery.torn_tail, recovery.damage), (None, vec![]));
    append(&mut writer, 2);
    assert_eq!(sequences(&drain(&mut reader).unwrap()), [3, 4]);
}
