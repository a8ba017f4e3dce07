//! Segment files: names and headers.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use super::{
    disk::{Appending, Disk},
    error::{LogError, LogErrorKind},
};

pub(super) const FORMAT_VERSION: u32 = 1;
const MAGIC: [u8; 8] = *b"SWCAPLOG";
/// Magic, version u32, base sequence u64, created u64, checksum u32.
pub(super) const HEADER_BYTES: usize = 32;
const SUFFIX: &str = ".seg";
const NAME_DIGITS: usize = 20;

/// A segment's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Sequence of the segment's first entry.
    pub(super) base: u64,
    pub(super) created_unix_ms: u64,
}

pub(super) fn path_of(dir: &Path, base: u64) -> PathBuf {
    dir.join(format!("{base:0NAME_DIGITS$}{SUFFIX}"))
}

fn base_of(name: &std::ffi::OsStr) -> Option<u64> {
    let digits = name.to_str()?.strip_suffix(SUFFIX)?;
    (digits.len() == NAME_DIGITS && digits.bytes().all(|b| b.is_ascii_digit())).then_some(())?;
    digits.parse().ok()
}

/// Segments of the log by base sequence, oldest first. Other files are not looked at.
pub(super) fn list(dir: &Path) -> Result<Vec<(u64, PathBuf)>, LogError> {
    let failed = |error| LogError::io(dir, "list the segments", error);
    let mut segments = Vec::new();
    for file in fs::read_dir(dir).map_err(failed)? {
        let file = file.map_err(failed)?;
        if let Some(base) = base_of(&file.file_name()) {
            segments.push((base, file.path()));
        }
    }
    segments.sort_unstable();
    Ok(segments)
}

/// Creates a segment's file, open for appending, with its header.
pub(super) fn create(disk: &dyn Disk, dir: &Path, base: u64) -> Result<(PathBuf, fs::File), LogError> {
    let path = path_of(dir, base);
    let file = disk.create(&path).map_err(|error| LogError::io(&path, "create a segment", error))?;
    let created_unix_ms =
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let header = Header { base, created_unix_ms }.encode();
    match (Appending { disk, path: &path, file: &file }).write_all(&header) {
        Ok(()) => Ok((path, file)),
        Err(error) => {
            // Without a whole header the file would be in the way of the next attempt.
            let error = match disk.remove(&path) {
                Ok(()) => error,
                Err(again) => {
                    io::Error::new(error.kind(), format!("{error}; and can't remove it again: {again}"))
                }
            };
            Err(LogError::io(&path, "write a segment's header", error))
        }
    }
}

impl Header {
    pub(super) fn encode(self) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        header[..8].copy_from_slice(&MAGIC);
        header[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        header[12..20].copy_from_slice(&self.base.to_le_bytes());
        header[20..28].copy_from_slice(&self.created_unix_ms.to_le_bytes());
        let crc = crc32c::crc32c(&header[..28]);
        header[28..].copy_from_slice(&crc.to_le_bytes());
        header
    }

    /// Reads the header of the segment in this file, whose name says that it begins at `base`.
    pub(super) fn decode(path: &Path, base: u64, header: &[u8; HEADER_BYTES]) -> Result<Self, LogError> {
        let (checked, crc) = header.split_at(28);
        if !checked.starts_with(&MAGIC) {
            return Err(LogError::damaged(
                path,
                0,
                "not a segment of a capture log: it lacks the magic number",
            ));
        }
        if crc32c::crc32c(checked).to_le_bytes() != *crc {
            return Err(LogError::damaged(path, 0, "the segment's header has a wrong checksum"));
        }
        let version = u32::from_le_bytes(array(checked, 8));
        if version != FORMAT_VERSION {
            return Err(LogError::new(path, LogErrorKind::Version { version }));
        }
        let found = u64::from_le_bytes(array(checked, 12));
        if found != base {
            let reason =
                format!("the header says that it begins at sequence {found}, the file's name {base}");
            return Err(LogError::damaged(path, 0, reason));
        }
        Ok(Self { base, created_unix_ms: u64::from_le_bytes(array(checked, 20)) })
    }
}

/// The `N` bytes at `at`; zeros where there are none.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    if let Some(found) = bytes.get(at..at + N) {
        out.copy_from_slice(found);
    }
    out
}
