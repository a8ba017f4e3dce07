//! Requests that were given up, kept so that they can be replayed alone.
//!
//! Each run writes files of its own, made with the first letter, so that no run ever appends to what it reads:
//! `dead-letters-SECONDS-PID.b64`, records as the agent makes them, base64, one a line, to be given to `--input`; and
//! the same with `.jsonl`, which says why. A letter is on disk before its request counts as done, and so before an
//! offset behind it is committed.

mod letter;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

pub use letter::{Letter, Written};

/// The folder, and this run's files in it.
#[derive(Debug)]
pub struct DeadLetters {
    directory: PathBuf,
    files: Mutex<Option<Files>>,
}

#[derive(Debug)]
struct Files {
    path: PathBuf,
    records: File,
    reasons: File,
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
            Ok(()) => Ok(Self { directory, files: Mutex::default() }),
            Err(source) => Err(DeadLetterError { path: directory, source }),
        }
    }

    /// Writes a letter to the disk. Blocks until it is there.
    ///
    /// # Errors
    /// Of the file system. The request must then not count as done.
    pub fn write(&self, letter: &Written) -> Result<(), DeadLetterError> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let write = |files: &mut Option<Files>| {
            let files = match files {
                Some(files) => files,
                None => files.insert(Files::create(&self.directory)?),
            };
            files.records.write_all(&letter.records)?;
            files.reasons.write_all(&letter.reason)?;
            files.records.sync_data()?;
            files.reasons.sync_data()
        };
        write(&mut files).map_err(|source| DeadLetterError { path: self.directory.clone(), source })
    }

    /// The file with the records of this run, once there are any.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|files| files.path.clone())
    }
}

impl Files {
    fn create(directory: &Path) -> io::Result<Self> {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let path = directory.join(format!("dead-letters-{seconds}-{}.b64", std::process::id()));
        let create = |path: &Path| OpenOptions::new().create_new(true).append(true).open(path);
        let files = Self { records: create(&path)?, reasons: create(&path.with_extension("jsonl"))?, path };
        File::open(directory)?.sync_all()?;
        Ok(files)
    }
}

#[cfg(test)]
mod tests;
