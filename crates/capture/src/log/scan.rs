//! Reading a whole log to see what it holds and whether it is whole.

use std::{fs, path::Path, path::PathBuf};

use super::{
    cursor::{SegmentCursor, Step, TornTail},
    entry::{Entry, EntryKind},
    error::{LogError, LogErrorKind},
    gap::Gap,
    recovery::Damage,
    segment,
};

/// What a log holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogStats {
    /// Its segments, oldest first.
    pub segments: Vec<SegmentStats>,
    /// The gaps recorded in it, oldest first.
    pub gaps: Vec<GapEntry>,
    /// What is wrong. Reading goes on with the next segment.
    pub damage: Vec<Damage>,
    /// An unfinished write at the end of the newest segment: a writer is at work, or was stopped at it.
    pub torn_tail: Option<TornTail>,
}

/// What one segment holds, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentStats {
    /// The file.
    pub path: PathBuf,
    /// Sequence of its first entry.
    pub base_sequence: u64,
    /// When it was created, in milliseconds since the Unix epoch.
    pub created_unix_ms: u64,
    /// Size of the file.
    pub bytes: u64,
    /// Records in it.
    pub records: u64,
    /// Bytes of those records.
    pub record_bytes: u64,
    /// Gaps in it.
    pub gaps: u64,
    /// Whether it is finished.
    pub sealed: bool,
}

/// A gap and its place in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct GapEntry {
    /// Sequence of the entry.
    pub sequence: u64,
    /// What it says.
    pub gap: Gap,
}

impl LogStats {
    /// Records in all segments.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.segments.iter().map(|segment| segment.records).sum()
    }

    /// Size of all segments.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }
}

/// Reads every entry of the log in a directory and checks every checksum. Changes nothing.
pub fn scan(dir: &Path) -> Result<LogStats, LogError> {
    let mut stats = LogStats::default();
    let segments = segment::list(dir)?;
    let mut expected = None;
    for (place, (base, path)) in segments.iter().enumerate() {
        if let Some(expected) = expected.filter(|expected| expected != base) {
            let reason =
                format!("the segment before goes on at sequence {expected}, this one begins at {base}");
            stats.damage.push(Damage { segment: path.clone(), offset: 0, reason, moved_to: None });
        }
        expected = stats.scan_segment(path, *base, place + 1 == segments.len())?;
    }
    Ok(stats)
}

impl LogStats {
    /// Returns the sequence at which the log goes on, when the segment says so.
    fn scan_segment(&mut self, path: &Path, base: u64, newest: bool) -> Result<Option<u64>, LogError> {
        let bytes = match fs::metadata(path) {
            Ok(meta) => meta.len(),
            // The writer removed it since it was listed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LogError::io(path, "see how long a segment is", error)),
        };
        let mut segment = SegmentStats {
            path: path.to_owned(),
            base_sequence: base,
            created_unix_ms: 0,
            bytes,
            records: 0,
            record_bytes: 0,
            gaps: 0,
            sealed: false,
        };
        let read = self.read_segment(&mut segment, newest);
        self.segments.push(segment);
        match read {
            Err(LogError { path, kind: LogErrorKind::Damaged { offset, reason } }) => {
                self.damage.push(Damage { segment: path, offset, reason, moved_to: None });
                Ok(None)
            }
            result => result,
        }
    }

    fn read_segment(&mut self, segment: &mut SegmentStats, newest: bool) -> Result<Option<u64>, LogError> {
        let path = segment.path.clone();
        let Some(mut cursor) = SegmentCursor::open(&path, segment.base_sequence)? else {
            return self.unfinished(&path, 0, segment.bytes, newest);
        };
        segment.created_unix_ms = cursor.header.created_unix_ms;
        loop {
            match cursor.step()? {
                Step::Entry(entry) => self.count(segment, entry),
                Step::Sealed(seal) => {
                    segment.sealed = true;
                    return Ok(Some(seal.next));
                }
                Step::End { partial_bytes } => {
                    return self.unfinished(&path, cursor.offset, partial_bytes, newest);
                }
            }
        }
    }

    fn count(&mut self, segment: &mut SegmentStats, entry: Entry) {
        match entry.kind {
            EntryKind::Record => {
                segment.records += 1;
                segment.record_bytes += entry.payload.len() as u64;
            }
            EntryKind::Gap => {
                segment.gaps += 1;
                match Gap::decode_payload(entry.payload) {
                    Ok(gap) => self.gaps.push(GapEntry { sequence: entry.sequence, gap }),
                    Err(error) => self.damage.push(Damage {
                        segment: segment.path.clone(),
                        offset: entry.offset,
                        reason: format!("entry {}: not a gap message: {error}", entry.sequence),
                        moved_to: None,
                    }),
                }
            }
        }
    }

    fn unfinished(
        &mut self,
        path: &Path,
        offset: u64,
        bytes: u64,
        newest: bool,
    ) -> Result<Option<u64>, LogError> {
        if !newest {
            let reason = "it ends without a seal though later segments exist: its end is missing";
            return Err(LogError::damaged(path, offset, reason));
        }
        if bytes > 0 {
            self.torn_tail = Some(TornTail { segment: path.to_owned(), offset, bytes });
        }
        Ok(None)
    }
}
