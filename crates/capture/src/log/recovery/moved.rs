//! Bytes that recovery moves away, and the gap that has to tell of them.
//!
//! Moving, cutting and telling can be stopped in between, by a kill or a full disk. So the file's name says that its gap
//! is not in the log yet, and at which sequence the log goes on; the next opening then tells it.

use std::{
    fs::{self, File},
    io::{self, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use crate::{
    log::{error::LogError, gap::Gap, segment},
    timestamp::Timestamp,
};

const DAMAGED_AT: &str = ".damaged-at-";
const UNTOLD: &str = ".untold-";

/// A file of moved bytes that no gap tells of yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::log) struct Moved {
    pub(super) segment: PathBuf,
    pub(super) offset: u64,
    /// Sequence at which the log goes on: the entries taken away may have been shipped, and their numbers must not come
    /// again.
    pub(super) next: u64,
}

impl Moved {
    /// Copies a segment's bytes from `offset` on into a file beside it, durably.
    pub(super) fn save(path: &Path, file: &mut File, offset: u64, next: u64) -> Result<Self, LogError> {
        let moved = Self { segment: path.to_owned(), offset, next };
        let target = moved.untold_path();
        let mut save = || {
            file.seek(SeekFrom::Start(offset))?;
            let mut copy = File::create(&target)?;
            io::copy(file, &mut copy)?;
            copy.sync_all()?;
            path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
        };
        save().map_err(|error| LogError::io(&target, "keep the damaged end of a segment", error))?;
        Ok(moved)
    }

    /// All in a directory, in the order of the log.
    pub(super) fn list(dir: &Path) -> Result<Vec<Self>, LogError> {
        let failed = |error| LogError::io(dir, "list the damaged ends", error);
        let mut found = Vec::new();
        for file in fs::read_dir(dir).map_err(failed)? {
            let name = file.map_err(failed)?.file_name();
            found.extend(name.to_str().and_then(|name| Self::named(dir, name)));
        }
        found.sort_unstable_by_key(|moved| moved.next);
        Ok(found)
    }

    fn named(dir: &Path, name: &str) -> Option<Self> {
        let (base, rest) = name.split_once(DAMAGED_AT)?;
        let (offset, next) = rest.split_once(UNTOLD)?;
        let segment = segment::path_of(dir, base.parse().ok()?);
        Some(Self { segment, offset: offset.parse().ok()?, next: next.parse().ok()? })
    }

    /// Where the bytes are in the end.
    pub(super) fn path(&self) -> PathBuf {
        self.segment.with_extension(format!("{}{}", &DAMAGED_AT[1..], self.offset))
    }

    fn untold_path(&self) -> PathBuf {
        let Self { offset, next, .. } = self;
        self.segment.with_extension(format!("{}{offset}{UNTOLD}{next}", &DAMAGED_AT[1..]))
    }

    /// The entry that tells later steps.
    pub(in crate::log) fn gap(&self) -> Gap {
        let created = fs::metadata(&self.segment).and_then(|meta| meta.created()).ok();
        let from = created.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |at| at.as_nanos());
        Gap {
            from_unix_ns: i64::try_from(from).unwrap_or(i64::MAX),
            to_unix_ns: i64::try_from(Timestamp::now().unix_nanos()).unwrap_or(i64::MAX),
            bytes: fs::metadata(self.untold_path()).map_or(0, |meta| meta.len()),
            reason: format!(
                "the end of {} was damaged at offset {} and was moved to {}",
                self.segment.display(),
                self.offset,
                self.path().display()
            ),
            ..Gap::default()
        }
    }

    /// The gap is in the log.
    pub(in crate::log) fn told(&self) -> Result<(), LogError> {
        let from = self.untold_path();
        fs::rename(&from, self.path()).map_err(|error| LogError::io(&from, "rename", error))
    }
}
