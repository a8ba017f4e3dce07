//! Durability: fsync apart from writing, so that one fsync covers all that was appended while the last one ran
//! (group commit) and the data path never waits for the disk by accident.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    disk::Disk,
    error::{LogError, LogErrorKind},
};

/// Makes appended entries durable. Clones share their state; any thread may call, they take turns.
#[derive(Debug, Clone)]
pub struct SyncHandle {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    /// Sequence after the last entry appended. Advanced only after the entry is in the file, and the file in
    /// `files`: so whoever holds the lock and reads this finds every earlier entry in those files.
    appended: AtomicU64,
    durable: AtomicU64,
    files: Mutex<Files>,
    /// Held while syncing: a second caller then finds its entries durable already.
    turn: Mutex<()>,
}

#[derive(Debug, Default)]
struct Files {
    /// Finished segments that may not be on disk. By path: the log may have thousands.
    finished: Vec<PathBuf>,
    active: Option<(PathBuf, Arc<File>)>,
    /// Files created so far, and how many of those the directory was synced for.
    created: u64,
    created_synced: u64,
    failed: Option<String>,
}

impl SyncHandle {
    /// For a log whose segments so far may not be on disk.
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        dir: &Path,
        finished: Vec<PathBuf>,
        first: u64,
        appended: u64,
    ) -> Self {
        let files = Files { finished, created: 1, ..Files::default() };
        Self {
            shared: Arc::new(Shared {
                disk,
                dir: dir.to_owned(),
                appended: appended.into(),
                durable: first.into(),
                files: files.into(),
                turn: Mutex::default(),
            }),
        }
    }

    /// Puts on disk what was appended before the call. Returns the sequence up to which (exclusive) everything is
    /// durable; what was removed from the log counts as such.
    ///
    /// After a failed fsync every later call fails ([`LogErrorKind::SyncFailed`]): the operating system has
    /// forgotten which bytes it could not write, so a success would be a lie.
    pub fn sync(&self) -> Result<u64, LogError> {
        let shared = &*self.shared;
        let asked = shared.appended.load(Ordering::Acquire);
        let _turn = lock(&shared.turn);
        let (finished, active, created, target) = {
            let files = lock(&shared.files);
            self.check(&files)?;
            let durable = self.durable();
            if durable >= asked {
                return Ok(durable);
            }
            let created = (files.created > files.created_synced).then_some(files.created);
            (files.finished.clone(), files.active.clone(), created, shared.appended.load(Ordering::Acquire))
        };
        for path in &finished {
            match File::open(path) {
                Ok(file) => self.synced(path, shared.disk.sync(path, &file))?,
                // Removed meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(LogError::io(path, "open a segment to sync it", error)),
            }
        }
        if let Some((path, active)) = active {
            self.synced(&path, shared.disk.sync(&path, &active))?;
        }
        if created.is_some() {
            let dir = File::open(&shared.dir);
            let dir =
                dir.map_err(|error| LogError::io(&shared.dir, "open the directory to sync it", error))?;
            self.synced(&shared.dir, shared.disk.sync_directory(&shared.dir, &dir))?;
        }
        let mut files = lock(&shared.files);
        files.finished.retain(|path| !finished.contains(path));
        files.created_synced = created.unwrap_or(files.created_synced);
        shared.durable.fetch_max(target, Ordering::AcqRel);
        Ok(self.durable())
    }

    /// The sequence up to which (exclusive) everything is known to be durable. Costs nothing.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    fn check(&self, files: &Files) -> Result<(), LogError> {
        match &files.failed {
            None => Ok(()),
            Some(reason) => {
                let kind = LogErrorKind::SyncFailed { durable: self.durable(), reason: reason.clone() };
                Err(LogError::new(&self.shared.dir, kind))
            }
        }
    }

    fn synced(&self, path: &Path, result: io::Result<()>) -> Result<(), LogError> {
        let Err(error) = result else { return Ok(()) };
        let mut files = lock(&self.shared.files);
        files.failed = Some(format!("{}: {error}", path.display()));
        self.check(&files)
    }

    /// A new segment takes entries from now on; the one before, if any, takes none any more.
    pub(super) fn rotated(&self, finished: Option<&Path>, active: (PathBuf, Arc<File>)) {
        let mut files = lock(&self.shared.files);
        files.finished.extend(finished.map(Path::to_owned));
        files.active = Some(active);
        files.created += 1;
    }

    pub(super) fn removed(&self, segment: &Path) {
        lock(&self.shared.files).finished.retain(|path| path != segment);
    }

    pub(super) fn appended(&self, next_sequence: u64) {
        self.shared.appended.store(next_sequence, Ordering::Release);
    }
}

/// A panic elsewhere leaves these values whole: each is changed in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::disk::System;

    #[test]
    fn failed_fsync_is_never_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let sync = SyncHandle::new(Arc::new(System), dir.path(), Vec::new(), 3, 7);
        assert!(sync.synced(dir.path(), Ok(())).is_ok());
        let failed = sync.synced(dir.path(), Err(io::Error::other("bad sector")));
        for error in [failed.unwrap_err(), sync.sync().unwrap_err(), sync.sync().unwrap_err()] {
            assert!(matches!(error.kind, LogErrorKind::SyncFailed { durable: 3, .. }), "{error}");
            assert!(error.to_string().contains("bad sector"), "{error}");
        }
        assert_eq!(sync.durable(), 3);
    }
}
