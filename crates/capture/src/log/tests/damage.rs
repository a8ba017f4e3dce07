//! Bytes that are not what was written: found, named, never taken for an entry.

use std::fs;

use proptest::prelude::*;

use super::*;

/// Three or more segments; the newest is not sealed.
fn written() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    append(&mut open(dir.path()).0, 60);
    assert!(segments(dir.path()).len() >= 3);
    dir
}

fn damaged_at(error: &LogError) -> u64 {
    match &error.kind {
        LogErrorKind::Damaged { offset, .. } => *offset,
        _ => panic!("not damage: {error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn flipped_bit_in_a_finished_segment_is_damage(place: prop::sample::Index, bit in 0..8u8) {
        let dir = written();
        let paths = segments(dir.path());
        let damaged = &paths[1];
        let mut bytes = fs::read(damaged).unwrap();
        let place = place.index(bytes.len());
        bytes[place] ^= 1u8 << bit;
        fs::write(damaged, &bytes).unwrap();

        let mut reader = LogReader::open(dir.path(), Start::Oldest).unwrap();
        let mut got = Vec::new();
        let error = loop {
            match reader.next() {
                Ok(Some(entry)) => got.push(entry),
                Ok(None) => panic!("the damage was passed over"),
                Err(error) => break error,
            }
        };
        prop_assert!(damaged_at(&error) <= place as u64);
        prop_assert_eq!(&error.path, damaged);
        prop_assert_eq!(damaged_at(&reader.next().unwrap_err()), damaged_at(&error), "again");
        let read = sequences(&got);
        prop_assert_eq!(&read, &range(0, read.len() as u64));
        let next = reader.skip_damage().unwrap().unwrap();
        prop_assert_eq!(sequences(&drain(&mut reader).unwrap()), range(next, 60));

        let stats = scan(dir.path()).unwrap();
        prop_assert_eq!(stats.damage.len(), 1);
        prop_assert_eq!(stats.records(), read.len() as u64 + 60 - next);
        prop_assert_eq!(stats.segments.iter().filter(|segment| segment.sealed).count(), paths.len() - 2);
    }

    #[test]
    fn flipped_bit_in_the_newest_segment_costs_no_byte(place: prop::sample::Index, bit in 0..8u8) {
        let dir = written();
        let newest = segments(dir.path()).pop().unwrap();
        let mut bytes = fs::read(&newest).unwrap();
        let place = place.index(bytes.len());
        bytes[place] ^= 1u8 << bit;
        fs::write(&newest, &bytes).unwrap();

        let seen = match read_all(dir.path()) {
            Err(error) => damaged_at(&error),
            Ok(entries) => panic!("the damage was passed over: {:?}", sequences(&entries)),
        };
        let (mut writer, recovery) = open(dir.path());
        prop_assert_eq!(recovery.torn_tail, None);
        let [damage] = &recovery.damage[..] else { panic!("{:?}", recovery.damage) };
        prop_assert_eq!((&damage.segment, damage.offset), (&newest, seen));
        let kept = fs::read(damage.moved_to.as_ref().unwrap()).unwrap();
        prop_assert_eq!(kept, &bytes[seen as usize..]);

        // No number comes twice, and the log says what it lost.
        prop_assert!(writer.next_sequence() > 60);
        append(&mut writer, 1);
        let stats = scan(dir.path()).unwrap();
        let [GapEntry { gap, sequence }] = &stats.gaps[..] else { panic!("{:?}", stats.gaps) };
        prop_assert!(*sequence >= 60);
        prop_assert_eq!(gap.bytes, bytes.len() as u64 - seen);
        prop_assert!(gap.reason.contains("moved to"));
        if seen > 0 {
            let entries = read_all(dir.path()).unwrap();
            prop_assert_eq!(sequences(&entries).pop(), Some(writer.next_sequence() - 1));
        }
    }

    #[test]
    fn arbitrary_files_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), valid_header: bool) {
        let dir = tempfile::tempdir().unwrap();
        let mut file = if valid_header {
            segment::Header { base: 0, created_unix_ms: 1 }.encode().to_vec()
        } else {
            Vec::new()
        };
        file.extend(&bytes);
        fs::write(dir.path().join("00000000000000000000.seg"), &file).unwrap();
        let read = read_all(dir.path());
        prop_assert!(read.is_err() || read.unwrap().is_empty());
        scan(dir.path()).unwrap();
        let (mut writer, _) = open(dir.path());
        append(&mut writer, 1);
    }
}

