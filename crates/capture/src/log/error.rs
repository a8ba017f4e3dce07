//! What can go wrong with a capture log, said so that it can be acted upon.

use std::{
    io,
    path::{Path, PathBuf},
};

/// A failure, and the file or directory it is about.
#[derive(Debug, thiserror::Error)]
#[error("capture log {}: {kind}", path.display())]
pub struct LogError {
    /// The segment file, or the log's directory.
    pub path: PathBuf,
    /// What failed.
    pub kind: LogErrorKind,
}

/// What failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogErrorKind {
    /// The log is as large as it may become. It stays usable: space comes back when segments are removed.
    #[error(
        "full: it holds {bytes} bytes and may hold {max_bytes}; let its reader catch up, or raise the limit"
    )]
    Full {
        /// Size now.
        bytes: u64,
        /// Size allowed.
        max_bytes: u64,
    },
    /// An entry longer than [`MAX_ENTRY_BYTES`](super::MAX_ENTRY_BYTES).
    #[error("an entry of {bytes} bytes is longer than the {} that an entry may have", super::MAX_ENTRY_BYTES)]
    TooLarge {
        /// Length of the payload.
        bytes: usize,
    },
    /// The operating system refused.
    #[error("can't {action}: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// An earlier fsync failed. What was written since the last good one may never reach the disk, and a later
    /// fsync that succeeds proves nothing about it, so this writer promises no durability any more.
    #[error(
        "an fsync failed ({reason}), so nothing from sequence {durable} on is known to be on disk; \
         check the disk, then restart the process"
    )]
    SyncFailed {
        /// First sequence that is not durable.
        durable: u64,
        /// What the failed fsync said.
        reason: String,
    },
    /// The bytes are not what was written.
    #[error(
        "damaged at offset {offset}: {reason}; what is before this offset is good, `capture stat` lists all damage"
    )]
    Damaged {
        /// Where, in bytes from the start of the segment.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
    /// Entries that were asked for have been deleted.
    #[error(
        "sequence {wanted} is gone: the oldest entry left is {oldest}; start from the oldest one and record the gap"
    )]
    Missing {
        /// Sequence that was to be read.
        wanted: u64,
        /// Oldest sequence in the log.
        oldest: u64,
    },
    /// Another process writes to this log.
    #[error("another process{} writes to it; stop it first, or give this one a directory of its own", Holder(*.pid))]
    Locked {
        /// The process, when it left its number.
        pid: Option<u32>,
    },
    /// Written by a newer version.
    #[error(
        "it has format version {version}, and this program reads version {}",
        super::segment::FORMAT_VERSION
    )]
    Version {
        /// Version of the segment.
        version: u32,
    },
}

impl LogError {
    pub(super) fn new(path: &Path, kind: LogErrorKind) -> Self {
        Self { path: path.to_owned(), kind }
    }

    pub(super) fn io(path: &Path, action: &'static str, source: io::Error) -> Self {
        Self::new(path, LogErrorKind::Io { action, source })
    }

    pub(super) fn damaged(path: &Path, offset: u64, reason: impl Into<String>) -> Self {
        Self::new(path, LogErrorKind::Damaged { offset, reason: reason.into() })
    }

    /// Whether room may come back: the log's limit is reached, or the disk or quota is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match &self.kind {
            LogErrorKind::Full { .. } => true,
            LogErrorKind::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            _ => false,
        }
    }
}

struct Holder(Option<u32>);

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |pid| write!(f, " (pid {pid})"))
    }
}
