//! The one writer of a log.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io,
    path::PathBuf,
    sync::Arc,
};

use super::{
    active::Active,
    disk::{Disk, System},
    entry::{EntryKind, HEAD_BYTES, MAX_ENTRY_BYTES, RawKind, SEAL_BYTES, Seal, encode_head},
    error::{LogError, LogErrorKind},
    lock::{DirectoryLock, lock_directory},
    recovery::{Kept, Recovery, recover},
    segment::{self, HEADER_BYTES},
    sync::SyncHandle,
};

/// How far gaps may take a log beyond its limit: a full log must still be able to say what it does not hold.
pub const GAP_RESERVE_BYTES: u64 = 1024 * 1024;

/// Where a log is and how large it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOptions {
    /// Directory of the segments; created when missing.
    pub dir: PathBuf,
    /// A segment is finished when the next entry would take it beyond this, or beyond half of `max_bytes`: only finished
    /// segments are deleted, so that a log which is one segment would stay full for ever. A longer entry gets one of its
    /// own.
    pub segment_bytes: u64,
    /// Size of all segments beyond which only gaps are appended.
    pub max_bytes: u64,
}

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Place of the entry in the log.
    pub sequence: u64,
    /// How much the log grew, entry heads and a new segment's header included.
    pub bytes: u64,
}

/// Appends to a log. At most one exists for a directory, in any process.
#[derive(Debug)]
pub struct LogWriter {
    options: LogOptions,
    disk: Arc<dyn Disk>,
    /// All segments but the active one, oldest first.
    finished: VecDeque<Kept>,
    /// `None` after a rotation that could not create the next segment; the next append tries again.
    active: Option<Active>,
    next_sequence: u64,
    bytes: u64,
    sync: SyncHandle,
    /// Locked for as long as this lives.
    _lock: DirectoryLock,
}

impl LogWriter {
    /// Opens the log in a directory, created if missing, and brings it in order: see [`Recovery`]. Entries go to a
    /// new segment. When a damaged end had to be moved away, the first of them is a [`Gap`](super::Gap) that says so.
    ///
    /// Fails with [`LogErrorKind::Locked`] while another writer has it open.
    pub fn open(options: LogOptions) -> Result<(Self, Recovery), LogError> {
        Self::open_on(Arc::new(System), options)
    }

    /// As [`open`](Self::open), on a disk of the caller's: for tests of what happens when it refuses.
    pub fn open_on(disk: Arc<dyn Disk>, mut options: LogOptions) -> Result<(Self, Recovery), LogError> {
        options.segment_bytes = options.segment_bytes.min(options.max_bytes / 2);
        let dir = &options.dir;
        fs::create_dir_all(dir).map_err(|error| LogError::io(dir, "create the directory", error))?;
        let lock = lock_directory(dir)?;
        let recovered = recover(&*disk, dir)?;
        let first = recovered.kept.first().map_or(recovered.next_sequence, |kept| kept.base);
        let paths = recovered.kept.iter().map(|kept| kept.path.clone()).collect();
        let mut writer = Self {
            sync: SyncHandle::new(disk.clone(), dir, paths, first, recovered.next_sequence),
            bytes: recovered.report.bytes,
            finished: recovered.kept.into(),
            active: None,
            next_sequence: recovered.next_sequence,
            options,
            disk,
            _lock: lock,
        };
        writer.reuse_empty_segment()?;
        writer.active()?;
        for moved in recovered.moved {
            writer.append(EntryKind::Gap, &moved.gap().encode_payload())?;
            // A power cut must not take the gap when the file's name says that it is there. Where that can't be had, the
            // next opening tells it again.
            if writer.sync.sync().is_ok() {
                moved.told()?;
            }
        }
        Ok((writer, recovered.report))
    }

    /// Appends one entry in one system call. It is in the operating system's hands when this returns, so a crash
    /// of the process loses nothing; it survives a power cut once [`SyncHandle::sync`] says so.
    ///
    /// The log stays usable and whole after any error.
    pub fn append(&mut self, kind: EntryKind, payload: &[u8]) -> Result<Appended, LogError> {
        if payload.len() > MAX_ENTRY_BYTES {
            return Err(self.error(LogErrorKind::TooLarge { bytes: payload.len() }));
        }
        let entry_bytes = (HEAD_BYTES + payload.len()) as u64;
        let limit = match kind {
            EntryKind::Record => self.options.max_bytes,
            EntryKind::Gap => self.options.max_bytes.saturating_add(GAP_RESERVE_BYTES),
        };
        let rotate = self.active.as_ref().is_some_and(|active| {
            active.segment.base < self.next_sequence
                && active.segment.bytes + entry_bytes > self.options.segment_bytes
        });
        let seal_bytes = if rotate { SEAL_BYTES } else { 0 };
        let header_bytes = if rotate || self.active.is_none() { HEADER_BYTES } else { 0 };
        let more = entry_bytes + (seal_bytes + header_bytes) as u64;
        if self.bytes + more > limit {
            return Err(
                self.error(LogErrorKind::Full { bytes: self.bytes, max_bytes: self.options.max_bytes })
            );
        }
        let before = self.bytes;
        if rotate {
            self.seal()?;
        }
        let sequence = self.next_sequence;
        let head = encode_head(sequence, RawKind::Entry(kind), payload);
        let disk = self.disk.clone();
        self.active()?.write(&*disk, &head, payload)?;
        self.bytes += entry_bytes;
        self.next_sequence += 1;
        self.sync.appended(self.next_sequence);
        Ok(Appended { sequence, bytes: self.bytes - before })
    }