#[test]
fn missing_segment_is_damage_and_missing_start_is_missing() {
    let dir = written();
    let paths = segments(dir.path());
    fs::remove_file(&paths[1]).unwrap();
    let error = read_all(dir.path()).unwrap_err();
    assert_eq!((damaged_at(&error), &error.path), (0, &paths[1]));
    assert!(error.to_string().contains("missing"), "{error}");
    let mut reader = LogReader::open(dir.path(), Start::Oldest).unwrap();
    while let Ok(Some(_)) = reader.next() {}
    let next = reader.skip_damage().unwrap().unwrap();
    assert_eq!(sequences(&drain(&mut reader).unwrap()), range(next, 60));
    assert_eq!(scan(dir.path()).unwrap().damage.len(), 1);
    assert_eq!(open(dir.path()).1.damage.len(), 1);

    fs::remove_file(&paths[0]).unwrap();
    let mut reader = LogReader::open(dir.path(), Start::Sequence(3)).unwrap();
    let error = reader.next().unwrap_err();
    assert!(matches!(error.kind, LogErrorKind::Missing { wanted: 3, .. }), "{error}");
}

#[test]
fn finished_segment_without_its_end_is_damage_not_a_torn_tail() {
    let dir = written();
    let first = segments(dir.path()).remove(0);
    let bytes = fs::read(&first).unwrap();
    for cut in [0, 10, 32, 40, bytes.len() - 30, bytes.len() - 1] {
        fs::write(&first, &bytes[..cut]).unwrap();
        let error = read_all(dir.path()).unwrap_err();
        assert_eq!(error.path, first, "cut at {cut}");
        damaged_at(&error);
        let stats = scan(dir.path()).unwrap();
        assert_eq!((stats.damage.len(), stats.torn_tail), (1, None), "cut at {cut}");
        let (_, recovery) = open(dir.path());
        assert_eq!((recovery.damage.len(), recovery.torn_tail), (1, None), "cut at {cut}");
        assert_eq!(fs::read(&first).unwrap(), &bytes[..cut], "left alone");
    }
}

#[test]
fn bytes_behind_a_seal_and_a_newer_version_are_refused() {
    let dir = written();
    let first = segments(dir.path()).remove(0);
    let mut bytes = fs::read(&first).unwrap();
    bytes.push(0);
    fs::write(&first, &bytes).unwrap();
    let error = read_all(dir.path()).unwrap_err();
    assert!(error.to_string().contains("bytes follow the seal"), "{error}");

    let mut header = segment::Header { base: 0, created_unix_ms: 1 }.encode();
    header[8] = 9;
    let crc = crc32c::crc32c(&header[..28]);
    header[28..].copy_from_slice(&crc.to_le_bytes());
    fs::write(&first, header).unwrap();
    let error = read_all(dir.path()).unwrap_err();
    assert!(matches!(error.kind, LogErrorKind::Version { version: 9 }), "{error}");
    assert!(matches!(
        LogWriter::open(options(dir.path())).unwrap_err().kind,
        LogErrorKind::Version { version: 9 }
    ));
}

const SEAL_BYTES: u64 = 29;

/// Recovery itself may be stopped: between taking damaged entries away and recording that.
#[test]
fn loss_is_recorded_even_when_recovery_was_stopped_before_it_could() {
    let dir = written();
    let newest = segments(dir.path()).pop().unwrap();
    let mut bytes = fs::read(&newest).unwrap();
    bytes[60] ^= 1;
    fs::write(&newest, &bytes).unwrap();
    let (_, recovery) = open(dir.path());
    let told = recovery.damage[0].moved_to.clone().unwrap();
    assert_eq!(scan(dir.path()).unwrap().gaps.len(), 1);
    let last = segments(dir.path()).pop().unwrap();
    let next: u64 = last.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    let untold = told.with_file_name(format!("{}.untold-{next}", told.file_name().unwrap().display()));
    // Stopped before the segment was sealed, before the new one was created, or before its first entry.
    for (empty, sealed) in [(false, false), (false, true), (true, true)] {
        fs::rename(&told, &untold).unwrap();
        if !sealed {
            let file = fs::OpenOptions::new().write(true).open(&newest).unwrap();
            file.set_len(file.metadata().unwrap().len() - SEAL_BYTES).unwrap();
        }
        if empty {
            fs::OpenOptions::new().write(true).open(&last).unwrap().set_len(32).unwrap();
        } else {
            fs::remove_file(&last).unwrap();
        }
        assert_eq!(scan(dir.path()).unwrap().gaps, []);
        let (writer, recovery) = open(dir.path());
        assert_eq!(recovery.damage, []);
        let stats = scan(dir.path()).unwrap();
        assert_eq!((stats.gaps.len(), stats.damage), (1, vec![]));
        assert_eq!(writer.next_sequence(), stats.gaps[0].sequence + 1);
        drop(writer);
        assert_eq!(segments(dir.path()).last(), Some(&last));
        assert!(told.exists() && !untold.exists());
    }
    // Recorded, it is not recorded again.
    drop(open(dir.path()));
    assert_eq!(scan(dir.path()).unwrap().gaps.len(), 1);
}
