//! One writer at a time.

use std::{
    fs::{File, TryLockError},
    io::{Read, Write},
    path::Path,
};

use super::error::{LogError, LogErrorKind};

const LOCK_FILE: &str = "writer.lock";

/// The lock that keeps a second writer out. The system gives it back when the process ends, in any way.
#[derive(Debug)]
pub(super) struct DirectoryLock(File);

/// Closing the file is not enough: a child process that was just forked holds a copy of it until it executes.
impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // When it fails, closing the file does it, if later.
        let _ = self.0.unlock();
    }
}

/// Takes the lock of a log's directory.
pub(super) fn lock_directory(dir: &Path) -> Result<DirectoryLock, LogError> {
    let path = dir.join(LOCK_FILE);
    let failed = |error| LogError::io(&path, "lock the log for writing", error);
    let mut file =
        File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Only for the message: without the number it is still true.
            let read = file.read_to_string(&mut holder);
            let pid = read.ok().and_then(|_| holder.trim().parse().ok());
            return Err(LogError::new(dir, LogErrorKind::Locked { pid }));
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).map_err(failed)?;
    writeln!(file, "{}", std::process::id()).map_err(failed)?;
    Ok(DirectoryLock(file))
}
