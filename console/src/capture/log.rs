//! A capture log as a sequence of things found in it. Damage is one of them: what comes after it can still be read,
//! and whoever looks at a damaged log wants to see it.

use std::path::Path;

use switchover_capture::log::{Damage, Entry, EntryKind, Gap, Start};
use switchover_capture::{LogError, LogErrorKind, LogReader, TrafficStream};

/// What was found.
pub(super) enum Found {
    Record(TrafficStream),
    /// What the agent says it did not capture.
    Gap(Gap),
    /// Nothing can be read there; the next thing found is what comes after.
    Damaged(Damage),
    /// The checksum is right, but it is not what it should be.
    Undecodable(Damage),
    /// The writer removed entries faster than they were read.
    Removed {
        wanted: u64,
        oldest: u64,
    },
}

pub(super) struct CaptureLog<'a> {
    dir: &'a Path,
    reader: LogReader,
    /// Damage that nothing follows was found.
    over: bool,
}

impl<'a> CaptureLog<'a> {
    pub(super) fn open(dir: &'a Path) -> Result<Self, LogError> {
        Ok(Self { dir, reader: LogReader::open(dir, Start::Oldest)?, over: false })
    }

    /// `None` at the end; unless [`is_over`](Self::is_over), there may be more later.
    pub(super) fn next(&mut self) -> Result<Option<Found>, LogError> {
        if self.over {
            return Ok(None);
        }
        match self.reader.next() {
            Ok(entry) => Ok(entry.map(decode)),
            Err(LogError { path, kind: LogErrorKind::Damaged { offset, reason } }) => {
                self.over = self.reader.skip_damage()?.is_none();
                Ok(Some(Found::Damaged(Damage { segment: path, offset, reason, moved_to: None })))
            }
            Err(LogError { kind: LogErrorKind::Missing { wanted, oldest }, .. }) => {
                self.reader = LogReader::open(self.dir, Start::Sequence(oldest))?;
                Ok(Some(Found::Removed { wanted, oldest }))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether nothing more can come.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }
}

fn decode(entry: Entry) -> Found {
    let (segment, offset) = (entry.segment.to_path_buf(), entry.offset);
    let undecodable = |reason: String| {
        let reason = format!("entry {}: {reason}", entry.sequence);
        Found::Undecodable(Damage { segment, offset, reason, moved_to: None })
    };
    match entry.kind {
        EntryKind::Record => match TrafficStream::decode_record(entry.payload) {
            Ok(stream) => Found::Record(stream),
            Err(error) => undecodable(error.to_string()),
        },
        EntryKind::Gap => match Gap::decode_payload(entry.payload) {
            Ok(gap) => Found::Gap(gap),
            Err(error) => undecodable(error.to_string()),
        },
    }
}

#[cfg(test)]
mod tests {
    use switchover_capture::{LogOptions, LogWriter};

    use super::*;

    #[test]
    fn entries_removed_while_reading_are_told_and_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let options = LogOptions { dir: dir.path().to_owned(), segment_bytes: 1, max_bytes: 1 << 30 };
        let (mut writer, _) = LogWriter::open(options).unwrap();
        let gap = Gap::default().encode_payload();
        for _ in 0..2 {
            writer.append(EntryKind::Gap, &gap).unwrap();
        }
        let mut log = CaptureLog::open(dir.path()).unwrap();
        assert!(matches!(log.next(), Ok(Some(Found::Gap(_)))));
        for _ in 0..6 {
            writer.append(EntryKind::Gap, &gap).unwrap();
        }
        assert!(writer.remove_segments_before(6).unwrap() > 0);

        let mut removed = 0;
        let mut gaps = 1;
        while let Some(found) = log.next().unwrap() {
            match found {
                Found::Removed { wanted, oldest } => {
                    assert_eq!((wanted, oldest), (gaps, writer.first_sequence()));
                    removed += oldest - wanted;
                }
                Found::Gap(_) => gaps += 1,
                _ => panic!("neither"),
            }
        }
        assert!(removed > 0);
        assert_eq!(gaps + removed, writer.next_sequence());
        assert!(!log.is_over());
    }
}
