//! Opening a log that a process left behind, however it ended.
//!
//! Only the newest segment can be unfinished. What of it is no whole entry was being written when the process
//! stopped: nobody was told that it was captured, and it is cut. Anything else that is wrong is damage, which
//! is reported and never thrown away: a damaged end of the newest segment is kept in a file beside it.

mod moved;
mod newest;

pub(super) use moved::Moved;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    cursor::{SegmentCursor, TornTail, read_seal},
    disk::Disk,
    error::{LogError, LogErrorKind},
    segment,
};

/// What opening a log found and did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Segments that were there.
    pub segments: usize,
    /// Their size, after cutting.
    pub bytes: u64,
    /// The unfinished write that was cut off the newest segment.
    pub torn_tail: Option<TornTail>,
    /// What is wrong apart from that. Opening looks at the ends of finished segments only; `scan` reads all.
    pub damage: Vec<Damage>,
}

/// Bytes that are not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The segment.
    pub segment: PathBuf,
    /// Where it begins, in bytes from the segment's start.
    pub offset: u64,
    /// What is wrong.
    pub reason: String,
    /// The file to which the bytes from `offset` on were moved, when they had to make way.
    pub moved_to: Option<PathBuf>,
}

/// A segment that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) path: PathBuf,
    pub(super) base: u64,
    pub(super) bytes: u64,
}

/// A log ready to be continued.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) report: Recovery,
    pub(super) kept: Vec<Kept>,
    pub(super) next_sequence: u64,
    /// Entries were taken away: the next entries are to tell of it.
    pub(super) moved: Vec<Moved>,
}

/// Brings the log in `dir` into the state where all segments but an empty newest one are sealed, or reported.
pub(super) fn recover(disk: &dyn Disk, dir: &Path) -> Result<Recovered, LogError> {
    let mut segments = segment::list(dir)?;
    let mut report = Recovery { segments: segments.len(), ..Recovery::default() };
    let newest = segments.pop();
    for (place, (base, path)) in segments.iter().enumerate() {
        let following = segments.get(place + 1).or(newest.as_ref()).map_or(*base, |(base, _)| *base);
        report.damage.extend(check_finished(path, *base, following)?);
    }
    let mut next_sequence = 0;
    if let Some((base, path)) = newest {
        let finished = newest::finish(disk, &path, base)?;
        next_sequence = finished.next_sequence;
        report.torn_tail = finished.torn_tail;
        report.damage.extend(finished.damage);
        segments.push((base, path));
    }
    let mut kept = Vec::new();
    for (base, path) in segments {
        match fs::metadata(&path) {
            Ok(meta) => kept.push(Kept { path, base, bytes: meta.len() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(LogError::io(&path, "see how long a segment is", error)),
        }
    }
    report.bytes = kept.iter().map(|kept| kept.bytes).sum();
    let moved = Moved::list(dir)?;
    // A segment that was damaged from its first byte on is gone and can't say where the log goes on.
    next_sequence = moved.iter().map(|moved| moved.next).fold(next_sequence, u64::max);
    Ok(Recovered { report, kept, next_sequence, moved })
}

/// What is wrong with a segment that has another after it, as far as its two ends tell.
fn check_finished(path: &Path, base: u64, following: u64) -> Result<Option<Damage>, LogError> {
    let damage = |offset, reason: String| {
        Ok(Some(Damage { segment: path.to_owned(), offset, reason, moved_to: None }))
    };
    match SegmentCursor::open(path, base) {
        Err(LogError { kind: LogErrorKind::Damaged { offset, reason }, .. }) => {
            return damage(offset, reason);
        }
        Err(error) => return Err(error),
        Ok(None) => return damage(0, "it is shorter than a segment's header".into()),
        Ok(Some(_)) => {}
    }
    let length =
        fs::metadata(path).map_err(|error| LogError::io(path, "see how long a segment is", error))?;
    match read_seal(path)? {
        None => {
            let reason = "it does not end with a seal though later segments exist: its end is missing";
            damage(length.len(), reason.into())
        }
        Some(seal) if seal.next != following => {
            let next = seal.next;
            let reason =
                format!("the log goes on at sequence {next}, but the next segment begins at {following}");
            damage(length.len(), reason)
        }
        Some(_) => Ok(None),
    }
}
