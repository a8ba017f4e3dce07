//! Reading while writing, and durability.

use std::{fs, io::Write, thread, time::Duration};

use super::*;

#[test]
fn reader_follows_a_writer_over_many_segments() {
    const ENTRIES: u64 = 20_000;
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = open(dir.path());
    let sync = writer.sync_handle();
    let reading = {
        let dir = dir.path().to_owned();
        thread::spawn(move || {
            let mut reader = LogReader::open(&dir, Start::Oldest).unwrap();
            let mut next = 0;
            while next < ENTRIES {
                match reader.next().unwrap() {
                    Some(entry) => {
                        assert_eq!((entry.sequence, &entry.payload[..]), (next, &payload(next)[..]));
                        next += 1;
                    }
                    None => thread::yield_now(),
                }
            }
        })
    };
    let syncing = thread::spawn(move || {
        let mut durable = 0;
        while durable < ENTRIES {
            let now = sync.sync().unwrap();
            assert!(now >= durable);
            durable = now;
            thread::sleep(Duration::from_millis(1));
        }
    });
    append(&mut writer, ENTRIES);
    reading.join().unwrap();
    syncing.join().unwrap();
    assert!(segments(dir.path()).len() > 100);
    assert_eq!(writer.sync_handle().durable(), ENTRIES);
}

#[test]
fn end_for_now_is_not_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut reader = LogReader::open(dir.path(), Start::Oldest).unwrap();
    assert_eq!(reader.next().unwrap(), None);
    assert_eq!(reader.skip_damage().unwrap(), None);
    let (mut writer, _) = open(dir.path());
    assert_eq!(reader.next().unwrap(), None);
    for round in 0..50 {
        append(&mut writer, 1);
        assert_eq!(sequences(&drain(&mut reader).unwrap()), [round]);
        assert_eq!(reader.torn_tail(), None);
    }
}

#[test]
fn an_entry_is_never_put_together_from_one_that_was_taken_back_and_its_successor() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = open(dir.path());
    append(&mut writer, 1);
    let newest = segments(dir.path()).pop().unwrap();
    let file = fs::OpenOptions::new().append(true).open(&newest).unwrap();
    let whole = file.metadata().unwrap().len();
    // An append that lacks its last bytes when the reader comes by, and is then taken back.
    let half = b"taken back, same end";
    let head = entry::encode_head(1, entry::RawKind::Entry(EntryKind::Record), half);
    (&file).write_all(&[&head[..], &half[..half.len() - 8]].concat()).unwrap();
    let mut reader = LogReader::open(dir.path(), Start::Oldest).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().sequence, 0);
    file.set_len(whole).unwrap();
    writer.append(EntryKind::Record, b"other text, same end").unwrap();
    writer.append(EntryKind::Record, b"and another one").unwrap();
    assert_eq!(reader.next().unwrap().unwrap().payload, b"other text, same end"[..]);
    assert_eq!(reader.next().unwrap().unwrap().payload, b"and another one"[..]);
}

#[test]
fn reading_starts_at_any_sequence() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = open(dir.path());
    append(&mut writer, 60);
    for start in 0..=62 {
        let mut reader = LogReader::open(dir.path(), Start::Sequence(start)).unwrap();
        assert_eq!(sequences(&drain(&mut reader).unwrap()), range(start, 60), "from {start}");
    }
    let mut ahead = LogReader::open(dir.path(), Start::Sequence(62)).unwrap();
    assert_eq!(drain(&mut ahead).unwrap(), []);
    append(&mut writer, 4);
    assert_eq!(sequences(&drain(&mut ahead).unwrap()), [62, 63]);
}

#[test]
fn directory_that_is_not_there_is_an_error_with_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let error = LogReader::open(&dir.path().join("nowhere"), Start::Oldest).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
    assert!(scan(&dir.path().join("nowhere")).is_err());
    assert_eq!(scan(dir.path()).unwrap(), LogStats::default());
}

#[test]
fn sync_covers_rotated_and_recovered_segments() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = open(dir.path());
    let sync = writer.sync_handle();
    assert_eq!((sync.sync().unwrap(), sync.durable()), (0, 0));
    append(&mut writer, 60);
    assert_eq!((sync.durable(), sync.sync().unwrap(), sync.durable()), (0, 60, 60));
    // Segments that are removed before they were synced.
    append(&mut writer, 60);
    writer.remove_segments_before(100).unwrap();
    assert_eq!(sync.sync().unwrap(), 120);
    let first = writer.first_sequence();
    drop(writer);
    let (mut writer, _) = open(dir.path());
    let sync = writer.sync_handle();
    assert_eq!(sync.durable(), first, "what an earlier process wrote may not be on disk");
    append(&mut writer, 1);
    assert_eq!(sync.sync().unwrap(), 121);
}
