//! Finishing the newest segment: the only one that may lack its end.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use super::{Damage, Moved};
use crate::log::{
    cursor::{SegmentCursor, Step, TornTail, read_seal},
    disk::{Appending, Disk},
    entry::{HEAD_BYTES, Seal},
    error::{LogError, LogErrorKind},
    segment::HEADER_BYTES,
};

/// What was done to the newest segment.
#[derive(Debug, Default)]
pub(super) struct Finished {
    /// Sequence at which the log goes on.
    pub(super) next_sequence: u64,
    pub(super) torn_tail: Option<TornTail>,
    pub(super) damage: Option<Damage>,
}

/// Where the good part of a segment ends.
struct GoodPart {
    /// Sequence after its last entry.
    end: u64,
    /// Offset after its last entry; 0 when not even the header is good.
    offset: u64,
    /// What is wrong behind it, if it is not just an entry that lacks its end.
    damage: Option<String>,
}

/// Cuts and seals the segment as needed. One without entries stays open, to be used further.
pub(super) fn finish(disk: &dyn Disk, path: &Path, base: u64) -> Result<Finished, LogError> {
    if let Some(seal) = read_seal(path)? {
        return Ok(Finished { next_sequence: seal.next, ..Finished::default() });
    }
    let GoodPart { end, offset, damage } = good_part(path, base)?;
    let io = |error| LogError::io(path, "cut the end off a segment", error);
    let mut file = OpenOptions::new().read(true).append(true).open(path).map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len() - offset;
    let mut finished = Finished { next_sequence: end, ..Finished::default() };
    match damage {
        Some(reason) if !zeros_only(&mut file, offset).map_err(io)? => {
            let more_than_taken_away = bytes / HEAD_BYTES as u64 + 1;
            let moved = Moved::save(path, &mut file, offset, end + more_than_taken_away)?;
            let moved_to = Some(moved.path());
            finished.damage = Some(Damage { segment: path.to_owned(), offset, reason, moved_to });
        }
        _ if bytes > 0 => {
            finished.torn_tail = Some(TornTail { segment: path.to_owned(), offset, bytes });
        }
        _ => {}
    }
    // Also what an opening moved that was stopped before it could seal.
    let dir = path.parent().unwrap_or(path);
    let moved = Moved::list(dir)?.into_iter().filter(|moved| moved.segment == path && moved.offset == offset);
    finished.next_sequence = moved.map(|moved| moved.next).fold(end, u64::max);
    if offset < HEADER_BYTES as u64 {
        disk.remove(path).map_err(io)?;
        return Ok(finished);
    }
    disk.truncate(path, &file, offset).map_err(io)?;
    let next = finished.next_sequence;
    if next > base {
        let mut file = Appending { disk, path, file: &file };
        file.write_all(&Seal { end, next }.encode()).map_err(io)?;
    }
    Ok(finished)
}

fn good_part(path: &Path, base: u64) -> Result<GoodPart, LogError> {
    let mut cursor = match SegmentCursor::open(path, base) {
        Ok(Some(cursor)) => cursor,
        Ok(None) => return Ok(GoodPart { end: base, offset: 0, damage: None }),
        Err(LogError { kind: LogErrorKind::Damaged { reason, .. }, .. }) => {
            return Ok(GoodPart { end: base, offset: 0, damage: Some(reason) });
        }
        Err(error) => return Err(error),
    };
    let damage = loop {
        match cursor.step() {
            Ok(Step::Entry(_)) => {}
            Ok(Step::Sealed(_) | Step::End { .. }) => break None,
            Err(LogError { kind: LogErrorKind::Damaged { reason, .. }, .. }) => break Some(reason),
            Err(error) => return Err(error),
        }
    };
    Ok(GoodPart { end: cursor.sequence, offset: cursor.offset, damage })
}

/// A power cut can leave a file longer than what was written into it.
fn zeros_only(file: &mut File, offset: u64) -> io::Result<bool> {
    file.seek(SeekFrom::Start(offset))?;
    let mut chunk = [0; 64 * 1024];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(true),
            read if chunk.iter().take(read).any(|byte| *byte != 0) => return Ok(false),
            _ => {}
        }
    }
}
