//! Reading one segment from front to back, also while it is being written.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;

use super::{
    entry::{Entry, HEAD_BYTES, Head, RawKind, SEAL_BYTES, Seal, decode_head},
    error::LogError,
    segment::{HEADER_BYTES, Header},
};

/// What is read from the file at once; entries are short, and a system call for each would dominate.
const CHUNK_BYTES: usize = 256 * 1024;

/// Bytes at the end of a segment that make no whole entry: its writer was stopped while writing it, or is at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The segment.
    pub segment: PathBuf,
    /// Where the whole entries end.
    pub offset: u64,
    /// How many bytes follow.
    pub bytes: u64,
}

/// What came next in a segment.
#[derive(Debug)]
pub(super) enum Step {
    Entry(Entry),
    /// The segment is finished.
    Sealed(Seal),
    /// No more whole entries for now.
    End {
        partial_bytes: u64,
    },
}

/// A place in one segment.
#[derive(Debug)]
pub(super) struct SegmentCursor {
    file: File,
    path: Arc<Path>,
    pub(super) header: Header,
    /// Sequence of the next entry.
    pub(super) sequence: u64,
    /// Where the next entry begins.
    pub(super) offset: u64,
    /// Room for bytes of the file; made once, as a reader at the end of the log comes back for every entry.
    buffer: Vec<u8>,
    /// How much of it holds bytes of the file.
    filled: usize,
    /// How much of that lies before `offset`.
    used: usize,
}

impl SegmentCursor {
    /// At the first entry. `None` while the header is not complete.
    pub(super) fn open(path: &Path, base: u64) -> Result<Option<Self>, LogError> {
        let failed = |error| LogError::io(path, "open a segment", error);
        let file = File::open(path).map_err(failed)?;
        let mut header = [0; HEADER_BYTES];
        match file.read_exact_at(&mut header, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(LogError::io(path, "read a segment's header", error)),
        }
        Ok(Some(Self {
            header: Header::decode(path, base, &header)?,
            file,
            path: path.into(),
            sequence: base,
            offset: HEADER_BYTES as u64,
            buffer: Vec::new(),
            filled: 0,
            used: 0,
        }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The next entry, and past it. Stays where it is for anything else, so that it can be called again.
    pub(super) fn step(&mut self) -> Result<Step, LogError> {
        // An append that failed half-way was taken back and overwritten; what was read of it meanwhile is not
        // damage. So bytes that do not check out are read once more.
        match self.try_step() {
            Err(BadEntry::Damaged(_)) => {
                self.forget_buffer();
                self.try_step()
            }
            result => result,
        }
        .map_err(|error| match error {
            BadEntry::Io(error) => LogError::io(&self.path, "read a segment", error),
            BadEntry::Damaged(reason) => LogError::damaged(&self.path, self.offset, reason),
        })
    }

    fn try_step(&mut self) -> Result<Step, BadEntry> {
        self.fill(HEAD_BYTES)?;
        let Some(head) = self.unread().first_chunk::<HEAD_BYTES>() else { return Ok(self.end()) };
        let Head { payload_bytes, payload_crc, kind } =
            decode_head(self.sequence, head).map_err(BadEntry::Damaged)?;
        let entry_bytes = HEAD_BYTES + payload_bytes;
        self.fill(entry_bytes)?;
        let Some(payload) = self.unread().get(HEAD_BYTES..entry_bytes) else { return Ok(self.end()) };
        if crc32c::crc32c(payload) != payload_crc {
            return Err(self.bad("its payload has a wrong checksum"));
        }
        match kind {
            RawKind::Seal => {
                let seal = Seal::from_payload(payload).ok_or_else(|| self.bad("the seal makes no sense"))?;
                self.fill(SEAL_BYTES + 1)?;
                if self.unread().len() > SEAL_BYTES {
                    return Err(self.bad("bytes follow the seal"));
                }
                Ok(Step::Sealed(seal))
            }
            RawKind::Entry(kind) => {
                let payload = Bytes::copy_from_slice(payload);
                let (sequence, offset) = (self.sequence, self.offset);
                self.sequence += 1;
                self.offset += entry_bytes as u64;
                self.used += entry_bytes;
                Ok(Step::Entry(Entry { sequence, kind, payload, segment: self.path.clone(), offset }))
            }
        }
    }

    fn bad(&self, what: &str) -> BadEntry {
        BadEntry::Damaged(format!("entry {}: {what}", self.sequence))
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.used..self.filled).unwrap_or_default()
    }

    fn forget_buffer(&mut self) {
        (self.filled, self.used) = (0, 0);
    }

    /// The bytes left make no entry; they are read anew next time, because they may still change.
    fn end(&mut self) -> Step {
        let partial_bytes = self.unread().len() as u64;
        self.forget_buffer();
        Step::End { partial_bytes }
    }

    /// Reads until `wanted` bytes of the next entry are at hand, or the file ends. Memory grows with what is there,
    /// not with what a length claims.
    fn fill(&mut self, wanted: usize) -> Result<(), BadEntry> {
        if self.unread().len() >= wanted {
            return Ok(());
        }
        // Never part of an entry from now and part of it from before: in between, an append that failed half-way may
        // have been taken back and another entry been written, and where the two end alike the mixture would pass.
        self.forget_buffer();
        while self.filled < wanted {
            if self.buffer.is_empty() {
                // Memory that the system gives is zero already.
                self.buffer = vec![0; CHUNK_BYTES];
            } else if self.filled == self.buffer.len() {
                self.buffer.resize(self.filled + CHUNK_BYTES, 0);
            }
            match self.file.read_at(&mut self.buffer[self.filled..], self.offset + self.filled as u64) {
                Ok(0) => break,
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(BadEntry::Io(error)),
            }
        }
        Ok(())
    }
}

enum BadEntry {
    Io(io::Error),
    Damaged(String),
}

/// What the seal at the end of the file says, if there is one. Looks at the file's end only.
pub(super) fn read_seal(path: &Path) -> Result<Option<Seal>, LogError> {
    let read = || {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut bytes = [0; SEAL_BYTES];
        match length.checked_sub(SEAL_BYTES as u64) {
            Some(at) if at >= HEADER_BYTES as u64 => file.read_exact_at(&mut bytes, at)?,
            _ => return Ok(None),
        }
        Ok(Seal::decode(&bytes))
    };
    read().map_err(|error| LogError::io(path, "read the end of a segment", error))
}
