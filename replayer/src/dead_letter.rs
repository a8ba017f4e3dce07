//! Requests that were given up, kept so that they can be replayed alone.
//!
//! Each run writes files of its own, made with the first letter, so that no run ever appends to what it reads:
//! `dead-letters-SECONDS-PID.b64`, records as the agent makes them, base64, one a line, to be given to `--input`; and
//! the same with `.jsonl`, which says why. A letter is written before its request counts as done, and synced before it
//! is acknowledged, so that an offset behind it can't be committed without it. Syncing each alone would make ten thousand
//! poison requests a matter of minutes.

mod bad;
mod letter;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

pub use bad::BadRecord;
pub use letter::{Letter, Written};

/// Names tried for the files of one run.
const MAX_NAMES: u64 = 100;

/// The folder, and this run's files in it.
#[derive(Debug)]
pub struct DeadLetters {
    directory: PathBuf,
    files: Mutex<Option<Files>>,
    bad: Mutex<Option<File>>,
}

#[derive(Debug)]
struct Files {
    path: PathBuf,
    records: File,
    reasons: File,
    /// Something was written and not synced.
    dirty: bool,
}

/// A letter could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to --deadLetterDir {path}: {source}; make room or choose another directory, and run again", path = path.display())]
pub struct DeadLetterError {
    path: PathBuf,
    source: io::Error,
}

impl DeadLetters {
    /// Makes the folder, so that a wrong path shows before anything is sent.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn new(directory: PathBuf) -> Result<Self, DeadLetterError> {
        match std::fs::create_dir_all(&directory) {
            Ok(()) => Ok(Self { directory, files: Mutex::default(), bad: Mutex::default() }),
            Err(source) => Err(DeadLetterError { path: directory, source }),
        }
    }

    /// Hands a letter to the file system.
    ///
    /// # Errors
    /// Of the file system. The request must then not count as done.
    pub fn write(&self, letter: &Written) -> Result<(), DeadLetterError> {
        let mut files = self.lock();
        let write = |files: &mut Option<Files>| {
            let files = match files {
                Some(files) => files,
                None => files.insert(Files::create(&self.directory)?),
            };
            files.dirty = true;
            files.records.write_all(&letter.records)?;
            files.reasons.write_all(&letter.reason)
        };
        write(&mut files).map_err(|source| DeadLetterError { path: self.directory.clone(), source })
    }

    /// Keeps records that can't be used in a file of their own; they are on the disk when this returns, and their offsets may
    /// be passed.
    ///
    /// # Errors
    /// Of the file system.
    pub fn keep_bad(&self, records: &[BadRecord]) -> Result<(), DeadLetterError> {
        if records.is_empty() {
            return Ok(());
        }
        let mut bad = self.bad.lock().unwrap_or_else(PoisonError::into_inner);
        let keep = |bad: &mut Option<File>| {
            let file = match bad {
                Some(file) => file,
                None => bad.insert(create(&self.directory, "bad-records", "jsonl")?.1),
            };
            file.write_all(&bad::lines(records))?;
            file.sync_data()
        };
        keep(&mut bad).map_err(|source| DeadLetterError { path: self.directory.clone(), source })
    }

    /// Returns once every letter written before is on the disk.
    ///
    /// # Errors
    /// Of the file system. What was written must then not be acknowledged.
    pub fn sync(&self) -> Result<(), DeadLetterError> {
        let mut files = self.lock();
        let Some(files) = files.as_mut().filter(|files| files.dirty) else { return Ok(()) };
        let synced = files.records.sync_data().and_then(|()| files.reasons.sync_data());
        synced.map_err(|source| DeadLetterError { path: self.directory.clone(), source })?;
        files.dirty = false;
        Ok(())
    }

    /// The file with the records of this run, once there are any.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        self.lock().as_ref().map(|files| files.path.clone())
    }

    // A failed write leaves at worst half a line, and fails the run.
    fn lock(&self) -> MutexGuard<'_, Option<Files>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Files {
    fn create(directory: &Path) -> io::Result<Self> {
        let (path, records) = create(directory, "dead-letters", "b64")?;
        let reasons = create_new(&path.with_extension("jsonl"))?;
        File::open(directory)?.sync_all()?;
        Ok(Self { path, records, reasons, dirty: false })
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().create_new(true).append(true).open(path)
}

/// A file of this run's.
fn create(directory: &Path, name: &str, extension: &str) -> io::Result<(PathBuf, File)> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    // Containers that share a folder also share the process id.
    for attempt in 0..MAX_NAMES {
        let number = u64::from(std::process::id()) + attempt;
        let path = directory.join(format!("{name}-{seconds}-{number}.{extension}"));
        match create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => {
                let file = created?;
                File::open(directory)?.sync_all()?;
                return Ok((path, file));
            }
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests;