    /// A handle that makes entries durable, for other threads.
    #[must_use]
    pub fn sync_handle(&self) -> SyncHandle {
        self.sync.clone()
    }

    /// Deletes the segments all of whose entries have a sequence below this one; never the newest segment. Returns
    /// the bytes freed. When it fails, what was deleted until then is accounted for, and it can be called again.
    pub fn remove_segments_before(&mut self, sequence: u64) -> Result<u64, LogError> {
        let mut freed = 0;
        while let Some(oldest) = self.finished.front() {
            let newer = self.finished.get(1).or(self.active.as_ref().map(|active| &active.segment));
            if newer.is_none_or(|newer| newer.base > sequence) {
                break;
            }
            match self.disk.remove(&oldest.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(LogError::io(&oldest.path, "delete a segment", error));
                }
                _ => {}
            }
            self.sync.removed(&oldest.path);
            freed += oldest.bytes;
            self.bytes -= oldest.bytes;
            self.finished.pop_front();
        }
        Ok(freed)
    }

    /// Size of all segments.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many bytes records may fill.
    #[must_use]
    pub fn max_bytes(&self) -> u64 {
        self.options.max_bytes
    }

    /// Sequence that the next entry gets.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Sequence of the oldest entry in the log, or the next one's when there is none.
    #[must_use]
    pub fn first_sequence(&self) -> u64 {
        let oldest = self.finished.front().or(self.active.as_ref().map(|active| &active.segment));
        oldest.map_or(self.next_sequence, |segment| segment.base)
    }

    fn error(&self, kind: LogErrorKind) -> LogError {
        LogError::new(&self.options.dir, kind)
    }

    /// A newest segment that holds nothing yet takes the next entries: a second one of its name can't exist.
    fn reuse_empty_segment(&mut self) -> Result<(), LogError> {
        if let Some(segment) = self.finished.pop_back_if(|segment| segment.base == self.next_sequence) {
            let file = File::options().append(true).open(&segment.path);
            let file = file.map_err(|error| LogError::io(&segment.path, "open a segment", error))?;
            self.active = Some(self.register(segment, file));
        }
        Ok(())
    }

    /// The segment that takes entries, created if there is none.
    fn active(&mut self) -> Result<&mut Active, LogError> {
        let active = match self.active.take() {
            Some(active) => active,
            None => self.create()?,
        };
        Ok(self.active.insert(active))
    }

    fn create(&mut self) -> Result<Active, LogError> {
        let base = self.next_sequence;
        let (path, file) = segment::create(&*self.disk, &self.options.dir, base)?;
        let bytes = HEADER_BYTES as u64;
        self.bytes += bytes;
        Ok(self.register(Kept { path, base, bytes }, file))
    }

    fn register(&self, segment: Kept, file: File) -> Active {
        let file = Arc::new(file);
        let active = (segment.path.clone(), file.clone());
        self.sync.rotated(self.finished.back().map(|segment| &*segment.path), active);
        Active { file, segment, torn: false }
    }

    fn seal(&mut self) -> Result<(), LogError> {
        let Some(active) = &mut self.active else { return Ok(()) };
        let seal = Seal { end: self.next_sequence, next: self.next_sequence }.encode();
        active.write(&*self.disk, &seal, &[])?;
        self.bytes += SEAL_BYTES as u64;
        self.finished.extend(self.active.take().map(|active| active.segment));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn half_an_entry_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let options = LogOptions { dir: dir.path().to_owned(), segment_bytes: 10_000, max_bytes: u64::MAX };
        let (mut writer, _) = LogWriter::open(options).unwrap();
        writer.append(EntryKind::Record, b"first").unwrap();
        let active = writer.active.as_mut().unwrap();
        // As a failed write leaves it when even taking it back has failed.
        (&*active.file).write_all(b"half an entry").unwrap();
        active.torn = true;
        writer.append(EntryKind::Record, b"second").unwrap();
        let stats = super::super::scan(dir.path()).unwrap();
        assert_eq!((stats.records(), stats.damage), (2, vec![]));
    }
}
